"""Where a request goes, and how long it may take there: the same for both backends."""

from __future__ import annotations

import functools
import re

import attrs
import httpx

from cds_eks._runtime import clocks
from cds_eks.wire import Request

LONGEST_URL = 65536
"""In characters: httpx's own bound."""

_ENCODED = re.compile(r"[A-Za-z0-9._~%&=-]*")


@attrs.frozen
class Site:
    """Where a URL leads: scheme, host and port; what the header `Host` says; and the path."""

    origin: tuple[str, str, int]
    host: str
    path: bytes


@functools.lru_cache(maxsize=64)
def site_of(url: str) -> Site:
    """Return where a URL leads.

    Raises:
        httpx.InvalidURL: It is none, or not one of HTTP.
    """
    parts = httpx.URL(url)
    if parts.scheme not in ("http", "https"):
        raise httpx.InvalidURL("not a URL of HTTP")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Site((parts.scheme, parts.raw_host.decode("ascii"), port), parts.netloc.decode("ascii"), parts.raw_path)


def place_of(url: str) -> str:
    """Return the host and port that a URL leads to, to be shown."""
    try:
        _, host, port = site_of(url).origin
    except httpx.InvalidURL:
        return "its URL"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def target(url: str, query: str) -> bytes:
    """Return what a request's first line asks for. httpx would read the URL anew, letter by letter, for each.

    Raises:
        httpx.InvalidURL: It can't be sent.
    """
    if len(url) + len(query) < LONGEST_URL and _ENCODED.fullmatch(query):
        return site_of(url).path + b"?" + query.encode("ascii")
    return httpx.URL(f"{url}?{query}").raw_path


def time_left(request: Request) -> float | None:
    """Return how many seconds there are until the request's deadline, or None if it has none."""
    return None if request.deadline is None else request.deadline - clocks.monotonic()
