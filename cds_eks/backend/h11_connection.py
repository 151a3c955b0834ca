"""One connection, straight to a server: a stream of our own, and h11, which is what reads answers for httpx too.

Of httpx it leaves out what one connection does not need and what most of a call's time goes to: a pool, locks, a timer
for each read and write, and the reading of whole URLs.
"""

from __future__ import annotations

import functools
import logging
import math
import ssl
from collections.abc import Callable
from typing import Any

import attrs
import h11
import httpx

from cds_eks._runtime import clocks
from cds_eks._runtime.logs import log
from cds_eks._runtime.semaphore import EARLY, FairSemaphore
from cds_eks.backend import sockets
from cds_eks.backend.asyncio_stream import plain_stream
from cds_eks.backend.headers import OURS, asks_to_close, header_lines
from cds_eks.backend.request_target import site_of, target
from cds_eks.backend.sockets import TimeIsUp
from cds_eks.backend.streams import Patience, SecureStream, Stream
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import Request

logger: logging.Logger = logging.getLogger("cds_eks.backend")

MAX_HEAD = 100 * 1024
"""The most bytes of an answer's headers: httpx's own bound."""

CONNECTING = 128
"""How many connect at once. More would take much memory, and may be more than the server has room for in its line."""

A_MOMENT = 1.0
"""How long others wait for one of them to be done, in seconds; then they connect all the same."""

SPOKE_FIRST = "the server spoke, or closed the connection, before it was asked"
"""What is said of an answer that lies there before the first byte of a request has left: it is none."""


def spoke_first(stream: Stream | None) -> str:
    """Return what is said of a server that spoke first: what TLS made of it (a refused certificate), or just that."""
    return str((stream and stream.failure) or SPOKE_FIRST)


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


Hear = Callable[[Answer], object]
"""Is told of an answer, or of what there is of one."""


class SpokeFirst(Exception):
    """Something, or an end, was there before the first byte of a request had left: it answers nothing."""


