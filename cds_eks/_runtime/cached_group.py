"""The groups of operations of a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class Grouped(Protocol):
    """A client that has groups."""

    def _group(self, name: str) -> Any: ...


class Group(Generic[T_co]):
    """An attribute of a client that is made when it is first asked for, and kept.

    Asked of the client's class, it is the class of the group: so that mocks of a client (`create_autospec`) have the
    methods of its groups, and so that completion and `help` find them.

    Args:
        kind: Returns the class of the group.
    """

    def __init__(self, kind: Callable[[], type[T_co]]) -> None:
        self._kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> type[T_co]: ...

    @overload
    def __get__(self, instance: Grouped, owner: type) -> T_co: ...

    def __get__(self, instance: Grouped | None, owner: type) -> type[T_co] | T_co:
        if instance is None:
            return self._kind()
        value: T_co = instance._group(self._name)  # noqa: SLF001 - the client's other half
        vars(instance)[self._name] = value
        return value
