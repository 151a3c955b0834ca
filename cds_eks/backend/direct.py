"""One connection, straight to a server: a stream of anyio's, and h11, which is what reads answers for httpx too.

Of httpx it leaves out what one connection does not need and what most of a call's time goes to: a pool, locks, a timer
for each read and write, and the reading of whole URLs.
"""

from __future__ import annotations

import functools
import logging
import math
import select
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import anyio.abc
import attrs
import h11
import httpx
from anyio.streams.tls import TLSAttribute, TLSStream

from cds_eks import clocks
from cds_eks.backend.headers import OURS, asks_to_close, header_lines
from cds_eks.backend.leftovers import has_more_records
from cds_eks.backend.resolve import look_up
from cds_eks.backend.sites import site_of, target, time_left
from cds_eks.line import Line
from cds_eks.logs import log
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import Request

logger = logging.getLogger("cds_eks.backend")

MAX_HEAD = 100 * 1024
"""The most bytes of an answer's headers: httpx's own bound."""

PIECE = 256 * 1024
"""How many bytes are taken from a stream at once: asyncio's have read no more than that, so none stay behind unseen."""

CONNECTING = 128
"""How many connect at once. More would take much memory, and may be more than the server has room for in its line."""

A_MOMENT = 1.0
"""How long others wait for one of them to be done, in seconds; then they connect all the same."""

_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError)


@attrs.frozen
class Answer:
    """An answer as it came.

    Attributes:
        status: The HTTP status.
        fields: The headers' names and values.
        content: The body, compressed as it came; None if it is too long.
    """

    status: int
    fields: list[tuple[bytes, bytes]]
    content: bytes | None


