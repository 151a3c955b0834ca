"""A fair semaphore: permits, and the queues in which calls wait for one."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import math
import sys
from collections import OrderedDict
from collections.abc import Generator

import anyio

EARLY = 0.002
"""By how many seconds a loop may be too early with a timer."""

PAUSE = 0.01
"""After how many seconds all who wait are looked at again, at the soonest."""


class FairSemaphore:
    """A semaphore that gives its permits in the order in which they were asked for.

    Reads and writes have a queue each, whose heads alternate: so a write waits for one read at the most, however many
    polls there are.

    Args:
        permits: How many there are; None for no limit.

    Attributes:
        available: How many are free now.
    """

    def __init__(self, permits: int | None) -> None:
        self.available: int = sys.maxsize if permits is None else permits
        self._reads: OrderedDict[_Waiter, float] = OrderedDict()  # with the times at which they are up
        self._writes: OrderedDict[_Waiter, float] = OrderedDict()
        self._read_was_last = False
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when it fires
        self._context = contextvars.Context()  # of the timer; it would else have a copy of some call's

    def try_acquire(self) -> bool:
        """Acquire a permit if one is free, which it is only when nobody waits; return whether it was."""
        if self.available == 0:
            return False
        self.available -= 1
        return True

    async def acquire(self, *, is_read: bool, seconds: float | None = None) -> bool:
        """Acquire a permit, in order, and return whether it came in time. A wait that is cancelled leaks none.

        Args:
            is_read: Which queue to wait in.
            seconds: How long to wait at the most, or None for no limit.
        """
        if self.try_acquire():
            return True
        queue, was_granted = self._reads if is_read else self._writes, False
        waiter = self._join(queue, seconds)
        try:
            was_granted = await waiter
        finally:
            if not was_granted:
                queue.pop(waiter, None)
                if _was_granted(waiter):  # in the moment of a cancellation
                    self.release()
            if self._timer is not None and not self._reads and not self._writes:
                self._timer.cancel()
                self._timer = None
        return was_granted

    def release(self) -> None:
        """Give a permit back: to the next waiter, or to those that are free."""
        while self._reads or self._writes:
            is_read = not self._writes or (bool(self._reads) and not self._read_was_last)
            waiter, _ = (self._reads if is_read else self._writes).popitem(last=False)
            if not waiter.done():
                self._read_was_last = is_read
                with contextlib.suppress(RuntimeError):  # its loop is closed; it hands on what it has when it goes
                    waiter.set_result(True)
                return
        self.available += 1

    def _join(self, queue: OrderedDict[_Waiter, float], seconds: float | None) -> _Waiter:
        """Join a queue, and return what to wait for.

        With asyncio it is a bare future, and one timer for all. An event and a cancel scope would take many times as
        many objects, of which the garbage collector looks at each, and thousands of calls may be waiting.
        """
        loop = _asyncio_loop()
        if loop is None:
            waiter: _Waiter = _Event(seconds)
            queue[waiter] = math.inf
            return waiter
        waiter = loop.create_future()
        queue[waiter] = due = math.inf if seconds is None else loop.time() + seconds
        if due < (self._due if self._timer is not None else math.inf):
            self._schedule(due, loop)
        return waiter

    def _schedule(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = loop.call_at(due, self._expire, loop, context=self._context)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell those whose time is up, and look again when the next one's is."""
        self._timer = None
        now, soonest = loop.time() + EARLY, math.inf
        for queue in (self._reads, self._writes):
            for waiter, due in queue.items():
                if due > now:
                    soonest = min(soonest, due)
                elif not waiter.done():
                    waiter.set_result(False)
        if soonest < math.inf:
            self._schedule(max(soonest, now + PAUSE), loop)


class _Event:
    """What a future of asyncio is here, for any event loop."""

    def __init__(self, seconds: float | None) -> None:
        self._event = anyio.Event()
        self._seconds = seconds

    def __await__(self) -> Generator[object, None, bool]:
        return self._wait().__await__()

    async def _wait(self) -> bool:
        with anyio.move_on_after(self._seconds):
            await self._event.wait()
        return self.done()

    def done(self) -> bool:
        return self._event.is_set()

    def set_result(self, _: bool) -> None:
        self._event.set()


_Waiter = _Event | asyncio.Future[bool]


def _was_granted(waiter: _Waiter) -> bool:
    return waiter.done() and (isinstance(waiter, _Event) or (not waiter.cancelled() and waiter.result()))


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop if it is asyncio's that runs the code; it may also be the host of another one."""
    try:
        return None if asyncio.current_task() is None else asyncio.get_running_loop()
    except RuntimeError:
        return None
