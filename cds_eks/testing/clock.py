"""The clock of a test: it stands still until something waits, and then jumps to the end of that wait.

Clocks that drive the time of this process at once jump together: the wait for one service takes as long at the others.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import anyio
import anyio.lowlevel

from cds_eks._runtime import clocks, passing_time
from cds_eks.emulator import ManualClock

__all__ = ["JumpingClock"]

YIELDS = 8
"""How often a wait lets other tasks go first: those that are ready make their requests at the time that it still is."""

RECHECK = 0.0005
"""Seconds of real time between two looks at whether it is a wait's turn."""

INSIST_AFTER = 0.05
"""Seconds of real time after which a wait does not let others go first any more: they may be blocked, by it even."""

MOST = 7 * 86_400.0
"""Seconds of waits in a row, with no writes between them, after which they are taken to be for ever."""

_lock = threading.Lock()  # of the waits of all clocks, which look at each other's


class JumpingClock(ManualClock):
    """A clock that is put ahead by `advance`, and by whatever waits: to the end of the wait that ends first.

    Waits that last at the same time overlap: ten of a minute take a minute. They may be those of several threads.

    Args:
        start: The time it begins at, in seconds since the epoch.
        is_busy: Whether something else is under way, which no wait jumps over.
    """

    def __init__(self, start: float = 1_760_000_000.0, *, is_busy: Callable[[], bool] = lambda: False) -> None:
        super().__init__(start)
        self._start = start
        self._is_busy = is_busy
        self._ends: list[float] = []
        self._waited = 0.0

    def ahead(self) -> float:
        """Return by how many seconds it has been put ahead since its start."""
        return self.now() - self._start

    def begin_anew(self) -> None:
        """Forget how long has been waited in a row: something else has happened."""
        for each in self._together():
            each._waited = 0.0  # noqa: SLF001 - its own

    async def sleep(self, seconds: float) -> None:
        """Return when some seconds of its time have passed, which takes no real time.

        Raises:
            AssertionError: The waits in a row have come to a week: what they wait for does not happen.
        """
        ends = self.now() + max(seconds, 0.0)
        if self._waited > MOST:
            raise AssertionError(
                f"the test has waited for {MOST / 86_400:.0f} days in a row, of the time that jumps: "
                "what it waits for does not happen; a shorter timeout ends a wait by itself"
            )
        with _lock:
            self._ends.append(ends)
        try:
            for _ in range(YIELDS):
                await anyio.lowlevel.checkpoint()
            insists_at = clocks.monotonic() + INSIST_AFTER
            # Polled, as the event of another thread's loop can't be awaited.
            while not self._has_ended(ends, insists=clocks.monotonic() >= insists_at):  # noqa: ASYNC110
                await anyio.sleep(RECHECK)
        finally:
            with _lock:
                self._ends.remove(ends)

    def _has_ended(self, ends: float, *, insists: bool) -> bool:
        """Whether a wait has ended; it has jumped to its end if that is the next thing to happen."""
        with _lock:
            left = ends - self.now()
            if left <= 0:
                return True
            together = self._together()
            if not insists and any(each._is_busy() or each._left() < left for each in together):  # noqa: SLF001 - its own
                return False
            for each in together:
                each.advance(left)
            self._waited += left
            return True

    def _left(self) -> float:
        """Return how long the wait that ends first still lasts."""
        return min(self._ends, default=math.inf) - self.now()

    def _together(self) -> list[JumpingClock]:
        """Return the clocks that jump with it, itself included."""
        driving = [each for each in passing_time.drivers() if isinstance(each, JumpingClock)]
        return driving if self in driving else [self]
