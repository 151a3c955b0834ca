"""The native backend's connections over TLS.

TLS is done here, on memory buffers, and not by asyncio: its own keeps 256 KiB for each connection, and differs between
event loops.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from cds_eks.backend.connection import PIECE, Connection, Shared


class SecureConnection(Connection):
    """A connection over TLS.

    Args:
        shared: What it shares with the others.
        origin: Where it leads; the certificate must be its host's.
        context: Whose certificates are trusted.
    """

    __slots__ = ("_incoming", "_outgoing", "_shaken", "_tls")

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
        if (failure := await self._shaken) is not None:
            raise failure

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
        except ssl.SSLError:
            self.close()
        self._flush()

    def is_silent(self) -> bool:
        """The same; but what comes right after the handshake belongs to TLS, and means nothing.

        One that is new and closed counts as silent too: the write that follows finds out.
        """
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
            self.lose(error)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        if not self._shaken.done():
            self._shaken.set_result(exc or ConnectionResetError("closed in the handshake"))
        super().connection_lost(exc)
