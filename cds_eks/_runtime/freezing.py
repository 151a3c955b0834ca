"""Frozen classes made quickly.

A frozen class sets each of its fields by a call, and that is most of what it takes to make an instance. So one is made
of a class that has the same slots and is not frozen, filled by plain assignments, and given the frozen class when it is
complete. Both need the same bases, and neither a slot for weak references: with that, layouts count as different.
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def slots_of(cls: type) -> tuple[str, ...]:
    """Return the slots of a class, for the one of which its instances are made."""
    slots: tuple[str, ...] = cls.__dict__["__slots__"]
    return slots


def freeze_into(cls: type[T], made: Any) -> T:
    """Return what was made, as an instance of a frozen class that has the same slots."""
    made.__class__ = cls
    return made  # type: ignore[no-any-return]  # it is one now
