"""Connections as streams of bytes that can be asked whether anything has come that nobody has read, TLS or not.

A connection may be used again only if nothing can be read from it beyond the last answer, since that would be taken for
the answer to the next request. So nothing is read ahead here that `is_quiet` does not know of.
"""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
from typing import Protocol

import anyio.to_thread
import attrs

from cds_eks._runtime import clocks
from cds_eks.backend import sockets
from cds_eks.backend.sockets import TimeIsUp

PIECE = 64 * 1024
"""How many bytes are read at once."""

PORTION = 256 * 1024
"""How many bytes are sent at once; then others have their turn."""

LAST_LOOKS = 8
"""How many pieces of an answer are taken after the time is up."""

LOOKS = 8
"""How many pieces that mean nothing (TLS's session tickets) are taken in a row before a server counts as talking."""

_LONGEST_RECORD = 5 + 2**14 + 2048  # of TLS 1.2 (RFC 5246, section 6.2.3); those of TLS 1.3 are shorter


@attrs.define
class Patience:
    """How long to wait.

    Attributes:
        end: When the whole call is over, on `clocks.monotonic`.
        silence: After how many seconds without a byte to give up.
        last_looks: How many pieces are taken after the end. What is there already is worth to be read, since a loop may
            have stood still; but a server may send for ever.
    """

    end: float = math.inf
    silence: float = math.inf
    last_looks: int = LAST_LOOKS

    @property
    def until(self) -> float:
        """When to give up if nothing happens from now on."""
        return min(self.end, clocks.monotonic() + self.silence) if self.silence < math.inf else self.end

    def look(self) -> None:
        """Note that something was taken.

        Raises:
            TimeIsUp: It was too much, too late.
        """
        if clocks.monotonic() > self.end:
            self.last_looks -= 1
            if self.last_looks < 0:
                raise TimeIsUp


class Stream(Protocol):
    """What both kinds have in common.

    Attributes:
        socket: The socket.
        failure: What TLS has found wrong, a refusal of the other side's among it; None if nothing, and in plain.
    """

    socket: socket.socket
    failure: ssl.SSLError | None

    def is_quiet(self) -> bool:
        """Whether it is open, and nothing at all has come that was not received yet, nor an end."""
        ...  # pragma: no cover - a protocol has no body

    async def receive(self, patience: Patience) -> bytes:
        """Return what has come, or b"" at the end, once there is any.

        Raises:
            OSError: The connection is broken.
            TimeIsUp: Nothing has come.
        """
        ...  # pragma: no cover - a protocol has no body

    def receive_now(self) -> bytes | None:
        """The same, but return None if there is nothing.

        Raises:
            OSError: The connection is broken.
        """
        ...  # pragma: no cover - a protocol has no body

    async def send(self, data: bytes | memoryview, patience: Patience) -> None:
        """Send some bytes.

        Raises:
            OSError: The connection is broken.
            TimeIsUp: They do not leave.
        """
        ...  # pragma: no cover - a protocol has no body

    def close(self) -> None:
        """Close it at once."""
        ...  # pragma: no cover - a protocol has no body


class PlainStream:
    """A connection in plain: what was not received yet is in the system's hands alone.

    Args:
        socket: The socket, connected.
    """

    failure: ssl.SSLError | None = None

    def __init__(self, socket: socket.socket) -> None:
        self.socket = socket
        self._has_come = sockets.watched(socket)

    def is_quiet(self) -> bool:
        """See `Stream`."""
        return self.socket.fileno() >= 0 and not self._has_come()

    async def receive(self, patience: Patience) -> bytes:
        """See `Stream`."""
        while True:
            if self.socket.fileno() < 0:
                raise OSError("it is closed")
            if not await sockets.wait((self.socket,), is_to_read=True, until=patience.until):
                raise TimeIsUp
            if (data := self.receive_now()) is not None:
                return data

    def receive_now(self) -> bytes | None:
        """See `Stream`."""
        try:
            return self.socket.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return None

    async def send(self, data: bytes | memoryview, patience: Patience) -> None:
        """See `Stream`."""
        left = memoryview(data)
        while left:
            with contextlib.suppress(BlockingIOError, InterruptedError):
                left = left[self.socket.send(left[:PORTION]) :]
            if left and not await sockets.wait((self.socket,), is_to_read=False, until=patience.until):
                raise TimeIsUp

    def close(self) -> None:
        """See `Stream`."""
        self.socket.close()


