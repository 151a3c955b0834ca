"""The default backend: httpx's own transports, one to a connection.

One transport to a connection, because httpx's pool loses slots when many calls are cancelled, and looks at every
connection for every request. A free connection is taken from the top of a stack; one whose call fails or is cancelled
is thrown away.
"""

from __future__ import annotations

import contextvars
import logging
import ssl
import time
import zlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import anyio
import anyio.abc
import httpx

from cds_eks.backend.direct import Direct, with_query
from cds_eks.backend.headers import read_headers
from cds_eks.backend.leftovers import has_leftovers
from cds_eks.backend.surroundings import proxy_for, ssl_context
from cds_eks.config import Limits
from cds_eks.errors import (
    ConfigurationError,
    ConnectFailed,
    ConnectionLost,
    EksError,
    InvalidRequestError,
    UnreadableResponse,
)
from cds_eks.line import Line
from cds_eks.redaction import blot, printable
from cds_eks.wire import Kind, RawResponse, Request

MAX_BODY = 16 * 1024 * 1024
"""The most bytes of an answer that are read. JSON of so many can take twenty times as much memory once it is read."""

CLOSE_TIMEOUT = 1.0
"""How long closing a connection may take, in seconds."""

# What httpx raises before anything of a request can have left.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


_is_ours = contextvars.ContextVar("cds_eks_is_ours", default=False)


class _Discreet(logging.Filter):
    """Keeps httpcore from logging the headers of the service's answers at DEBUG: they may repeat our signed URL."""

    def filter(self, _: logging.LogRecord) -> bool:
        return not _is_ours.get()


logging.getLogger("httpcore.http11").addFilter(_Discreet())


class HttpxBackend:
    """Sends requests through httpx, on asyncio and trio.

    Args:
        limits: How many connections, and how long idle ones are kept.
        transport: A transport to send everything through, in place of connections of its own: `httpx.ASGITransport`
            for an application in the same process, `httpx.MockTransport` in tests.
        verify: Whose certificates are trusted: an SSL context, or None for the usual authorities.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        limits = limits or Limits()
        self._transport = transport
        self._verify = verify
        self._expiry = limits.keepalive_expiry
        self._places = Line(limits.max_connections)
        self._idle: list[tuple[httpx.AsyncBaseTransport, float]] = []
        self._is_closed = False

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request; see `Backend.send`."""
        if self._transport is not None:
            return await _exchange(self._transport, request)
        if not self._places.take():
            await self._places.wait(is_read=request.operation.kind is Kind.READ)
        try:
            return await self._send(request)
        finally:
            self._places.give_back()

    async def _send(self, request: Request) -> RawResponse:
        """Send a request on the connection that was used last, or a new one."""
        connection = await self._take(request.url)
        is_sound = False
        try:
            response = await _exchange(connection, request)
            is_secure = request.url.startswith("https:")
            is_sound = not self._is_closed and not has_leftovers(connection, is_secure=is_secure)
        finally:
            if is_sound:
                self._idle.append((connection, time.monotonic()))
            else:
                await _close(connection)
        if self._idle and time.monotonic() - self._idle[0][1] > self._expiry:
            await _close(self._idle.pop(0)[0])  # the one that was idle for longest
        return response

    async def _take(self, url: str) -> httpx.AsyncBaseTransport:
        """Return the connection that was used last, or a new one."""
        while self._idle:
            connection, _ = self._idle.pop()
            if not isinstance(connection, Direct) or connection.is_ready(url):
                return connection
            await _close(connection)
        proxy = proxy_for(url)
        context = self._verify or ssl_context(is_needed=proxy is not None or url.startswith("https:"))
        if proxy is None:
            return Direct(url, context, self._expiry)
        try:
            return httpx.AsyncHTTPTransport(
                verify=context,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._expiry),
                proxy=proxy,
                trust_env=False,
            )
        except ImportError:
            raise ConfigurationError("the environment's proxy speaks SOCKS, which needs `httpx[socks]`") from None

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        self._is_closed = True
        while self._idle:
            await _close(self._idle.pop()[0])
        if self._transport is not None:
            await _close(self._transport)


async def _close(thing: httpx.AsyncBaseTransport | httpx.Response) -> None:
    with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
        await thing.aclose()


