"""The fast backend, on asyncio alone: connections of its own, and a parser in C (extra `native`).

It keeps to the default backend's contract, and knows exactly what has left: a request whose connection turns out to be
closed before the first byte was handed to the system goes out on another one, or was not sent.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Callable

import attrs

from cds_eks.backend.failures import connect_failed
from cds_eks.backend.interception import warn_if_intercepted
from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_dial import Dial
from cds_eks.backend.native_loop import LoopState, free_all
from cds_eks.backend.native_request import OutgoingRequest, Result, Unsent, outgoing
from cds_eks.backend.native_tls import NativeTlsConnection
from cds_eks.backend.pool import ConnectionPool
from cds_eks.backend.proxies import proxy_for
from cds_eks.backend.request_head import endpoint_of, time_left
from cds_eks.backend.response_body import decompressed
from cds_eks.backend.tls import ssl_context
from cds_eks.config import Limits
from cds_eks.errors import ConfigurationError, EksError, UnreadableResponse
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import RawResponse, Request


class NativeBackend:
    """Sends requests on asyncio and uvloop, over connections of its own.

    Args:
        limits: How many connections, and how long idle ones are kept.
        verify: Whose certificates are trusted: an SSL context, or None for the usual authorities.
        has_queue: Whether requests wait in here for a connection. A client's own backend has none: its limits let no
            more requests through than there are connections.
    """

    keeps_deadline = True
    http_version = "1.1"

    def __init__(
        self, *, limits: Limits | None = None, verify: ssl.SSLContext | None = None, has_queue: bool = True
    ) -> None:
        self._verify = verify
        self._pool: ConnectionPool[NativeConnection] = ConnectionPool(limits or Limits(), has_queue=has_queue)
        self._loop_state: LoopState | None = None
        self._has_warned = False

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request; see `Backend.send`.

        Raises:
            ConfigurationError: This is not asyncio, or the environment names a proxy.
            OutOfTime: The request's deadline has passed.
        """
        # Held no longer than needed, and made again in the rare case: thousands may connect, or wait, at once.
        to_send: OutgoingRequest | None = outgoing(request)
        pool = self._pool
        if self._loop_state is None:
            self._loop_state = _loop_state(pool)
        loop_state = self._loop_state
        if pool.has_queue and not pool.permits.try_acquire():
            await pool.wait_for_permit(request)
        try:
            while True:
                connection = pool.take(request)
                is_new = connection is None
                if connection is None:
                    to_send = None
                    connection = await self._connect(request, loop_state)
                if to_send is None:
                    to_send = outgoing(request)
                answer = connection.exchange(to_send, request.record, request.read_timeout)
                try:
                    if to_send.rest:
                        await connection.send_rest(to_send)
                    to_send = None
                    result = await answer
                    if isinstance(result, RawResponse) and "content-encoding" in result.headers:
                        result = _readable(result)
                except BaseException:
                    connection.close()
                    if answer.done() and not answer.cancelled():  # cancelled in the moment in which the answer came
                        request.record.arrived = _readable(answer.result())
                    request.record.add_partial_body(connection.part())
                    raise
                if isinstance(result, RawResponse):
                    if connection.is_sound and (seconds := pool.put(connection, result.headers)):
                        connection.become_idle(seconds)
                    else:
                        connection.close()
                    request.record.arrived = result  # a middleware may wait before it passes it on
                    return result
                connection.close()
                request.record.add_partial_body(connection.part())
                if is_new or not isinstance(result, Unsent):
                    if connection.is_late:
                        await asyncio.sleep(0)  # a cancellation of the caller's in the same round comes first
                    try:
                        raise _failure(result, request, is_late=connection.is_late)
                    finally:
                        # Its traceback has this frame; what it has would live until the garbage collector comes.
                        del result, answer, connection
        finally:
            if pool.has_queue:
                pool.permits.release()

    async def _connect(self, request: Request, loop_state: LoopState) -> NativeConnection:
        """Return a new connection."""
        self._has_warned = self._has_warned or warn_if_intercepted()
        if proxy_for(request.url) is not None:
            raise ConfigurationError('backend="native" goes through no proxy: use backend="httpx", or set NO_PROXY')
        scheme, host, port = origin = endpoint_of(request.url).origin
        make: Callable[[], NativeConnection] = functools.partial(NativeConnection, loop_state, origin)
        if scheme == "https":
            make = functools.partial(NativeTlsConnection, loop_state, origin, self._verify or ssl_context())
        left, limit = time_left(request), request.connect_timeout
        if left is not None and left <= 0:
            raise OutOfTime
        dial = Dial(loop_state, make, host, port)
        connection = await dial.connect(min((each for each in (left, limit) if each is not None), default=None))
        if connection is not None:
            return connection
        if dial.is_late and left is not None and (limit is None or left <= limit):
            raise OutOfTime
        raise connect_failed(request, dial.describe())

    def abandon(self) -> bool:
        """Free all idle connections at once; see `Backend`."""
        loop_state, self._loop_state = self._loop_state, None
        self._pool.abandon_idle()
        return loop_state is not None and free_all(loop_state)

    def __del__(self) -> None:
        """Free the connections, which the event loop would keep until their time is up."""
        if vars(self).get("_loop_state") is not None:
            self.abandon()

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        self._pool.close()
        if self._loop_state is not None:
            await asyncio.sleep(0)  # asyncio closes the sockets in its next round
            await self._loop_state.until_cancelled_ones_ended()


def _loop_state(pool: ConnectionPool[NativeConnection]) -> LoopState:
    try:
        return LoopState(asyncio.get_running_loop(), idle=pool.idle)
    except RuntimeError:
        raise ConfigurationError('backend="native" runs on asyncio only: use backend="httpx"') from None


def _readable(result: Result) -> Result:
    """Return an answer without its compression, or what is wrong with it; anything else as it is."""
    if not isinstance(result, RawResponse) or "content-encoding" not in result.headers:
        return result
    content, reason = decompressed(result.content, result.headers["content-encoding"])
    if reason is not None:
        return UnreadableResponse(reason, http_status=result.status)
    return attrs.evolve(result, content=content)


def _failure(result: EksError | OutOfTime | Unsent, request: Request, *, is_late: bool) -> Exception:
    """Return what is raised for what came of a request that has no answer."""
    if isinstance(result, Unsent):
        words = "ReadTimeout before anything was sent" if is_late else str(result)
        return connect_failed(request, words or "the server disconnected, or sent something, before anything was sent")
    if isinstance(result, EksError):
        result.action = request.operation.name
    return result
