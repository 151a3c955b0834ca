"""The native backend's connections: asyncio protocols that are asked one thing at a time.

TLS is done here, on memory buffers, and not by asyncio: its own keeps 256 KiB for each connection, and differs between
event loops.
"""

from __future__ import annotations

import asyncio
import contextvars
import select
import ssl
from collections.abc import MutableMapping
from typing import cast

import attrs

from cds_eks.backend.answers import AnswerReader
from cds_eks.errors import ConnectionLost, EksError
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import RawResponse

PIECE = 64 * 1024
"""How many bytes are read, or written, at once."""


def _room() -> memoryview:
    return memoryview(bytearray(PIECE))


@attrs.frozen(eq=False)
class Shared:
    """What the connections of one event loop share.

    Attributes:
        loop: The event loop.
        idle: The idle connections, the last used one last. One that is closed takes itself out.
        received: Where each socket is read into. What is there is used at once, so one is enough for all.
        decrypted: The same, behind TLS.
        context: An empty one, in which connections live: what lasts would keep what the call that began it had in its.
    """

    loop: asyncio.AbstractEventLoop
    idle: MutableMapping[Connection, None] = attrs.field(factory=dict)
    received: memoryview = attrs.field(factory=_room)
    decrypted: memoryview = attrs.field(factory=_room)
    context: contextvars.Context = attrs.field(factory=contextvars.Context)


class Connection(asyncio.BufferedProtocol):
    """A connection in plain.

    Args:
        shared: What it shares with the others.
        origin: Where it leads: scheme, host and port.
    """

    _transport: asyncio.Transport
    _poll: select.poll | None = None
    _answer: asyncio.Future[RawResponse | EksError | OutOfTime] | None = None
    _may_write: asyncio.Future[None] | None = None
    _timer: asyncio.TimerHandle | None = None
    _silence: float | None = None  # how many seconds of it are the end
    _ends: float | None = None  # when the request's time is up, by the loop's clock
    _heard = 0.0
    _is_new = True

    def __init__(self, shared: Shared, origin: tuple[str, str, int]) -> None:
        self.origin = origin
        self._shared = shared
        self._loop = shared.loop
        self._reader = AnswerReader()

    @property
    def is_sound(self) -> bool:
        """Whether it can be asked again: the whole answer came, nothing else, and no end."""
        return self._reader.may_go_on and not self._transport.is_closing()

    def is_silent(self) -> bool:
        """Whether nothing came, not even an end, that the loop may not have noticed yet."""
        return not self._transport.is_closing() and (self._poll is None or not self._poll.poll(0))

    def ask(self, request: bytes, silence: float | None, left: float | None, *, is_to_head: bool) -> bool:
        """Send a request, or its beginning.

        Args:
            request: What to send; the rest goes out by `send_rest`.
            silence: After how many seconds without a byte the connection counts as lost, or None.
            left: After how many seconds the request's time is up, or None.
            is_to_head: Whether it is a HEAD.

        Returns:
            Whether anything may have left; False if the connection turns out to be closed and nothing has.
        """
        self._is_new = False
        self._reader.begin(is_to_head=is_to_head)
        self._answer = self._loop.create_future()
        self._watch(silence, left)
        self._write(request)
        return not self._transport.is_closing()  # nothing waited to be sent, so a failure is one of the first byte

    async def send_rest(self, content: bytes) -> None:
        """Send the rest of a request, no faster than it leaves; stop when the answer is there already."""
        rest = memoryview(content)
        while rest and self._answer is not None and not self._answer.done():
            self._write(rest[:PIECE])
            rest = rest[PIECE:]
            if self._may_write is not None:
                await self._may_write
        if rest:
            self.close()  # the server would take the next request for the rest of this one

    async def answer(self) -> RawResponse | EksError | OutOfTime:
        """Return what came of the request."""
        assert self._answer is not None
        return await self._answer

    def rest(self, expiry: float) -> None:
        """Be idle, for some seconds at the most."""
        self._answer = None
        self._watch(expiry, None)
        self._shared.idle[self] = None

    def close(self) -> None:
        """End it at once, whatever is under way."""
        self._shared.idle.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._transport.abort()

    def _write(self, data: bytes | memoryview) -> None:
        self._transport.write(data)

    def _take_in(self, data: memoryview) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # it answers nothing, and would be taken for the answer to the next request
            return
        self._heard = self._loop.time()
        try:
            response = self._reader.feed(data)
        except EksError as error:
            self._end(error)
        else:
            if response is not None:
                self._end(response)

    def _end(self, result: RawResponse | EksError | OutOfTime) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(result)
        self.resume_writing()

    def _lose(self, reason: object) -> None:
        words = f"{type(reason).__name__}: {reason}" if isinstance(reason, Exception) else reason
        self._end(ConnectionLost(f"the connection was lost ({words})"))
        self.close()

    def _watch(self, silence: float | None, left: float | None) -> None:
        """Let so many seconds of silence be the end, and so many in all.

        No timer is set or cancelled for a request: one fires now and then, and looks for how long it was silent.
        """
        self._heard = now = self._loop.time()
        self._silence = silence
        self._ends = None if left is None else now + left
        if silence is not None and (left is None or silence < left):
            left = silence
        if left is None:
            return
        if self._timer is not None and self._timer.when() > now + left:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_later(left, self._look, context=self._shared.context)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._ends is not None and now >= self._ends:
            self._end(OutOfTime())
            self.close()
            return
        dues = [due for due in (self._ends, self._silence and self._heard + self._silence) if due is not None]
        if not dues:
            return
        left = min(dues) - now
        if left > 0 or not self.is_silent():  # if the loop stood still, what came meanwhile is read in a moment
            self._timer = self._loop.call_later(max(left, 0), self._look, context=self._shared.context)
        else:
            self._lose("ReadTimeout" if self._may_write is None else "WriteTimeout")

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
        self._lose(exc or "it was closed")

    def pause_writing(self) -> None:  # noqa: D102
        self._may_write = self._loop.create_future()

    def resume_writing(self) -> None:  # noqa: D102
        self._heard = self._loop.time()
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        self._may_write = None


