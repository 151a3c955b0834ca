"""Calls with callbacks: the event loop queues what it reports, and the thread that waits calls the callbacks."""

from __future__ import annotations

import queue
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from cds_eks.errors import InvalidRequestError
from cds_eks.sync.portal import Portal

T = TypeVar("T")

_END: Any = object()


def call_with_callbacks(
    portal: Portal, start: Callable[..., Awaitable[T]], **callbacks: Callable[[Any], None] | None
) -> T:
    """Run an async call that takes callbacks; they are called in this thread, in order, and may raise.

    Args:
        portal: Where it runs.
        start: Begins the call; takes the callbacks by name.
        callbacks: The callbacks; None for those that are not wanted.
    """
    for name, callback in callbacks.items():
        if callback is not None and not callable(callback):
            raise InvalidRequestError(name, "must be callable, or None")
    wanted = {name: callback for name, callback in callbacks.items() if callback is not None}
    if not wanted:
        return portal.call(start)
    reports: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def enqueue_for(callback: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda value: reports.put((callback, value))

    async def run() -> T:
        try:
            return await start(**{name: enqueue_for(callback) for name, callback in wanted.items()})
        finally:
            reports.put(_END)

    def run_callbacks() -> None:
        while (report := reports.get()) is not _END:
            callback, value = report
            callback(value)

    return portal.call(run, meanwhile=run_callbacks)


async def one_by_one(values: AsyncIterator[T]) -> AsyncIterator[tuple[T]]:
    """Yield each value as a page of its own, since pages are what `Portal.iterate` takes."""
    async for value in values:
        yield (value,)
