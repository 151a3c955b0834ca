"""A server of raw sockets on 127.0.0.1 that does to each connection what a test tells it to, and keeps a ledger."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import anyio
import attrs
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream

from support.eventually import EVENT_TIMEOUT


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
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def action(self) -> str:
        return self.query["Action"]


def answer(
    data: Any = None,
    *,
    code: str = "Success",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    **members: Any,
) -> bytes:
    """An answer in the service's envelope, with its length."""
    envelope = {"Code": code, "Msg": "", "RequestId": "req-1", "Data": data, **members}
    return plain(json.dumps(envelope).encode(), status=status, headers=headers)


def plain(body: bytes, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    """An answer of any bytes, with its length."""
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers), "", ""]).encode() + body


CLUSTER = {"ClusterId": "c-1", "ClusterName": "one"}
CREATED = {"ClusterId": "c-1", "TaskId": "t-1"}


class Connection:
    """One connection, from the server's side."""

    def __init__(self, server: Server, stream: ByteStream, number: int) -> None:
        self.server = server
        self.stream = stream
        self.number = number
        self._buffer = b""

    async def read(self) -> Seen:
        """Read one request to its end and write it into the ledger."""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += await self.stream.receive()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            rest += await self.stream.receive()
        body, self._buffer = rest[:length], rest[length:]
        method, target, _ = first.split(" ")
        seen = Seen(self.number, method, target, headers, body)
        self.server.ledger.append(seen)
        self.server.arrived.set()
        return seen

    async def send(self, content: bytes) -> None:
        await self.stream.send(content)

    async def until_closed(self) -> None:
        """Wait until the client has closed its side."""
        with contextlib.suppress(anyio.EndOfStream):
            while True:
                await self.stream.receive()

    async def reset(self) -> None:
        """Close with a TCP RST."""
        raw: socket.socket = self.stream.extra(SocketAttribute.raw_socket)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self.stream.aclose()

    async def start_tls(self, context: ssl.SSLContext) -> Self:
        """Go on in TLS."""
        self.stream = await TLSStream.wrap(
            self.stream, server_side=True, ssl_context=context, standard_compatible=False
        )
        return self


Handler = Callable[[Connection], Awaitable[None]]


class Server:
    """What a test sees of the server."""

    def __init__(self, port: int, scheme: str) -> None:
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.ledger: list[Seen] = []
        self.opened = 0
        self.closed = 0
        self.arrived = anyio.Event()

    @property
    def actions(self) -> list[str]:
        return [seen.action for seen in self.ledger]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait, not for long, until something is so."""
        with anyio.fail_after(EVENT_TIMEOUT):
            while not is_so():  # noqa: ASYNC110 - what a test waits for has no event
                await anyio.sleep(0.001)


@contextlib.asynccontextmanager
async def serve(handle: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve on a free port until the block is left."""
    listeners = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    server = Server(listeners.extra(SocketAttribute.local_port), "http" if tls is None else "https")

    async def serve_one(stream: ByteStream) -> None:
        server.opened += 1
        connection = Connection(server, stream, server.opened)
        try:
            # A client that does not trust the certificate says so, and some versions of Python raise that as it is.
            broken = anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError, ssl.SSLError
            with contextlib.suppress(*broken):
                if tls is not None:
                    await connection.start_tls(tls)
                await handle(connection)
        finally:
            server.closed += 1
            with anyio.CancelScope(shield=True):
                await anyio.aclose_forcefully(stream)

    async with listeners, anyio.create_task_group() as group:
        group.start_soon(listeners.serve, serve_one)
        yield server
        group.cancel_scope.cancel()


def answering(content: bytes | Callable[[Seen], bytes]) -> Handler:
    """A handler that answers each request of a connection, for as long as it lasts."""

    async def handle(connection: Connection) -> None:
        while True:
            seen = await connection.read()
            await connection.send(content(seen) if callable(content) else content)

    return handle


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
