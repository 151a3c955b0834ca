"""The time for a whole call."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from cds_eks._runtime import clocks
from cds_eks.errors import DeadlineExceeded
from cds_eks.outcome.conclusion import call_stopped
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import RawResponse, Request


class Deadline:
    """Ends a call, with all its attempts, pauses and queues, when its time is up.

    Args:
        total: The time in seconds, or None for no limit; that of the call's record goes before it.
        is_kept_below: Whether all that can wait below observes `request.deadline` by itself, and raises `OutOfTime`
            when it passes. It saves the timer, which costs more than all else that the pipeline does for a call.
        clock: Monotonic seconds; what lies below must have the same.
    """

    def __init__(
        self, total: float | None, *, is_kept_below: bool = False, clock: Callable[[], float] = clocks.monotonic
    ) -> None:
        self._total = total
        self._is_kept_below = is_kept_below
        self._clock = clock

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request within the time."""
        record = request.record
        total = self._total if record.total is None else record.total
        if total is None:
            return await send(request)
        record.deadline = self._clock() + total
        try:
            if self._is_kept_below:
                return await send(request)
            with anyio.move_on_after(total):
                return await send(request)
        except OutOfTime:
            pass
        queued = "" if record.waits_for is None else f": it waited in line for {record.waits_for}"
        error = DeadlineExceeded(f"the call did not end within {total:g} s{queued}", action=request.operation.name)
        raise call_stopped(error, record)
