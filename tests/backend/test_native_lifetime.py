"""How long native's connections live, what is left of them, and what is seen of a call that failed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any
from unittest.mock import Mock

import attrs
import pytest
import trustme

from cds_eks import Limits, errors
from cds_eks._runtime import clocks
from cds_eks.backend import native_loop, response_body
from cds_eks.backend.headers import idle_seconds
from cds_eks.backend.native import NativeBackend
from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_loop import LoopState
from cds_eks.pipeline import OutOfTime
from support.eventually import EVENT_TIMEOUT
from support.forked_child import pass_for_child
from support.native_backend import LOOPS, open_files, request, sender
from support.raw_server import CLUSTER, answer, answering, plain, serve, unused_port
from support.threaded_server import Link, ThreadedServer, black_hole, reset

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    if not request.param:
        return asyncio.SelectorEventLoop
    uvloop = pytest.importorskip("uvloop")
    made: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return made


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What the server shows and what the client trusts."""
    authority = trustme.CA()
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    authority.configure_trust(trusted)
    return served, trusted


def replying(server: ThreadedServer, link: Link) -> None:
    while server.receive(link):
        link.send(answer(CLUSTER))
    link.raw.close()
    server.requests.append(b"closed")


def until(is_so: Callable[[], bool]) -> None:
    """Wait, not for long, while no loop runs."""
    give_up = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.002)


# --- how long they may be idle -------------------------------------------------------------------------------------


@asynchronous
async def test_a_connection_whose_time_ran_out_while_the_machine_slept_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(answering(answer(CLUSTER))) as server, sender(limits=Limits(keepalive_expiry=20)) as made:
        for slept, opened in ((0, 1), (19, 1), (60, 2), (60, 2), (200, 3)):
            monkeypatch.setattr(clocks, "since_boot", lambda slept=slept: clocks.monotonic() + slept)
            await made.send(request(server.url))
            assert server.opened == opened


def test_a_connection_whose_time_ran_out_while_the_loop_stood_still_is_not_used(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    loop = new_loop()
    with ThreadedServer(replying) as server:
        made = NativeBackend(limits=Limits(keepalive_expiry=0.05))
        for opened in (1, 2):
            loop.run_until_complete(made.send(request(server.url)))
            assert server.opened == opened
            time.sleep(0.1)
        loop.run_until_complete(made.aclose())
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 30),
        ("timeout=5", 4),
        ("timeout=5, max=100", 4),
        ("max=100, Timeout = 5", 4),
        ('timeout="5"', 4),
        ("timeout=600", 30),
        ("timeout=1", 0),
        ("timeout=0", -1),
        ("timeout=99999999999999", 30),
        ("timeout=x", 30),
        ("max=5", 30),
        ("xtimeout=5", 30),
    ],
)
def test_a_server_may_say_how_long_a_connection_may_be_idle(said: str | None, seconds: float) -> None:
    headers = {} if said is None else {"keep-alive": said}
    assert idle_seconds(headers, 30) == seconds


@asynchronous
async def test_what_a_server_says_of_idle_connections_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "timeout=10"
    async with serve(answering(lambda _: plain(b"{}", headers=(("Keep-Alive", said),)))) as server, sender() as made:
        for slept, opened in ((0, 1), (8.5, 1), (18, 2)):
            monkeypatch.setattr(clocks, "since_boot", lambda slept=slept: clocks.monotonic() + slept)
            await made.send(request(server.url))
            assert server.opened == opened
        said = "timeout=1"
        for opened in (2, 3):
            await made.send(request(server.url))
            await server.until(lambda opened=opened: server.closed == opened)  # type: ignore[misc]


# --- what frees them -----------------------------------------------------------------------------------------------


@pytest.fixture
def _nothing_more_is_open() -> Iterator[None]:
    with contextlib.suppress(ImportError):
        import uvloop

        uvloop.new_event_loop().close()  # its first one opens what stays open
    gc.collect()
    before = open_files()
    yield
    gc.collect()
    until(lambda: open_files() <= before)


def opened(loop: asyncio.AbstractEventLoop, url: str, trusted: ssl.SSLContext) -> NativeBackend:
    """A backend with an idle connection, whose loop stands still."""
    made = NativeBackend(verify=trusted)
    loop.run_until_complete(made.send(request(url)))
    assert made._loop_state is not None
    assert len(made._loop_state.idle) == 1
    return made


