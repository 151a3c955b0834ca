"""What a connection of the default backend does when its server, its proxy or the loop does something odd."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import contextvars
import gc
import logging
import socket
import ssl
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from cds_eks import AsyncEksClient, Limits, Timeouts, errors
from cds_eks._runtime import clocks
from cds_eks.backend.h11_connection import H11Connection
from cds_eks.backend.httpcore_network import HttpcoreStream
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.redaction import Secrets
from support.backend_clients import READ_ONCE, Records, client
from support.eventually import EVENT_TIMEOUT
from support.raw_server import CLUSTER, CREATED, Connection, answer, answering, plain, serve

asynchronous = pytest.mark.anyio
FILES = Path("/proc/self/fd")
LOOPS = {"asyncio": ("asyncio", {}), "uvloop": ("asyncio", {"use_uvloop": True}), "trio": ("trio", {})}


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return LOOPS[request.param]


def run(loop: str, main: Callable[[], Awaitable[Any]]) -> Any:
    backend, options = LOOPS[loop]
    return anyio.run(main, backend=backend, backend_options=options)


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has httpx intercepted, as tracing does it."""
    own = httpx.AsyncHTTPTransport.handle_async_request

    async def handle(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await own(self, request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)


# --- an answer that nothing was asked for ---------------------------------------------------------------------------


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(EVENT_TIMEOUT):
        while not is_so():  # noqa: ASYNC110 - it has no event
            await anyio.sleep(0.001)


@pytest.fixture
def slow_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the first byte leave only once the server has spoken."""
    direct, channel = H11Connection._write, HttpcoreStream.write

    async def write_direct(self: H11Connection, data: bytes) -> bool:
        await until(self._is_readable)
        return await direct(self, data)

    async def write_channel(self: HttpcoreStream, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer.startswith(b"CONNECT"):
            await until(lambda: not self._is_idle())
        await channel(self, buffer, timeout)

    monkeypatch.setattr(H11Connection, "_write", write_direct)
    monkeypatch.setattr(HttpcoreStream, "write", write_channel)


THROTTLED = plain(b"", status=429)


@asynchronous
@pytest.mark.usefixtures("slow_to_write")
@pytest.mark.parametrize("way", ["straight", "traced", "proxy"])
@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("early", [THROTTLED, b"H", b""], ids=["answer", "byte", "end"])
async def test_an_answer_that_lies_there_before_the_first_byte_has_left_is_none(
    way: str,
    is_secure: bool,
    early: bytes,
    create: Any,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> None:
    received: list[bytes] = []

    async def handle(connection: Connection) -> None:
        if is_secure and way == "proxy":
            await connection.stream.receive()
            await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        if is_secure:
            await connection.start_tls(server_context)
        if not early:
            return
        await connection.send(early)
        with contextlib.suppress(anyio.EndOfStream):
            received.append(await connection.stream.receive())

    if way == "traced":
        request.getfixturevalue("traced")
    async with serve(handle) as server:
        url = server.url.replace("http:", "https:") if is_secure else server.url
        if way == "proxy":
            monkeypatch.setenv("HTTPS_PROXY" if is_secure else "HTTP_PROXY", server.url)
            url = "https://eks.test" if is_secure else "http://eks.test"
        async with client(url, backend=HttpxBackend(verify=client_context)) as eks:
            with pytest.raises(errors.ConnectFailed, match="before it was asked") as caught:
                await eks.clusters.create(create)
        assert (caught.value.outcome, caught.value.attempts, server.opened) == ("not_sent", 4, 4)
    assert received == []


@asynchronous
@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("through_proxy", [False, True])
async def test_a_body_without_a_length_ends_over_tls_only_when_tls_says_so(
    is_told: bool,
    through_proxy: bool,
    create: Any,
    monkeypatch: pytest.MonkeyPatch,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> None:
    """Anybody on the way can end a connection, and so cut an answer short."""

    async def handle(connection: Connection) -> None:
        if through_proxy:
            await connection.stream.receive()
            await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await connection.start_tls(server_context)
        await connection.read()
        await connection.send(answer(CREATED).replace(b"Content-Length:", b"X:"))
        if is_told:
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                await connection.stream.unwrap()  # type: ignore[attr-defined]

    async with serve(handle) as server:
        url = server.url.replace("http:", "https:")
        if through_proxy:
            monkeypatch.setenv("HTTPS_PROXY", server.url)
            url = "https://eks.test"
        async with client(url, backend=HttpxBackend(verify=client_context)) as eks:
            if is_told:
                assert (await eks.clusters.create(create)).data.cluster_id == CREATED["ClusterId"]
            else:
                with pytest.raises(errors.AmbiguousCreate, match="close_notify") as caught:
                    await eks.clusters.create(create)
                assert (caught.value.outcome, len(server.ledger)) == ("unknown", 1)


@asynchronous
async def test_a_body_without_a_length_ends_in_plain_with_the_connection(create: Any) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CREATED).replace(b"Content-Length:", b"X:"))

    async with serve(handle) as server, client(server.url) as eks:
        assert (await eks.clusters.create(create)).data.cluster_id == CREATED["ClusterId"]


# --- proxies --------------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("silent", "ConnectTimeout"),
        ("closed", "disconnected"),
        ("reset", "ReadError"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "RemoteProtocolError"),
        (plain(b"who are you", status=407), "407"),
        (plain(b"no", status=403), "403"),
        (plain(b"<html>", status=502), "502"),
        (b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9\r\n\r\n", "Timeout"),
    ],
)
async def test_a_proxy_that_fails_before_the_tunnel_stands_has_seen_nothing_of_the_request(
    does: str | bytes, words: str, create: Any, monkeypatch: pytest.MonkeyPatch, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive()
        if does == "reset":
            await connection.reset()
        elif does != "closed":
            if isinstance(does, bytes):
                await connection.send(does)
            await connection.until_closed()

    async with serve(handle) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        timeouts = Timeouts(connect=0.2 if words.endswith("Timeout") else 5.0)
        settings: dict[str, Any] = {"backend": HttpxBackend(verify=client_context), "timeouts": timeouts}
        async with client("https://eks.test", **settings) as eks:
            began = time.monotonic()
            with pytest.raises(errors.ConnectFailed, match=words) as caught:
                await eks.clusters.create(create)
            assert time.monotonic() - began < 10, "the read timeout is 30 s"
        assert (caught.value.outcome, caught.value.attempts, proxy.opened) == ("not_sent", 4, 4)


@asynchronous
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_ipv6_address_is_told_a_proxy_in_brackets(
    scheme: str, monkeypatch: pytest.MonkeyPatch, client_context: ssl.SSLContext
) -> None:
    heads: list[bytes] = []

    async def handle(connection: Connection) -> None:
        heads.append(await connection.stream.receive())
        await connection.send(answer(CLUSTER, status=200 if scheme == "http" else 403))

    async with serve(handle) as proxy:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", proxy.url)
        settings: dict[str, Any] = {"backend": HttpxBackend(verify=client_context), "retry": READ_ONCE}
        async with client(f"{scheme}://[fd00::1]:8443", **settings) as eks:
            with contextlib.suppress(errors.ConnectFailed):
                await eks.clusters.get("c-1")
    first, *lines = heads[0].split(b"\r\n")
    assert first.startswith(
        b"CONNECT [fd00::1]:8443 HTTP" if scheme == "https" else b"GET http://[fd00::1]:8443/eks/v1?"
    )
    assert b"Host: [fd00::1]:8443" in lines


@asynchronous
async def test_what_a_proxy_must_be_told_is_shown_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    records = Records()
    async with serve(answering(answer(CLUSTER))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://some%40one:hunter%2F2@"))
        async with client("http://eks.test", per_call=[records]) as eks:
            for _ in range(2):  # the second on the same connection
                await eks.clusters.get("c-1")
        assert proxy.opened == 1
    sent = base64.b64encode(b"some@one:hunter/2").decode()
    assert proxy.ledger[0].headers["proxy-authorization"] == f"Basic {sent}"
    assert len(records.kept) == 2
    assert all(record.secrets >= Secrets({"hunter/2", sent}) for record in records.kept)


@asynchronous
@pytest.mark.usefixtures("traced")
async def test_no_connection_is_used_twice_whose_network_can_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks when httpx renames the attribute that holds its pool: speed, and nothing else."""
    own = httpx.AsyncHTTPTransport.__init__

    def renamed(self: Any, *args: Any, **more: Any) -> None:
        own(self, *args, **more)
        self._renamed = self._pool

    async def handle(self: Any, request: httpx.Request) -> httpx.Response:
        self._pool = self._renamed
        return await intercepted(self, request)

    intercepted = httpx.AsyncHTTPTransport.handle_async_request
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "__init__", renamed)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    async with serve(answering(answer(CLUSTER))) as server, client(server.url) as eks:
        for _ in range(3):
            await eks.clusters.get("c-1")
        assert server.opened == 3
        await server.until(lambda: server.closed == 3)


