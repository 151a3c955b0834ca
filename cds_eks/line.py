"""Places, and the lines in which one waits for them."""

from __future__ import annotations

import sys
from collections import OrderedDict

import anyio


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
        self.free = sys.maxsize if places is None else places
        self._reads: OrderedDict[anyio.Event, None] = OrderedDict()
        self._writes: OrderedDict[anyio.Event, None] = OrderedDict()
        self._read_was_last = False

    def take(self) -> bool:
        """Take a place if one is free, which it is only when nobody waits."""
        if self.free == 0:
            return False
        self.free -= 1
        return True

    async def wait(self, *, is_read: bool) -> None:
        """Take a place, in turn; who is cancelled in line takes none along."""
        if self.take():
            return
        line = self._reads if is_read else self._writes
        turn = anyio.Event()
        line[turn] = None
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                self.give_back()
            else:
                del line[turn]
            raise

    def give_back(self) -> None:
        """Hand a place on to who is next, or leave it free."""
        if not self._reads and not self._writes:
            self.free += 1
            return
        self._read_was_last = not self._writes or (bool(self._reads) and not self._read_was_last)
        line = self._reads if self._read_was_last else self._writes
        turn, _ = line.popitem(last=False)
        turn.set()
