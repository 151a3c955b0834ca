"""Streams that can be asked what has come, and bare sockets, without a client around them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpcore
import pytest

from cds_eks._runtime import clocks
from cds_eks.backend import sockets
from cds_eks.backend.asyncio_stream import AsyncioStream, plain_stream
from cds_eks.backend.httpcore_network import HttpcoreNetwork
from cds_eks.backend.sockets import TimedOut
from cds_eks.backend.streams import SEND_SIZE, PlainStream, TimeLimits
from cds_eks.backend.tls_records import end_of_records
from cds_eks.backend.tls_stream import MAX_READS, TlsStream
from support.eventually import EVENT_TIMEOUT

asynchronous = pytest.mark.anyio
ALWAYS = TimeLimits()


def soon(seconds: float = 0.02) -> TimeLimits:
    return TimeLimits(deadline=clocks.monotonic() + seconds)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets, of which the first does not block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        other, _ = listener.accept()
    one.setblocking(False)
    with one, other:
        yield one, other


KINDS = [plain_stream, PlainStream]


@asynchronous
@pytest.mark.parametrize("make", KINDS)
async def test_a_plain_stream_knows_whether_anything_has_come(make: Any, pair: Any) -> None:
    stream = make(pair[0])
    assert stream.is_idle()
    assert stream.receive_now() is None
    pair[1].sendall(b"x" * 100_000)
    size = 0
    while size < 100_000:
        size += len(await stream.receive(ALWAYS))
    assert stream.is_idle()
    pair[1].sendall(b"more")
    await wait_until(lambda: not stream.is_idle())
    await anyio.sleep(0.01)  # the loop has its chance to take it away
    assert not stream.is_idle()
    assert await stream.receive(ALWAYS) == b"more"
    pair[1].close()
    await wait_until(lambda: not stream.is_idle())
    for _ in range(2):
        assert await stream.receive(ALWAYS) == b""
        assert not stream.is_idle()
    stream.close()
    assert not stream.is_idle()
    with pytest.raises(OSError):  # noqa: PT011 - its number says what it is
        await stream.receive(ALWAYS)


async def wait_until(is_so: Any) -> None:
    with anyio.fail_after(EVENT_TIMEOUT):
        while not is_so():  # noqa: ASYNC110 - it has no event
            await anyio.sleep(0.001)


@asynchronous
@pytest.mark.parametrize("make", KINDS)
async def test_a_stream_that_is_reset_says_so_each_time(make: Any, pair: Any) -> None:
    stream = make(pair[0])
    pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    pair[1].close()
    await wait_until(lambda: not stream.is_idle())
    with pytest.raises(OSError, match="reset"):
        await stream.receive(ALWAYS)
    assert not stream.is_idle()


@asynchronous
@pytest.mark.parametrize("make", KINDS)
async def test_a_stream_gives_up_in_time_but_takes_what_is_there(make: Any, pair: Any) -> None:
    stream = make(pair[0])
    for time_limits in (soon(), TimeLimits(read_timeout=0.02), soon(-1)):
        with pytest.raises(TimedOut):
            await stream.receive(time_limits)
    pair[1].sendall(b"x")
    await wait_until(lambda: not stream.is_idle())
    assert await stream.receive(soon(-1)) == b"x", "a loop that stood still hears of the time first"
    with pytest.raises(TimedOut):
        await stream.send(b"x" * 50_000_000, soon())
    pair[1].sendall(b"y")
    assert await stream.receive(ALWAYS) == b"y"


@asynchronous
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_one_timer_serves_many_answers(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, set_ = asyncio.get_running_loop(), 0
    stream = plain_stream(pair[0])
    assert isinstance(stream, AsyncioStream)
    own = loop.call_later

    def call_later(delay: float, function: Any, *args: Any, **more: Any) -> Any:
        nonlocal set_
        set_ += getattr(function, "__self__", None) is stream
        return own(delay, function, *args, **more)

    monkeypatch.setattr(loop, "call_later", call_later)
    for _ in range(5):
        pair[1].sendall(b"x")
        assert await stream.receive(TimeLimits(read_timeout=0.5)) == b"x"
    assert set_ == 1
    assert await receive_later(stream, pair[1], 0.6) == b"x", "it fires, and the time is not up"
    assert set_ == 2
    with pytest.raises(TimedOut):
        await stream.receive(TimeLimits(read_timeout=0.01))  # sooner than the one that is set
    assert set_ == 3
    stream.close()


async def receive_later(stream: Any, other: socket.socket, after: float) -> bytes:
    async with anyio.create_task_group() as group:

        async def send() -> None:
            await anyio.sleep(after)
            other.sendall(b"x")

        group.start_soon(send)
        received: bytes = await stream.receive(TimeLimits(read_timeout=5))
    return received


@asynchronous
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_event_loop_that_watches_no_sockets_is_waited_on_by_other_means(
    pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows' own. anyio asks a thread then."""

    def none(*_: object) -> None:
        raise NotImplementedError

    loop = asyncio.get_running_loop()
    for name in ("add_reader", "add_writer"):
        monkeypatch.setattr(loop, name, none)
    stream = plain_stream(pair[0])
    assert type(stream) is PlainStream
    pair[1].sendall(b"x")
    assert await stream.receive(soon(5)) == b"x"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connected = await sockets.connect("127.0.0.1", listener.getsockname()[1], clocks.monotonic() + 5)
        connected.close()


