"""The native backend's connections: asyncio protocols that are asked one thing at a time."""

from __future__ import annotations

import asyncio
import contextvars
import select
from collections.abc import MutableMapping
from typing import cast

import attrs

from cds_eks import clocks
from cds_eks.backend.answers import AnswerReader
from cds_eks.errors import ConnectionLost, EksError
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import CallRecord, RawResponse

PIECE = 64 * 1024
"""How many bytes are read, or written, at once."""

MOST_AT_ONCE = 256
"""How many requests wait to be sent together, so that the server has something to do while thousands are made."""


def _room() -> memoryview:
    return memoryview(bytearray(PIECE))


class Unsent(Exception):
    """The connection was found closed, or with something on it, before the first byte of a request had left."""


Result = RawResponse | EksError | OutOfTime | Unsent
"""What can come of a request."""


@attrs.frozen(eq=False)
class Shared:
    """What the connections of one event loop share.

    Attributes:
        loop: The event loop.
        idle: The idle connections, the last used one last. One that is closed takes itself out.
        outbox: The connections that have a request to send.
        received: Where each socket is read into. What is there is used at once, so one is enough for all.
        decrypted: The same, behind TLS.
        context: An empty one, in which connections live: what lasts would keep what the call that began it had in its.
    """

    loop: asyncio.AbstractEventLoop
    idle: MutableMapping[Connection, None] = attrs.field(factory=dict)
    outbox: list[Connection] = attrs.field(factory=list)
    received: memoryview = attrs.field(factory=_room)
    decrypted: memoryview = attrs.field(factory=_room)
    context: contextvars.Context = attrs.field(factory=contextvars.Context)

    def send_soon(self, connection: Connection) -> None:
        """Have a connection send its request with all others of this round of the loop.

        A server that sleeps is woken by the first of them, and is awake for the rest. To wake it once for each would
        take longer than all else that is done to send a request.
        """
        if not self.outbox:
            self.loop.call_soon(self._send_all, context=self.context)
        self.outbox.append(connection)
        if len(self.outbox) >= MOST_AT_ONCE:
            self._send_all()

    def _send_all(self) -> None:
        waiting = self.outbox.copy()
        self.outbox.clear()
        for connection in waiting:
            try:
                connection.send_begin()
            except Exception as error:  # noqa: BLE001 - which the others have no part in
                connection.lose(error)


