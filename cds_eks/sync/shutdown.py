"""What becomes of the calls under way when a blocking client is closed."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from cds_eks.errors import TransportError
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request

CLOSED = "the client was closed while the call was under way"


class TellWhenClosed:
    """The outermost middleware: a call that the end of its client cancels tells what is known of its fate.

    Args:
        is_closing: Whether it is the client that ends, not this one call.
    """

    def __init__(self, is_closing: Callable[[], bool]) -> None:
        self._is_closing = is_closing

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request; a cancellation becomes an error if the client is being closed."""
        try:
            return await send(request)
        except anyio.get_cancelled_exc_class():
            if not self._is_closing():
                raise
        record = request.record
        error = TransportError(
            CLOSED,
            action=request.operation.name,
            request_id=record.request_id,
            attempts=record.attempts_made,
            outcome=record.outcome,
        )
        error.previous = record.failures
        raise error
