"""Streams in TLS that can be asked what has come, without a client around them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import Any

import anyio
import pytest

from backend.stream_pairs import ALWAYS, secure_pair, soon, wait_until
from cds_eks.backend.asyncio_stream import plain_stream
from cds_eks.backend.sockets import TimedOut
from cds_eks.backend.tls_records import end_of_records
from cds_eks.backend.tls_stream import MAX_READS, TlsStream

asynchronous = pytest.mark.anyio


@asynchronous
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_stream_in_tls_knows_whether_anything_has_come(
    version: ssl.TLSVersion, pair: Any, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    client_context.maximum_version = version
    async with secure_pair(pair, server_context, client_context) as (stream, peer, _):
        assert stream.is_idle(), "session tickets mean nothing"
        peer.sendall(b"x" * 40_000)
        size = 0
        while size < 40_000:
            size += len(await stream.receive(soon(5)))
        assert stream.is_idle()
        await stream.send(b"y" * 10, ALWAYS)
        assert peer.recv(100) == b"y" * 10
        peer.sendall(b"1")
        peer.sendall(b"2")
        await wait_until(lambda: not stream.is_idle())
        await anyio.sleep(0.01)
        assert not stream.is_idle()
        got = b""
        while len(got) < 2:
            got += await stream.receive(soon(5))
        assert got == b"12"
        assert stream.receive_now() is None
        with pytest.raises(TimedOut):
            await stream.receive(soon())
        with contextlib.suppress(OSError):
            peer.setblocking(False)
            peer.unwrap()  # says that this is the end
        await wait_until(lambda: not stream.is_idle())
        assert await stream.receive(soon(5)) == b""
        assert not stream.is_idle()


@asynchronous
async def test_a_part_of_a_record_is_something(
    pair: Any, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """OpenSSL takes it in, and shows it to nobody."""
    for part in (b"\x17", b"\x17\x03\x03\x00\x20abc"):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            one = socket.create_connection(listener.getsockname())
            other, _ = listener.accept()
        one.setblocking(False)
        async with secure_pair((one, other), server_context, client_context) as (stream, peer, inner):
            assert stream.is_idle(), "session tickets mean nothing"
            raw = socket.socket(fileno=peer.detach())
            raw.sendall(part)
            await wait_until(lambda inner=inner: not inner.is_idle())
            assert not stream.is_idle()
            assert inner.is_idle()
            assert not stream.is_idle()
            raw.close()
            with pytest.raises(ConnectionResetError, match="close_notify"):
                await stream.receive(soon(5))


@asynchronous
async def test_what_is_no_tls_breaks_a_stream_but_not_what_came_before(
    pair: Any, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with secure_pair(pair, server_context, client_context) as (stream, peer, inner):
        assert stream.is_idle(), "session tickets mean nothing"
        peer.sendall(b"whole")
        raw = socket.socket(fileno=peer.detach())
        raw.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        await wait_until(lambda: not inner.is_idle())
        await anyio.sleep(0.02)
        assert await stream.receive(soon(5)) == b"whole"
        assert not stream.is_idle()
        for _ in range(2):
            with pytest.raises(OSError, match=r"WRONG_VERSION|wrong version|RECORD_LAYER_FAILURE"):
                await stream.receive(soon(5))
        raw.close()


@asynchronous
@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", None])
async def test_a_handshake_with_what_is_no_tls_fails(
    says: bytes | None, pair: Any, client_context: ssl.SSLContext
) -> None:
    if says is not None:
        pair[1].sendall(says)
        pair[1].shutdown(socket.SHUT_WR)
    with pytest.raises(TimedOut if says is None else OSError):
        await TlsStream.wrap(plain_stream(pair[0]), client_context, "eks.test", soon(0.05 if says is None else 5))


class Chatty:
    """A stream that always has something."""

    socket = None

    def is_idle(self) -> bool:
        return False

    def __init__(self, come: bytes | OSError | None) -> None:
        self.come, self.taken = come, 0

    def receive_now(self) -> bytes | None:
        self.taken += 1
        if isinstance(self.come, OSError):
            raise self.come
        return self.come


@pytest.mark.parametrize(("come", "taken"), [(b"\x17\x03\x03", MAX_READS), (b"", 1), (None, 1), (OSError(), 1)])
def test_a_server_that_always_has_something_to_say_is_not_quiet(come: Any, taken: int) -> None:
    context = ssl.create_default_context()
    buffers = ssl.MemoryBIO(), ssl.MemoryBIO()
    inner: Any = Chatty(come)
    stream = TlsStream(inner, context.wrap_bio(*buffers, server_hostname="eks.test"), *buffers)
    stream._incoming = ssl.MemoryBIO()
    stream._decrypted = lambda: b""  # type: ignore[method-assign]
    assert not stream.is_idle()
    assert inner.taken == taken


RECORD = b"\x17\x03\x03\x00\x04abcd"


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"", 0),
        (RECORD[:4], 0),
        (RECORD[:5], 0),
        (RECORD[:-1], 0),
        (RECORD, 9),
        (RECORD * 3 + RECORD[:6], 27),
        (b"HTTP/1.1", 8),
        (RECORD + b"HTTP/1.1", 17),
        (b"\x17\x03\x03\xff\xff", 5),
    ],
)
def test_whole_records_are_told_from_parts(data: bytes, end: int) -> None:
    assert end_of_records(data) == end


@asynchronous
async def test_certificates_that_others_look_up_are_looked_up_on_a_thread(
    pair: Any, server_context: ssl.SSLContext, authority: Any
) -> None:
    """As `truststore` does, which asks the system."""
    seen: list[int] = []

    class Context(ssl.SSLContext):
        def wrap_bio(self, *args: Any, **more: Any) -> ssl.SSLObject:
            seen.append(threading.get_ident())
            return super().wrap_bio(*args, **more)

    trusting = Context(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trusting)
    async with secure_pair(pair, server_context, trusting):
        assert len(seen) == 1
        assert seen[0] != threading.get_ident()
