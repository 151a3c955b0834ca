"""The default backend's connection: a stream of our own, and h11, which is what reads answers for httpx too.

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

import h11

from cds_eks._runtime import clocks
from cds_eks._runtime.logs import log
from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend import sockets
from cds_eks.backend.asyncio_stream import plain_stream
from cds_eks.backend.failures import connect_failed, connection_lost, kind_and_text
from cds_eks.backend.headers import MAX_HEAD
from cds_eks.backend.interception import is_httpx_intercepted
from cds_eks.backend.request_head import LAST_LINES, endpoint_of, header_lines, request_target
from cds_eks.backend.sockets import TimedOut
from cds_eks.backend.streams import Stream, TimeLimits, time_limits_of, unsolicited
from cds_eks.backend.tls_stream import TlsStream
from cds_eks.backend.whole_response import Answer, Unread, whole_response
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import Request

logger: logging.Logger = logging.getLogger("cds_eks.backend")

MAX_CONNECTING = 128
"""How many connect at once. More would take much memory, and may be more than the server's backlog takes."""

CONNECT_WAIT = 1.0
"""How long others wait for one of them to be done, in seconds; then they connect all the same."""


NO_RESPONSE = "RemoteProtocolError: Server disconnected without sending a response."

_WITH_BODIES = frozenset({"GET", "POST"})
"""The methods whose answers `whole_response` reads."""

OnAnswer = Callable[[Answer], object]
"""Is told of an answer, or of what there is of one."""


class Unsolicited(Exception):
    """Something, or an end, was there before the first byte of a request had left: it answers nothing."""


class ConnectionBroken(Exception):
    """The connection broke, or what came is no HTTP; the text says what happened."""


