"""Places, and the lines in which one waits for them."""

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
"""After how many seconds all who are in line are looked at again, at the soonest."""


class Line:
    """A number of places, taken in the order in which one came.

    Reads and writes stand in lines of their own, whose heads take turns: so a write waits for one read at the most,
    however many polls there are.

    Args:
        places: How many there are; None for no limit.

    Attributes:
        free: How many are free now.
    """

    def __init__(self, places: int | None) -> None:
        self.free: int = sys.maxsize if places is None else places
        self._reads: OrderedDict[_Turn, float] = OrderedDict()  # with the times at which they are up
        self._writes: OrderedDict[_Turn, float] = OrderedDict()
        self._read_was_last = False
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when it fires
        self._context = contextvars.Context()  # of the timer; it would else have a copy of some call's

    def take(self) -> bool:
        """Take a place if one is free, which it is only when nobody waits."""
        if self.free == 0:
            return False
        self.free -= 1
        return True

    async def wait(self, *, is_read: bool, seconds: float | None = None) -> bool:
        """Take a place, in turn, and return whether it came in time; who does not get one takes none along.

        Args:
            is_read: In which line to stand.
            seconds: How long to wait at the most, or None for no limit.
        """
        if self.take():
            return True
        line, has_come = self._reads if is_read else self._writes, False
        turn = self._stand_in(line, seconds)
        try:
            has_come = await turn
        finally:
            if not has_come:
                line.pop(turn, None)
                if _has_come(turn):  # in the moment of a cancellation
                    self.give_back()
            if self._timer is not None and not self._reads and not self._writes:
                self._timer.cancel()
                self._timer = None
        return has_come

    def give_back(self) -> None:
        """Hand a place on to who is next, or leave it free."""
        while self._reads or self._writes:
            is_read = not self._writes or (bool(self._reads) and not self._read_was_last)
            turn, _ = (self._reads if is_read else self._writes).popitem(last=False)
            if not turn.done():
                self._read_was_last = is_read
                with contextlib.suppress(RuntimeError):  # its loop is closed; it hands on what it has when it goes
                    turn.set_result(True)
                return
        self.free += 1

    def _stand_in(self, line: OrderedDict[_Turn, float], seconds: float | None) -> _Turn:
        """Stand in a line, and return what to wait for.

        With asyncio it is a bare future, and one timer for all. An event and a cancel scope would take many times as
        many objects, of which the garbage collector looks at each, and thousands of calls may be in line.
        """
        loop = _asyncio_loop()
        if loop is None:
            turn: _Turn = _Event(seconds)
            line[turn] = math.inf
            return turn
        turn = loop.create_future()
        line[turn] = due = math.inf if seconds is None else loop.time() + seconds
        if due < (self._due if self._timer is not None else math.inf):
            self._look_at(due, loop)
        return turn

    def _look_at(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = loop.call_at(due, self._look, loop, context=self._context)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell those whose time is up, and look again when the next one's is."""
        self._timer = None
        now, soonest = loop.time() + EARLY, math.inf
        for line in (self._reads, self._writes):
            for turn, due in line.items():
                if due > now:
                    soonest = min(soonest, due)
                elif not turn.done():
                    turn.set_result(False)
        if soonest < math.inf:
            self._look_at(max(soonest, now + PAUSE), loop)


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


_Turn = _Event | asyncio.Future[bool]


def _has_come(turn: _Turn) -> bool:
    return turn.done() and (isinstance(turn, _Event) or (not turn.cancelled() and turn.result()))


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop if it is asyncio's that runs the code; it may also be the host of another one."""
    try:
        return None if asyncio.current_task() is None else asyncio.get_running_loop()
    except RuntimeError:
        return None
