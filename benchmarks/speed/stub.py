"""The stub of the services, a process of its own: `python -m benchmarks.speed.stub`. It prints its URL.

As little as can be between a request and its canned answer, so that the client is what is measured. It lives until its
standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import re
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from benchmarks.speed.answers import CLUSTERS, EKS_CLUSTERS, TKE_CLUSTERS, nodes
from benchmarks.speed.machine import pin, raise_fd_limit

__all__ = ["Line", "Stub", "main"]

BACKLOG = 4096

PAUSE = 0.5
"""Seconds from the last of the held requests to the answers."""


def _whole(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nServer: stub\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ANSWERS = (
    (b"Action=ListClusters", _whole(CLUSTERS)),
    (b"Action=ListNodes", _whole(nodes(100))),
    (b" /clusters", _whole(EKS_CLUSTERS)),
    (b"DescribeClusters", _whole(TKE_CLUSTERS)),
)
"""What in a request's head is answered with what."""

UNKNOWN = _whole(b'{"Code":"NotFound"}', "404 Not Found")

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)


class Line:
    """Where held requests wait until there are enough of them.

    Args:
        size: How many are enough; 0 holds none.
        pause: Seconds from the last of them to the answers.
    """

    def __init__(self, size: int, pause: float = PAUSE) -> None:
        self.size = size
        self._pause = pause
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def wait(self, transport: asyncio.Transport, answer: bytes) -> None:
        """Hold an answer back. With the last one that is due, all go out."""
        self._waiting.append((transport, answer))
        if len(self._waiting) >= self.size:
            asyncio.get_running_loop().call_later(self._pause, self._release)

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport, answer in waiting:
            transport.write(answer)


class Stub(asyncio.Protocol):
    """One connection.

    Args:
        delay: Seconds until each answer.
        line: Where requests with a `Keyword` wait.
    """

    def __init__(self, delay: float, line: Line) -> None:
        self._delay = delay
        self._line = line
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have no connection linger: the client's ports are needed again at once."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of another class
        opened: socket.socket | None = transport.get_extra_info("socket")
        if opened is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there from end to end; requests come in pieces, or several at once."""
        if self._rest:
            data = self._rest + data
        begin = 0
        answers: list[bytes] = []
        while (end := data.find(b"\r\n\r\n", begin)) >= 0:
            head = data[begin:end]
            end += 4
            if not head.startswith(b"GET "):
                length = _LENGTH.search(head)
                end += int(length[1]) if length else 0
                if end > len(data):
                    break
            begin = end
            answer = _answer(head)
            if self._line.size and b"Keyword=" in head:
                self._line.wait(self._transport, answer)
            else:
                answers.append(answer)
        self._rest = data[begin:]
        if not answers:
            return
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, b"".join(answers))
        else:
            self._transport.write(b"".join(answers))


def _answer(head: bytes) -> bytes:
    for mark, answer in ANSWERS:
        if mark in head:
            return answer
    return UNKNOWN


async def _serve(delay: float, hold: int, pause: float, certificate: Path | None) -> None:
    loop = asyncio.get_running_loop()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    line = Line(hold, pause)
    server = await loop.create_server(lambda: Stub(delay, line), "127.0.0.1", 0, ssl=context, backlog=BACKLOG)
    scheme, port = "http" if context is None else "https", server.sockets[0].getsockname()[1]
    print(f"{scheme}://127.0.0.1:{port}", flush=True)
    ended = asyncio.Event()

    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdin.read()
        with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()
    await ended.wait()
    server.close()


def _loop_factory() -> Any:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends.

    Args:
        arguments: The command line; by default that of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.stub", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--core", type=int, help="run on that core only")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds until each answer (default: %(default)s)")
    parser.add_argument("--hold", type=int, default=0, help="hold requests with a Keyword until there are as many")
    parser.add_argument("--pause", type=float, default=PAUSE, help="seconds until they are answered (%(default)s)")
    parser.add_argument("--certificate", type=Path, help="speak TLS with the key and certificates in this PEM file")
    options = parser.parse_args(arguments)
    if options.core is not None:
        pin(options.core)
    raise_fd_limit()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(_serve(options.delay, options.hold, options.pause, options.certificate))


if __name__ == "__main__":
    main()
