"""The default backend: straight connections of its own, and httpx's transports where there is more to it.

No pool of httpx's, because that loses slots when many calls are cancelled, and looks at every connection for every
request.
"""

from __future__ import annotations

import contextlib
import functools
import ssl

import anyio
import httpx

from cds_eks._runtime.frames import drop_frames, remove_causes
from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend import httpx_transport, response_body
from cds_eks.backend.failures import connect_failed, connection_lost, kind_and_text
from cds_eks.backend.h11_connection import MAX_CONNECTING, H11Connection, OnAnswer
from cds_eks.backend.headers import read_headers
from cds_eks.backend.httpx_transport import NOT_SENT, HttpxTransport, close, proxy_of
from cds_eks.backend.interception import is_httpx_intercepted
from cds_eks.backend.pool import ConnectionPool
from cds_eks.backend.request_head import endpoint_of, time_left, unsendable_url
from cds_eks.backend.response_body import MAX_BODY, decompressed
from cds_eks.backend.tls import ssl_context
from cds_eks.backend.whole_response import Answer
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
from cds_eks.wire import CallRecord, RawResponse, Request, make_raw_response

__all__ = ["MAX_BODY", "HttpxBackend", "decompressed"]


class HttpxBackend:
    """Sends requests through httpx, on asyncio and trio.

    Args:
        limits: How many connections, and how long idle ones are kept.
        transport: A transport to send everything through, instead of connections of its own: `httpx.ASGITransport`
            for an application in the same process, `httpx.MockTransport` in tests.
        verify: Whose certificates are trusted: an SSL context, or None for the usual authorities.
        has_queue: Whether requests wait in here for a connection. A client's own backend has none: its limits let no
            more requests through than there are connections.
    """

    keeps_deadline = True

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | None = None,
        has_queue: bool = True,
    ) -> None:
        self._transport = transport
        self._verify = verify
        self._pool: ConnectionPool[H11Connection | HttpxTransport] = ConnectionPool(
            limits or Limits(), has_queue=has_queue
        )
        self._connecting = FairSemaphore(MAX_CONNECTING)

    @property
    def http_version(self) -> str | None:
        """The version of HTTP that it speaks; None if a transport that was handed over decides."""
        return "1.1" if self._transport is None else None

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request; see `Backend.send`.

        Raises:
            OutOfTime: The request's deadline has passed.
        """
        if self._transport is not None:
            return await _exchange(self._transport, request)
        _check_url(request)
        pool = self._pool
        if pool.has_queue and not pool.permits.try_acquire():
            await pool.wait_for_permit(request)
        try:
            connection = pool.take(request)
            if connection is None:
                connection = self._new(request)
            is_kept = False
            try:
                # On the record while the connection is put away: a cancellation by asyncio itself goes through shields.
                response = request.record.arrived = await _exchange(connection, request)
                is_kept = connection.is_sound() and pool.put(connection, response.headers) > 0
            finally:
                # Only one that httpx has made by itself needs to be waited for.
                if not is_kept and not connection.close() and isinstance(connection, HttpxTransport):
                    await close(connection)
                del connection  # or else the traceback of what is raised would keep it
            pool.close_expired()
            return response
        finally:
            if pool.has_queue:
                pool.permits.release()

    def _new(self, request: Request) -> H11Connection | HttpxTransport:
        """Return a new connection."""
        proxy = proxy_of(request)
        is_straight = proxy is None and not is_httpx_intercepted()
        if is_straight and endpoint_of(request.url).origin[0] == "http":
            return H11Connection(request.url, None, self._connecting)
        context = self._verify or ssl_context()
        if is_straight:
            return H11Connection(request.url, context, self._connecting)
        try:
            return HttpxTransport(proxy, context)
        except ImportError:
            raise ConfigurationError("the environment's proxy speaks SOCKS, which needs `httpx[socks]`") from None

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        self._pool.close()
        if self._transport is not None:
            await close(self._transport)

    def abandon(self) -> bool:
        """Free all idle connections at once; see `Backend`. A transport that was handed over is its owner's."""
        return self._pool.close()


