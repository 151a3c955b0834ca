"""Requests of a plan, whose secrets are resolved when they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

T = TypeVar("T")


async def request_of(wanted: object, make: Callable[[], T]) -> T:
    """Return a request; in a thread, if a secret comes from a command, which takes its time.

    Args:
        wanted: The cluster or pool of the plan.
        make: Makes the request.
    """
    if getattr(wanted, "runs_commands", False):
        return await to_thread.run_sync(make)
    return make()
