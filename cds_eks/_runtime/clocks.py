"""The clocks that the package goes by, looked up in this one place.

Not `time.monotonic`: what freezes time in tests replaces that, but not the timers of an event loop, which a deadline is
compared with.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

if hasattr(time, "clock_gettime"):
    monotonic: Callable[[], float] = functools.partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    """Seconds that never go back; for deadlines and pauses."""
else:  # pragma: no cover - Windows
    monotonic = time.monotonic

if hasattr(time, "CLOCK_BOOTTIME"):
    since_boot: Callable[[], float] = functools.partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    """The same, but counting the time that a machine sleeps; for how long a connection has been idle."""
else:  # pragma: no cover - not Linux
    since_boot = monotonic


def wall() -> float:
    """Return the seconds since the epoch; for what others read.

    Frozen time does reach it: what a test signs has the time of the test, as has its emulator.
    """
    return time.time()


def time_left(deadline: float | None, now: float) -> float | None:
    """Return how many seconds there are until a deadline; None if there is no deadline."""
    return None if deadline is None else deadline - now
