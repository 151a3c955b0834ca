"""Calls that tell of things while they are under way, to callbacks in the thread that waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from cds_eks.errors import InvalidRequestError
from cds_eks.sync.portal import Portal

T = TypeVar("T")


def call_hearing(portal: Portal, start: Callable[..., Awaitable[T]], **callbacks: Callable[[Any], None] | None) -> T:
    """Run an async call that takes callbacks; they are called here, in the order in which things were told.

    Args:
        portal: Where it runs.
        start: Begins the call; takes the callbacks by name.
        callbacks: What hears of things; None for those that nobody wants to hear of.
    """
    for name, callback in callbacks.items():
        if callback is not None and not callable(callback):
            raise InvalidRequestError(name, "must be callable, or None")
    wanted = {name: callback for name, callback in callbacks.items() if callback is not None}

    def begin(report: Callable[[Any], None] | None) -> Awaitable[T]:
        if report is None:
            return start()
        tell = report  # by its own name, since it can't be None any more

        def teller(callback: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda told: tell((callback, told))

        return start(**{name: teller(callback) for name, callback in wanted.items()})

    return portal.call_reporting(begin, _hear if wanted else None)


def _hear(told: tuple[Callable[[Any], None], Any]) -> None:
    callback, what = told
    callback(what)


async def one_by_one(walk: AsyncIterator[T]) -> AsyncIterator[tuple[T]]:
    """Return what is walked as pages of one, which is what `Portal.iterate` takes."""
    async for each in walk:
        yield (each,)