@pytest.mark.usefixtures("_nothing_more_is_open")
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("way", ["abandoned", "garbage"])
@pytest.mark.parametrize("state", ["closed", "stands still"])
def test_connections_are_freed_without_their_event_loop(
    state: str, way: str, tls: bool, new_loop: Callable[[], asyncio.AbstractEventLoop], contexts: tuple[Any, Any]
) -> None:
    with ThreadedServer(replying, contexts[0] if tls else None) as server:
        loop = new_loop()
        made: NativeBackend | None = opened(loop, server.url, contexts[1])
        assert made is not None
        is_uvloop = not isinstance(loop, asyncio.SelectorEventLoop)
        if state == "closed":
            if is_uvloop:
                with pytest.warns(ResourceWarning, match="unclosed resource"):  # it closes them all, and says so
                    loop.close()
            else:
                loop.close()
        if way == "abandoned":
            assert made.abandon()
            assert not made.abandon()
            asyncio.run(made.aclose())  # on another loop
        made = None
        gc.collect()
        until(lambda: b"closed" in server.requests)
        if state != "closed":
            if is_uvloop:
                loop.run_until_complete(asyncio.sleep(0))
            loop.close()


@asynchronous
@pytest.mark.usefixtures("_nothing_more_is_open")
@pytest.mark.parametrize("where", ["here", "in another thread"])
async def test_a_backend_that_is_garbage_frees_its_connections_while_its_event_loop_runs(where: str) -> None:
    async with serve(answering(answer(CLUSTER))) as server:
        made = [NativeBackend()]
        await made[0].send(request(server.url))
        if where == "here":
            made.clear()
        else:
            await asyncio.to_thread(made.clear)
        gc.collect()
        await server.until(lambda: server.closed == 1)


@asynchronous
async def test_a_forked_child_leaves_its_parents_connections_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(answering(answer(CLUSTER))) as server:
        made = NativeBackend()
        await made.send(request(server.url))
        shared = made._loop_state
        assert shared is not None
        with monkeypatch.context() as child:
            pass_for_child(child)
            assert not made.abandon()
        assert len(shared.idle) == 1
        assert native_loop.free_all(shared)
        await server.until(lambda: server.closed == 1)


@pytest.mark.parametrize("content", [None, bytes(20_000_000)], ids=["small", "large"])
def test_a_call_under_way_is_freed_with_its_closed_event_loop(
    content: bytes | None, new_loop: Callable[[], asyncio.AbstractEventLoop], recwarn: pytest.WarningsRecorder
) -> None:
    ended = threading.Event()

    def silent(server: ThreadedServer, link: Link) -> None:
        server.receive(link)
        assert ended.wait(EVENT_TIMEOUT)
        while link.raw.recv(1 << 20):
            pass
        server.requests.append(b"closed")

    with ThreadedServer(silent) as server:
        loop, made = new_loop(), NativeBackend()
        asked = request(server.url, method="POST", content=content)
        call = loop.create_task(made.send(asked))
        loop.run_until_complete(asyncio.wait([call], timeout=0.2))
        assert asked.record.outcome == "unknown"
        loop.set_exception_handler(lambda *_: None)
        loop.close()
        recwarn.clear()
        del call
        gc.collect()
        ended.set()
        until(lambda: b"closed" in server.requests)
    assert [str(warning.message) for warning in recwarn if warning.category is not ResourceWarning] == []


def test_without_the_name_that_asyncio_has_for_it_a_connection_still_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Renamed:
        """A transport of some later version."""

        def __init__(self, transport: Any) -> None:
            self._real = transport

        def __getattr__(self, name: str) -> Any:
            if name == "_call_connection_lost":
                raise AttributeError(name)
            return getattr(self._real, name)

    with ThreadedServer(replying) as server:
        loop = asyncio.SelectorEventLoop()
        made = opened(loop, server.url, ssl.create_default_context())
        assert made._loop_state is not None
        (connection,) = made._loop_state.idle
        connection._transport = Renamed(connection._transport)  # type: ignore[assignment]
        assert made.abandon()
        until(lambda: b"closed" in server.requests)
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def test_an_event_loop_that_ends_just_now_frees_nothing_more() -> None:
    class Ending:
        def is_running(self) -> bool:
            return True

        def call_soon_threadsafe(self, *_: object) -> None:
            raise RuntimeError("Event loop is closed")

    shared: Any = LoopState(Ending())  # type: ignore[arg-type]
    shared.idle[object()] = None
    assert native_loop.free_all(shared)


