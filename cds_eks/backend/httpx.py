"""The default backend: straight connections of its own, and httpx's transports where there is more to it.

No pool of httpx's, because that loses slots when many calls are cancelled, and looks at every connection for every
request. A free connection is taken from the top of a stack; one whose call fails or is cancelled is thrown away.
"""

from __future__ import annotations

import contextlib
import ssl
import zlib

import anyio
import httpx

from cds_eks import clocks
from cds_eks.backend import transports
from cds_eks.backend.direct import CONNECTING, Answer, Direct
from cds_eks.backend.headers import read_headers
from cds_eks.backend.leftovers import has_leftovers
from cds_eks.backend.sites import site_of, time_left
from cds_eks.backend.surroundings import proxy_for, ssl_context
from cds_eks.backend.transports import NOT_SENT, Routed, close
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
from cds_eks.pipeline import OutOfTime
from cds_eks.redaction import blot, printable
from cds_eks.wire import Kind, RawResponse, Request, make_raw_response

MAX_BODY = 16 * 1024 * 1024
"""The most bytes of an answer that are read. JSON of so many can take twenty times as much memory once it is read."""


class HttpxBackend:
    """Sends requests through httpx, on asyncio and trio.

    Args:
        limits: How many connections, and how long idle ones are kept.
        transport: A transport to send everything through, in place of connections of its own: `httpx.ASGITransport`
            for an application in the same process, `httpx.MockTransport` in tests.
        verify: Whose certificates are trusted: an SSL context, or None for the usual authorities.
    """

    keeps_deadline = True

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
        self._connecting = Line(CONNECTING)
        self._idle: list[tuple[Direct | Routed, float]] = []
        self._is_closed = False

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request; see `Backend.send`.

        Raises:
            OutOfTime: The request's deadline has passed.
        """
        if self._transport is not None:
            return await _exchange(self._transport, request)
        _check_url(request)
        is_read = request.operation.kind is Kind.READ
        if not self._places.take() and not await self._places.wait(is_read=is_read, seconds=time_left(request)):
            raise OutOfTime
        try:
            connection = await self._take(request.url)
            is_sound = False
            try:
                # On the record while the connection is put away: a cancellation by asyncio itself goes through shields.
                response = request.record.arrived = await _exchange(connection, request)
                is_sound = not self._is_closed and _is_sound(connection, request)
            finally:
                if is_sound:
                    self._idle.append((connection, clocks.monotonic()))
                else:
                    await close(connection)
            if self._idle and clocks.monotonic() - self._idle[0][1] > self._expiry:
                await close(self._idle.pop(0)[0])  # the one that was idle for longest
            return response
        finally:
            self._places.give_back()

    async def _take(self, url: str) -> Direct | Routed:
        """Return the connection that was used last, or a new one."""
        is_intercepted = transports.are_intercepted()
        while self._idle:
            connection, _ = self._idle.pop()
            if isinstance(connection, Direct):
                is_fit = connection.is_ready(url) and not is_intercepted
            else:
                is_fit = connection.goes_through(proxy_for(url))
            if is_fit:
                return connection
            await close(connection)
        proxy = proxy_for(url)
        is_straight = proxy is None and not is_intercepted
        if is_straight and site_of(url).origin[0] == "http":
            return Direct(url, None, self._expiry, self._connecting)
        context = self._verify or ssl_context()
        if is_straight:
            return Direct(url, context, self._expiry, self._connecting)
        try:
            return Routed(proxy, context, self._expiry)
        except ImportError:
            raise ConfigurationError("the environment's proxy speaks SOCKS, which needs `httpx[socks]`") from None

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        self._is_closed = True
        while self._idle:
            await close(self._idle.pop()[0])
        if self._transport is not None:
            await close(self._transport)


def _is_sound(connection: Direct | Routed, request: Request) -> bool:
    """Whether a connection that has brought an answer may be used again."""
    if isinstance(connection, Direct):
        return connection.is_idle
    return not has_leftovers(connection, is_secure=request.url.startswith("https:"))


async def _exchange(connection: Direct | httpx.AsyncBaseTransport, request: Request) -> RawResponse:
    """Send a request and read the answer to its end."""
    try:
        if isinstance(connection, Direct):
            answer = await connection.ask(request, most=MAX_BODY)
        else:
            answer = await _ask(connection, request)
    except httpx.InvalidURL as error:
        failure: EksError = InvalidRequestError("params", f"make a URL that can't be sent ({error})")
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        failure = _translated(error, request)
    else:
        return _response(answer, request)
    failure.action = request.operation.name
    raise failure  # outside of the except clause, so that httpx's error (it holds the URL) does not come along


async def _ask(transport: httpx.AsyncBaseTransport, request: Request) -> Answer:
    """Send a request through one of httpx's transports, within its time."""

    def hear(answer: Answer) -> None:
        with contextlib.suppress(UnreadableResponse):
            request.record.arrived = _response(answer, request)

    with anyio.move_on_after(time_left(request)):
        return await transports.ask(transport, request, most=MAX_BODY, hear=hear)
    raise OutOfTime


def _check_url(request: Request) -> None:
    """Refuse a URL that leads nowhere.

    Raises:
        InvalidRequestError: It is none, or not one of HTTP.
    """
    try:
        site_of(request.url)
    except httpx.InvalidURL:
        failure = InvalidRequestError("url", "must be a URL of HTTP", action=request.operation.name)
    else:
        return
    raise failure  # outside, so that httpx's error does not come along


def _response(answer: Answer, request: Request) -> RawResponse:
    """Return an answer without its compression.

    Raises:
        UnreadableResponse: It has one that is broken, or is too long.
    """
    headers = read_headers([part for field in answer.fields for part in field])
    content, reason = answer.content, None
    if content is None:
        content, reason = b"", f"the answer has more than {MAX_BODY} bytes"
    elif "content-encoding" in headers:
        content, reason = decompressed(content, headers["content-encoding"])
    if reason is not None:
        raise UnreadableResponse(reason, http_status=answer.status, action=request.operation.name)
    return make_raw_response(status=answer.status, headers=headers, content=content)


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
    words = printable(blot(f"{type(error).__name__}: {error}".rstrip(": "), request.hidden), 300)
    if isinstance(error, NOT_SENT):
        request.record.did_not_leave()
        return ConnectFailed(f"no connection was made ({words})")
    request.record.may_have_left()
    return ConnectionLost(f"the connection was lost ({words})")
