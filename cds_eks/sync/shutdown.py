"""What a blocking call says when its client is closed meanwhile, or when the interpreter shuts down."""

from __future__ import annotations

import sys
from collections.abc import Callable

import anyio

from cds_eks.errors import TransportError
from cds_eks.outcome.conclusion import call_stopped
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request

CLOSED = "the client was closed while the call was under way"


def refuse_at_interpreter_exit() -> None:
    """Raise when the interpreter is at its very end, in a `__del__` say: no thread but this one runs any more.

    Raises:
        TransportError: So it is.
    """
    if sys.is_finalizing():
        raise TransportError("the interpreter is shutting down: no more calls can be made", outcome="not_sent")


class ReportClosedClient:
    """The outermost middleware: a call that is cancelled since its client is closed raises what is known of it.

    Args:
        is_closing: Whether it is the client that is closed, and not this one call that is cancelled.
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
        raise call_stopped(TransportError(CLOSED, action=request.operation.name), request.record)
