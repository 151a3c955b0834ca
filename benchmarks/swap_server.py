"""A server, or a proxy, that sends more than belongs to its answers."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import ssl
import threading
import time
from collections import Counter
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

BEHIND = ("answer", "throttled", "two answers", "part", "byte", "line", "end")
"""What may lie behind an answer."""


def answer(data: Any, size: int = 0) -> bytes:
    """Return an answer; blanks fill it up to a size, its head included."""
    body = json.dumps({"Code": "Success", "RequestId": "r", "Data": data}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %07d\r\n\r\n"
    body = body.ljust(size - len(head % 0))
    return head % len(body) + body


FAKE = answer({"Made": "of somebody else"})
_BYTES = {
    "answer": FAKE,
    "two answers": FAKE + FAKE,
    "throttled": b"HTTP/1.1 429 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    "part": FAKE[:20],
    "byte": b"H",
    "line": b"\r\n",
}


class Server:
    """Serves on threads, for as long as the block lasts.

    Args:
        context: For TLS, or None.
        is_proxy: Whether TLS begins behind a CONNECT.

    Attributes:
        port: Where.
        made: How often each create was carried out.
        seen_on: On which connection each request came.
        done: The reads of which all was sent, also what lies behind their answers.
    """

    def __init__(self, context: ssl.SSLContext | None, *, is_proxy: bool) -> None:
        self._context = context
        self._is_proxy = is_proxy
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._numbers = itertools.count()
        self.port: int = self._listener.getsockname()[1]
        self.made: Counter[str] = Counter()
        self.seen_on: dict[tuple[str, str], int] = {}
        self.done: set[str] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(accepted, next(self._numbers)), daemon=True).start()

    def _serve(self, accepted: socket.socket, number: int) -> None:
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(accepted.close)
            if self._context is not None and not self._is_proxy:
                accepted = stack.enter_context(self._context.wrap_socket(accepted, server_side=True))
            while head := _read(accepted):
                if head.startswith("CONNECT "):
                    assert self._context is not None
                    accepted.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    accepted = stack.enter_context(self._context.wrap_socket(accepted, server_side=True))
                elif not self._respond(accepted, number, head):
                    break

    def _respond(self, connection: socket.socket, number: int, head: str) -> bool:
        """Answer a request; return whether the connection lasts."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(head.split(" ")[1]).query).items()}
        action, subject = query["Action"], query.get("N", "")
        self.seen_on[action, subject] = number
        if action == "Create":
            self.made[subject] += 1
            connection.sendall(answer({"Made": subject}))
            return True
        whole, behind, delay = answer({}, int(query["Size"])), query.get("Behind", "nothing"), query.get("Delay", "0")
        if delay == "0":
            connection.sendall(whole + _BYTES.get(behind, b""))
        else:
            connection.sendall(whole)
            time.sleep(float(delay))
            with contextlib.suppress(OSError):  # the client may have gone, and waits for this
                connection.sendall(_BYTES.get(behind, b""))
        self.done.add(subject)
        return behind != "end"


def _read(connection: socket.socket) -> str:
    """Return the head of a request, and read its body; "" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65536)):
            return ""
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(rest) < length:
        if not (piece := connection.recv(65536)):
            return ""
        rest += piece
    return head.decode("latin-1")