async def _exchange(connection: H11Connection | httpx.AsyncBaseTransport, request: Request) -> RawResponse:
    """Send a request and read the answer to its end.

    What is raised comes from here, outside of the except clauses: httpx's error, which holds the URL, does not come
    along, nor does a traceback that would keep the connection.
    """
    failure: EksError | OutOfTime
    on_partial = functools.partial(_keep_part, request.record)
    try:
        if isinstance(connection, H11Connection):
            answer = await connection.exchange(request, most=response_body.MAX_BODY, on_partial=on_partial)
        else:
            answer = await _through_httpx(connection, request, on_partial)
    except EksError as error:
        if not isinstance(connection, H11Connection):
            raise
        failure = drop_frames(error)
    except (httpx.InvalidURL, UnicodeEncodeError) as error:  # of a signer's query
        failure = unsendable_url(error)
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
    if isinstance(failure, ConnectFailed):
        request.record.mark_not_sent()
    elif isinstance(failure, ConnectionLost):
        request.record.mark_sent()
    try:
        raise failure
    finally:
        del failure  # its traceback holds this frame: they would hold each other


async def _through_httpx(transport: httpx.AsyncBaseTransport, request: Request, on_partial: OnAnswer) -> Answer:
    """Send a request through one of httpx's transports, within its time."""

    def on_answer(answer: Answer) -> None:
        with contextlib.suppress(UnreadableResponse):
            request.record.arrived = _response(answer, request)

    exchange = functools.partial(
        httpx_transport.exchange, most=response_body.MAX_BODY, on_answer=on_answer, on_partial=on_partial
    )
    try:
        if isinstance(transport, HttpxTransport) and not is_httpx_intercepted():
            return await exchange(transport, request)  # which keeps the time by itself
        with anyio.move_on_after(time_left(request)):
            return await exchange(transport, request)
    except BaseException as error:
        if not isinstance(error, Exception):  # a cancellation while a failure is dealt with has it as its context
            remove_causes(error, httpx_transport.HTTP_PACKAGES)
        raise
    raise OutOfTime


def _keep_part(record: CallRecord, part: Answer) -> None:
    """Put on the record what there is of an answer that broke off."""
    encoding = read_headers([one for field in part.fields for one in field]).get("content-encoding", "")
    record.add_partial_body(decompressed(part.content or b"", encoding)[0])


def _check_url(request: Request) -> None:
    """Refuse a URL that leads nowhere.

    Raises:
        InvalidRequestError: It is none, or not one of HTTP.
    """
    try:
        endpoint_of(request.url)
    except InvalidRequestError as error:
        error.action = request.operation.name
        raise


def _response(answer: Answer, request: Request) -> RawResponse:
    """Return an answer without its compression.

    Raises:
        UnreadableResponse: It has one that is broken, or is too long.
    """
    headers = read_headers([part for field in answer.fields for part in field])
    content, reason = answer.content, None
    if content is None:
        content, reason = b"", response_body.too_long()
    elif "content-encoding" in headers:
        content, reason = decompressed(content, headers["content-encoding"])
    if reason is not None:
        raise UnreadableResponse(reason, http_status=answer.status, action=request.operation.name)
    return make_raw_response(status=answer.status, headers=headers, content=content)


def _translated(error: Exception, request: Request) -> EksError:
    """Return our own error for one of httpx's: the one place that knows them."""
    words = kind_and_text(type(error).__name__, error)
    source: BaseException | None = error
    seen: list[BaseException] = []  # respx raises an error of a side effect as the cause of its own cause
    # h11's errors hold themselves by their tracebacks, and the connection along with them.
    while source is not None and not any(source is each for each in seen):
        source.__traceback__ = None
        seen.append(source)
        source = source.__cause__ or source.__context__
    return connect_failed(request, words) if isinstance(error, NOT_SENT) else connection_lost(request, words)
