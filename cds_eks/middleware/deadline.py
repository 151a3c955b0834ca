"""The time for a whole call."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from cds_eks import clocks
from cds_eks.errors import DeadlineExceeded
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import RawResponse, Request


class Deadline:
    """Ends a call, with all its attempts, pauses and queues, when its time is up.

    Args:
        total: The time in seconds, or None for no limit.
        is_kept_below: Whether all that can wait below keeps `request.deadline` by itself, and raises `OutOfTime` when
            it passes. It saves the timer, which costs more than all else that the pipeline does for a call.
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
        if self._total is None:
            return await send(request)
        record = request.record
        record.deadline = self._clock() + self._total
        try:
            if self._is_kept_below:
                return await send(request)
            with anyio.move_on_after(self._total):
                return await send(request)
        except OutOfTime:
            pass
        error = DeadlineExceeded(
            f"the call did not end within {self._total:g} s",
            action=request.operation.name,
            request_id=record.request_id,
            attempts=record.attempts,
            outcome=record.outcome,
        )
        error.previous = record.failures
        raise error
