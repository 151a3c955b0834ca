"""Wait, with a limit, for something that happens by itself in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

WAIT_TIMEOUT = 60.0
"""Seconds for a process, so that one that hangs is a failure. Nothing takes nearly as long; a busy machine is none."""

EVENT_TIMEOUT = 20.0
"""Seconds for an event in this process: fewer than the 30 that a client waits for an answer, so that none brings it."""


def until(is_so: Callable[[], bool], patience: float = EVENT_TIMEOUT) -> None:
    """Wait until the condition holds; fail if that takes longer than `patience` seconds."""
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.002)
