"""The head of a request, as both backends make it: where it goes, what its first line asks for, its header lines."""

from __future__ import annotations

import functools
import re
from typing import Literal

import attrs
import httpx

from cds_eks._runtime import clocks
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.text_rules import MUST_BE_UTF8
from cds_eks.wire import Request

LONGEST_URL = 65536
"""In characters: httpx's own bound."""

LAST_LINES = "Accept: application/json\r\nAccept-Encoding: gzip\r\n\r\n"
"""The last lines of each request's head."""

_ENCODED = re.compile(r"[A-Za-z0-9._~%&=-]*")
_OWN = {"accept", "accept-encoding", "content-length", "host", "transfer-encoding"}  # headers of nobody else
_NAME = re.compile(r"[!#-'*+.0-9A-Z^-z|~-]+")


@attrs.frozen
class Endpoint:
    """Where a URL leads: scheme, host and port; what the header `Host` says; and the path."""

    origin: tuple[str, str, int]
    host: str
    path: bytes


@functools.lru_cache(maxsize=64)
def endpoint_of(url: str) -> Endpoint:
    """Return where a URL leads.

    Raises:
        InvalidRequestError: It is none, or not one of HTTP.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in ("http", "https"):
        raise InvalidRequestError("url", "must be a URL of HTTP")  # outside, so that httpx's error does not come along
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Endpoint((parts.scheme, parts.raw_host.decode("ascii"), port), parts.netloc.decode("ascii"), parts.raw_path)


def host_and_port(url: str) -> str:
    """Return the host and port that a URL leads to, to be shown."""
    try:
        _, host, port = endpoint_of(url).origin
    except InvalidRequestError:
        return "its URL"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def request_target(url: str, query: str) -> bytes:
    """Return what a request's first line asks for. httpx would read the URL anew, letter by letter, for each.

    Raises:
        InvalidRequestError: It can't be sent.
    """
    if len(url) + len(query) < LONGEST_URL and _ENCODED.fullmatch(query):
        return endpoint_of(url).path + b"?" + query.encode("ascii")
    try:
        return httpx.URL(f"{url}?{query}").raw_path
    except (httpx.InvalidURL, UnicodeEncodeError) as error:
        failure = unsendable_url(error)
    raise failure


def unsendable_url(error: httpx.InvalidURL | UnicodeEncodeError) -> InvalidRequestError:
    """Return the error for parameters of which no URL can be made."""
    reason = MUST_BE_UTF8 if isinstance(error, UnicodeEncodeError) else error  # the former's text holds the URL
    return InvalidRequestError("params", f"make a URL that can't be sent ({reason})")


def time_left(request: Request) -> float | None:
    """Return how many seconds there are until the request's deadline, or None if it has none."""
    return None if request.deadline is None else request.deadline - clocks.monotonic()


def header_lines(request: Request) -> tuple[str, bool]:
    """Return the lines of a request's own headers and of its length, and whether it asks to be its connection's last.

    Raises:
        InvalidRequestError: They can't be sent.
    """
    method, content = request.operation.method, request.content
    lines, values, is_last = "", "", False
    for name, value in request.headers.items():
        role = _role(name)
        if role == "brought" or role == "connection":
            lines += f"{name}: {value}\r\n"
            values += value
            if role == "connection" and "close" in value.lower():  # RFC 9112, section 9.6
                is_last = True
        elif role == "host":
            values += value  # the default backend writes it
        elif role == "refused":
            raise _refused(request, "hold a name that can't be sent")
    if not values.isascii() or not (values.isprintable() or values.replace("\t", " ").isprintable()):
        raise _refused(request, "hold what can't be sent")
    if content is not None or method != "GET":
        lines += f"Content-Length: {len(content or b'')}\r\n"
    return lines, is_last


@functools.lru_cache(maxsize=256)
def _role(name: str) -> Literal["brought", "connection", "host", "own", "refused"]:
    """What a header of this name is to a request that has it."""
    lowered = name.lower()
    if lowered == "host":
        return "host"
    if lowered in _OWN:
        return "own"
    if lowered == "connection":
        return "connection"
    return "brought" if _NAME.fullmatch(name) else "refused"


def _refused(request: Request, rule: str) -> InvalidRequestError:
    return InvalidRequestError("headers", rule, action=request.operation.name)
