"""A service of raw sockets on 127.0.0.1, in threads of its own: it sends what a test says, and keeps a ledger."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import trustme

from support.eventually import EVENT_TIMEOUT

DATA: dict[str, Any] = {"ClusterId": "c-1", "ClusterName": "one", "TaskId": "t-1"}
"""It suits the read, the write and the create that the scenarios are driven with."""


@attrs.frozen
class Seen:
    """A request as it arrived."""

    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True, strict_parsing=True))

    @property
    def action(self) -> str:
        return self.query["Action"]


class Link:
    """One connection, from the service's side."""

    def __init__(self, raw: socket.socket, number: int) -> None:
        self.raw = raw
        self.number = number
        self._buffer = b""

    def read(self) -> Seen | None:
        """Return the next request, or None if the client has closed its side."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            if not self._receive():
                return None
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        method, target, _ = first.split(" ")
        return Seen(self.number, method, target, headers, body)

    def _receive(self) -> bool:
        received = self.raw.recv(65536)
        self._buffer += received
        return bool(received)

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.raw.sendall(part)

    def end(self) -> None:
        """Close it in an orderly way."""
        with contextlib.suppress(OSError):
            self.raw.shutdown(socket.SHUT_RDWR)
        self.raw.close()

    def reset(self) -> None:
        """Close it with a TCP RST."""
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.raw.close()

    def until_closed(self) -> None:
        """Wait, not for ever, until the client has closed its side."""
        select.select([self.raw], [], [], 10)


Answer = Callable[[Link, Seen], None]
"""What is done to a request. The connection lives on, if it was not closed."""


class Service:
    """See the module. `answer` is for each request; `at_once`, if set, is for each connection before any request."""

    def __init__(self) -> None:
        self.answer: Answer = normal
        self.at_once: Callable[[Link], None] | None = None
        self.ledger: list[Seen] = []
        self.opened = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._links: list[Link] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.opened += 1
                link = Link(raw, self.opened)
                self._links.append(link)
                self._start(self._serve, link)

    def _serve(self, link: Link) -> None:
        with contextlib.suppress(OSError, ValueError):  # the client went away, or the answer closed it
            if self.at_once is not None:
                self.at_once(link)
            while (seen := link.read()) is not None:
                self.ledger.append(seen)
                self.answer(link, seen)
        link.end()

    def close(self) -> None:
        for end in (self._listener.shutdown, self._listener.close):
            with contextlib.suppress(OSError):
                end(*([socket.SHUT_RDWR] if end == self._listener.shutdown else []))
        for link in self._links:
            link.end()
        for thread in self._threads:
            thread.join(EVENT_TIMEOUT)
            assert not thread.is_alive()


@contextlib.contextmanager
def serving() -> Iterator[Service]:
    service = Service()
    try:
        yield service
    finally:
        service.close()


# --- answers -------------------------------------------------------------------------------------------------------


def http(
    body: bytes = b"", *headers: str | bytes, status: str = "200 OK", length: bool = True, version: str = "1.1"
) -> bytes:
    """An answer of any bytes."""
    lines: list[str | bytes] = [f"HTTP/{version} {status}", *headers]
    if length:
        lines.insert(1, f"Content-Length: {len(body)}")
    raw = [line if isinstance(line, bytes) else line.encode("latin-1") for line in lines]
    return b"\r\n".join([*raw, b"", b""]) + body


def envelope(**members: Any) -> bytes:
    """The body of an answer; None as a member leaves it out, `...` makes it null."""
    whole = {"Code": "Success", "Msg": "", "RequestId": "req-1", "Data": DATA, **members}
    kept = {name: None if value is ... else value for name, value in whole.items() if value is not None}
    return json.dumps(kept).encode()


def good(*headers: str | bytes, status: str = "200 OK", **members: Any) -> bytes:
    """A whole answer in the service's envelope."""
    return http(envelope(**members), *headers, status=status)


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """The chunks of a body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


CHUNKED = "Transfer-Encoding: chunked"


def says(*parts: bytes) -> Answer:
    """Send this, and go on."""

    def answer(link: Link, seen: Seen) -> None:
        link.send(*parts)

    return answer


def says_and_ends(*parts: bytes) -> Answer:
    """Send this, and close the connection."""

    def answer(link: Link, seen: Seen) -> None:
        link.send(*parts)
        link.end()

    return answer


def streams(head: bytes, pieces: Callable[[], Iterable[bytes]]) -> Answer:
    """Send a head and all the pieces, for as long as the client takes them."""

    def answer(link: Link, seen: Seen) -> None:
        link.send(head)
        for piece in pieces():
            link.send(piece)

    return answer


normal: Answer = says(good())


def secured(authority: trustme.CA) -> Callable[[Link], None]:
    """What the service does before it reads a request, to speak TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def secure(link: Link) -> None:
        link.raw = context.wrap_socket(link.raw, server_side=True)

    return secure
