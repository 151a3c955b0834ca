"""Work that goes on beside whoever waits for it, on asyncio and trio."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable, Coroutine
from typing import Any

_running: set[asyncio.Task[None]] = set()
"""An event loop holds its tasks weakly."""


def start(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Start work that ends with the event loop at the latest, which cancels it.

    It has a task of its own, in no scope of its caller's: so a caller may enter and leave scopes while it goes on.

    Args:
        work: The work. It must not raise anything but what cancels it.
    """
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        trio.lowlevel.spawn_system_task(work, context=contextvars.copy_context())
        return
    task = asyncio.get_running_loop().create_task(work())
    _running.add(task)
    task.add_done_callback(_running.discard)