async def _exchange(transport: httpx.AsyncBaseTransport, request: Request) -> RawResponse:
    """Send a request through a transport and read the answer to its end."""
    orphans: list[anyio.abc.AsyncResource] = []
    http_request = _http_request(request)
    if isinstance(transport, Direct):
        transport.tap.record = request.record
    elif isinstance(transport, httpx.AsyncHTTPTransport):
        http_request.extensions["trace"] = _trace(request, orphans)
    else:  # no other tells when the first byte goes out
        request.record.may_have_left()
    token = _is_ours.set(True)
    try:
        response = await transport.handle_async_request(http_request)
        content = await _read(response, request)
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        failure = _translated(error, request)
    else:
        headers = read_headers([part for field in response.headers.raw for part in field])
        return RawResponse(status=response.status_code, headers=headers, content=content)
    finally:
        _is_ours.reset(token)
        if isinstance(transport, Direct):
            transport.tap.record = None  # an idle connection keeps nothing of the call that it carried
        for stream in orphans:
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await stream.aclose()
    failure.action = request.operation.name
    raise failure  # outside of the except clause, so that httpx's error (it holds the URL) does not come along


def _trace(
    request: Request, orphans: list[anyio.abc.AsyncResource]
) -> Callable[[str, Mapping[str, Any]], Coroutine[Any, Any, None]]:
    """Return what hears from httpcore how far a request is that goes through a proxy.

    Args:
        request: The request.
        orphans: Where to put a connection that httpcore has opened but not yet taken into its care: if the call is
            cancelled during the TLS handshake, it forgets to close it.
    """

    async def trace(event: str, facts: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            orphans.append(facts["return_value"])
        elif event.endswith("send_request_headers.started"):
            orphans.clear()
            if facts["request"].method != b"CONNECT":  # which is for a proxy, and holds nothing of the request
                request.record.may_have_left()

    return trace


def _http_request(request: Request) -> httpx.Request:
    """Return the request as httpx has it.

    Raises:
        InvalidRequestError: It can't be sent.
    """
    silence = request.read_timeout
    timeout = {"connect": request.connect_timeout, "read": silence, "write": silence, "pool": None}
    try:
        made = httpx.Request(
            request.operation.method,
            with_query(request.url, request.query),
            headers={**request.headers, "Accept": "application/json", "Accept-Encoding": "gzip"},
            content=request.content,
            extensions={"timeout": timeout},
        )
    except httpx.InvalidURL as error:
        raise InvalidRequestError(
            "params", f"make a URL that can't be sent ({error})", action=request.operation.name
        ) from None
    if request.content is not None:
        made.stream = _Content(request.content)
    return made


class _Content(httpx.AsyncByteStream):
    """A body to send. httpx's own is a generator, of which trio complains when the sending is broken off."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> _Pieces:
        return _Pieces(self._content)


class _Pieces:
    def __init__(self, *pieces: bytes) -> None:
        self._left = iter(pieces)

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._left:
            return piece
        raise StopAsyncIteration


async def _read(response: httpx.Response, request: Request) -> bytes:
    """Read an answer to its end; not by `Response.aiter_bytes`, which leaves generators about when it is broken off."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in response.stream:
            size += len(chunk)
            chunks.append(chunk)
            if size > MAX_BODY:
                chunks.clear()
                await response.aclose()  # ends the iteration in an orderly way: its next read fails
    except httpx.HTTPError:
        if size <= MAX_BODY:
            raise
    finally:
        await _close(response)  # shielded, so that an answer that has come whole is not lost to a cancellation
    reason = f"the answer has more than {MAX_BODY} bytes" if size > MAX_BODY else None
    content = b""
    if reason is None:
        content, reason = decompressed(b"".join(chunks), response.headers.get("content-encoding", ""))
    if reason is not None:
        raise UnreadableResponse(reason, http_status=response.status_code, action=request.operation.name)
    return content


def decompressed(content: bytes, encoding: str) -> tuple[bytes, str | None]:
    """Return a body without its compression, and what is wrong with it, if anything."""
    if not content or encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return content, None
    machine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # finds out by itself which of them it is
    try:
        content = machine.decompress(content, MAX_BODY + 1)
    except zlib.error:
        return b"", "the answer's compression is broken"
    if len(content) > MAX_BODY:
        return b"", f"the answer has more than {MAX_BODY} bytes"
    return content, None if machine.eof else "the answer's compression breaks off"


def _translated(error: Exception, request: Request) -> EksError:
    """Return our own error for one of httpx's: the one place that knows them."""
    words = printable(blot(f"{type(error).__name__}: {error}".rstrip(": "), request.secrets), 300)
    if isinstance(error, _NOT_SENT):
        request.record.did_not_leave()
        return ConnectFailed(f"no connection was made ({words})")
    request.record.may_have_left()
    return ConnectionLost(f"the connection was lost ({words})")
