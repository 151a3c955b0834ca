"""Requests of a plan, whose secrets are resolved when they are made, and whose commands end with who waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread

from cds_eks.documents.commands import RunningCommands, running_commands

T = TypeVar("T")


async def request_of(wanted: object, make: Callable[[], T]) -> T:
    """Return a request, or what else needs secrets; in a thread, if one comes from a command, which takes its time.

    Who is cancelled meanwhile leaves at once: the command is killed, with all that it has started.

    Args:
        wanted: The cluster or pool of the plan, or all of it.
        make: Makes the request.
    """
    if not getattr(wanted, "runs_commands", False):
        return make()
    commands = RunningCommands()
    token = running_commands.set(commands)  # the thread gets a copy of this context
    try:
        return await to_thread.run_sync(make, abandon_on_cancel=True)
    finally:
        running_commands.reset(token)
        commands.stop()
