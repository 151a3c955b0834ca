"""The time for a whole call."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio
import attrs

from cds_eks.errors import DeadlineExceeded
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request


class Deadline:
    """Ends a call, with all its attempts, pauses and queues, when its time is up.

    Args:
        total: The time in seconds, or None for no limit.
        clock: Monotonic seconds; the retry middleware must have the same.
    """

    def __init__(self, total: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._clock = clock

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request within the time."""
        if self._total is None:
            return await send(request)
        with anyio.move_on_after(self._total):
            return await send(attrs.evolve(request, deadline=self._clock() + self._total))
        record = request.record
        error = DeadlineExceeded(
            f"the call did not end within {self._total:g} s",
            action=request.operation.name,
            request_id=record.request_id,
            attempts=record.attempts,
            outcome=record.outcome,
        )
        error.previous = tuple(record.failures)
        raise error
