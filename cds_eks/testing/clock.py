"""The clock of a test: it stands still until something waits, and then jumps to the end of that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

import anyio
import anyio.lowlevel

from cds_eks._runtime import clocks
from cds_eks.emulator import ManualClock

__all__ = ["JumpingClock"]

YIELDS = 8
"""How often a wait lets other tasks go first: those that are ready make their requests at the time that it still is."""

RECHECK = 0.0005
"""Seconds of real time between two looks at whether it is a wait's turn."""

PATIENCE = 0.05
"""Seconds of real time after which a wait does not let others go first any more: they may be blocked, by it even."""


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
        self._ends_lock = threading.Lock()

    def ahead(self) -> float:
        """Return by how many seconds it has been put ahead since its start."""
        return self.now() - self._start

    async def sleep(self, seconds: float) -> None:
        """Return when some seconds of its time have passed, which takes no real time."""
        ends = self.now() + max(seconds, 0.0)
        with self._ends_lock:
            self._ends.append(ends)
        try:
            for _ in range(YIELDS):
                await anyio.lowlevel.checkpoint()
            insists_at = clocks.monotonic() + PATIENCE
            # Polled, as the event of another thread's loop can't be awaited.
            while not self._has_ended(ends, insists=clocks.monotonic() >= insists_at):  # noqa: ASYNC110
                await anyio.sleep(RECHECK)
        finally:
            with self._ends_lock:
                self._ends.remove(ends)

    def _has_ended(self, ends: float, *, insists: bool) -> bool:
        """Whether a wait has ended; it has jumped to its end if that is the next thing to happen."""
        with self._ends_lock:
            left = ends - self.now()
            if left > 0 and (insists or (ends <= min(self._ends) and not self._is_busy())):
                self.advance(left)
                return True
            return left <= 0
