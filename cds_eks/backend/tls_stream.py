"""Streams over TLS, which is done on memory buffers: so it is known whether anything has come that nobody has read."""

from __future__ import annotations

import socket
import ssl

import anyio.to_thread

from cds_eks.backend.streams import CHUNK_SIZE, SEND_SIZE, Stream, TimeLimits
from cds_eks.backend.tls_records import end_of_records

MAX_READS = 8
"""How many pieces that mean nothing (TLS's session tickets) are taken in a row before a server counts as talking."""


class TlsStream:
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
    async def wrap(cls, inner: Stream, context: ssl.SSLContext, host: str, time_limits: TimeLimits) -> TlsStream:
        """Return a stream over another one, whose handshake is done.

        Args:
            inner: The other one.
            context: Whose certificates are trusted.
            host: Whose certificate it must be.
            time_limits: How long the handshake may take.

        Raises:
            OSError: It failed.
            ValueError: The host is none.
            TimedOut: It took too long.
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
                await stream._flush(time_limits)
                if not (data := await inner.receive(time_limits)):
                    raise ConnectionResetError("closed in the handshake") from None
                stream._feed(data)
            else:
                await stream._flush(time_limits)
                return stream

    def is_idle(self) -> bool:
        """See `Stream`. Session tickets, and what else TLS has to say for itself, are taken in and mean nothing."""
        for _ in range(MAX_READS):
            if not self._unread and self._incoming.pending:
                self._unread = self._decrypted()
            if self._unread or self._has_ended or self.failure is not None:
                return False
            if self._inner.is_idle():
                return not self._part
            try:
                data = self._inner.receive_now()
            except OSError:
                return False
            if not data:
                return False
            self._feed(data)
        return False

    async def receive(self, time_limits: TimeLimits) -> bytes:
        """See `Stream`.

        Raises:
            ConnectionResetError: It was cut off: an end that TLS was not told of may be anybody's.
        """
        while (data := self.receive_now()) is None:
            await self._flush(time_limits)
            if not (came := await self._inner.receive(time_limits)):
                raise ConnectionResetError("cut off without TLS's close_notify")
            self._feed(came)
        return data

    def receive_now(self) -> bytes | None:
        """See `Stream`. Of what has not been taken from the inner stream it knows nothing."""
        if data := self._unread:
            self._unread = b""
            return data
        if self._incoming.pending and (data := self._decrypted()):
            return data
        if self.failure is not None:
            raise OSError(str(self.failure))
        return b"" if self._has_ended else None

    async def send(self, data: bytes | memoryview, time_limits: TimeLimits) -> None:
        """See `Stream`."""
        left = memoryview(data)
        while left:
            left = left[self.secured.write(left[:SEND_SIZE]) :]
            await self._inner.send(self._outgoing.read(), time_limits)

    def close(self) -> None:
        """See `Stream`."""
        self._inner.close()

    async def _flush(self, time_limits: TimeLimits) -> None:
        if self._outgoing.pending:
            await self._inner.send(self._outgoing.read(), time_limits)

    def _feed(self, data: bytes) -> None:
        data = self._part + data if self._part else data
        end = end_of_records(data)
        self._incoming.write(data[:end])
        self._part = data[end:]

    def _decrypted(self) -> bytes:
        """Return what was sent in all records that there are; note what comes behind it."""
        if self.failure is not None:
            return b""
        pieces = []
        try:
            while self._incoming.pending or self.secured.pending():
                if not (data := self.secured.read(CHUNK_SIZE)):
                    self._has_ended = True
                    break
                pieces.append(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.failure = error.with_traceback(None)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
