"""A listener of raw sockets on 127.0.0.1, in threads of its own, between a client and the emulator.

It does to each connection what a scenario tells it to; what it lets through is in the emulator's ledger.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

from support.eventually import EVENT_TIMEOUT

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Link:
    """One connection."""

    def __init__(self, raw: socket.socket, number: int, upstream: tuple[str, int], spoilt: set[str]) -> None:
        self.raw = raw
        self.number = number
        self._upstream = upstream
        self._spoilt = spoilt
        self._buffer = b""

    def head(self) -> bytes:
        """Read the head of the next request; empty if the client has closed its side."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                return b""
        head, end, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head + end

    def request(self) -> bytes:
        """Read the next request to its end; empty if the client has closed its side."""
        head = self.head()
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(self._buffer) < length:
            if not self._more():
                return b""
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return head + body

    def _more(self) -> bool:
        received = self.raw.recv(65536)
        self._buffer += received
        return bool(received)

    def forward(self, request: bytes) -> bytes:
        """Have the emulator answer a request."""
        pieces = []
        with socket.create_connection(self._upstream, timeout=5) as upstream:
            upstream.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            while piece := upstream.recv(65536):
                pieces.append(piece)
        return b"".join(pieces).replace(b"connection: close\r\n", b"").replace(b"Connection: close\r\n", b"")

    def spoil(self, request: bytes) -> bytes:
        """Have the emulator answer a request, and write down that the client does not get the answer as it is."""
        lines = request.partition(b"\r\n\r\n")[0].split(b"\r\n")
        self._spoilt |= {line[16:].decode() for line in lines if line.startswith(b"cds-request-id: ")}
        return self.forward(request)

    def send(self, content: bytes) -> None:
        self.raw.sendall(content)

    def reset(self) -> None:
        """Close with a RST."""
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.raw.close()

    def until_closed(self) -> None:
        """Wait until the client has closed its side."""
        while self.raw.recv(65536):
            pass


Handler = Callable[[Link], None]


class Relay:
    """What a scenario sees of it."""

    def __init__(self, port: int, scheme: str) -> None:
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.opened = 0
        self.ended = threading.Event()


@contextlib.contextmanager
def relaying(
    upstream: tuple[str, int], handle: Handler, tls: ssl.SSLContext | None, spoilt: set[str]
) -> Iterator[Relay]:
    """Listen until the block is left. Each connection is closed when its handler has returned."""
    listening = socket.create_server(("127.0.0.1", 0))
    relay = Relay(listening.getsockname()[1], "http" if tls is None else "https")
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(raw: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), contextlib.closing(raw):
            served = raw if tls is None else tls.wrap_socket(raw, server_side=True)
            with contextlib.closing(served):
                handle(Link(served, number, upstream, spoilt))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listening.accept()
                relay.opened += 1
                sockets.append(raw)
                threads.append(threading.Thread(target=serve, args=(raw, relay.opened), daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield relay
    finally:
        relay.ended.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(EVENT_TIMEOUT)
        for raw in sockets:
            with contextlib.suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(EVENT_TIMEOUT)


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
