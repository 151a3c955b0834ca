"""Patience with a limit, for what comes to pass by itself in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 10.0
"""Seconds. Nothing takes nearly as long; a busy machine is no failure."""


def until(is_so: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until it is so; fail if that takes longer than the patience lasts."""
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.002)
