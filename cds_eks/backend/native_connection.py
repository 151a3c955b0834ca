"""The native backend's connection: an asyncio protocol that carries one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
from collections.abc import Callable
from typing import cast

from cds_eks._runtime import clocks
from cds_eks._runtime.frames import drop_frames
from cds_eks.backend.native_loop import LoopState, free_transport
from cds_eks.backend.native_parser import ResponseParser
from cds_eks.backend.native_request import CHUNK_SIZE, OutgoingRequest, Result, Unsent
from cds_eks.backend.request_head import endpoint_of
from cds_eks.backend.tls import tls_words
from cds_eks.errors import ConnectionLost, EksError
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import CallRecord, Request


class NativeConnection(asyncio.BufferedProtocol):
    """A connection in plain.

    Args:
        loop_state: What it shares with the others of its event loop.
        origin: Where it leads: scheme, host and port.

    Attributes:
        is_late: Whether it was a timer that ended the request.
        part: Returns what has come of the body of an answer that is not whole.
    """

    __slots__ = (
        "__weakref__",
        "_answer",
        "_deadline",
        "_descriptor",
        "_due",
        "_is_freed",
        "_last_read",
        "_loop",
        "_loop_state",
        "_outgoing",
        "_poll",
        "_read_timeout",
        "_reader",
        "_reason",
        "_record",
        "_timer",
        "_transport",
        "_writable",
        "is_late",
        "origin",
        "part",
    )

    def __init__(self, loop_state: LoopState, origin: tuple[str, str, int]) -> None:
        self.origin: tuple[str, str, int] = origin
        self.is_late: bool = False
        self._loop_state = loop_state
        self._loop = loop_state.loop
        self._reader = ResponseParser()
        self.part: Callable[[], bytes] = self._reader.part
        self._transport: asyncio.Transport
        self._descriptor = -1
        self._poll: select.poll | None = None
        self._answer: asyncio.Future[Result] | None = None
        self._outgoing: OutgoingRequest | None = None  # a request that has not left yet
        self._record: CallRecord | None = None  # of the call that it belongs to
        self._writable: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when the timer fires
        self._read_timeout: float | None = None  # how many seconds of silence are the end
        self._deadline: float | None = None  # when the request's time is up
        self._last_read = 0.0
        self._is_freed = False
        self._reason = ""  # it was lost

    @property
    def is_sound(self) -> bool:
        """Whether it can be used again: the whole answer came, no trailing data, and no end."""
        return self._reader.is_reusable and not self._transport.is_closing()

    def is_reusable(self, request: Request) -> bool:
        """See `Pooled`. What has come meanwhile is looked for later, just before the first byte leaves."""
        return self.origin is (origin := endpoint_of(request.url).origin) or self.origin == origin

    def is_idle(self) -> bool:
        """Whether nothing came, not even an end, that the loop may not have noticed yet."""
        return not self._transport.is_closing() and (self._poll is None or not self._poll.poll(0))

    def _is_readable(self) -> bool:
        """Whether the system has something that was not read yet."""
        return self._poll is not None and bool(self._poll.poll(0))

    def exchange(
        self, outgoing: OutgoingRequest, record: CallRecord, read_timeout: float | None
    ) -> asyncio.Future[Result]:
        """Send a request, or its beginning, with those of the other connections.

        Args:
            outgoing: What to send; what is not its beginning goes out by `send_rest`.
            record: The call's; it is told just before the first byte leaves, and knows when the time is up.
            read_timeout: After how many seconds without a byte the connection counts as lost, or None.

        Returns:
            What will come of it. What was cancelled does not leave, if it has not left.
        """
        self._reader.begin(is_to_head=outgoing.is_to_head, is_last=outgoing.is_last)
        self._answer = answer = self._loop.create_future()
        self._watch(read_timeout, record.deadline)
        self._outgoing, self._record = outgoing, record
        self._loop_state.send_soon(self)
        return answer

    def send_begin(self) -> None:
        """Send the beginning of what `exchange` was given, unless it was given up meanwhile, or the connection was."""
        outgoing, record = self._outgoing, self._record
        if outgoing is None or record is None or self._answer is None or self._answer.done():
            return
        # Asked of a new one as well: an answer that is there before its request is none.
        if not self.is_idle():
            self._end(Unsent(self._reason))
            return
        self._outgoing = self._record = None
        record.mark_sent()
        self._write(outgoing.begin)
        if self._transport.is_closing():  # nothing waited to be sent, so this is a failure of the first byte
            record.mark_not_sent()
            self._end(Unsent(self._reason))

    async def send_rest(self, outgoing: OutgoingRequest) -> None:
        """Send the rest of a request, no faster than it leaves; stop once there is an answer, or no connection."""
        self.send_begin()
        rest = memoryview(outgoing.rest)
        while rest and self._answer is not None and not self._answer.done() and not self._transport.is_closing():
            self._write(rest[:CHUNK_SIZE])
            rest = rest[CHUNK_SIZE:]
            if self._writable is not None:
                await self._writable
            else:
                await asyncio.sleep(0)  # or a quick server would have the loop for all of it, and a lost one unnoticed
        if rest:
            self.close()  # the server would take the next request for the rest of this one

    def become_idle(self, seconds: float) -> None:
        """Be idle, and close itself after some seconds; the pool has it now."""
        self._answer = None
        if self._timer is not None and self._due <= self._last_read + seconds:  # what `_watch` finds nearly always
            self._read_timeout, self._deadline = seconds, None
        else:
            self._watch(seconds, None)

    def abandon(self) -> None:
        """Close it, if it has been opened: a call may be cancelled in the moment in which it is."""
        if hasattr(self, "_transport"):
            self.close()

    def close(self) -> None:
        """End it at once, whatever is under way."""
        self._outgoing = self._record = None
        if self._answer is not None and self._answer.done():
            self._answer = None  # the loop has the connection for a round yet, which must not keep the caller's error
        self._loop_state.idle.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._loop.is_running():
            self._transport.abort()
        elif not self._is_freed:
            self._is_freed, self._answer, self._writable = True, None, None  # nobody can be told any more
            free_transport(self._transport, self._loop)

    def _write(self, data: bytes | memoryview) -> None:
        self._transport.write(data)

    def _received(self, data: memoryview) -> None:
        if self._answer is None or self._answer.done() or self._outgoing is not None:
            self._end(Unsent(self._reason))
            self.close()  # it answers nothing, and would be taken for the answer to the next request
            return
        self._last_read = clocks.monotonic()
        try:
            response = self._reader.feed(data)
        except EksError as error:
            self._end(drop_frames(error))
        else:
            if response is not None:
                self._end(response)

    def _end(self, result: Result) -> None:
        if self._answer is not None and not self._answer.done():
            is_unsent = self._outgoing is not None and not isinstance(result, OutOfTime)
            self._answer.set_result(Unsent(self._reason) if is_unsent else result)
        if self._writable is not None:
            self.resume_writing()

    def fail_with(self, reason: object) -> None:
        """Count it as lost, for a reason."""
        words = reason
        if isinstance(reason, Exception):
            words = self._reason = self._reason or tls_words(f"{type(reason).__name__}: {reason}")
        self._end(ConnectionLost(f"the connection was lost ({words})"))
        self.close()

    def _watch(self, read_timeout: float | None, deadline: float | None) -> None:
        """Have it end after so many seconds of silence, and when the request's time is up.

        No timer is set or cancelled for a request: one fires now and then, and looks for how long it was silent.
        """
        self._last_read = now = clocks.monotonic()
        self._read_timeout = read_timeout
        self._deadline = deadline
        due = deadline if read_timeout is None else now + read_timeout
        if due is None:
            return
        if deadline is not None and deadline < due:
            due = deadline
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._look_at(due, now)

    def _look_at(self, due: float, now: float) -> None:
        self._due = due
        self._timer = self._loop.call_later(max(due - now, 0), self._look, context=self._loop_state.context)

    def _look(self) -> None:
        self._timer = None
        now = clocks.monotonic()
        if self._deadline is not None and now >= self._deadline:
            self.is_late = True
            self._end(OutOfTime())
            self.close()
            return
        silent_from = None if self._read_timeout is None else self._last_read + self._read_timeout
        dues = [due for due in (self._deadline, silent_from) if due is not None]
        if not dues:
            return
        # If the loop stood still, what came meanwhile is read in a moment.
        if (due := min(dues)) > now or self._is_readable():
            self._look_at(due, now)
        else:
            self.is_late = True
            self.fail_with("ReadTimeout" if self._writable is None else "WriteTimeout")

    # --- what asyncio calls; its docs say when ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own are not derived from it
        if hasattr(select, "poll"):  # Windows has none; there the loop alone knows
            self._descriptor = transport.get_extra_info("socket").fileno()
            self._poll = select.poll()
            self._poll.register(self._descriptor, select.POLLIN)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002, D102
        return self._loop_state.received

    def buffer_updated(self, nbytes: int) -> None:  # noqa: D102
        self._received(self._loop_state.received[:nbytes])

    def eof_received(self) -> None:  # noqa: D102
        if self._answer is not None and not self._answer.done():
            try:
                self._end(self._reader.feed_eof())
            except EksError as error:
                self._end(drop_frames(error))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        if exc is not None:
            self._read_what_is_left()
        self.fail_with(exc or "it was closed")

    def _read_what_is_left(self) -> None:
        """Read what has come. When writing fails the loop reads no more, but a server may have answered and closed."""
        with contextlib.suppress(OSError):
            while self._answer is not None and not self._answer.done() and self._is_readable():
                if not (count := os.readv(self._descriptor, [self.get_buffer(-1)])):
                    break
                self.buffer_updated(count)

    def pause_writing(self) -> None:  # noqa: D102
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:  # noqa: D102
        self._last_read = clocks.monotonic()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None