# --- large requests ------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_large_request_to_a_dead_connection_ends_without_a_flood_of_log_lines(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dead = threading.Event()
    begin = NativeConnection.send_begin
    writes: list[int] = []
    write = NativeConnection._write

    def act(server: ThreadedServer, link: Link) -> None:
        link.raw.recv(1)
        reset(link.raw)
        dead.set()

    def send_begin(self: NativeConnection) -> None:
        begin(self)
        assert dead.wait(EVENT_TIMEOUT)
        time.sleep(0.01)

    def watched(self: NativeConnection, data: Any) -> None:
        writes.append(len(data))
        write(self, data)

    monkeypatch.setattr(NativeConnection, "send_begin", send_begin)
    monkeypatch.setattr(NativeConnection, "_write", watched)
    with ThreadedServer(act) as server:
        async with sender() as made:
            asked = request(server.url, method="POST", content=bytes(20_000_000))
            with caplog.at_level(logging.DEBUG), pytest.raises(errors.ConnectionLost):
                await made.send(asked)
            assert asked.record.outcome == "unknown"
    assert len(writes) < 10
    assert not [record for record in caplog.records if "exception" in record.getMessage()]


@asynchronous
async def test_a_large_request_leaves_the_event_loop_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = 0
    written: list[int] = []

    def tick() -> None:
        nonlocal rounds
        rounds += 1
        handle.append(asyncio.get_running_loop().call_soon(tick))

    def write(self: NativeConnection, data: Any) -> None:  # as if the system took all at once
        if len(data) == 64 * 1024:
            written.append(rounds)
        else:
            usual(self, data)

    usual = NativeConnection._write
    monkeypatch.setattr(NativeConnection, "_write", write)
    handle: list[asyncio.Handle] = []
    async with sender() as made:

        def act(server: ThreadedServer, link: Link) -> None:
            server.receive(link)
            until(lambda: len(written) == 50)
            link.send(answer(CLUSTER))
            server.receive(link)

        with ThreadedServer(act) as server:
            tick()
            await made.send(request(server.url, method="POST", content=bytes(64 * 1024 * 50)))
            handle[-1].cancel()
    assert len(set(written)) == len(written) == 50


@asynchronous
async def test_what_the_transport_says_twice_does_no_harm() -> None:
    shared = LoopState(asyncio.get_running_loop())
    connection = NativeConnection(shared, ("http", "eks.test", 80))
    connection.pause_writing()
    waiting = connection._writable
    assert waiting is not None
    for _ in range(2):
        connection.resume_writing()
    assert waiting.done()
    connection.pause_writing()
    assert connection._writable is not None
    connection._writable.cancel()
    connection.resume_writing()


@asynchronous
async def test_what_lies_there_when_writing_fails_is_read_to_its_end() -> None:
    shared = LoopState(asyncio.get_running_loop())
    connection = NativeConnection(shared, ("http", "eks.test", 80))
    one, other = socket.socketpair()
    with one, other:
        transport = Mock(spec=asyncio.Transport)
        transport.get_extra_info.return_value = one
        connection.connection_made(transport)
        connection._reader.begin(is_to_head=False)
        connection._answer = answer = shared.loop.create_future()
        other.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        other.close()
        connection.connection_lost(BrokenPipeError(errno.EPIPE, "Broken pipe"))
        assert isinstance(await answer, errors.ConnectionLost)
        assert one.recv(1) == b""
        transport.abort.assert_called()


@asynchronous
async def test_a_call_whose_time_to_read_is_up_before_it_leaves_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoopState, "send_soon", lambda *_: None)  # the event loop is busy with other things
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        asked = request(server.url, read_timeout=0.03)
        with pytest.raises(errors.ConnectFailed, match="ReadTimeout before anything was sent"):
            await made.send(asked)
        assert (asked.record.outcome, server.ledger) == ("not_sent", [])


# --- failures ------------------------------------------------------------------------------------------------------

KEY_ID, SIGNATURE, PASSWORD = "planted-key-id", "planted-signature", "planted-password"


def hidden(**changes: Any) -> dict[str, Any]:
    """A request with all that must not be seen."""
    given = {
        "query": f"Action=CreateCluster&AccessKeyId={KEY_ID}&Signature={SIGNATURE}",
        "method": "POST",
        "content": f'{{"Password": "{PASSWORD}"}}'.encode(),
        "headers": {"Authorization": f"Bearer {SIGNATURE}"},
        "secrets": frozenset({PASSWORD}),
        "read_timeout": 5.0,
    }
    return {**given, **changes}


def raw(content: bytes) -> Callable[[ThreadedServer, Link], None]:
    def act(server: ThreadedServer, link: Link) -> None:
        server.receive(link)
        link.send(content)
        server.receive(link)

    return act


def cut(server: ThreadedServer, link: Link) -> None:
    link.receive()
    reset(link.raw)


LONG = bytes(150_000)

