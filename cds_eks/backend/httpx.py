"""The default backend: straight connections of its own, and httpx's transports where there is more to it.

No pool of httpx's, because that loses slots when many calls are cancelled, and looks at every connection for every
request. A free connection is taken from the top of a stack; one whose call fails or is cancelled is thrown away.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import zlib
from urllib.parse import quote

import anyio
import httpx

from cds_eks._runtime import clocks
from cds_eks._runtime.frames import without
from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend import httpx_transport as transports
from cds_eks.backend.h11_connection import CONNECTING, Answer, Direct, Hear
from cds_eks.backend.headers import read_headers, rest_of
from cds_eks.backend.httpx_transport import NOT_SENT, Routed, close
from cds_eks.backend.request_target import place_of, site_of, time_left
from cds_eks.backend.surroundings import proxy_for, ssl_context
from cds_eks.backend.tls import tls_words
from cds_eks.config import Limits
from cds_eks.errors import (
    ConfigurationError,
    ConnectFailed,
    ConnectionLost,
    EksError,
    InvalidRequestError,
    UnreadableResponse,
)
from cds_eks.pipeline import OutOfTime
from cds_eks.redaction import printable, redact, secrets_of_proxy
from cds_eks.wire import CallRecord, Kind, RawResponse, Request, make_raw_response

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
        self._permits = FairSemaphore(limits.max_connections)
        self._connecting = FairSemaphore(CONNECTING)
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
        if not self._permits.try_acquire() and not await self._permits.acquire(
            is_read=is_read, seconds=time_left(request)
        ):
            raise OutOfTime
        try:
            connection = await self._take(request)
            is_sound = False
            try:
                # On the record while the connection is put away: a cancellation by asyncio itself goes through shields.
                response = request.record.arrived = await _exchange(connection, request)
                is_sound = not self._is_closed and _is_sound(connection)
            finally:
                if is_sound:
                    self._idle.append((connection, clocks.since_boot() + rest_of(response.headers, self._expiry)))
                else:
                    await _discard(connection)
                del connection  # or else the traceback of what is raised would keep it
            if self._idle and clocks.since_boot() > self._idle[0][1]:
                await _discard(self._idle.pop(0)[0])  # the one that was idle for longest
            return response
        finally:
            self._permits.release()

    async def _take(self, request: Request) -> Direct | Routed:
        """Return the connection that was used last, or a new one."""
        is_intercepted = transports.are_intercepted()
        while self._idle:
            connection, until = self._idle.pop()
            if clocks.since_boot() > until:
                is_fit = False  # by a clock, not by a timer, which a loop that stood still has not run
            elif isinstance(connection, Direct):
                is_fit = not is_intercepted and connection.is_ready(request.url)
            else:
                is_fit = connection.is_ready(_proxy(request))
            if is_fit:
                return connection
            await _discard(connection)
        proxy = _proxy(request)
        is_straight = proxy is None and not is_intercepted
        if is_straight and site_of(request.url).origin[0] == "http":
            return Direct(request.url, None, self._connecting)
        context = self._verify or ssl_context()
        if is_straight:
            return Direct(request.url, context, self._connecting)
        try:
            return Routed(proxy, context)
        except ImportError:
            raise ConfigurationError("the environment's proxy speaks SOCKS, which needs `httpx[socks]`") from None

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        self._is_closed = True
        while self._idle:
            await _discard(self._idle.pop()[0])
        if self._transport is not None:
            await close(self._transport)

    def abandon(self) -> bool:
        """Free all idle connections at once; see `Backend`. A transport that was handed over is its owner's."""
        self._is_closed = True
        has_any = bool(self._idle)
        while self._idle:
            self._idle.pop()[0].close()
        return has_any


def _proxy(request: Request) -> httpx.Proxy | None:
    """Return the proxy that a request goes through, whose password must not be shown by any error of its call."""
    proxy = proxy_for(request.url)
    if proxy is not None and proxy.raw_auth is not None:
        user, password = (quote(part, safe="") for part in proxy.raw_auth)
        request.record.secrets |= secrets_of_proxy(f"http://{user}:{password}@proxy")
    return proxy


async def _discard(connection: Direct | Routed) -> None:
    """Close a connection. Only one that httpx has made by itself needs to be waited for."""
    if isinstance(connection, Direct):
        connection.close()
    elif not connection.close():
        await close(connection)


