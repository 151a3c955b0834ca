"""Reading the body of a request: its size is limited, and so is the time in which it must come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import attrs

from cds_eks.emulator.protocol.envelope import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["BODY_TIMEOUT", "MAX_BODY", "Body", "has_body", "read_body"]

MAX_BODY = 8 * 1024 * 1024
"""The most bytes of a body. The largest that the API has use for, a cluster with long scripts, is far below."""

BODY_TIMEOUT = 60.0
"""Seconds in which a body must have come whole."""

_BEGINNING = 64
"""How many bytes are stored of a body that is refused: enough to tell that there was one."""


@attrs.frozen(kw_only=True)
class Body:
    """What was read of a body.

    Attributes:
        content: The body, or the beginning of one that is refused.
        refusal: Why it is refused, if it is.
    """

    content: bytes = attrs.field(repr=False)
    refusal: Refusal | None = None


def has_body(request: Request) -> bool:
    """Whether a body may come: in HTTP/1 a header would say so."""
    headers = request.headers
    is_http_1 = request.scope.get("http_version", "") in ("1.0", "1.1")
    return not is_http_1 or headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def read_body(request: Request, *, timeout: float = BODY_TIMEOUT) -> Body:
    """Read a body, but no more of it than is allowed: what comes after that is discarded.

    Raises:
        ClientDisconnect: The client has gone before it came whole.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY:
        return _too_long(b"-")
    pieces: list[bytes] = []
    size = 0
    with anyio.move_on_after(timeout):
        async for piece in request.stream():
            size += len(piece)
            pieces.append(piece)
            if size > MAX_BODY:
                return _too_long(pieces[0])
        return Body(content=b"".join(pieces))
    return Body(
        content=b"".join(pieces)[:_BEGINNING],
        refusal=Refusal("InvalidHTTPRequest", f"the body did not come within {timeout:g} seconds", status=408),
    )


def _too_long(beginning: bytes) -> Body:
    refusal = Refusal("InvalidHTTPRequest", f"the body has more than {MAX_BODY} bytes", status=413)
    return Body(content=beginning[:_BEGINNING], refusal=refusal)
