"""httpx without what takes long and is not needed for one connection: its pool, and its reading of whole URLs."""

from __future__ import annotations

import functools
import re
import ssl
from typing import Any

import httpcore
import httpx

from cds_eks.wire import CallRecord

LONGEST = 65536
"""In characters: httpx's own bound."""

_ENCODED = re.compile(r"[A-Za-z0-9._~%&=-]*")


class Tap:
    """What a connection's stream tells. It knows neither of them, so that nothing hangs in a circle when both are gone.

    Attributes:
        record: Of the call that is carried, if any.
        orphan: A connection that was opened, and is not in httpcore's care yet.
    """

    record: CallRecord | None = None
    orphan: httpcore.AsyncNetworkStream | None = None

    def begins_to_send(self) -> None:
        """The next bytes go out."""
        self.orphan = None
        if self.record is not None:
            self.record.may_have_left()


class Direct(httpx.AsyncHTTPTransport):
    """A transport that is one connection, straight to a server.

    It is httpx's own, but where that has a pool it has one of httpcore's connections, which is asked in the same way.

    Args:
        url: Where it leads.
        context: Whose certificates are trusted.
        expiry: How long it may be idle, in seconds.

    Attributes:
        tap: What hears when the first byte of a request goes out.
    """

    def __init__(self, url: str, context: ssl.SSLContext, expiry: float) -> None:
        self.tap = Tap()
        self._origin = _origin(url)
        self._connection = httpcore.AsyncHTTPConnection(
            self._origin, ssl_context=context, keepalive_expiry=expiry, network_backend=_Network(self.tap)
        )
        self._pool: Any = self._connection

    async def aclose(self) -> None:
        """Close the connection, also one that httpcore has forgotten: if a call is cancelled in the TLS handshake."""
        try:
            await super().aclose()
        finally:
            if self.tap.orphan is not None:
                await self.tap.orphan.aclose()

    def is_ready(self, url: str) -> bool:
        """Whether it can be asked: it leads there, is idle, its time is not up, and the server has not closed it."""
        connection = self._connection
        return self._origin == _origin(url) and connection.is_available() and not connection.has_expired()


class _Network(httpcore.AsyncNetworkBackend):
    """httpcore's network, but that its streams say when they are written to."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    async def connect_tcp(self, *args: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        stream = await httpcore.AnyIOBackend().connect_tcp(*args, **named)  # on trio too
        self._tap.orphan = stream
        return _Stream(stream, self._tap)


class _Stream(httpcore.AsyncNetworkStream):
    """A stream that says when it is written to."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, tap: Tap) -> None:
        self._tap = tap
        self._stream = stream
        self.read = stream.read  # type: ignore[method-assign]  # as it is
        self.aclose = stream.aclose  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            self._tap.begins_to_send()
        await self._stream.write(buffer, timeout)

    async def start_tls(self, *args: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(*args, **named), self._tap)


@functools.lru_cache(maxsize=64)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


@functools.lru_cache(maxsize=64)
def _origin(url: str) -> httpcore.Origin:
    parsed = _parsed(url)
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    return httpcore.Origin(parsed.raw_scheme, parsed.raw_host, port)


def with_query(url: str, query: str) -> httpx.URL:
    """Return a URL with an encoded query.

    httpx reads a URL anew, letter by letter, whatever is changed of it. What it keeps has no public name; where a
    release of it keeps something else, it reads.

    Raises:
        httpx.InvalidURL: It can't be sent.
    """
    base = _parsed(url)
    if len(url) + len(query) < LONGEST and _ENCODED.fullmatch(query):
        made = object.__new__(httpx.URL)
        try:
            made._uri_reference = base._uri_reference._replace(query=query)  # noqa: SLF001
        except (AttributeError, ValueError):
            pass
        else:
            return made
    return httpx.URL(f"{url}?{query}")