def _is_sound(connection: Direct | Routed) -> bool:
    """Whether a connection that has brought an answer may be used again."""
    return connection.is_idle if isinstance(connection, Direct) else connection.is_sound()


async def _exchange(connection: Direct | httpx.AsyncBaseTransport, request: Request) -> RawResponse:
    """Send a request and read the answer to its end.

    What is raised comes from here, outside of the except clauses: httpx's error, which holds the URL, does not come
    along, nor does a traceback that would keep the connection.
    """
    failure: EksError | OutOfTime
    hear_part = functools.partial(_take_part, request.record)
    try:
        if isinstance(connection, Direct):
            answer = await connection.ask(request, most=MAX_BODY, hear_part=hear_part)
        else:
            answer = await _ask(connection, request, hear_part)
    except httpx.InvalidURL as error:
        failure = InvalidRequestError("params", f"make a URL that can't be sent ({error})")
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        failure = _translated(error, request)
    except OutOfTime:
        failure = OutOfTime()
    else:
        return _response(answer, request)
    finally:
        del connection
    if isinstance(failure, EksError):
        failure.action = request.operation.name
    try:
        raise failure
    finally:
        del failure  # its traceback holds this frame: they would hold each other


async def _ask(transport: httpx.AsyncBaseTransport, request: Request, hear_part: Hear) -> Answer:
    """Send a request through one of httpx's transports, within its time."""

    def hear(answer: Answer) -> None:
        with contextlib.suppress(UnreadableResponse):
            request.record.arrived = _response(answer, request)

    ask = functools.partial(transports.ask, most=MAX_BODY, hear=hear, hear_part=hear_part)
    try:
        if isinstance(transport, Routed) and not transports.are_intercepted():
            return await ask(transport, request)  # which keeps the time by itself
        with anyio.move_on_after(time_left(request)):
            return await ask(transport, request)
    except BaseException as error:
        if not isinstance(error, Exception):  # a cancellation while a failure is dealt with has it as its context
            without(error, transports.OTHERS)
        raise
    raise OutOfTime


def _take_part(record: CallRecord, part: Answer) -> None:
    """Put on the record what there is of an answer that broke off."""
    encoding = read_headers([one for field in part.fields for one in field]).get("content-encoding", "")
    record.broke_off(decompressed(part.content or b"", encoding)[0])


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


MOST_MEMBERS = 10_000
"""Of how many parts a compressed body may consist."""

PORTION = 64 * 1024
"""How much of one is decompressed at once: what is behind the end of a part is copied."""


def decompressed(content: bytes, encoding: str) -> tuple[bytes, str | None]:
    """Return a body without its compression, and what is wrong with it, if anything."""
    if not content or encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return content, None
    view, place, pieces, size = memoryview(content), 0, list[bytes](), 0
    for _ in range(MOST_MEMBERS):
        machine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # finds out by itself which of them it is
        while place < len(view) and not machine.eof:
            portion = view[place : place + PORTION]
            try:
                pieces.append(machine.decompress(portion, MAX_BODY + 1 - size))
            except zlib.error:
                return b"", "the answer's compression is broken"
            size += len(pieces[-1])
            if size > MAX_BODY:
                return b"", f"the answer has more than {MAX_BODY} bytes"
            place += len(portion) - len(machine.unused_data)
        if not machine.eof:
            return b"".join(pieces), "the answer's compression breaks off"
        # A file of gzip is a series of members, and nothing else (RFC 1952, section 2.2); but zeros that fill it up
        # are left out, as gzip itself and Python do.
        if not any(view[place:]):
            return b"".join(pieces), None
    return b"", f"the answer's compression has more than {MOST_MEMBERS} parts"


def _translated(error: Exception, request: Request) -> EksError:
    """Return our own error for one of httpx's: the one place that knows them."""
    words = tls_words(printable(redact(f"{type(error).__name__}: {error}".rstrip(": "), request.hidden), 300))
    source: BaseException | None = error
    while source is not None:  # h11's errors hold themselves by their tracebacks, and the connection along with them
        source.__traceback__ = None
        source = source.__cause__ or source.__context__
    if isinstance(error, NOT_SENT):
        request.record.did_not_leave()
        return ConnectFailed(f"no connection was made to {redact(place_of(request.url), request.hidden)} ({words})")
    request.record.may_have_left()
    return ConnectionLost(f"the connection was lost ({words})")
