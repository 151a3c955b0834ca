"""The emulator's time, going on with each look at it: what is waited for comes about without any real time."""

from __future__ import annotations

from cds_eks.emulator import ManualClock


class SteppingClock(ManualClock):
    """A clock that goes on by some seconds with each look at it."""

    step = 5.0

    def now(self) -> float:
        self.advance(self.step)
        return super().now()