class Connection(asyncio.BufferedProtocol):
    """A connection in plain.

    Args:
        shared: What it shares with the others.
        origin: Where it leads: scheme, host and port.
    """

    __slots__ = (
        "__weakref__",
        "_answer",
        "_begin",
        "_due",
        "_ends",
        "_heard",
        "_is_new",
        "_loop",
        "_may_write",
        "_poll",
        "_reader",
        "_record",
        "_shared",
        "_silence",
        "_timer",
        "_transport",
        "origin",
    )

    def __init__(self, shared: Shared, origin: tuple[str, str, int]) -> None:
        self.origin = origin
        self._shared = shared
        self._loop = shared.loop
        self._reader = AnswerReader()
        self._transport: asyncio.Transport
        self._poll: select.poll | None = None
        self._answer: asyncio.Future[Result] | None = None
        self._begin: bytes | None = None  # of a request that has not left yet
        self._record: CallRecord | None = None  # of the call that it belongs to
        self._may_write: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when the timer fires
        self._silence: float | None = None  # how many seconds of it are the end
        self._ends: float | None = None  # when the request's time is up
        self._heard = 0.0
        self._is_new = True

    @property
    def is_sound(self) -> bool:
        """Whether it can be asked again: the whole answer came, nothing else, and no end."""
        return self._reader.may_go_on and not self._transport.is_closing()

    def is_silent(self) -> bool:
        """Whether nothing came, not even an end, that the loop may not have noticed yet."""
        return not self._transport.is_closing() and (self._poll is None or not self._poll.poll(0))

    def ask(
        self, begin: bytes, record: CallRecord, silence: float | None, *, is_to_head: bool
    ) -> asyncio.Future[Result]:
        """Send a request, or its beginning, with those of the other connections.

        Args:
            begin: What to send; the rest goes out by `send_rest`.
            record: The call's; it is told just before the first byte leaves, and knows when the time is up.
            silence: After how many seconds without a byte the connection counts as lost, or None.
            is_to_head: Whether it is a HEAD.

        Returns:
            What will come of it. What was cancelled does not leave, if it has not left.
        """
        self._reader.begin(is_to_head=is_to_head)
        self._answer = answer = self._loop.create_future()
        self._watch(silence, record.deadline)
        self._begin, self._record = begin, record
        self._shared.send_soon(self)
        return answer

    def send_begin(self) -> None:
        """Send what `ask` was given, unless it was given up meanwhile, or the connection was."""
        begin, record = self._begin, self._record
        if begin is None or record is None or self._answer is None or self._answer.done():
            return
        if not self.is_silent():
            self._end(Unsent())
            return
        self._begin, self._record, self._is_new = None, None, False
        record.may_have_left()
        self._write(begin)
        if self._transport.is_closing():  # nothing waited to be sent, so this is a failure of the first byte
            record.did_not_leave()
            self._end(Unsent())

    async def send_rest(self, content: bytes) -> None:
        """Send the rest of a request, no faster than it leaves; stop when the answer is there already."""
        self.send_begin()
        rest = memoryview(content)
        while rest and self._answer is not None and not self._answer.done():
            self._write(rest[:PIECE])
            rest = rest[PIECE:]
            if self._may_write is not None:
                await self._may_write
        if rest:
            self.close()  # the server would take the next request for the rest of this one

    def rest(self, expiry: float) -> None:
        """Be idle, for some seconds at the most."""
        self._answer = None
        self._watch(expiry, None)
        self._shared.idle[self] = None

    def abandon(self) -> None:
        """Close it, if it has been opened: a call may be cancelled in the moment in which it is."""
        if hasattr(self, "_transport"):
            self.close()

    def close(self) -> None:
        """End it at once, whatever is under way."""
        self._begin = self._record = None
        self._shared.idle.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport.abort()

    def _write(self, data: bytes | memoryview) -> None:
        self._transport.write(data)

    def _take_in(self, data: memoryview) -> None:
        if self._answer is None or self._answer.done() or self._begin is not None:
            self._end(Unsent())
            self.close()  # it answers nothing, and would be taken for the answer to the next request
            return
        self._heard = clocks.monotonic()
        try:
            response = self._reader.feed(data)
        except EksError as error:
            self._end(error)
        else:
            if response is not None:
                self._end(response)

    def _end(self, result: Result) -> None:
        if self._answer is not None and not self._answer.done():
            is_unsent = self._begin is not None and not isinstance(result, OutOfTime)
            self._answer.set_result(Unsent() if is_unsent else result)
        if self._may_write is not None:
            self.resume_writing()

    def lose(self, reason: object) -> None:
        """Count it as lost, for a reason."""
        words = f"{type(reason).__name__}: {reason}" if isinstance(reason, Exception) else reason
        self._end(ConnectionLost(f"the connection was lost ({words})"))
        self.close()

    def _watch(self, silence: float | None, ends: float | None) -> None:
        """Let so many seconds of silence be the end, and the request's time.

        No timer is set or cancelled for a request: one fires now and then, and looks for how long it was silent.
        """
        self._heard = now = clocks.monotonic()
        self._silence = silence
        self._ends = ends
        due = ends if silence is None else now + silence
        if due is None:
            return
        if ends is not None and ends < due:
            due = ends
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._look_at(due, now)

    def _look_at(self, due: float, now: float) -> None:
        self._due = due
        self._timer = self._loop.call_later(max(due - now, 0), self._look, context=self._shared.context)

    def _look(self) -> None:
        self._timer = None
        now = clocks.monotonic()
        if self._ends is not None and now >= self._ends:
            self._end(OutOfTime())
            self.close()
            return
        silent_from = None if self._silence is None else self._heard + self._silence
        dues = [due for due in (self._ends, silent_from) if due is not None]
        if not dues:
            return
        # If the loop stood still, what came meanwhile is read in a moment.
        if (due := min(dues)) > now or not self.is_silent():
            self._look_at(due, now)
        else:
            self.lose("ReadTimeout" if self._may_write is None else "WriteTimeout")

    # --- what asyncio calls; its docs say when ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own are not derived from it
        if hasattr(select, "poll"):  # Windows has none; there the loop alone knows
            self._poll = select.poll()
            self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002, D102
        return self._shared.received

    def buffer_updated(self, nbytes: int) -> None:  # noqa: D102
        self._take_in(self._shared.received[:nbytes])

    def eof_received(self) -> None:  # noqa: D102
        if self._answer is not None and not self._answer.done():
            try:
                self._end(self._reader.feed_eof())
            except EksError as error:
                self._end(error)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self.lose(exc or "it was closed")

    def pause_writing(self) -> None:  # noqa: D102
        self._may_write = self._loop.create_future()

    def resume_writing(self) -> None:  # noqa: D102
        self._heard = clocks.monotonic()
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        self._may_write = None