@pytest.mark.parametrize("has_poll", [True, False])
def test_what_is_ready_is_known_without_poll_too(has_poll: bool, pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_poll:
        monkeypatch.delattr(select, "poll")
    look = sockets.watched(pair[0])
    assert not look()
    assert not sockets._are_ready(pair[:1], is_to_read=True)
    assert sockets._are_ready(pair[:1], is_to_read=False)
    pair[1].sendall(b"x")
    assert look()
    assert sockets._are_ready(pair[:1], is_to_read=True)
    assert pair[0].recv(9) == b"x"
    assert not look()
    pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pair[1].close()
    assert look()


# --- TLS ------------------------------------------------------------------------------------------------------------


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


# --- connecting -----------------------------------------------------------------------------------------------------


@asynchronous
async def test_the_next_address_is_tried_when_one_fails_or_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, full_line() as (nowhere, _):
        port = listener.getsockname()[1]
        family = socket.AF_INET
        refused = (family, ("127.0.0.1", 1))
        slow, good = (family, nowhere), (family, ("127.0.0.1", port))
        for listed in ([good], [refused, good], [slow, good], [slow, refused, good], [refused, slow, good]):

            async def addresses(*_: object, listed: Any = listed) -> Any:
                return list(listed)

            monkeypatch.setattr(sockets, "_addresses", addresses)
            monkeypatch.setattr(sockets, "STAGGER", 0.01)
            connected = await sockets.connect("eks.test", port, clocks.monotonic() + 5)
            assert connected.getpeername()[1] == port
            connected.close()


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


@asynchronous
async def test_connecting_fails_with_the_last_reason_or_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionRefusedError):
        await sockets.connect("127.0.0.1", 1, math.inf)
    with pytest.raises(OSError, match=r"not known|No address|resolution"):
        await sockets.connect("no-such-host.invalid", 1, clocks.monotonic() + 10)
    with full_line() as (nowhere, _), pytest.raises(TimedOut):
        await sockets.connect(nowhere[0], nowhere[1], clocks.monotonic() + 0.03)

    async def none(*_: object) -> Any:
        return []

    monkeypatch.setattr(sockets, "_addresses", none)
    with pytest.raises(OSError, match="no address"):
        await sockets.connect("eks.test", 1, math.inf)


@asynchronous
async def test_a_name_that_takes_too_long_to_look_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> Any:
        await anyio.sleep(30)

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    with pytest.raises(TimedOut):
        await sockets.connect("eks.test", 1, clocks.monotonic() + 0.03)
    with anyio.move_on_after(0.03):
        await sockets.connect("eks.test", 1, clocks.monotonic() + 30)
    assert time.monotonic() - began < 10


@asynchronous
async def test_the_families_of_addresses_are_tried_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> Any:
        return [(family, 1, 6, "", (number,)) for number, family in enumerate((10, 10, 10, 2, 2))]

    monkeypatch.setattr(anyio, "getaddrinfo", getaddrinfo)
    found = await sockets._addresses("eks.test", 1, math.inf)
    assert found == [(10, (0,)), (2, (3,)), (10, (1,)), (2, (4,)), (10, (2,))]


# --- for httpcore ---------------------------------------------------------------------------------------------------


