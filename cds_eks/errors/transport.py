"""No usable answer: connections, deadlines, and answers that are not the service's."""

from __future__ import annotations

from typing import Any

from cds_eks.errors.base import EksError


class TransportError(EksError):
    """No usable answer came back. The outcome is `not_sent` or `unknown`.

    It is `accepted` if a blocking client was closed when the answer to the call had just come.
    """


class ConnectFailed(TransportError):
    """No connection was made. The outcome is `not_sent`."""

    def __init__(self, message: str, *, action: str | None = None) -> None:
        super().__init__(message, action=action, outcome="not_sent")


class ConnectionLost(TransportError):
    """The connection broke or timed out after the request may have been sent. The outcome is `unknown`."""

    def __init__(self, message: str, *, action: str | None = None) -> None:
        super().__init__(message, action=action, outcome="unknown")


class DeadlineExceeded(EksError):
    """The time for the whole call (`Timeouts.total`) is spent. The outcome is what was known when it ran out."""


class UnreadableResponse(EksError):
    """The answer is not the service's envelope: a proxy's page, a broken or a truncated body. Outcome `unknown`.

    Attributes:
        http_status: The HTTP status of the answer.
        body: The first 2 KB of the answer, with the request's secrets redacted.
        retry_after: The pause that the answer asks for, in seconds, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        http_status: int,
        body: str = "",
        retry_after: float | None = None,
        action: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, action=action, request_id=request_id, outcome="unknown")
        self.http_status = http_status
        self.body = body
        self.retry_after = retry_after

    def _facts(self) -> dict[str, Any]:
        return {"http_status": self.http_status, **super()._facts()}
