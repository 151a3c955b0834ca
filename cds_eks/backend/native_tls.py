"""The native backend's connections over TLS.

TLS is done here, on memory buffers, and not by asyncio: its own keeps 256 KiB for each connection, and differs between
event loops.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import cast

from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_loop import LoopState
from cds_eks.backend.native_request import CHUNK_SIZE
from cds_eks.backend.tls_records import RecordBoundaries
from cds_eks.errors import ConnectionLost

MAX_READS = 16
"""How often the socket is read before a request, at the most. Session tickets need one or two."""


class NativeTlsConnection(NativeConnection):
    """A connection over TLS.

    Args:
        loop_state: What it shares with the others.
        origin: Where it leads; the certificate must be its host's.
        context: Whose certificates are trusted.
    """

    __slots__ = ("_handshake_end", "_incoming", "_records", "_tls", "_to_send")

    def __init__(self, loop_state: LoopState, origin: tuple[str, str, int], context: ssl.SSLContext) -> None:
        super().__init__(loop_state, origin)
        self._incoming, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._to_send, server_hostname=origin[1])
        self._records = RecordBoundaries()
        self._handshake_end: asyncio.Future[Exception | None] = self._loop.create_future()

    async def handshake(self) -> Exception | None:
        """Wait until the handshake is done, and return what went wrong."""
        return await self._handshake_end

    @property
    def is_sound(self) -> bool:
        """The same; half a record may be half an answer."""
        return super().is_sound and self._records.is_between

    def is_idle(self) -> bool:
        """The same; but what has come may belong to TLS itself, as session tickets do, and mean nothing.

        So it is read here, past the event loop, which will find nothing more to read. An end, a part of a record, and
        above all decrypted bytes are something.
        """
        for _ in range(MAX_READS):
            if self._transport.is_closing():
                return False
            if not self._is_readable():
                return self._records.is_between
            try:
                data = os.read(self._descriptor, CHUNK_SIZE)
            except OSError:  # it was reset
                return False
            if not data:
                return False
            self._decrypt(data)
        return False

    def _do_handshake(self) -> None:
        failure = None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            failure = error.with_traceback(None)  # it would keep this frame, and that the connection
        finally:
            self._flush()
        self._handshake_end.set_result(failure)

    def _flush(self) -> None:
        if self._to_send.pending and not self._transport.is_closing():
            self._transport.write(self._to_send.read())

    def _write(self, data: bytes | memoryview) -> None:
        try:
            while data:
                data = memoryview(data)[self._tls.write(data) :]
        except ssl.SSLError:
            self.close()
        self._flush()

    def _decrypt(self, data: bytes | memoryview) -> None:
        self._incoming.write(data)
        self._records.feed(data)
        if not self._handshake_end.done():
            self._do_handshake()
        try:
            while self._incoming.pending or self._tls.pending():
                count = cast("int", self._tls.read(CHUNK_SIZE, self._loop_state.decrypted))
                if not count:  # the server says that this is the end
                    super().eof_received()
                    self.close()
                    break
                self._received(self._loop_state.decrypted[:count])
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.fail_with(error)
        self._flush()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        super().connection_made(transport)
        self._do_handshake()

    def buffer_updated(self, nbytes: int) -> None:  # noqa: D102
        self._decrypt(self._loop_state.received[:nbytes])

    def eof_received(self) -> None:
        """The connection ends, and TLS did not say so. Anybody on the way can do that, in the middle of a body too."""
        self._end(ConnectionLost("the connection was lost (the server disconnected without an end of TLS)"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        if not self._handshake_end.done():
            self._handshake_end.set_result(exc or ConnectionResetError("closed in the handshake"))
        super().connection_lost(exc)
