"""What time it is in the emulated service: running at a chosen speed, or only when a test says so."""

from __future__ import annotations

import math
import threading
from typing import Protocol

from cds_eks import clocks

__all__ = ["Clock", "ManualClock", "WallClock"]


class Clock(Protocol):
    """What the emulator asks for the time of its resources."""

    def now(self) -> float:
        """Return the service's time, in seconds since the epoch."""
        ...  # pragma: no cover - a protocol has no body


class WallClock:
    """A clock that starts at the real time and runs `speed` times as fast.

    Args:
        speed: Seconds of service time for each real second; 60 makes a minute a second.

    Raises:
        ValueError: `speed` is not a finite number above 0.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not 0 < speed < math.inf:
            raise ValueError("speed must be a finite number above 0")
        self._speed = speed
        self._began = clocks.wall()
        self._origin = clocks.monotonic()

    def now(self) -> float:
        """Return the service's time, in seconds since the epoch."""
        return self._began + (clocks.monotonic() - self._origin) * self._speed


class ManualClock:
    """A clock that stands still until it is told to go on: nothing happens in between.

    Args:
        start: The time it begins at, in seconds since the epoch.
    """

    def __init__(self, start: float = 1_760_000_000.0) -> None:
        self._lock = threading.Lock()
        self._now = start

    def now(self) -> float:
        """Return the service's time, in seconds since the epoch."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Go on by some seconds.

        Raises:
            ValueError: `seconds` is negative: time does not go back.
        """
        if seconds < 0:
            raise ValueError("a clock does not go back")
        with self._lock:
            self._now += seconds