class SecureConnection(Connection):
    """A connection over TLS.

    Args:
        shared: What it shares with the others.
        origin: Where it leads; the certificate must be its host's.
        context: Whose certificates are trusted.
    """

    def __init__(self, shared: Shared, origin: tuple[str, str, int], context: ssl.SSLContext) -> None:
        super().__init__(shared, origin)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=origin[1])
        self._shaken: asyncio.Future[Exception | None] = self._loop.create_future()

    async def handshake(self) -> None:
        """Wait until the handshake is done.

        Raises:
            OSError: It failed.
        """
        try:
            if (failure := await self._shaken) is not None:
                raise failure
        except BaseException:
            self.close()
            raise

    def _shake(self) -> None:
        failure = None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            failure = error
        finally:
            self._flush()
        self._shaken.set_result(failure)

    def _flush(self) -> None:
        if self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())

    def _write(self, data: bytes | memoryview) -> None:
        try:
            while data:
                data = memoryview(data)[self._tls.write(data) :]
        except ssl.SSLError as error:
            self._lose(error)
        self._flush()

    def is_silent(self) -> bool:
        """The same; but what comes right after the handshake belongs to TLS, and means nothing."""
        return self._is_new or super().is_silent()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        super().connection_made(transport)
        self._shake()

    def buffer_updated(self, nbytes: int) -> None:  # noqa: D102
        self._incoming.write(self._shared.received[:nbytes])
        if not self._shaken.done():
            self._shake()
        try:
            while self._incoming.pending or self._tls.pending():
                count = cast("int", self._tls.read(PIECE, self._shared.decrypted))
                if not count:  # the server says that this is the end
                    self.eof_received()
                    self.close()
                    break
                self._take_in(self._shared.decrypted[:count])
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._lose(error)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        if not self._shaken.done():
            self._shaken.set_result(exc or ConnectionResetError("closed in the handshake"))
        super().connection_lost(exc)
