"""The fast backend, on asyncio alone: connections of its own, and a parser in C (extra `native`).

It keeps to the default backend's contract, and knows exactly what has left: a request whose connection turns out to be
closed before the first byte was handed to the system goes out on another one, or was not sent.
"""

from __future__ import annotations

import asyncio
import functools
import ssl

import attrs
import httpx

from cds_eks.backend.connection import PIECE, Connection, Result, Shared, Unsent
from cds_eks.backend.headers import OURS, asks_to_close, header_lines
from cds_eks.backend.httpx import decompressed
from cds_eks.backend.resolve import look_up
from cds_eks.backend.secure import SecureConnection
from cds_eks.backend.sites import LONGEST_URL, site_of, time_left
from cds_eks.backend.surroundings import proxy_for, ssl_context
from cds_eks.config import Limits
from cds_eks.errors import ConfigurationError, ConnectFailed, EksError, InvalidRequestError, UnreadableResponse
from cds_eks.line import Line
from cds_eks.pipeline import OutOfTime
from cds_eks.redaction import blot, printable
from cds_eks.wire import Kind, RawResponse, Request


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
        self._places = Line(limits.max_connections)
        self._shared: Shared | None = None
        self._is_closed = False

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request; see `Backend.send`.

        Raises:
            ConfigurationError: This is not asyncio, or the environment names a proxy.
            OutOfTime: The request's deadline has passed.
        """
        (origin, head), content = _addressed(request), request.content or b""
        begin, rest = (head, content) if len(content) > PIECE else (head + content, b"")
        is_to_head = request.operation.method == "HEAD"
        if self._shared is None:
            self._shared = _shared()
        idle = self._shared.idle
        if not self._places.take():
            is_read = request.operation.kind is Kind.READ
            if not await self._places.wait(is_read=is_read, seconds=time_left(request)):
                raise OutOfTime
        try:
            while True:
                is_new = not idle
                connection = await self._connect(request, self._shared) if is_new else idle.popitem()[0]
                if connection.origin != origin:
                    connection.close()
                    continue
                answer = connection.ask(begin, request.record, request.read_timeout, is_to_head=is_to_head)
                try:
                    if rest:
                        await connection.send_rest(rest)
                    result = _readable(await answer)
                except BaseException:
                    connection.close()
                    if answer.done() and not answer.cancelled():  # cancelled in the moment in which the answer came
                        request.record.arrived = _readable(answer.result())
                    raise
                is_sound = connection.is_sound and not self._is_closed and not asks_to_close(request)
                if isinstance(result, RawResponse) and is_sound:
                    connection.rest(self._expiry)
                else:
                    connection.close()
                if isinstance(result, RawResponse):
                    request.record.arrived = result  # a middleware may wait before it passes it on
                    return result
                if is_new or not isinstance(result, Unsent):
                    raise _failure(result, request)
        finally:
            self._places.give_back()

    async def _connect(self, request: Request, shared: Shared) -> Connection:
        """Return a new connection."""
        if proxy_for(request.url) is not None:
            raise ConfigurationError('backend="native" goes through no proxy: use backend="httpx", or set NO_PROXY')
        scheme, host, port = origin = _site(request.url)[0]
        context = (self._verify or ssl_context()) if scheme == "https" else None
        try:
            async with asyncio.timeout(time_left(request)) as whole, asyncio.timeout(request.connect_timeout) as limit:
                connection = SecureConnection(shared, origin, context) if context else Connection(shared, origin)
                try:
                    # No "happy eyeballs": asyncio's leak a socket when cancelled in a bad moment, and uvloop has none.
                    await asyncio.create_task(_open(shared, connection, host, port), context=shared.context)
                    if isinstance(connection, SecureConnection):
                        await connection.handshake()
                except BaseException:
                    connection.abandon()
                    raise
        except (OSError, ValueError) as error:  # a name that none can have is a ValueError
            if whole.expired():
                raise OutOfTime from None
            words = "ConnectTimeout" if limit.expired() else f"{type(error).__name__}: {error}"
        else:
            return connection
        raise _not_connected(words, request)

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        self._is_closed = True
        if self._shared is not None and self._shared.idle:
            for connection in list(self._shared.idle):
                connection.close()
            await asyncio.sleep(0)  # asyncio closes the sockets in its next round


async def _open(shared: Shared, connection: Connection, host: str, port: int) -> None:
    failure = OSError("the host has no address")
    try:
        for *_, address in await look_up(host, port):
            try:
                await shared.loop.create_connection(lambda: connection, address[0], port)
            except OSError as error:
                failure = error
            else:
                return
        raise failure
    finally:
        del failure  # its traceback holds this frame: they would hold each other


def _shared() -> Shared:
    try:
        return Shared(asyncio.get_running_loop())
    except RuntimeError:
        raise ConfigurationError('backend="native" runs on asyncio only: use backend="httpx"') from None


@functools.lru_cache(maxsize=64)
def _site(url: str) -> tuple[tuple[str, str, int], str, str]:
    """Return where a URL leads (scheme, host and port), its path, and the headers that all requests to it have."""
    site = site_of(url)
    return site.origin, site.path.decode("ascii"), f"Host: {site.host}\r\n{OURS}"


def _is_plain(query: str) -> bool:
    """Whether a query can be sent as it stands."""
    return query.isascii() and query.isprintable() and " " not in query and "#" not in query


def _addressed(request: Request) -> tuple[tuple[str, str, int], bytes]:
    """Return where a request goes, and its head.

    Raises:
        InvalidRequestError: It can't be sent.
    """
    try:
        origin, path, own = _site(request.url)
    except httpx.InvalidURL:
        path = ""
    lines, query = header_lines(request), request.query
    if not path or len(request.url) + len(query) >= LONGEST_URL or not _is_plain(query):
        raise InvalidRequestError("params", "make a URL that can't be sent", action=request.operation.name)
    return origin, f"{request.operation.method} {path}?{query} HTTP/1.1\r\n{lines}{own}".encode("ascii")


def _readable(result: Result) -> Result:
    """Return an answer without its compression, or what is wrong with it; anything else as it is."""
    if not isinstance(result, RawResponse) or "content-encoding" not in result.headers:
        return result
    content, reason = decompressed(result.content, result.headers["content-encoding"])
    if reason is not None:
        return UnreadableResponse(reason, http_status=result.status)
    return attrs.evolve(result, content=content)


def _failure(result: EksError | OutOfTime | Unsent, request: Request) -> Exception:
    """Return what is raised for what came of a request that has no answer."""
    if isinstance(result, Unsent):
        return _not_connected("the server disconnected before anything was sent", request)
    if isinstance(result, EksError):
        result.action = request.operation.name
    return result


def _not_connected(words: str, request: Request) -> ConnectFailed:
    shown = printable(blot(words, request.hidden), 300)
    return ConnectFailed(f"no connection was made ({shown})", action=request.operation.name)
