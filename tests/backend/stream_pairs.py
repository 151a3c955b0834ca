"""Streams over two connected sockets, plain and in TLS, and addresses at which connecting takes for ever."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import anyio

from cds_eks._runtime import clocks
from cds_eks.backend.asyncio_stream import plain_stream
from cds_eks.backend.streams import TimeLimits
from cds_eks.backend.tls_stream import TlsStream
from support.eventually import EVENT_TIMEOUT

ALWAYS = TimeLimits()


def soon(seconds: float = 0.02) -> TimeLimits:
    return TimeLimits(deadline=clocks.monotonic() + seconds)


async def wait_until(is_so: Any) -> None:
    with anyio.fail_after(EVENT_TIMEOUT):
        while not is_so():  # noqa: ASYNC110 - it has no event
            await anyio.sleep(0.001)


class Peer:
    """The other side, in TLS on a thread of its own."""

    def __init__(self, raw: socket.socket, context: ssl.SSLContext) -> None:
        self._raw, self._context = raw, context
        self._thread = threading.Thread(target=self._shake)
        self._thread.start()
        self.tls: ssl.SSLSocket

    def _shake(self) -> None:
        with contextlib.suppress(OSError):
            self.tls = self._context.wrap_socket(self._raw, server_side=True)

    async def ready(self) -> None:
        await anyio.to_thread.run_sync(self._thread.join)


@contextlib.asynccontextmanager
async def secure_pair(pair: Any, server: ssl.SSLContext, trusting: ssl.SSLContext) -> Any:
    peer = Peer(pair[1], server)
    inner = plain_stream(pair[0])
    stream = await TlsStream.wrap(inner, trusting, "eks.test", soon(10))
    await peer.ready()
    yield stream, peer.tls, inner
    stream.close()
    peer.tls.close()


@contextlib.contextmanager
def full_line() -> Iterator[Any]:
    """Where connecting takes for ever."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname(), listener
