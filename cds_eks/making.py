"""Frozen classes made quickly.

A frozen class sets each of its fields by a call, and that is most of what it takes to make an instance. Here one of a
twin, laid out alike but not frozen, is filled by plain assignments, and becomes the frozen class's when it is complete.
The code is compiled, as attrs does it for its own `__init__`.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import attrs

P = ParamSpec("P")
T = TypeVar("T")

_MAKE = """
def make(*, ARGUMENTS):
    made = new(twin)
    ASSIGNMENTS
    made.__class__ = frozen
    return made
"""

_CHANGE = """
def change(like, value):
    made = new(twin)
    ASSIGNMENTS
    made.__class__ = frozen
    return made
"""


def open_twin(frozen: type) -> type:
    """Return a class that is laid out like a frozen one, but not frozen.

    Args:
        frozen: A class of attrs with slots, but without one for weak references: with that, layouts count as different.
    """
    bases = frozen.__dict__.get("__orig_bases__", frozen.__bases__)
    slots = {"__slots__": frozen.__dict__["__slots__"]}
    return types.new_class(frozen.__name__, bases, exec_body=lambda body: body.update(slots))


def maker(frozen: Callable[P, T]) -> Callable[P, T]:
    """Return what makes instances of a frozen class as the class does, at a third of the cost.

    Args:
        frozen: The class, as for `open_twin`; its fields are keyword-only and take what they are given as it is.
    """
    known: dict[str, Any] = {"new": object.__new__, "twin": open_twin(cast("type", frozen)), "frozen": frozen}
    arguments: list[str] = []
    assignments: list[str] = []
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", frozen)):
        name = field.name
        if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]  # it is a class, whatever mypy is told
            known[f"new_{name}"] = field.default.factory
            given = f"new_{name}() if {name} is absent else {name}" if field.init else f"new_{name}()"
            default = " = absent"
        else:
            given = name
            known[f"default_{name}"] = field.default
            default = "" if field.default is attrs.NOTHING else f" = default_{name}"
        if field.init:
            arguments.append(f"{name}{default}")
        assignments.append(f"made.{name} = {given}")
    known["absent"] = attrs.NOTHING
    source = _MAKE.replace("ARGUMENTS", ", ".join(arguments)).replace("ASSIGNMENTS", "\n    ".join(assignments))
    exec(compile(source, f"<maker of {known['twin'].__name__}>", "exec"), known)
    return cast("Callable[P, T]", known["make"])


def changer(frozen: type[T], changed: str) -> Callable[[T, Any], T]:
    """Return what copies an instance of a frozen class with another value for one of its fields.

    Args:
        frozen: The class, as for `open_twin`.
        changed: The field.
    """
    names = [field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", frozen))]
    assignments = [f"made.{name} = {'value' if name == changed else f'like.{name}'}" for name in names]
    known: dict[str, Any] = {"new": object.__new__, "twin": open_twin(frozen), "frozen": frozen}
    source = _CHANGE.replace("ASSIGNMENTS", "\n    ".join(assignments))
    exec(compile(source, f"<changer of {frozen.__name__}>", "exec"), known)
    return cast("Callable[[T, Any], T]", known["change"])