class H11Connection:
    """A connection that carries one request at a time.

    Args:
        url: Where it leads.
        context: Whose certificates are trusted; None in plain.
        connecting: Limits how many connect at once.
    """

    def __init__(self, url: str, context: ssl.SSLContext | None, connecting: FairSemaphore) -> None:
        self._connecting = connecting
        self._endpoint = endpoint_of(url)
        self._context = context
        self._stream: Stream | None = None
        self._time_limits = TimeLimits()
        self._http: h11.Connection | None = None  # made for the first answer that needs it
        self._request_events: tuple[h11.Event, ...] = ()
        self._may_be_whole = False  # `whole_response` may read the answer: the request is of the usual kind
        self._keeps_alive = False  # by the answer that was read
        self._is_sound = False

    def is_sound(self) -> bool:
        """Whether the last answer came whole, and nothing had come after it then."""
        return self._is_sound

    def is_reusable(self, request: Request) -> bool:
        """See `Pooled`; nothing has come since, not even an end, and nobody intercepts httpx's requests."""
        return (
            self._is_sound
            and self._endpoint.origin == endpoint_of(request.url).origin
            and not self._is_readable()
            and not is_httpx_intercepted()
        )

    async def exchange(self, request: Request, *, most: int, on_partial: OnAnswer) -> Answer:
        """Send a request and return the answer.

        Args:
            request: The request.
            most: How many bytes of a body are allowed.
            on_partial: Told what there is of an answer that breaks off.

        Raises:
            ConnectFailed: No connection was made, or nothing of the request has left.
            ConnectionLost: It broke, or fell silent, later.
            InvalidRequestError: The request can't be sent.
            OutOfTime: The request's deadline has passed.
        """
        self._is_sound = self._keeps_alive = False
        data = self._serialized(request)
        time_limits = self._time_limits = time_limits_of(request)
        if self._stream is None:
            await self._connect(request, time_limits.deadline)
        if clocks.monotonic() >= time_limits.deadline:
            raise OutOfTime  # while nothing has left
        is_sent = False
        try:
            request.record.mark_sent()
            is_sent = is_accepted = await self._write(data)
            answer = await self._read(most, on_partial)
        except Unsolicited:
            raise connect_failed(request, kind_and_text("ConnectError", unsolicited(self._stream))) from None
        except ConnectionBroken as error:
            raise connection_lost(request, str(error)) from None
        except TimedOut:
            if time_limits.is_over:
                raise OutOfTime from None
            raise connection_lost(request, "ReadTimeout" if is_sent else "WriteTimeout") from None
        # From its last byte to here nothing waits; what follows (putting the connection away) has it on the record.
        # Whether it can be used again is as far as known now: `is_reusable` looks again.
        self._is_sound = is_accepted and self._keeps_alive
        return answer

    def close(self) -> bool:
        """Close it at once, and return True: there is nothing to wait for."""
        self._is_sound = False
        if self._stream is not None:
            self._stream.close()
        return True

    async def _connect(self, request: Request, end: float) -> None:
        began = clocks.monotonic()
        _, host, port = self._endpoint.origin
        is_in_turn = self._connecting.try_acquire() or await self._connecting.acquire(
            is_read=True, seconds=min(CONNECT_WAIT, end - began)
        )
        limit = math.inf if request.connect_timeout is None else clocks.monotonic() + request.connect_timeout
        time_limits = TimeLimits(deadline=min(end, limit))
        try:
            stream: Stream = plain_stream(await sockets.connect(host, port, time_limits.deadline))
            self._stream = stream
            if self._context is not None:
                self._context.set_alpn_protocols(["http/1.1"])
                self._stream = await TlsStream.wrap(stream, self._context, host, time_limits)
        except TimedOut:
            raise (OutOfTime() if end <= limit else connect_failed(request, "ConnectTimeout")) from None
        except (OSError, ValueError, OverflowError) as error:
            raise connect_failed(request, kind_and_text("ConnectError", error)) from None
        finally:
            if is_in_turn:
                self._connecting.release()
        log(logger, logging.DEBUG, request.operation.name, "connected", elapsed=round(clocks.monotonic() - began, 3))

    def _serialized(self, request: Request) -> bytes:
        """Return the bytes of a request."""
        target = request_target(request.url, request.query)
        lines, is_last = header_lines(request)
        host = next((value for name, value in request.headers.items() if name.lower() == "host"), self._endpoint.host)
        # h11 checks each header with patterns and lists, which takes longer than signing. It only hears that a request
        # went out, if it is to read the answer.
        self._request_events = _h11_events(request.operation.method, is_last=is_last)
        self._may_be_whole = request.operation.method in _WITH_BODIES and not is_last
        method = request.operation.method.encode("ascii")
        head = f" HTTP/1.1\r\nHost: {host}\r\n{lines}{LAST_LINES}".encode("ascii")
        return b"".join((method, b" ", target, head, request.content or b""))

    def _is_readable(self) -> bool:
        """Whether anything has come that nobody has read, or an end."""
        return self._stream is None or not self._stream.is_idle()

    async def _write(self, data: bytes) -> bool:
        """Send bytes; return whether the connection took them. One that did not may hold an answer all the same.

        Raises:
            Unsolicited: What is there can't be the answer, since nothing has left.
        """
        assert self._stream is not None
        if self._is_readable():
            raise Unsolicited
        try:
            await self._stream.send(data, self._time_limits)
        except OSError:
            return False
        except TimedOut:
            if not self._is_readable():
                raise
            # The server answered before it had the whole request, and takes no more of it. Nothing is waited for.
            self._time_limits = TimeLimits(deadline=clocks.monotonic())
            return False
        return True

    async def _read(self, most: int, on_partial: OnAnswer) -> Answer:
        """Read an answer to its end, or until it is too long.

        Raises:
            ConnectionBroken: It breaks off, or is no HTTP.
            TimedOut: It takes too long.
        """
        data = await self._receive()
        if not data:
            raise ConnectionBroken(NO_RESPONSE)
        if self._may_be_whole:
            answer = whole_response(data, most)
            if answer is Unread.BODY_IS_MISSING:
                data += await self._receive()
                answer = whole_response(data, most)
            if isinstance(answer, Answer):
                self._keeps_alive = True
                return answer
        return await self._read_with_h11(data, most, on_partial)

    async def _read_with_h11(self, data: bytes, most: int, on_partial: OnAnswer) -> Answer:
        """Read an answer of any kind that h11 knows; see `_read`.

        Args:
            data: Its beginning.
            most: How many bytes of a body are allowed.
            on_partial: Told what there is of an answer that breaks off.
        """
        if self._http is None:
            self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        http = self._http
        for sent in self._request_events:
            http.send(sent)
        head: h11.Response | None = None
        pieces: list[bytes] = []
        size, is_whole = 0, False
        try:
            http.receive_data(data)
            while size <= most:
                event: Any = http.next_event()
                if event is h11.NEED_DATA:
                    data = await self._receive()
                    if not data and head is None:
                        raise ConnectionBroken(NO_RESPONSE)
                    http.receive_data(data)
                elif isinstance(event, h11.Data):
                    pieces.append(event.data)
                    size += len(event.data)
                elif isinstance(event, h11.Response):
                    head = event
                elif not isinstance(event, h11.InformationalResponse):
                    break  # this was the end of it
            is_whole = True
        except h11.RemoteProtocolError as error:
            error.__traceback__ = None  # h11 leaves a cycle, which would keep this frame, and the connection
            raise ConnectionBroken(kind_and_text("RemoteProtocolError", error)) from None
        finally:
            if head is not None and not is_whole:
                on_partial(Answer(head.status_code, head.headers.raw_items(), b"".join(pieces)))
        assert head is not None  # it comes before any end
        if (http.our_state, http.their_state) == (h11.DONE, h11.DONE) and http.trailing_data == (b"", False):
            http.start_next_cycle()
            self._keeps_alive = True
        return Answer(head.status_code, head.headers.raw_items(), b"".join(pieces) if size <= most else None)

    async def _receive(self) -> bytes:
        """Return what has come, or b"" at the end.

        Raises:
            ConnectionBroken: It is broken.
            TimedOut: Nothing comes.
        """
        assert self._stream is not None
        try:
            data = await self._stream.receive(self._time_limits)
        except OSError as error:
            raise ConnectionBroken(kind_and_text("ReadError", error)) from None
        self._time_limits.note_read()
        return data


@functools.lru_cache
def _h11_events(method: str, *, is_last: bool) -> tuple[h11.Event, ...]:
    """Return what h11 is told of all requests with a method, and of those that are the last on their connection."""
    headers = [("Host", "-"), *([("Connection", "close")] if is_last else [])]
    return h11.Request(method=method, target="/", headers=headers), h11.EndOfMessage()