class SecureStream:
    """A connection in TLS. OpenSSL gets whole records only: of a part of one it would not say that it has it.

    Args:
        inner: What it goes over.
        secured: The state of TLS, over the two buffers.
        incoming: What the server has sent.
        outgoing: What is to be sent to it.
    """

    def __init__(self, inner: Stream, secured: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self.socket: socket.socket = inner.socket
        self.secured = secured
        self._inner = inner
        self._incoming = incoming
        self._outgoing = outgoing
        self._part = b""  # of a record
        self._unread = b""
        self._has_ended = False
        self.failure: ssl.SSLError | None = None

    @classmethod
    async def wrap(cls, inner: Stream, context: ssl.SSLContext, host: str, patience: Patience) -> SecureStream:
        """Return a stream over another one, whose handshake is done.

        Args:
            inner: The other one.
            context: Whose certificates are trusted.
            host: Whose certificate it must be.
            patience: How long the handshake may take.

        Raises:
            OSError: It failed.
            ValueError: The host is none.
            TimeIsUp: It took too long.
        """
        buffers = ssl.MemoryBIO(), ssl.MemoryBIO()
        if type(context) is ssl.SSLContext:
            secured = context.wrap_bio(*buffers, server_hostname=host)
        else:  # one of others, which may wait for the system's certificates
            secured = await anyio.to_thread.run_sync(lambda: context.wrap_bio(*buffers, server_hostname=host))
        stream = cls(inner, secured, *buffers)
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                await stream._flush(patience)
                if not (data := await inner.receive(patience)):
                    raise ConnectionResetError("closed in the handshake") from None
                stream._feed(data)
            else:
                await stream._flush(patience)
                return stream

    def is_quiet(self) -> bool:
        """See `Stream`. Session tickets, and what else TLS has to say for itself, are taken in and mean nothing."""
        for _ in range(LOOKS):
            self._unread = self._unread or self._decrypted()
            if self._unread or self._has_ended or self.failure is not None:
                return False
            if self._inner.is_quiet():
                return not self._part
            try:
                data = self._inner.receive_now()
            except OSError:
                return False
            if not data:
                return False
            self._feed(data)
        return False

    async def receive(self, patience: Patience) -> bytes:
        """See `Stream`.

        Raises:
            ConnectionResetError: It was cut off: an end that TLS was not told of may be anybody's.
        """
        while (data := self.receive_now()) is None:
            await self._flush(patience)
            if not (came := await self._inner.receive(patience)):
                raise ConnectionResetError("cut off without TLS's close_notify")
            self._feed(came)
        return data

    def receive_now(self) -> bytes | None:
        """See `Stream`. Of what has not been taken from the inner stream it knows nothing."""
        data, self._unread = self._unread or self._decrypted(), b""
        if data:
            return data
        if self.failure is not None:
            raise OSError(str(self.failure))
        return b"" if self._has_ended else None

    async def send(self, data: bytes | memoryview, patience: Patience) -> None:
        """See `Stream`."""
        left = memoryview(data)
        while left:
            left = left[self.secured.write(left[:PORTION]) :]
            await self._flush(patience)

    def close(self) -> None:
        """See `Stream`."""
        self._inner.close()

    async def _flush(self, patience: Patience) -> None:
        if self._outgoing.pending:
            await self._inner.send(self._outgoing.read(), patience)

    def _feed(self, data: bytes) -> None:
        data = self._part + data if self._part else data
        end = end_of_records(data)
        self._incoming.write(data[:end])
        self._part = data[end:]

    def _decrypted(self) -> bytes:
        """Return what was sent in all records that there are; note what comes behind it."""
        if not self._incoming.pending or self.failure is not None:
            return b""
        pieces = []
        try:
            while data := self.secured.read(PIECE):
                pieces.append(data)
            self._has_ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.failure = error.with_traceback(None)
        return b"".join(pieces)


def end_of_records(data: bytes) -> int:
    """Return how many of some bytes are whole records of TLS; all, if they are none: OpenSSL says what is wrong."""
    end = 0
    while len(data) - end >= 5:
        length = 5 + int.from_bytes(data[end + 3 : end + 5], "big")
        if not 20 <= data[end] <= 24 or length > _LONGEST_RECORD:
            return len(data)
        if end + length > len(data):
            break
        end += length
    return end