@asynchronous
@pytest.mark.parametrize("way", ["straight", "traced", "proxy"])
async def test_a_server_that_sends_for_ever_does_not_outlast_the_call(
    way: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        while True:
            await connection.send(b"HTTP/1.1 102 Processing\r\nX-Wait: more\r\n\r\n" * 2000)

    if way == "traced":
        request.getfixturevalue("traced")
    async with serve(handle) as server:
        if way == "proxy":
            monkeypatch.setenv("HTTP_PROXY", server.url)
        url = "http://eks.test" if way == "proxy" else server.url
        async with client(url, timeouts=Timeouts(total=0.2)) as eks:
            began = time.monotonic()
            with pytest.raises(errors.DeadlineExceeded) as caught:
                await eks.clusters.get("c-1")
            assert time.monotonic() - began < 5
        assert (caught.value.outcome, caught.value.attempts) == ("unknown", 1)


# --- idle connections -----------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("through_proxy", [False, True])
@pytest.mark.parametrize(
    ("said", "age", "opened"),
    [
        (None, 14, 1),
        (None, 16, 2),
        ("timeout=5, max=100", 3.5, 1),
        ("timeout=5, max=100", 4.5, 2),
        ("max=9, Timeout = 5", 4.5, 2),
        ("timeout=3600", 16, 2),
        ("timeout=1", 0.001, 2),
        ("timeout=soon", 14, 1),
    ],
)
async def test_a_connection_that_was_idle_for_too_long_is_not_used_whatever_the_loop_did_meanwhile(
    through_proxy: bool, said: str | None, age: float, opened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock counts the time that a machine sleeps. No timer had a chance to fire."""
    now = [1000.0]
    monkeypatch.setattr(clocks, "since_boot", lambda: now[0])
    headers = () if said is None else (("Keep-Alive", said),)
    async with serve(answering(answer(CLUSTER, headers=headers))) as server:
        url = server.url
        if through_proxy:
            monkeypatch.setenv("HTTP_PROXY", server.url)
            url = "http://eks.test"
        async with client(url, limits=Limits(keepalive_expiry=15)) as eks:
            await eks.clusters.get("c-1")
            now[0] += age
            await eks.clusters.get("c-1")
        assert server.opened == opened


class Whole:
    """An object of an application's request."""


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("is_secure", [False, True])
def test_an_idle_connection_keeps_nothing_of_the_call_that_opened_it(
    loop: str, host: str, is_secure: bool, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    variable: contextvars.ContextVar[Whole] = contextvars.ContextVar("variable")
    client_context.check_hostname = False

    async def main() -> None:
        tls = server_context if is_secure else None
        async with serve(answering(answer(CLUSTER)), tls=tls) as server:
            url = server.url.replace("127.0.0.1", host)
            async with client(url, backend=HttpxBackend(verify=client_context)) as eks:
                kept: list[weakref.ref[Whole]] = []

                async def call() -> None:
                    one = Whole()
                    kept.append(weakref.ref(one))
                    variable.set(one)
                    del one
                    await eks.clusters.get("c-1")

                async with anyio.create_task_group() as group:
                    group.start_soon(call)
                await anyio.sleep(0.01)
                gc.collect()
                assert isinstance(eks._backend, HttpxBackend)
                assert len(eks._backend._pool.idle) == 1
                assert kept[0]() is None
                await eks.clusters.get("c-1")
                assert server.opened == 1

    run(loop, main)


def sockets_open() -> int:
    """How many sockets this process has."""
    count = 0
    for each in FILES.iterdir():
        with contextlib.suppress(OSError):
            count += str(each.readlink()).startswith("socket:")
    return count


@contextlib.contextmanager
def threaded_server() -> Iterator[str]:
    """A server that lasts longer than event loops."""
    from benchmarks.swap_server import Server

    with Server(None, is_proxy=False) as server:
        yield f"http://127.0.0.1:{server.port}"


needs_proc = pytest.mark.skipif(not FILES.is_dir(), reason="the system does not list open files")


def idle_sockets(eks: AsyncEksClient) -> list[socket.socket]:
    """The sockets of a client's idle connections."""
    assert isinstance(eks._backend, HttpxBackend)
    found = []
    for connection in eks._backend._pool.idle:
        stream = connection._stream if isinstance(connection, H11Connection) else connection.network.channel._stream  # type: ignore[union-attr]
        assert stream is not None
        found.append(stream.socket)
    return found


async def call(eks: AsyncEksClient) -> list[socket.socket]:
    await eks.call("Read", params={"Size": "10"})
    return idle_sockets(eks)


@pytest.mark.parametrize("way", ["straight", "traced"])
@pytest.mark.parametrize("loop", LOOPS)
def test_an_unclosed_client_warns_and_its_sockets_are_closed(
    loop: str, way: str, request: pytest.FixtureRequest
) -> None:
    if way == "traced":
        request.getfixturevalue("traced")
    with threaded_server() as url:

        async def main() -> None:
            eks = client(url)
            [kept] = await call(eks)
            with pytest.warns(ResourceWarning, match="unclosed AsyncEksClient"):
                eks.__del__()
            await anyio.lowlevel.checkpoint()
            assert kept.fileno() == -1
            other = client(url)  # the loop has not kept the number of a file that is another one now
            await call(other)
            await other.aclose()

        run(loop, main)


@pytest.mark.parametrize("way", ["straight", "traced"])
@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_whose_loop_has_ended_is_closed_on_another(
    loop: str, way: str, request: pytest.FixtureRequest
) -> None:
    if way == "traced":
        request.getfixturevalue("traced")
    with threaded_server() as url:
        eks = client(url)
        [kept] = run(loop, lambda: call(eks))
        assert kept.fileno() >= 0
        run(loop, eks.aclose)
        assert kept.fileno() == -1


def test_a_client_of_a_loop_that_stands_still_goes_on_and_is_closed_on_another() -> None:
    loop = asyncio.new_event_loop()
    with threaded_server() as url:
        eks = client(url)
        [first] = loop.run_until_complete(call(eks))
        [second] = loop.run_until_complete(call(eks))
        assert first is second
        asyncio.run(eks.aclose())
        assert first.fileno() == -1
    loop.close()


@needs_proc
def test_a_client_that_is_garbage_on_another_thread_frees_its_sockets_on_its_loop() -> None:
    async def main() -> None:
        with threaded_server() as url:
            eks = client(url)
            [kept] = await call(eks)
            with pytest.warns(ResourceWarning, match="unclosed"):
                await anyio.to_thread.run_sync(eks.__del__)
            await until(lambda: kept.fileno() == -1)

    anyio.run(main)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_cancellation_does_not_bring_along_what_a_server_has_repeated(
    loop: str, traced: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While httpcore closes a connection after a failure, a cancellation has the failure as its context."""
    closing = asyncio.Event()

    async def aclose(self: HttpcoreStream) -> None:
        closing.set()
        try:
            await asyncio.sleep(30)
        finally:
            self.close()

    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(b"HTTP/1.1 200 OK\r\nbad SK-marked-key\r\n\r\n")

    async def main() -> None:
        async with serve(handle) as server, client(server.url, retry=READ_ONCE) as eks:
            task = asyncio.ensure_future(eks.clusters.get("c-1"))
            await closing.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            chain: list[BaseException | None] = [caught.value]
            while (last := chain[-1]) is not None:  # tools that report errors go along it, hidden as it may be
                chain.append(last.__context__)
            assert "marked" not in repr(chain)

    monkeypatch.setattr(HttpcoreStream, "aclose", aclose)
    run(loop, main)


# --- sending --------------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("way", ["straight", "traced"])
async def test_a_large_body_to_a_dead_connection_fills_no_log_and_stops_nobody(
    way: str, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.lowlevel.checkpoint()
            ticks += 1

    async def handle(connection: Connection) -> None:
        for _ in range(40):
            await connection.stream.receive()
        await connection.reset()

    if way == "traced":
        request.getfixturevalue("traced")
    with caplog.at_level(logging.WARNING):
        async with serve(handle) as server, client(server.url) as eks, anyio.create_task_group() as group:
            group.start_soon(tick)
            with pytest.raises(errors.AmbiguousCreate):
                await eks.call("CreateThing", method="POST", body={"x": "y" * 20_000_000})
            group.cancel_scope.cancel()
    assert [record.name for record in caplog.records] == ["cds_eks.client"]  # that of the open create
    assert ticks > 20


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("way", ["straight", "traced"])
@pytest.mark.parametrize("does", ["close", "silent", "refuse", "garbage"])
def test_a_failed_call_keeps_no_connection_alive(
    loop: str, way: str, does: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a traceback nor by a cycle that only the garbage collector would find."""
    made: list[weakref.ref[Any]] = []
    for kind in (H11Connection, HttpcoreStream):
        own = kind.__init__

        def noting(self: Any, *args: Any, own: Any = own, **more: Any) -> None:
            own(self, *args, **more)
            made.append(weakref.ref(self))

        monkeypatch.setattr(kind, "__init__", noting)

    async def handle(connection: Connection) -> None:
        await connection.read()
        if does == "silent":
            await connection.until_closed()
        if does == "garbage":
            await connection.send(b"SSH-2.0-OpenSSH_9\r\n\r\n")

    async def main() -> None:
        async with serve(handle) as server:
            url = server.url if does != "refuse" else "http://127.0.0.1:1"
            async with client(url, retry=READ_ONCE, timeouts=Timeouts(read=0.05)) as eks:
                with contextlib.suppress(errors.TransportError):
                    await eks.clusters.get("c-1")
                assert made or does == "refuse"
                assert [each() for each in made] == [None] * len(made)

    if way == "traced":
        request.getfixturevalue("traced")
    gc.collect()
    gc.disable()
    try:
        run(loop, main)
    finally:
        gc.enable()


# --- cancellations --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def full_line() -> Iterator[str]:
    """Where connecting takes for ever."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    ("way", "what", "limit"),
    [
        ("straight", "connect", "anyio"),
        ("straight", "read", "asyncio"),
        ("straight", "total", "anyio"),
        ("proxy", "connect", "asyncio"),
        ("proxy", "read", "anyio"),
    ],
)
def test_no_cancellation_but_the_caller_s_own_is_seen_by_anybody(
    loop: str, way: str, what: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's time is up in the round of the loop in which a time of ours is, 20 times."""
    strays, kept, late = 0, 0, 0

    async def quiet(connection: Connection) -> None:
        await connection.read()
        await connection.until_closed()

    async def sibling() -> None:
        nonlocal kept
        await anyio.sleep(0.05)
        kept += 1

    async def one_call(eks: AsyncEksClient) -> None:
        nonlocal strays, late
        try:
            if limit == "anyio":
                with anyio.move_on_after(0.04):
                    await eks.clusters.get("c-1")
            else:
                async with asyncio.timeout(0.04):
                    await eks.clusters.get("c-1")
        except asyncio.CancelledError:
            strays += 1
            raise
        except TimeoutError:
            pass
        except errors.EksError:
            late += 1  # the loop was late, so that ours was up in a round before
        task = asyncio.current_task()
        assert task is not None
        strays += task.cancelling()

    async def main() -> None:
        times = {"connect": 5.0, "read": 5.0, "total": 30.0} | {what: 0.035}
        with full_line() as nowhere:
            async with serve(quiet) as server:
                url = nowhere if what == "connect" else server.url
                if way == "proxy":
                    monkeypatch.setenv("HTTP_PROXY", url)
                    url = "http://eks.test"
                async with client(url, retry=READ_ONCE, timeouts=Timeouts(**times)) as eks:
                    for _ in range(20):
                        async with anyio.create_task_group() as group:
                            group.start_soon(sibling)
                            group.start_soon(one_call, eks)
                            await anyio.sleep(0.01)
                            time.sleep(0.04)  # noqa: ASYNC251 - the loop stands still

    run(loop, main)
    assert (strays, kept) == (0, 20)
    assert late < 10, "the caller's goes before ours"


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@needs_proc
def test_a_call_that_is_cancelled_while_it_connects_loses_no_socket(loop: str, host: str) -> None:
    async def main() -> None:
        async with serve(answering(answer(CLUSTER))) as server:
            before = sockets_open()
            async with client(server.url.replace("127.0.0.1", host)) as eks:
                await eks.clusters.get("c-1")
                assert isinstance(eks._backend, HttpxBackend)
                for turns in range(40):
                    eks._backend.abandon()
                    eks._backend._pool.is_closed = False
                    task = asyncio.create_task(eks.clusters.get("c-1"))
                    for _ in range(turns % 12):
                        await asyncio.sleep(0)
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
            await server.until(lambda: server.closed == server.opened)
            await anyio.sleep(0.01)
            assert sockets_open() <= before

    run(loop, main)
