"""The fast backend, on asyncio alone: connections of its own, and a parser in C (extra `native`).

It keeps to the default backend's contract, and knows exactly what has left: a request whose connection turns out to be
closed before the first byte was handed to the system goes out on another one, or was not sent.
"""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
from collections.abc import Callable

import attrs

from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend.freeing import free_all
from cds_eks.backend.headers import asks_to_close
from cds_eks.backend.httpx import decompressed
from cds_eks.backend.httpx_transport import has_warned_of_interception
from cds_eks.backend.native_connection import Connection, Result, Unsent
from cds_eks.backend.native_dial import Dial
from cds_eks.backend.native_loop import Shared
from cds_eks.backend.native_request import outgoing
from cds_eks.backend.native_tls import SecureConnection
from cds_eks.backend.request_target import place_of, site_of, time_left
from cds_eks.backend.surroundings import proxy_for, ssl_context
from cds_eks.backend.tls import tls_words
from cds_eks.config import Limits
from cds_eks.errors import ConfigurationError, ConnectFailed, EksError, UnreadableResponse
from cds_eks.pipeline import OutOfTime
from cds_eks.redaction import printable, redact
from cds_eks.wire import Kind, RawResponse, Request

EARLY = 1
"""By how many seconds a connection is given up before the server may close it."""

_TIMEOUT = re.compile(r"\btimeout\s*=\s*\"?(\d{1,9})(?!\d)", re.IGNORECASE)


class NativeBackend:
    """Sends requests on asyncio and uvloop, over connections of its own.

    Args:
        limits: How many connections, and how long idle ones are kept.
        verify: Whose certificates are trusted: an SSL context, or None for the usual authorities.
    """

    keeps_deadline = True

    def __init__(self, *, limits: Limits | None = None, verify: ssl.SSLContext | None = None) -> None:
        limits = limits or Limits()
        self._verify = verify
        self._expiry = limits.keepalive_expiry
        self._permits = FairSemaphore(limits.max_connections)
        self._shared: Shared | None = None
        self._is_closed = self._has_warned = False

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request; see `Backend.send`.

        Raises:
            ConfigurationError: This is not asyncio, or the environment names a proxy.
            OutOfTime: The request's deadline has passed.
        """
        asked = outgoing(request)
        if self._shared is None:
            self._shared = _shared()
        shared, idle = self._shared, self._shared.idle
        if not self._permits.try_acquire():
            is_read = request.operation.kind is Kind.READ
            if not await self._permits.acquire(is_read=is_read, seconds=time_left(request)):
                await asyncio.sleep(0)  # as below
                raise OutOfTime
        try:
            while True:
                is_new = not idle
                connection = await self._connect(request, shared) if is_new else idle.popitem()[0]
                if connection.origin != asked.origin or connection.is_expired:
                    connection.close()
                    continue
                answer = connection.ask(asked, request.record, request.read_timeout)
                try:
                    if asked.rest:
                        await connection.send_rest(asked)
                    result = _readable(await answer)
                except BaseException:
                    connection.close()
                    if answer.done() and not answer.cancelled():  # cancelled in the moment in which the answer came
                        request.record.arrived = _readable(answer.result())
                    request.record.broke_off(connection.part())
                    raise
                is_sound = connection.is_sound and not self._is_closed and not asks_to_close(request)
                if isinstance(result, RawResponse) and is_sound and (seconds := self._idle_seconds(result)) > 0:
                    connection.rest(seconds)
                else:
                    connection.close()
                if isinstance(result, RawResponse):
                    request.record.arrived = result  # a middleware may wait before it passes it on
                    return result
                request.record.broke_off(connection.part())
                if is_new or not isinstance(result, Unsent):
                    if connection.is_late:
                        await asyncio.sleep(0)  # a cancellation of the caller's in the same round comes first
                    try:
                        raise _failure(result, request, is_late=connection.is_late)
                    finally:
                        # Its traceback has this frame; what it has would live until the garbage collector comes.
                        del result, answer, connection
        finally:
            self._permits.release()

    def _idle_seconds(self, response: RawResponse) -> float:
        """Return how long a connection may be idle after an answer, whose server may close it sooner than we do."""
        said = response.headers.get("keep-alive")
        if said is None or (match := _TIMEOUT.search(said)) is None:
            return self._expiry
        return min(self._expiry, int(match[1]) - EARLY)

    async def _connect(self, request: Request, shared: Shared) -> Connection:
        """Return a new connection."""
        self._has_warned = self._has_warned or has_warned_of_interception()
        if proxy_for(request.url) is not None:
            raise ConfigurationError('backend="native" goes through no proxy: use backend="httpx", or set NO_PROXY')
        scheme, host, port = origin = site_of(request.url).origin
        make: Callable[[], Connection] = functools.partial(Connection, shared, origin)
        if scheme == "https":
            make = functools.partial(SecureConnection, shared, origin, self._verify or ssl_context())
        left, limit = time_left(request), request.connect_timeout
        if left is not None and left <= 0:
            raise OutOfTime
        dial = Dial(shared, make, host, port)
        connection = await dial.connect(min((each for each in (left, limit) if each is not None), default=None))
        if connection is not None:
            return connection
        if dial.is_late and left is not None and (limit is None or left <= limit):
            raise OutOfTime
        raise _not_connected(dial.describe(), request)

    def abandon(self) -> bool:
        """Free all idle connections at once; see `Backend`."""
        self._is_closed = True
        shared, self._shared = self._shared, None
        return shared is not None and free_all(shared)

    def __del__(self) -> None:
        """Free the connections, which the event loop would keep until their time is up."""
        if vars(self).get("_shared") is not None:
            self.abandon()

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        self._is_closed = True
        if self._shared is None:
            return
        for connection in list(self._shared.idle):
            connection.close()
        await asyncio.sleep(0)  # asyncio closes the sockets in its next round
        await self._shared.until_cancelled_ones_ended()


def _shared() -> Shared:
    try:
        return Shared(asyncio.get_running_loop())
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
        return _not_connected(words or "the server disconnected, or sent something, before anything was sent", request)
    if isinstance(result, EksError):
        result.action = request.operation.name
    return result


def _not_connected(words: str, request: Request) -> ConnectFailed:
    shown, place = (
        tls_words(printable(redact(words, request.hidden), 400)),
        redact(place_of(request.url), request.hidden),
    )
    return ConnectFailed(f"no connection was made to {place} ({shown})", action=request.operation.name)
