"""Event loops of our own threads."""

from __future__ import annotations

import asyncio

from cds_eks._runtime import clocks


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop, of the kind that the program has chosen.

    The timers of asyncio's own go by `time.monotonic`. What freezes time in tests replaces that; they would all be due
    at once, or never.
    """
    loop = asyncio.new_event_loop()
    if isinstance(loop, asyncio.BaseEventLoop):
        loop.time = clocks.monotonic  # type: ignore[method-assign]
    return loop
