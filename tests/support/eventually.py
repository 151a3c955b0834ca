"""Wait, with a limit, for something that happens by itself in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

WAIT_TIMEOUT = 10.0
"""Seconds. Nothing takes nearly as long; a busy machine is no failure."""


def until(is_so: Callable[[], bool], patience: float = WAIT_TIMEOUT) -> None:
    """Wait until the condition holds; fail if that takes longer than `patience` seconds."""
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.002)
