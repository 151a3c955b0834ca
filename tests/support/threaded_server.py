"""Servers in threads, which act while the event loop stands still, and a port on which connecting takes for ever."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

from support.eventually import EVENT_TIMEOUT
from support.raw_server import CLUSTER, answer


@contextlib.contextmanager
def black_hole(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port on which connecting takes for ever: its queue is full, and nobody accepts."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def reset(link: socket.socket) -> None:
    """Close with a TCP RST."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


class Link:
    """The server's side of one connection, in a thread; over TLS, its records can be had in parts."""

    def __init__(self, raw: socket.socket, tls: ssl.SSLContext | None, pause: float = 0.0) -> None:
        self.raw = raw
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = None if tls is None else tls.wrap_bio(self._incoming, self._outgoing, server_side=True)
        if self._tls is not None:
            self._until_done(self._tls.do_handshake)
            time.sleep(pause)
            raw.sendall(self._outgoing.read())

    def _until_done(self, act: Callable[[], Any]) -> Any:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self.raw.sendall(self._outgoing.read())
                data = self.raw.recv(65536)
                if not data:
                    return b""
                self._incoming.write(data)

    def receive(self) -> bytes:
        """Return the head of a request, or b"" at the end."""
        found = b""
        while b"\r\n\r\n" not in found:
            read = self.raw.recv if self._tls is None else self._tls.read
            data = self._until_done(lambda: read(65536))  # noqa: B023 - it is called at once
            if not data:
                return b""
            found += data
        return found

    def wire(self, data: bytes) -> bytes:
        """Return what of some data goes over the wire."""
        if self._tls is None:
            return data
        while data:
            data = data[self._tls.write(data) :]
        return self._outgoing.read()

    def send(self, data: bytes) -> None:
        self.raw.sendall(self.wire(data))

    def end_tls(self) -> None:
        """Send a close_notify, and no FIN."""
        assert self._tls is not None
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self.raw.sendall(self._outgoing.read())


class ThreadedServer:
    """Serves each connection in a thread of its own, so that it acts while the event loop stands still.

    Attributes:
        requests: The heads that came.
        opened: How many connections were accepted.
    """

    def __init__(
        self, act: Callable[[ThreadedServer, Link], None], tls: ssl.SSLContext | None = None, pause: float = 0.0
    ) -> None:
        self._act = act
        self._pause = pause  # between the client's end of the handshake and the session tickets
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._links: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.requests: list[bytes] = []
        self.opened = 0

    def receive(self, link: Link) -> bytes:
        """Receive a request and write it down."""
        head = link.receive()
        if head:
            self.requests.append(head)
        return head

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is sent is there
                self.opened += 1
                self._links.append(link)
                thread = threading.Thread(target=self._serve, args=(link,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError), link:
            self._act(self, Link(link, self._tls, self._pause))

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(EVENT_TIMEOUT)


class ActingServer:
    """A server of two connections: once the first is answered, it acts, in a thread, while the loop is blocked."""

    def __init__(self, act: Callable[[socket.socket], None]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.has_acted = threading.Event()
        self.requests: list[int] = []
        self._act = act
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with contextlib.ExitStack() as accepted:
            for number in (1, 2):
                link, _ = self.listener.accept()
                accepted.enter_context(link)
                link.recv(65536)
                self.requests.append(number)
                link.sendall(answer(CLUSTER))
                if number == 1:
                    time.sleep(0.05)  # the loop has gone on, and stands still again
                    self._act(link)
                    self.has_acted.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(EVENT_TIMEOUT)
        self.listener.close()