FAILURES: dict[str, tuple[Any, dict[str, Any], type[Exception]]] = {
    "refused": (None, {}, errors.ConnectFailed),
    "no name": ("http://no-such-host.invalid", {}, errors.ConnectFailed),
    "no connection": ("black hole", {"connect_timeout": 0.05}, errors.ConnectFailed),
    "no TLS": ("https", {}, errors.ConnectFailed),
    "reset": (cut, {}, errors.ConnectionLost),
    "reset in a large one": (cut, {"content": LONG + PASSWORD.encode()}, errors.ConnectionLost),
    "garbage": (raw(b"\0\1\2\3"), {}, errors.ConnectionLost),
    "silence": (raw(b""), {"read_timeout": 0.1}, errors.ConnectionLost),
    "no time": (raw(b""), {"due": 0.05}, OutOfTime),
    "cut off": (raw(plain(b"{}" + PASSWORD.encode())[:-1]), {"read_timeout": 0.1}, errors.ConnectionLost),
    "no known form": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n10\r\n%s\r\n0\r\n\r\n" % PASSWORD.encode()),
        {},
        errors.ConnectionLost,
    ),
    "too long": (raw(plain(PASSWORD.encode() * 10)), {}, errors.UnreadableResponse),
    "no gzip": (
        raw(plain(PASSWORD.encode(), headers=(("Content-Encoding", "gzip"),))),
        {},
        errors.UnreadableResponse,
    ),
    "header": (None, {"headers": {"X-A": f"{SIGNATURE}\r\n"}}, errors.InvalidRequestError),
    "query": (None, {"query": f"Signature={SIGNATURE} "}, errors.InvalidRequestError),
    "URL": ("http://127.0.0.1:bad", {}, errors.InvalidRequestError),
}


async def failure(name: str, monkeypatch: pytest.MonkeyPatch) -> Exception:
    """Make a call that fails, and return with what."""
    what, changes, kind = FAILURES[name]
    monkeypatch.setattr(response_body, "MAX_BODY", 100)
    changes = hidden(**changes)
    due = changes.pop("due", None)
    query = changes.pop("query")

    async def send(url: str) -> Exception:
        asked = request(url, query, **changes)
        if due is not None:
            asked.record.deadline = clocks.monotonic() + due
        async with sender() as made:
            try:
                await made.send(asked)
            except kind as error:
                return error
        raise AssertionError(f"no {kind}")

    if callable(what):
        with ThreadedServer(what) as server:
            return await send(server.url)
    if what == "https":
        with ThreadedServer(raw(b"")) as server, ThreadedServer(lambda _, link: link.raw.sendall(b"no")) as server:
            return await send(server.url.replace("http", "https"))
    if what == "black hole":
        with black_hole() as port:
            return await send(f"http://127.0.0.1:{port}")
    return await send(what or f"http://127.0.0.1:{unused_port()}")


def seen(value: Any, depth: int = 3) -> Iterator[str]:
    """What a tool that reports errors sees of a variable: its repr, and those of our own objects' attributes."""
    yield repr(value)
    if depth and type(value).__module__.startswith("cds_eks.backend") and attrs.has(type(value)):
        for name in (field.name for field in attrs.fields(type(value)) if field.repr):
            yield from seen(getattr(value, name), depth - 1)


def frames(error: BaseException | None) -> Iterator[Any]:
    while error is not None:
        traceback: TracebackType | None = error.__traceback__
        while traceback is not None:
            yield traceback.tb_frame
            traceback = traceback.tb_next
        error = error.__cause__ or error.__context__


@asynchronous
@pytest.mark.parametrize("name", FAILURES)
async def test_no_frame_of_a_failed_call_shows_what_was_sent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = await failure(name, monkeypatch)
    ours = [frame for frame in frames(error) if "cds_eks" in frame.f_code.co_filename]
    assert any(frame.f_code.co_name == "send" for frame in ours)
    for frame in ours:
        for variable, value in list(frame.f_locals.items()):
            for text in seen(value):
                for secret in (KEY_ID, SIGNATURE, PASSWORD):
                    assert secret not in text, (frame.f_code.co_qualname, variable)


@asynchronous
@pytest.mark.parametrize("name", FAILURES)
async def test_a_failed_call_leaves_nothing_to_the_garbage_collector(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    living: weakref.WeakSet[Any] = weakref.WeakSet()
    init = NativeConnection.__init__

    def watched(self: NativeConnection, *args: Any) -> None:
        init(self, *args)
        living.add(self)

    monkeypatch.setattr(NativeConnection, "__init__", watched)
    await failure(name, monkeypatch)
    gc.collect()
    before = open_files()
    gc.disable()
    try:
        await failure(name, monkeypatch)
        for _ in range(10):
            await asyncio.sleep(0.001)
        assert [*living] == []
        assert open_files() <= before
    finally:
        gc.enable()
