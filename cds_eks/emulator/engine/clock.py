"""What time it is in the emulated service: running at a chosen speed, or only when a test says so."""

from __future__ import annotations

import math
import threading
from typing import Protocol, cast

import anyio.lowlevel

from cds_eks._runtime import clocks

__all__ = ["Clock", "DrivenClock", "ManualClock", "WallClock", "drivable"]


class Clock(Protocol):
    """What the emulator asks for the time of its resources."""

    def now(self) -> float:
        """Return the service's time, in seconds since the epoch."""
        ...  # pragma: no cover - a protocol has no body


class DrivenClock(Clock, Protocol):
    """A clock that can also be put ahead: that of every emulator, see `Emulator.clock`."""

    def advance(self, seconds: float) -> None:
        """Go on by some seconds at once.

        Raises:
            ValueError: `seconds` is negative: time does not go back.
        """
        ...  # pragma: no cover - a protocol has no body


class _Ahead:
    """Another clock, put ahead by what it was advanced."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ahead = 0.0

    def now(self) -> float:
        """Return the service's time, in seconds since the epoch."""
        with self._lock:
            return self._clock.now() + self._ahead

    def advance(self, seconds: float) -> None:
        """Go on by some seconds at once, and then as before."""
        _check_forward(seconds)
        with self._lock:
            self._ahead += seconds

    def reset(self) -> None:
        """Show the other clock's time again."""
        with self._lock:
            self._ahead = 0.0


def drivable(clock: Clock) -> DrivenClock:
    """Return a clock itself if it can be put ahead, or else one that shows the same time and can."""
    return cast("DrivenClock", clock) if hasattr(clock, "advance") else _Ahead(clock)


def _check_forward(seconds: float) -> None:
    if not seconds >= 0:
        raise ValueError("a clock does not go back")


def _check_speed(speed: float) -> None:
    if not 0 < speed < math.inf:
        raise ValueError("speed must be a finite number above 0")


class WallClock:
    """A clock that starts at the real time and runs `speed` times as fast. It can be put ahead too.

    Args:
        speed: Seconds of service time for each real second; 60 makes a minute a second.

    Raises:
        ValueError: `speed` is not a finite number above 0.
    """

    def __init__(self, speed: float = 1.0) -> None:
        _check_speed(speed)
        self._lock = threading.Lock()
        self._first_speed = self._speed = speed
        self._began = clocks.wall()
        self._origin = clocks.monotonic()

    @property
    def speed(self) -> float:
        """Seconds of service time for each real second."""
        with self._lock:
            return self._speed

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on.

        Raises:
            ValueError: `speed` is not a finite number above 0.
        """
        _check_speed(speed)
        with self._lock:
            origin = clocks.monotonic()
            self._began += (origin - self._origin) * self._speed
            self._origin, self._speed = origin, speed

    def reset(self) -> None:
        """Start at the real time again, at the speed that it was made with."""
        with self._lock:
            self._speed = self._first_speed
            self._began = clocks.wall()
            self._origin = clocks.monotonic()

    def now(self) -> float:
        """Return the service's time, in seconds since the epoch."""
        with self._lock:
            return self._began + (clocks.monotonic() - self._origin) * self._speed

    def advance(self, seconds: float) -> None:
        """Go on by some seconds of service time at once, and then at the same speed as before.

        Raises:
            ValueError: `seconds` is negative: time does not go back.
        """
        _check_forward(seconds)
        with self._lock:
            self._began += seconds


class ManualClock:
    """A clock that stands still until it is told to go on: nothing happens in between. Starts at a fixed time.

    Args:
        start: The time it begins at, in seconds since the epoch.
    """

    def __init__(self, start: float = 1_760_000_000.0) -> None:
        self._lock = threading.Lock()
        self._first = start
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
        _check_forward(seconds)
        with self._lock:
            self._now += seconds

    def reset(self) -> None:
        """Stand at the time that it began at again."""
        with self._lock:
            self._now = self._first

    async def sleep(self, seconds: float) -> None:
        """Go on by some seconds, and let other tasks run: for what takes a `sleep`, which then takes no real time."""
        self.advance(seconds)
        await anyio.lowlevel.checkpoint()
