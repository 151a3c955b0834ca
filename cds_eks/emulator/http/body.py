"""How much of a request is taken in: a body has a bound, and so has the time in which it must come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import attrs

from cds_eks.emulator.protocol.envelope import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["MAX_BODY", "PATIENCE", "Intake", "take_in"]

MAX_BODY = 8 * 1024 * 1024
"""The most bytes of a body. The largest that the API has use for, a cluster with long scripts, is far below."""

PATIENCE = 60.0
"""Seconds in which a body must have come whole."""

_BEGIN = 64
"""How much is kept of a body that is refused: enough to tell that there was one."""


@attrs.frozen(kw_only=True)
class Intake:
    """What came of a body.

    Attributes:
        body: The body, or the begin of one that is refused.
        refusal: Why it is refused, if it is.
    """

    body: bytes = attrs.field(repr=False)
    refusal: Refusal | None = None


async def take_in(request: Request, *, patience: float = PATIENCE) -> Intake:
    """Read a body, but no more of it than is allowed: what comes after that is not kept.

    Raises:
        ClientDisconnect: The client has gone before it came whole.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY:
        return _too_long(b"-")
    pieces: list[bytes] = []
    size = 0
    with anyio.move_on_after(patience):
        async for piece in request.stream():
            size += len(piece)
            pieces.append(piece)
            if size > MAX_BODY:
                return _too_long(pieces[0])
        return Intake(body=b"".join(pieces))
    return Intake(
        body=b"".join(pieces)[:_BEGIN],
        refusal=Refusal("InvalidHTTPRequest", f"the body did not come within {patience:g} seconds", status=408),
    )


def _too_long(begin: bytes) -> Intake:
    refusal = Refusal("InvalidHTTPRequest", f"the body has more than {MAX_BODY} bytes", status=413)
    return Intake(body=begin[:_BEGIN], refusal=refusal)