@asynchronous
async def test_httpcore_is_told_what_it_asks_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        network = HttpcoreNetwork()
        channel = await network.connect_tcp("127.0.0.1", listener.getsockname()[1])
        assert network.channel is channel
        assert channel.get_extra_info("server_addr") == listener.getsockname()
        assert channel.get_extra_info("client_addr") == channel.get_extra_info("socket").getsockname()
        assert channel.get_extra_info("ssl_object") is None
        assert channel.get_extra_info("is_readable") is False
        assert channel.get_extra_info("something") is None
        accepted, _ = listener.accept()
        with accepted:
            await channel.write(b"\x05\x01\x00")  # SOCKS: no answer to a request comes
            accepted.sendall(b"\x05\x00" * SEND_SIZE)
            assert await channel.read(3) == b"\x05\x00\x05"
            assert not channel.is_reusable()
            assert channel.get_extra_info("is_readable") is True
            with pytest.raises(httpcore.ConnectError, match="before it was asked"):
                await channel.write(b"GET / HTTP/1.1\r\n\r\n")
        await channel.aclose()
        assert channel.get_extra_info("server_addr") is None
        with pytest.raises(NotImplementedError):
            await network.sleep(1)


@asynchronous
@pytest.mark.parametrize("does", ["write", "handshake", "broken"])
async def test_httpcore_is_told_of_what_fails_in_its_own_words(does: str, client_context: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        network = HttpcoreNetwork()
        network.begin(math.inf, 0.05)
        channel = await network.connect_tcp("127.0.0.1", listener.getsockname()[1])
        accepted, _ = listener.accept()
        with accepted:
            if does == "write":
                await channel.write(b"GET / HTTP/1.1\r\n\r\n")
                with pytest.raises(httpcore.WriteTimeout):
                    await channel.write(b"x" * 50_000_000, timeout=0.05)
            elif does == "handshake":
                with pytest.raises(httpcore.ConnectTimeout):
                    await channel.start_tls(client_context, "eks.test")
            else:
                accepted.sendall(b"HTTP/1.1 400\r\n\r\n")
                with pytest.raises(httpcore.ConnectError):
                    await channel.start_tls(client_context, "eks.test")
        await channel.aclose()


@asynchronous
async def test_an_address_that_can_not_even_be_tried_is_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wrong(*_: object) -> Any:
        return [(socket.AF_INET, ("::1", 1))]

    monkeypatch.setattr(sockets, "_addresses", wrong)
    with pytest.raises(OSError):  # noqa: PT011 - the system says why
        await sockets.connect("eks.test", 1, math.inf)


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


@asynchronous
async def test_a_wait_that_ends_for_nothing_is_gone_on_with(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wait, waits = sockets.wait, 0

    async def too_early(*args: Any, **kwargs: Any) -> bool:
        nonlocal waits
        waits += 1
        if waits == 1:
            return True
        pair[1].sendall(b"x")
        return await wait(*args, **kwargs)

    monkeypatch.setattr(sockets, "wait", too_early)
    assert await PlainStream(pair[0]).receive(soon(5)) == b"x"
    assert waits == 2


@asynchronous
async def test_an_address_that_is_not_connected_yet_is_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    is_connected, looks = sockets._is_connected, 0

    def not_at_first(begun: socket.socket) -> bool:
        nonlocal looks
        looks += 1
        return looks > 1 and is_connected(begun)

    monkeypatch.setattr(sockets, "_is_connected", not_at_first)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (await sockets.connect("127.0.0.1", listener.getsockname()[1], clocks.monotonic() + 5)).close()
    assert looks == 2


@asynchronous
async def test_httpcore_is_told_in_its_own_words_that_connecting_took_too_long() -> None:
    network = HttpcoreNetwork()
    with full_line() as (nowhere, _):
        network.begin(math.inf, 0.03)
        with pytest.raises(httpcore.ConnectTimeout):
            await network.connect_tcp(nowhere[0], nowhere[1])


@asynchronous
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_has_come_when_the_time_is_up_has_come_in_time(pair: Any) -> None:
    stream = AsyncioStream(pair[0], asyncio.get_running_loop())
    waits = asyncio.ensure_future(stream.receive(soon(5)))
    await asyncio.sleep(0)
    pair[1].sendall(b"x")
    stream._until = 0.0
    stream._look()  # before the event loop has seen that there is something
    assert await waits == b"x"
