"""What both backends raise when a request comes to nothing."""

from __future__ import annotations

from cds_eks.backend.request_head import host_and_port
from cds_eks.backend.tls import tls_words
from cds_eks.errors import ConnectFailed, ConnectionLost
from cds_eks.redaction import printable, redact
from cds_eks.wire import Request

LONGEST = 400
"""How many characters of what went wrong are shown."""


def connect_failed(request: Request, words: str) -> ConnectFailed:
    """Return the error for a request of which nothing was sent, since there was no connection."""
    place = redact(host_and_port(request.url), request.hidden, is_id=True)
    return ConnectFailed(f"no connection was made to {place} ({_shown(request, words)})", action=request.operation.name)


def connection_lost(request: Request, words: str) -> ConnectionLost:
    """Return the error for a request whose connection was lost."""
    return ConnectionLost(f"the connection was lost ({_shown(request, words)})", action=request.operation.name)


def kind_and_text(kind: str, error: object = "") -> str:
    """Return what went wrong, as its kind and what an error says; only the kind if that says nothing."""
    return f"{kind}: {error}".rstrip(": ")


def _shown(request: Request, words: str) -> str:
    return tls_words(printable(redact(words, request.hidden), LONGEST))
