"""Requests as the native backend sends them: bytes that no report of an error shows; and what can come of them."""

from __future__ import annotations

import functools

import attrs

from cds_eks._runtime.freezing import freeze_into, slots_of
from cds_eks.backend.request_head import LAST_LINES, LONGEST_URL, endpoint_of, header_lines
from cds_eks.errors import EksError, InvalidRequestError
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import RawResponse, Request

_PLAIN = bytes(byte for byte in range(ord("!"), ord("~") + 1) if byte != ord("#"))
"""What a query that is sent as it stands consists of. To take it out and see what is left is quicker than to ask."""


CHUNK_SIZE = 64 * 1024
"""How many bytes are read, or written, at once."""


class Unsent(Exception):
    """The connection was found closed, or with something on it, before the first byte of a request had left.

    Its text says why, if that is known: a server that refuses the client's certificate does so after the handshake.
    """


Result = RawResponse | EksError | OutOfTime | Unsent
"""What can come of a request."""


@attrs.frozen(kw_only=True, eq=False, weakref_slot=False)
class OutgoingRequest:
    """A request in bytes.

    They are signed, and may hold passwords; tools that report errors show the variables of all frames. So they are
    nowhere a variable of a frame that an error passes through, but held by this.

    Attributes:
        begin: What is sent at first: all, or the head alone if the body is large.
        rest: What is sent after that.
        is_to_head: Whether it is a HEAD.
        is_last: Whether it asks for its connection to be closed.
    """

    begin: bytes = attrs.field(repr=False)
    rest: bytes = attrs.field(repr=False)
    is_to_head: bool
    is_last: bool


class _OpenOutgoingRequest:
    """An `OutgoingRequest` that is being made; see `freeze_into`."""

    __slots__ = slots_of(OutgoingRequest)

    begin: bytes
    rest: bytes
    is_to_head: bool
    is_last: bool


def outgoing(request: Request) -> OutgoingRequest:
    """Return a request in bytes.

    Raises:
        InvalidRequestError: It can't be sent.
    """
    found = _written(request)
    if isinstance(found, OutgoingRequest):
        return found
    try:
        raise found
    finally:
        del found


def _written(request: Request) -> OutgoingRequest | InvalidRequestError:
    try:
        path, own = _endpoint(request.url)
        lines, is_last = header_lines(request)
    except InvalidRequestError as error:
        if error.field != "headers":
            path = ""
        else:
            return error.with_traceback(None)  # the frames that it came through have what is sent among their variables
    query, method = request.query, request.operation.method
    is_plain = query.isascii() and not query.encode().translate(None, _PLAIN)
    if not path or len(request.url) + len(query) >= LONGEST_URL or not is_plain:
        return InvalidRequestError("params", "make a URL that can't be sent", action=request.operation.name)
    begin, rest = f"{method} {path}?{query} HTTP/1.1\r\n{lines}{own}".encode("ascii"), request.content or b""
    if len(rest) <= CHUNK_SIZE:
        begin, rest = begin + rest, b""
    made = _OpenOutgoingRequest()
    made.begin = begin
    made.rest = rest
    made.is_to_head = method == "HEAD"
    made.is_last = is_last
    return freeze_into(OutgoingRequest, made)


@functools.lru_cache(maxsize=64)
def _endpoint(url: str) -> tuple[str, str]:
    """Return the path of a URL, and the headers that all requests to it have."""
    endpoint = endpoint_of(url)
    return endpoint.path.decode("ascii"), f"Host: {endpoint.host}\r\n{LAST_LINES}"
