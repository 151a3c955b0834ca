"""A command's waits: the client, the progress, and what is told when they end early."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from cds_eks.cli.context import Context
from cds_eks.cli.description import Operation
from cds_eks.cli.waits.plan import KEYS, STATES, Pending, Wait, command_for, waits_after

DEFAULT_SECONDS = 3600.0
"""How long is waited without `--timeout`: as long as the SDK does."""


def wait_for_all(context: Context, stages: Sequence[Sequence[Wait]], poll_interval: float | None) -> dict[Wait, Any]:
    """Wait for things, stage by stage, within the time of the whole command.

    Raises:
        EksError: Something ended badly, or the time is up.
    """
    seconds = context.options.timeout or DEFAULT_SECONDS
    return asyncio.run(_wait(context, stages, seconds, poll_interval))


async def _wait(
    context: Context, stages: Sequence[Sequence[Wait]], seconds: float, poll_interval: float | None
) -> dict[Wait, Any]:
    from cds_eks.cli.waits.progress import told
    from cds_eks.cli.waits.running import carry_out

    ends = context.began + seconds
    results: dict[Wait, Any] = {}
    everything = [wait for stage in stages for wait in stage]
    async with context.async_client() as eks:
        with told(context, everything, seconds) as notices:
            for stage in stages:
                results |= await carry_out(
                    stage,
                    eks,
                    ends=ends,
                    limit=seconds,
                    poll_interval=poll_interval,
                    notices=notices,
                    was_begun=context.pending is not None and context.pending.result is not None,
                )
    return results


def emit_after(
    context: Context,
    operation: Operation,
    given: Mapping[str, Any],
    result: Mapping[str, Any],
    poll_interval: float | None,
) -> None:
    """Wait for what a write has begun, then print its result with what that came to."""
    stages = waits_after(operation, given, result)
    waits = [wait for stage in stages for wait in stage]
    answer = {name: value for name, value in result.items() if name != "request_id"}
    came_to: dict[str, Any] = {}
    if waits:  # else it was done when it was answered
        ids = {name: value for wait in waits for name, value in wait.ids.items()}
        ids |= {name: value for name, value in answer.items() if value and name.endswith("_id")}
        context.pending = Pending(ids, command_for(waits[-1:], context.options, poll_interval), result)
        states = wait_for_all(context, stages, poll_interval)
        came_to = {KEYS[wait.kind]: plain(states[wait]) for wait in waits}
    columns = [*answer, *(name for wait in waits for name in STATES[wait.kind]), "request_id"]
    context.emit_write(
        answer,
        action=operation.name,
        request_id=result["request_id"],
        id=operation.id,
        came_to=came_to,
        columns=columns,
    )


def plain(state: Any) -> Any:
    """Return a state as plain data."""
    return state.to_dict() if hasattr(state, "to_dict") else state
