"""Headers, as both backends write and read them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

from cds_eks.errors import InvalidRequestError
from cds_eks.wire import Request

OURS = "Accept: application/json\r\nAccept-Encoding: gzip\r\n\r\n"
"""The last lines of each request's head."""

_OWN = {"accept", "accept-encoding", "content-length", "host", "transfer-encoding"}  # headers of nobody else
_NAME = re.compile(r"[!#-'*+.0-9A-Z^-z|~-]+")
_KEEP_ALIVE = re.compile(r"\btimeout\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)


def header_lines(request: Request) -> str:
    """Return the lines of a request's own headers, and of its length.

    Raises:
        InvalidRequestError: They can't be sent.
    """
    method, content = request.operation.method, request.content
    lines, values = "", ""
    for name, value in request.headers.items():
        if _may_bring(name):
            lines += f"{name}: {value}\r\n"
            values += value
        elif name.lower() == "host":
            values += value  # the default backend writes it
        elif name.lower() not in _OWN:
            raise _refused(request, "hold a name that can't be sent")
    if not values.isascii() or not (values.isprintable() or values.replace("\t", " ").isprintable()):
        raise _refused(request, "hold what can't be sent")
    if content is not None or method != "GET":
        lines += f"Content-Length: {len(content or b'')}\r\n"
    return lines


def asks_to_close(request: Request) -> bool:
    """Whether a request is to be the last one on its connection (RFC 9112, section 9.6)."""
    for name, value in request.headers.items():
        if len(name) == len("connection") and name.lower() == "connection" and "close" in value.lower():
            return True
    return False


@functools.lru_cache(maxsize=256)
def _may_bring(name: str) -> bool:
    """Whether a request may bring a header of this name."""
    return name.lower() not in _OWN and _NAME.fullmatch(name) is not None


def _refused(request: Request, rule: str) -> InvalidRequestError:
    return InvalidRequestError("headers", rule, action=request.operation.name)


def read_headers(fields: Sequence[bytes]) -> dict[str, str]:
    """Return headers by their names in lower case; one that comes several times is joined by commas.

    Args:
        fields: Names and values by turns.
    """
    text = b"\n".join(fields)
    try:
        parts = text.decode().split("\n")
    except UnicodeDecodeError:
        parts = text.decode("latin-1").split("\n")
    headers: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return headers


def rest_of(headers: Mapping[str, str], most: float) -> float:
    """Return for how many seconds a connection may be idle: a second less than the server says, if it says so."""
    said = _KEEP_ALIVE.search(headers.get("keep-alive", ""))
    return most if said is None else min(most, float(said[1]) - 1)