class Direct:
    """A connection that carries one request at a time.

    Args:
        url: Where it leads.
        context: Whose certificates are trusted; None in plain.
        turns: The line of those that connect.

    Attributes:
        is_idle: Whether it may be asked again: the last answer came whole, and nothing came after it.
    """

    def __init__(self, url: str, context: ssl.SSLContext | None, turns: FairSemaphore) -> None:
        self._turns = turns
        self._site = site_of(url)
        self._context = context
        self._stream: Stream | None = None
        self._patience = Patience()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self.is_idle: bool = False

    def is_ready(self, url: str) -> bool:
        """Whether it can be asked: it leads there, is idle, and nothing has come since, not even an end."""
        return self.is_idle and self._site.origin == site_of(url).origin and not self._has_come()

    async def ask(self, request: Request, *, most: int, hear_part: Hear) -> Answer:
        """Send a request and return the answer.

        Args:
            request: The request.
            most: How many bytes of a body are allowed.
            hear_part: Told what there is of an answer that breaks off.

        Raises:
            httpx.HTTPError: What httpx raises in its place.
            httpx.InvalidURL: The request can't be sent.
            InvalidRequestError: The same.
            OutOfTime: The request's deadline has passed.
        """
        self.is_idle = False
        data = self._serialized(request)
        patience = self._patience = patience_of(request)
        if self._stream is None:
            await self._connect(request, patience.end)
        if clocks.monotonic() >= patience.end:
            raise OutOfTime  # while nothing has left
        is_sent = False
        try:
            request.record.may_have_left()
            is_sent = is_accepted = await self._write(data)
            answer = await self._read(most, hear_part)
        except SpokeFirst:
            raise httpx.ConnectError(spoke_first(self._stream)) from None
        except TimeIsUp:
            if is_over(patience):
                raise OutOfTime from None
            raise (httpx.ReadTimeout if is_sent else httpx.WriteTimeout)("") from None
        # From its last byte to here nothing waits; what follows (putting the connection away) has it on the record.
        self._finish(is_accepted=is_accepted)
        return answer

    def close(self) -> None:
        """Close it at once."""
        self.is_idle = False
        if self._stream is not None:
            self._stream.close()

    async def _connect(self, request: Request, end: float) -> None:
        began = clocks.monotonic()
        _, host, port = self._site.origin
        is_in_turn = self._turns.try_acquire() or await self._turns.acquire(
            is_read=True, seconds=min(A_MOMENT, end - began)
        )
        limit = math.inf if request.connect_timeout is None else clocks.monotonic() + request.connect_timeout
        patience = Patience(end=min(end, limit))
        try:
            stream: Stream = plain_stream(await sockets.connect(host, port, patience.end))
            self._stream = stream
            if self._context is not None:
                self._context.set_alpn_protocols(["http/1.1"])
                self._stream = await SecureStream.wrap(stream, self._context, host, patience)
        except TimeIsUp:
            raise (OutOfTime if end <= limit else httpx.ConnectTimeout("")) from None
        except (OSError, ValueError, OverflowError) as error:
            raise httpx.ConnectError(str(error)) from None
        finally:
            if is_in_turn:
                self._turns.release()
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

    def _has_come(self) -> bool:
        """Whether anything has come that nobody has read, or an end."""
        return self._stream is None or not self._stream.is_quiet()

    async def _write(self, data: bytes) -> bool:
        """Send bytes; return whether the connection took them. One that did not may hold an answer all the same.

        Raises:
            SpokeFirst: What is there can't be the answer, since nothing has left.
        """
        assert self._stream is not None
        if self._has_come():
            raise SpokeFirst
        try:
            await self._stream.send(data, self._patience)
        except OSError:
            return False
        except TimeIsUp:
            if not self._has_come():
                raise
            # The server answered before it had the whole request, and takes no more of it. Nothing is waited for.
            self._patience = Patience(end=clocks.monotonic())
            return False
        return True

    async def _read(self, most: int, hear_part: Hear) -> Answer:
        """Read an answer to its end, or until it is too long."""
        assert self._stream is not None
        head: h11.Response | None = None
        pieces: list[bytes] = []
        size, is_whole = 0, False
        try:
            while size <= most:
                event: Any = self._http.next_event()
                if event is h11.NEED_DATA:
                    data = await self._stream.receive(self._patience)
                    self._patience.look()
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
            is_whole = True
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from None
        except OSError as error:
            raise httpx.ReadError(str(error)) from None
        finally:
            if head is not None and not is_whole:
                hear_part(Answer(head.status_code, head.headers.raw_items(), b"".join(pieces)))
        assert head is not None  # it comes before any end
        return Answer(head.status_code, head.headers.raw_items(), b"".join(pieces) if size <= most else None)

    def _finish(self, *, is_accepted: bool) -> None:
        """Find out whether it may be asked again, as far as is known now; `is_ready` looks again."""
        http = self._http
        if (
            is_accepted
            and (http.our_state, http.their_state) == (h11.DONE, h11.DONE)
            and http.trailing_data == (b"", False)
        ):
            http.start_next_cycle()
            self.is_idle = True


@functools.lru_cache
def _said(method: str, *, is_last: bool) -> tuple[h11.Event, ...]:
    """Return what h11 is told of all requests with a method, and of those that are the last on their connection."""
    headers = [("Host", "-"), *([("Connection", "close")] if is_last else [])]
    return h11.Request(method=method, target="/", headers=headers), h11.EndOfMessage()


def patience_of(request: Request) -> Patience:
    """Return how long to wait for an answer to a request."""
    return Patience(
        end=math.inf if request.deadline is None else request.deadline,
        silence=math.inf if request.read_timeout is None else request.read_timeout,
    )


def is_over(patience: Patience) -> bool:
    """Whether it is the whole call whose time is up."""
    return clocks.monotonic() >= patience.end - EARLY
