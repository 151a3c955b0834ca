"""The time that waits, look-ups and pauses go by. It passes by itself, but a test can drive it: see `driven_by`.

What bounds a call itself (its deadline, the timeouts of a connection) goes by `clocks.monotonic` alone.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Protocol, cast

import anyio

from cds_eks._runtime import clocks


class Driver(Protocol):
    """What drives the time: pauses are its own, and the time is ahead of the real one by what it says."""

    def ahead(self) -> float:
        """Return by how many seconds the time is ahead."""
        ...  # pragma: no cover - a protocol has no body

    async def sleep(self, seconds: float) -> None:
        """Return when some seconds have passed."""
        ...  # pragma: no cover - a protocol has no body


_drivers: list[Driver] = []


def drivers() -> tuple[Driver, ...]:
    """Return what drives the time now, the latest last."""
    return tuple(_drivers)


def now() -> float:
    """Return seconds that never go back while what drives them is the same."""
    return clocks.monotonic() + max((each.ahead() for each in drivers()), default=0.0)


async def sleep(seconds: float) -> None:
    """Wait for some seconds."""
    driving = drivers()  # once: it may end on another thread
    await (driving[-1].sleep if driving else anyio.sleep)(seconds)


@contextmanager
def driven_by(driver: Driver) -> Iterator[None]:
    """Have a driver drive the time of this process, on all its threads, while a block lasts."""
    _drivers.append(driver)
    try:
        yield
    finally:
        _drivers.remove(driver)


def move_on_after(seconds: float) -> AbstractAsyncContextManager[anyio.CancelScope, bool]:
    """Cancel a block when some seconds have passed, and go on behind it, as `anyio.move_on_after` does."""
    return cast("AbstractAsyncContextManager[anyio.CancelScope, bool]", _move_on_after(seconds))


@asynccontextmanager
async def _move_on_after(seconds: float) -> AsyncIterator[anyio.CancelScope]:
    if not _drivers or seconds == math.inf:
        with anyio.move_on_after(seconds) as scope:
            yield scope
        return
    try:
        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as scope:
                group.start_soon(_cancel_after, scope, seconds)
                yield scope
            group.cancel_scope.cancel()
    except ExceptionGroup as errors:
        [error] = errors.exceptions  # the timer fails in no way
        raise error from None


async def _cancel_after(scope: anyio.CancelScope, seconds: float) -> None:
    await sleep(seconds)
    scope.cancel()