class Direct:
    """A connection that carries one request at a time.

    Args:
        url: Where it leads.
        context: Whose certificates are trusted; None in plain.
        expiry: How long it may be idle, in seconds.
        turns: The line of those that connect.

    Attributes:
        is_idle: Whether it may be asked again: the last answer came whole, and nothing came after it.
    """

    def __init__(self, url: str, context: ssl.SSLContext | None, expiry: float, turns: Line) -> None:
        self._turns = turns
        self._site = site_of(url)
        self._context = context
        self._expiry = expiry
        self._idle_since = 0.0
        self._end = self._silence = math.inf
        self._stream: anyio.abc.ByteStream | None = None
        self._secured: ssl.SSLObject | None = None
        self._has_come: Callable[[], object] = bool  # whether there is anything to read
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self.is_idle = False

    def is_ready(self, url: str) -> bool:
        """Whether it can be asked: it leads there, is idle, its time is not up, and the server has not closed it."""
        return (
            self.is_idle
            and self._site.origin == site_of(url).origin
            and clocks.monotonic() - self._idle_since <= self._expiry
            and not self._has_come()
        )

    async def ask(self, request: Request, *, most: int) -> Answer:
        """Send a request and return the answer.

        Args:
            request: The request.
            most: How many bytes of a body are allowed.

        Raises:
            httpx.HTTPError: What httpx raises in its place.
            httpx.InvalidURL: The request can't be sent.
            InvalidRequestError: The same.
            OutOfTime: The request's deadline has passed.
        """
        self.is_idle = False
        data = self._serialized(request)
        if self._stream is None:
            with anyio.move_on_after(time_left(request)) as whole_call:
                await self._connect(request)
            if whole_call.cancelled_caught:
                raise OutOfTime
        left = time_left(request)
        if left is not None and left <= 0:
            raise OutOfTime  # while nothing has left
        end = self._end = math.inf if left is None else anyio.current_time() + left
        self._silence = math.inf if request.read_timeout is None else request.read_timeout
        is_sent = False
        with anyio.CancelScope(deadline=self._deadline()) as patience:
            request.record.may_have_left()
            is_accepted = await self._write(data)
            is_sent = True
            if request.content:
                patience.deadline = self._deadline()  # it may have taken its time to leave
            answer = await self._read(most, patience)
            # From its last byte to here nothing waits; what follows (putting the connection away) has it on the record.
            self._finish(is_accepted=is_accepted)
            return answer
        if anyio.current_time() >= end:
            raise OutOfTime
        raise httpx.ReadTimeout("") if is_sent else httpx.WriteTimeout("")

    async def aclose(self) -> None:
        """Close it."""
        self.is_idle = False
        if self._stream is not None:
            await self._stream.aclose()

    async def _connect(self, request: Request) -> None:
        began = clocks.monotonic()
        _, host, port = self._site.origin
        is_in_turn = self._turns.take() or await self._turns.wait(is_read=True, seconds=A_MOMENT)
        try:
            with anyio.fail_after(request.connect_timeout):
                stream = self._stream = await _connected(host, port)
                self._has_come = _watched(stream)
                if self._context is not None:
                    self._context.set_alpn_protocols(["http/1.1"])
                    secure = await TLSStream.wrap(
                        _Whole(stream), hostname=host, ssl_context=self._context, standard_compatible=False
                    )
                    self._stream, self._secured = secure, secure.extra(TLSAttribute.ssl_object)
        except TimeoutError:
            raise httpx.ConnectTimeout("") from None
        except (OSError, ValueError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            raise httpx.ConnectError(str(error)) from None
        finally:
            if is_in_turn:
                self._turns.give_back()
        log(logger, logging.DEBUG, request.operation.name, "connected", elapsed=round(clocks.monotonic() - began, 3))

    def _serialized(self, request: Request) -> bytes:
        """Return the bytes of a request."""
        asked, lines = target(request.url, request.query), header_lines(request)
        host = next((value for name, value in request.headers.items() if name.lower() == "host"), self._site.host)
        # h11 checks each header with patterns and lists, which takes longer than signing. It only hears that a request
        # goes out: it reads the answer by that.
        for event in _said(request.operation.method, is_last=asks_to_close(request)):
            self._http.send(event)
        method = request.operation.method.encode("ascii")
        head = f" HTTP/1.1\r\nHost: {host}\r\n{lines}{OURS}".encode("ascii")
        return b"".join((method, b" ", asked, head, request.content or b""))

    async def _write(self, data: bytes) -> bool:
        """Send bytes; return whether the connection took them. One that did not may hold an answer all the same."""
        assert self._stream is not None
        try:
            await self._stream.send(data)
        except (*_BROKEN, anyio.EndOfStream):  # the latter over TLS
            return False
        return True

    def _deadline(self) -> float:
        """Return when to give up if nothing more is heard: one timer is enough for this and the call's end."""
        return min(self._end, anyio.current_time() + self._silence)

    async def _read(self, most: int, patience: anyio.CancelScope) -> Answer:
        """Read an answer to its end, or until it is too long."""
        assert self._stream is not None
        head: h11.Response | None = None
        pieces: list[bytes] = []
        size = 0
        has_heard = False
        try:
            while size <= most:
                event: Any = self._http.next_event()
                if event is h11.NEED_DATA:
                    if has_heard:
                        patience.deadline = self._deadline()
                    try:
                        data = await self._stream.receive(PIECE)
                    except anyio.EndOfStream:
                        data = b""
                    has_heard = True
                    if not data and head is None:
                        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
                    self._http.receive_data(data)
                elif isinstance(event, h11.Data):
                    pieces.append(event.data)
                    size += len(event.data)
                elif isinstance(event, h11.Response):
                    head = event
                elif not isinstance(event, h11.InformationalResponse):
                    break  # this was the end of it
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from None
        except _BROKEN as error:
            raise httpx.ReadError(str(error)) from None
        assert head is not None  # it comes before any end
        return Answer(head.status_code, head.headers.raw_items(), b"".join(pieces) if size <= most else None)

    def _finish(self, *, is_accepted: bool) -> None:
        """Find out whether it may be asked again."""
        http = self._http
        if (
            is_accepted
            and (http.our_state, http.their_state) == (h11.DONE, h11.DONE)
            and http.trailing_data == (b"", False)
            and not (self._secured is not None and has_more_records(self._secured))
        ):
            http.start_next_cycle()
            self._idle_since = clocks.monotonic()
            self.is_idle = True


async def _connected(host: str, port: int) -> anyio.abc.SocketStream:
    """Connect to the first address of a host that can be reached."""
    failure = OSError("the host has no address")
    try:
        for *_, address in await look_up(host, port):
            try:
                return await anyio.connect_tcp(address[0], port)
            except OSError as error:
                failure = error
        raise failure
    finally:
        del failure  # its traceback holds this frame: they would hold each other


class _Whole(anyio.abc.ByteStream):
    """A stream that gives all that it has read at once: TLS would ask it for less, and leave the rest in it unseen."""

    def __init__(self, stream: anyio.abc.ByteStream) -> None:
        self._stream = stream

    async def receive(self, max_bytes: int = PIECE) -> bytes:
        return await self._stream.receive(max(max_bytes, PIECE))

    async def send(self, item: bytes) -> None:
        await self._stream.send(item)

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        return self._stream.extra_attributes


@functools.lru_cache
def _said(method: str, *, is_last: bool) -> tuple[h11.Event, ...]:
    """Return what h11 is told of all requests with a method, and of those that are the last on their connection."""
    headers = [("Host", "-"), *([("Connection", "close")] if is_last else [])]
    return h11.Request(method=method, target="/", headers=headers), h11.EndOfMessage()


def _watched(stream: anyio.abc.SocketStream) -> Callable[[], object]:
    """Return what tells whether a stream has anything to read, an end included, without waiting for it.

    Raises:
        BrokenResourceError: The server has ended it already.
        ValueError: The same.
    """
    try:
        socket: Any = stream.extra(anyio.abc.SocketAttribute.raw_socket)
    except AttributeError:  # uvloop's transports have none then
        raise anyio.BrokenResourceError from None
    if not hasattr(select, "poll"):  # Windows, whose `select` knows no large numbers of sockets
        return lambda: select.select([socket], [], [], 0)[0]
    poll = select.poll()
    poll.register(socket.fileno(), select.POLLIN)
    return functools.partial(poll.poll, 0)
