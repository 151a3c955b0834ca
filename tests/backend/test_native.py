"""The native backend alone: its parser, what leaves when, and TLS on memory buffers."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import socket
import ssl
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Self

import anyio
import pytest
import trustme
from support import backend_clients
from support.backend_clients import BODY, CREDENTIALS, chunked, no_leaks
from support.native_backend import LOOPS, request, sender
from support.raw_server import CLUSTER, CREATED, Connection, Seen, answer, answering, plain, serve, unused_port

from benchmarks import fuzz_native
from benchmarks.fuzz_native import fuzz
from cds_eks import AsyncEksClient, EksClient, Limits, Timeouts, backend, errors, models
from cds_eks.backend import response_body
from cds_eks.backend.headers import MAX_HEAD
from cds_eks.backend.native import NativeBackend
from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_parser import ResponseParser
from cds_eks.backend.native_request import CHUNK_SIZE
from cds_eks.backend.native_tls import NativeTlsConnection
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import CallRecord, RawResponse, Request

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def client(url: str, **settings: Any) -> AsyncEksClient:
    return backend_clients.client(url, backend="native", **settings)


# --- the reader ----------------------------------------------------------------------------------------------------


def read(*pieces: bytes, is_to_head: bool = False) -> tuple[RawResponse | None, bool]:
    reader = ResponseParser()
    reader.begin(is_to_head=is_to_head)
    response = None
    for piece in pieces:
        assert response is None
        response = reader.feed(memoryview(piece))
    return response, reader.is_reusable


WHOLE = [
    plain(b'{"a": 1}', headers=(("X-Empty", ""), ("X-Spaces", "  a b \t"))),
    plain(b'{"a": 1}\r\n'),
    plain(b"\n"),
    chunked(b'{"a": 1, "b": [2, 3]}', headers="X-A: 1\r\n"),
    chunked(b"x" * 30).replace(b"0\r\n\r\n", b"0\r\nX-Trailer: 1\r\n\r\n"),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: 0\r\n\r\n" + plain(b"{}"),
    b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
]


@pytest.mark.parametrize("content", WHOLE)
def test_an_answer_may_be_split_at_any_byte(content: bytes) -> None:
    expected, is_reusable = read(content)
    assert expected is not None
    assert is_reusable
    assert read(*(content[at : at + 1] for at in range(len(content)))) == (expected, True)
    for at in range(1, len(content)):
        assert read(content[:at], content[at:]) == (expected, True)
    assert "x-trailer" not in expected.headers


@pytest.mark.parametrize("content", WHOLE)
@pytest.mark.parametrize(
    "surplus", [b"\n", b"\r\n", b"x", b"\0", plain(b"{}"), b"HTTP/1.1 103 X\r\n\r\n" + plain(b"{}")]
)
def test_whatever_comes_with_the_end_of_an_answer_is_noticed(content: bytes, surplus: bytes) -> None:
    expected, _ = read(content)
    assert read(content + surplus) == (expected, False)
    assert read(content[:-1], content[-1:] + surplus) == (expected, False)


def test_headers_are_put_together() -> None:
    found, _ = read(plain(b"", headers=(("X-A", "1"), ("x-a", "2"), ("X-Empty", ""), ("X-Sp", " a "))))
    assert found is not None
    assert {"x-a": "1, 2", "x-empty": "", "x-sp": "a"}.items() <= found.headers.items()


@pytest.mark.parametrize(("value", "text"), [("集".encode(), "集"), (b"\xff\xe9", "ÿé")])
def test_headers_may_hold_bytes_beyond_ascii(value: bytes, text: str) -> None:
    found, _ = read(b"HTTP/1.1 200 OK\r\nX-A: %s\r\nContent-Length: 0\r\n\r\n" % value)
    assert found is not None
    assert found.headers["x-a"] == text


def test_an_answer_to_a_head_has_no_body() -> None:
    response, is_reusable = read(b"HTTP/1.1 102 X\r\n\r\n", plain(b"12345")[:-5], is_to_head=True)
    assert response is not None
    assert (response.content, response.headers["content-length"], is_reusable) == (b"", "5", False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nNonsense\r\n\r\n", "header"),
        (b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", "form"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Length"),
        (b"HTTP/1.1 101 X\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", "switches protocols"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "form"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * MAX_HEAD, "head is too long"),
        (chunked(b"{}")[:-2] + b"X-A: " + b"x" * (MAX_HEAD + CHUNK_SIZE), "head is too long"),
        (b"ICY 200 OK\r\n\r\n", "HTTP"),
    ],
)
def test_what_is_no_answer_is_a_lost_connection(content: bytes, words: str) -> None:
    with pytest.raises(errors.ConnectionLost, match=words):
        read(*(content[at : at + CHUNK_SIZE] for at in range(0, len(content), CHUNK_SIZE)))


def test_a_length_beside_chunks_is_the_last_answer() -> None:
    response, is_reusable = read(chunked(b"{}", headers="Content-Length: 9\r\n"))
    assert response is not None
    assert (response.content, is_reusable) == (b"{}", False)


def test_an_answer_that_says_so_is_the_last_one() -> None:
    assert read(plain(b"{}", headers=(("Connection", "close"),)))[1] is False
    assert read(plain(b"{}", headers=(("Connection", "close"),)) + b"more")[1] is False


@pytest.mark.parametrize("surplus", [b"", b"x"])
def test_too_much_is_never_an_answer(surplus: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 10)
    assert read(plain(b"1234567890"))[0] is not None
    with pytest.raises(errors.UnreadableResponse, match="more than 10 bytes") as caught:
        read(plain(b"12345678901", status=201) + surplus)
    assert caught.value.http_status == 201
    assert read(plain(b"1") + plain(b"12345678901"))[0] is not None  # the surplus is not counted


# --- connections ---------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("surplus", [b"\r\n", b"x", answer({"ClusterId": "evil"})])
@pytest.mark.parametrize("is_late", [False, True])
async def test_a_connection_with_surplus_bytes_is_never_used_again(surplus: bytes, is_late: bool) -> None:
    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            await connection.send(answer(CLUSTER) + (b"" if is_late else surplus))
            if is_late:
                await connection.send(surplus)

    async with serve(handle) as server, sender() as made:
        for number in range(1, 4):
            assert b"c-1" in (await made.send(request(server.url))).content
            if is_late:
                await server.until(lambda number=number: server.closed == number)  # type: ignore[misc]
            assert server.opened == number


class Sleepy:
    """A server in a thread of its own: it acts while the event loop stands still."""

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
        self._thread.join(5)
        self.listener.close()


def _reset(accepted: socket.socket) -> None:
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    accepted.close()


ENDS: dict[str, Callable[[socket.socket], None]] = {
    "closed": lambda accepted: accepted.close(),
    "reset": _reset,
    "surplus": lambda accepted: accepted.sendall(b"\r\n"),
}


@asynchronous
@pytest.mark.parametrize("end", ENDS)
async def test_an_end_that_the_loop_has_not_noticed_is_found_before_anything_is_sent(end: str) -> None:
    with Sleepy(ENDS[end]) as server:
        async with sender() as made:
            await made.send(request(server.url))
            assert server.has_acted.wait(5)  # blocks the loop: nothing can have told it
            await made.send(request(server.url))
            assert server.requests == [1, 2]


@asynchronous
async def test_a_request_of_which_no_byte_could_leave_goes_out_on_another_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NativeConnection, "is_idle", lambda _: True)  # it happens between the look and the write
    with Sleepy(_reset) as server:
        async with sender() as made:
            await made.send(request(server.url))
            assert server.has_acted.wait(5)
            await made.send(request(server.url))
            assert server.requests == [1, 2]


@asynchronous
async def test_a_new_connection_that_is_closed_before_anything_is_sent_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NativeConnection, "is_idle", lambda _: False)
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        asked = request(server.url)
        with pytest.raises(errors.ConnectFailed, match="before anything was sent") as caught:
            await made.send(asked)
        assert (asked.record.outcome, caught.value.action, server.ledger) == ("not_sent", "GetCluster", [])


@asynchronous
async def test_without_poll_the_loop_alone_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("select.poll")
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        for _ in range(2):
            await made.send(request(server.url))
        assert server.opened == 1


@asynchronous
async def test_an_idle_connection_is_closed_when_its_time_is_up() -> None:
    async with serve(answering(answer(CLUSTER))) as server, sender(limits=Limits(keepalive_expiry=0.15)) as made:
        await made.send(request(server.url, read_timeout=None))
        await made.send(request(server.url))
        assert server.opened == 1
        await server.until(lambda: server.closed == 1)
        await made.send(request(server.url))
        assert server.opened == 2


@asynchronous
async def test_a_connection_to_another_host_is_not_taken() -> None:
    async with serve(answering(answer(CLUSTER))) as one, serve(answering(answer(CLUSTER))) as other, sender() as made:
        for server in (one, one, other, other):
            await made.send(request(server.url))
        assert (one.opened, len(one.ledger), other.opened, len(other.ledger)) == (1, 2, 1, 2)


@asynchronous
async def test_a_name_is_looked_up() -> None:
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        await made.send(request(server.url.replace("127.0.0.1", "localhost")))
        assert server.ledger[0].headers["host"] == f"localhost:{server.port}"


@asynchronous
@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 64}.test"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_that_is_not_there_is_a_failed_connection(host: str, scheme: str) -> None:
    async with sender() as made:
        with pytest.raises(errors.ConnectFailed):
            await made.send(request(f"{scheme}://{host}"))


# --- time ----------------------------------------------------------------------------------------------------------


@asynchronous
async def test_an_answer_in_drips_is_no_silence() -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        for at in range(0, len(answer(CLUSTER)), 5):
            await connection.send(answer(CLUSTER)[at : at + 5])
            await anyio.sleep(0.03)

    async with serve(handle) as server, sender() as made:
        assert (await made.send(request(server.url, read_timeout=0.5))).status == 200


@asynchronous
@pytest.mark.parametrize("first", [None, 30.0, 0.5])
async def test_each_request_has_its_own_time(first: float | None) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CLUSTER))
        await connection.read()
        await connection.until_closed()

    async with serve(handle) as server, sender() as made:
        await made.send(request(server.url, read_timeout=first))
        with pytest.raises(errors.ConnectionLost, match="ReadTimeout"):
            await made.send(request(server.url, read_timeout=0.03))
        await server.until(lambda: server.closed == 1)


@asynchronous
async def test_an_answer_that_came_while_the_loop_stood_still_is_in_time() -> None:
    def answer_one() -> None:
        link, _ = listener.accept()
        link.recv(65536)
        link.sendall(answer(CLUSTER))
        links.append(link)

    links: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with sender() as made:
            asked = request(f"http://127.0.0.1:{listener.getsockname()[1]}", read_timeout=0.1)
            call = asyncio.ensure_future(made.send(asked))
            while asked.record.outcome == "not_sent":  # noqa: ASYNC110 - until its first byte has left
                await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(0.01, answer_one)
            time.sleep(0.2)  # noqa: ASYNC251 - the answer comes just before the end of the silence is looked at
            assert (await call).status == 200
        links[0].close()


@asynchronous
async def test_no_time_is_no_limit() -> None:
    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            if len(connection.server.ledger) == 2:
                await anyio.sleep(0.3)  # the timer of the first request fires in the second
            await connection.send(answer(CLUSTER))

    async with serve(handle) as server, sender(limits=Limits(keepalive_expiry=0.2)) as made:
        await made.send(request(server.url, read_timeout=0.2))
        await made.send(request(server.url, read_timeout=None))
        assert server.opened == 1


def due(url: str, seconds: float, **fields: Any) -> Request:
    """A request whose time is up soon."""
    made = request(url, **fields)
    made.record.deadline = time.monotonic() + seconds
    return made


@asynchronous
@pytest.mark.parametrize("silence", [None, 0.1, 5.0])
@pytest.mark.parametrize("warm", [False, True])
async def test_a_request_ends_at_its_deadline_however_much_comes(silence: float | None, warm: bool) -> None:
    async def handle(connection: Connection) -> None:
        if warm:
            await connection.read()
            await connection.send(answer(CLUSTER))
        await connection.read()
        await connection.send(b"HTTP/1.1 200 OK\r\nX-Endless: ")
        while True:
            await connection.send(b"x")
            await anyio.sleep(0.01)

    async with serve(handle) as server, sender(limits=Limits(keepalive_expiry=0.5)) as made:
        if warm:
            await made.send(request(server.url))
        call = due(server.url, 0.06, read_timeout=silence)
        with pytest.raises(OutOfTime):
            await made.send(call)
        assert call.record.outcome == "unknown"
        assert made._pool.permits.available == Limits().max_connections
        assert made._loop_state is not None
        assert not made._loop_state.idle


@asynchronous
async def test_a_deadline_that_has_passed_already_sends_nothing() -> None:
    async with serve(lambda connection: connection.until_closed()) as server, sender() as made:
        call = due(server.url, -1)
        with pytest.raises(OutOfTime):
            await made.send(call)
        assert call.record.outcome == "not_sent"
        assert server.ledger == []


@asynchronous
async def test_a_deadline_holds_in_line_and_in_a_handshake_too() -> None:
    async def handle(connection: Connection) -> None:
        await connection.until_closed()

    async with serve(handle) as server, sender(limits=Limits(max_connections=1)) as made:
        url = server.url.replace("http:", "https:")
        with pytest.raises(OutOfTime):  # it waits for a handshake that never comes
            await made.send(due(url, 0.05))
        first = asyncio.ensure_future(made.send(request(server.url)))
        await server.until(lambda: server.opened == 2)
        call = due(server.url, 0.05)
        with pytest.raises(OutOfTime):
            await made.send(call)
        assert call.record.outcome == "not_sent"
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        assert made._pool.permits.available == 1


@asynchronous
async def test_a_client_tells_what_was_known_when_the_time_ran_out() -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.until_closed()

    async with serve(handle) as server, client(server.url, timeouts=Timeouts(read=5, total=0.05)) as eks:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.get("c-1")
        assert (caught.value.outcome, caught.value.attempts) == ("unknown", 1)


@asynchronous
async def test_a_connection_keeps_nothing_of_the_call_that_opened_it() -> None:
    class Thing:
        pass

    var: contextvars.ContextVar[Thing] = contextvars.ContextVar("var")

    async def call(url: str) -> weakref.ref[Thing]:
        thing = Thing()
        var.set(thing)
        await made.send(request(url))
        return weakref.ref(thing)

    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CLUSTER))
        await connection.until_closed()

    async with serve(handle) as server, sender() as made:
        kept = await asyncio.create_task(call(server.url))
        await asyncio.sleep(0)
        gc.collect()
        assert kept() is None
        assert made._loop_state is not None
        assert len(made._loop_state.idle) == 1


# --- large requests ------------------------------------------------------------------------------------------------

LARGE = bytes(range(256)) * 40_000  # 10 MB


@asynchronous
async def test_a_large_request_goes_out_no_faster_than_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []
    write = NativeConnection._write

    def watched(self: NativeConnection, data: bytes | memoryview) -> None:
        write(self, data)
        waiting.append(self._transport.get_write_buffer_size())

    monkeypatch.setattr(NativeConnection, "_write", watched)
    async with serve(answering(answer(CREATED))) as server, sender() as made:
        for _ in range(2):
            await made.send(request(server.url, method="POST", content=LARGE))
        assert [seen.body for seen in server.ledger] == [LARGE] * 2
        assert server.opened == 1
    assert len(waiting) > 100
    assert max(waiting) < 4 * CHUNK_SIZE


@asynchronous
async def test_a_server_that_does_not_read_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(self: NativeConnection, data: bytes | memoryview) -> None:
        usual(self, data)
        self.pause_writing()  # as the transport does, once the system takes no more: how much that is, nobody knows

    usual = NativeConnection._write
    monkeypatch.setattr(NativeConnection, "_write", write)

    async def handle(connection: Connection) -> None:
        await anyio.sleep_forever()

    async with serve(handle) as server, sender() as made:
        asked = request(server.url, method="POST", content=LARGE, read_timeout=0.03)
        with pytest.raises(errors.ConnectionLost, match="WriteTimeout"):
            await made.send(asked)
        assert asked.record.outcome == "unknown"


@asynchronous
async def test_an_answer_may_come_before_the_request_has_left() -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive(1)
        await connection.send(answer(None, code="TooLarge", status=413))
        await anyio.sleep_forever()

    async with serve(handle) as server, sender() as made:
        for _ in range(2):
            found = await made.send(request(server.url, method="POST", content=LARGE))
            assert found.status == 413
        assert server.opened == 2


@asynchronous
async def test_a_reset_while_a_large_request_leaves_is_a_lost_connection() -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive(1)
        await connection.reset()

    async with serve(handle) as server, sender() as made:
        with pytest.raises(errors.ConnectionLost):
            await made.send(request(server.url, method="POST", content=LARGE))


# --- cancellation --------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("is_secure", [False, True])
async def test_a_call_may_be_cancelled_at_any_step(
    is_secure: bool, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    steps = 0
    outcomes: list[str] = []
    async with (
        serve(answering(answer(CLUSTER)), tls=server_context if is_secure else None) as server,
        sender(limits=Limits(max_connections=1), verify=client_context) as made,
    ):
        while True:
            asked = request(server.url, f"Action=A{steps}")
            call = asyncio.ensure_future(made.send(asked))
            for _ in range(steps):
                await asyncio.sleep(0)
            if not call.cancel():
                break
            with pytest.raises(asyncio.CancelledError):
                await call
            outcomes.append(asked.record.outcome)
            await made.send(request(server.url, "Action=Whole"))  # the one place is free
            if asked.record.outcome == "not_sent":
                assert f"A{steps}" not in server.actions
            # Every other time all is new, so that the steps of a new connection are met as well.
            if steps % 2:
                assert made._loop_state is not None
                for connection in list(made._loop_state.idle):
                    connection.close()
            steps += 1
        assert {*outcomes} == {"not_sent", "unknown"}
        assert steps < 500


@asynchronous
async def test_a_place_that_is_given_to_a_call_in_the_moment_of_its_cancellation_is_not_lost() -> None:
    go = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            await go.wait()
            await connection.send(answer(CLUSTER))

    async with serve(handle) as server, sender(limits=Limits(max_connections=1)) as made:
        first = asyncio.ensure_future(made.send(request(server.url)))
        await server.until(lambda: len(server.ledger) == 1)
        for is_before in (True, False):
            waiting = [asyncio.ensure_future(made.send(request(server.url))) for _ in range(3)]
            await asyncio.sleep(0)
            if is_before:  # cancelled, then passed over: it is still in the line when the place becomes free
                waiting[0].cancel()
                made._pool.permits.release()
            else:
                made._pool.permits.release()
                waiting[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting[0]
            assert len(made._pool.permits._reads) == 1
            waiting[2].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting[2]
            assert made._pool.permits.available == 0
            waiting[1].cancel()  # who has the place now
            with contextlib.suppress(asyncio.CancelledError):
                await waiting[1]
            assert made._pool.permits.available == 1
            assert made._pool.permits.try_acquire()
        go.set()
        await first
        assert made._pool.permits.available == 1


# --- everything at once --------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("tls", [False, True])
async def test_a_slice_of_the_fuzz_run(tls: bool) -> None:
    """The rest of it: `python -m benchmarks.fuzz_native`."""
    report = await fuzz(calls=800 if tls else 2000, seed=20250908, tls=tls)
    assert report.faults == []
    assert {"answered", "ConnectionLost", "UnreadableResponse"} <= report.ends.keys()


def test_the_command_says_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_native.main(["--calls", "50", "--seed", "3", "--in-flight", "4"]) == 0
    assert "50 calls, 0 faults" in capsys.readouterr().out


# --- TLS -----------------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_large_bodies_go_both_ways_over_tls(
    version: ssl.TLSVersion, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.minimum_version = context.maximum_version = version
    body = b" " * 1_000_000 + BODY

    with no_leaks():
        async with serve(answering(plain(body)), tls=context) as server, sender(verify=client_context) as made:
            for _ in range(3):
                found = await made.send(request(server.url, method="POST", content=LARGE[:1_000_000]))
                assert found.content == body
            assert server.ledger[0].body == LARGE[:1_000_000]
            assert server.opened == 1


@asynchronous
@pytest.mark.parametrize("content", [b"HTTP/1.1 200 OK\r\n\r\n" + BODY, plain(BODY)[:-1], b""])
async def test_an_end_may_be_told_in_tls(
    content: bytes, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        if content:
            await connection.send(content)
        with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream):
            await connection.stream.unwrap()  # type: ignore[attr-defined]

    async with serve(handle, tls=server_context) as server, sender(verify=client_context) as made:
        if content.endswith(BODY) and b"Length" not in content:
            assert (await made.send(request(server.url))).content == BODY
        else:
            with pytest.raises(errors.ConnectionLost, match="disconnected"):
                await made.send(request(server.url))


@asynchronous
async def test_bytes_that_are_no_tls_are_a_lost_connection(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        raw = connection.stream.transport_stream  # type: ignore[attr-defined]
        await raw.send(b"this is no TLS record at all")
        await connection.until_closed()

    async with serve(handle, tls=server_context) as server, sender(verify=client_context) as made:
        asked = request(server.url)
        with pytest.raises(errors.ConnectionLost, match="SSLError"):
            await made.send(asked)
        assert asked.record.outcome == "unknown"


@asynchronous
@pytest.mark.parametrize("end", ["close", "reset", "garbage"])
async def test_a_handshake_that_fails_is_a_failed_connection(end: str) -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive(1)
        if end == "garbage":
            await connection.send(b"HTTP/1.1 400 This is TLS\r\n\r\n")
            await connection.until_closed()
        elif end == "reset":
            await connection.reset()

    with no_leaks():
        async with serve(handle) as server, sender() as made:
            asked = request(server.url.replace("http", "https"))
            with pytest.raises(errors.ConnectFailed):
                await made.send(asked)
            assert asked.record.outcome == "not_sent"


@asynchronous
async def test_a_request_that_tls_can_not_encrypt_was_not_sent(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: NativeTlsConnection, data: object) -> None:
        class Broken:
            def write(self, data: object) -> int:
                raise ssl.SSLError("broken")

        self._tls = Broken()  # type: ignore[assignment]
        write(self, data)  # type: ignore[arg-type]

    write = NativeTlsConnection._write
    async with serve(answering(answer(CLUSTER)), tls=server_context) as server, sender(verify=client_context) as made:
        monkeypatch.setattr(NativeTlsConnection, "_write", broken)
        asked = request(server.url)
        with pytest.raises(errors.ConnectFailed, match="before anything was sent"):
            await made.send(asked)
        assert (asked.record.outcome, server.ledger) == ("not_sent", [])


@asynchronous
async def test_a_connection_over_tls_that_was_closed_is_not_used_again(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CLUSTER))

    async with serve(handle, tls=server_context) as server, sender(verify=client_context) as made:
        for number in range(1, 4):
            await made.send(request(server.url))
            await server.until(lambda number=number: server.closed == number)  # type: ignore[misc]
            await anyio.wait_all_tasks_blocked()
        assert len(server.ledger) == 3


# --- what goes out -------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_head_is_answered_without_a_body() -> None:
    def respond(seen: Seen) -> bytes:
        return plain(b"{}")[:-2] if seen.method == "HEAD" else plain(b"{}")

    async with serve(answering(respond)) as server, sender() as made:
        assert (await made.send(request(server.url, method="HEAD"))).content == b""
        assert (await made.send(request(server.url))).content == b"{}"
        assert server.ledger[0].headers["content-length"] == "0"
        assert "content-length" not in server.ledger[1].headers


@asynchronous
async def test_a_middleware_can_not_change_the_framing() -> None:
    headers = {"X-Own": "a b", "HOST": "evil", "Content-length": "7", "transfer-encoding": "chunked", "Accept": "x"}
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        await made.send(request(server.url, method="POST", content=b"{}", headers=headers))
    (seen,) = server.ledger
    assert (seen.headers["host"], seen.headers["content-length"]) == (server.url.removeprefix("http://"), "2")
    assert (seen.headers["x-own"], seen.headers["accept"], seen.headers["accept-encoding"]) == (
        *("a b", "application/json"),
        "gzip",
    )
    assert "transfer-encoding" not in seen.headers


@asynchronous
@pytest.mark.parametrize(
    ("name", "value"), [("X-A", "a\r\nX-B: b"), ("X A", "a"), ("", "a"), ("X-A", "é"), ("X-A:", "\0"), ("X\n", "")]
)
async def test_a_header_that_can_not_be_sent_is_refused(name: str, value: str) -> None:
    async with sender() as made:
        with pytest.raises(errors.InvalidRequestError, match="headers"):
            await made.send(request("http://127.0.0.1:1", headers={name: value}))


@asynchronous
@pytest.mark.parametrize("query", ["a b", "a\r\nX: y", "a#b", "é", "\x7f", "x" * 65536])
async def test_a_query_that_can_not_be_sent_is_refused(query: str) -> None:
    async with sender() as made:
        with pytest.raises(errors.InvalidRequestError, match="params: make a URL that can't be sent"):
            await made.send(request("http://127.0.0.1:1", query))


@asynchronous
async def test_a_url_that_is_none_is_refused() -> None:
    async with sender() as made:
        with pytest.raises(errors.InvalidRequestError, match="params"):
            await made.send(request("http://127.0.0.1:bad"))


@asynchronous
async def test_nothing_secret_is_in_what_went_wrong() -> None:
    async with sender() as made:
        with pytest.raises(errors.ConnectFailed) as caught:
            await made.send(request(f"http://127.0.0.1:{unused_port()}", secrets=frozenset({"refused"})))
    assert "refused" not in str(caught.value)
    assert "AKID" not in repr(vars(made))


# --- surroundings --------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_proxy_needs_the_default_backend(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://someone:hunter2@127.0.0.1:9")
    async with client("http://eks.test") as eks:
        with pytest.raises(errors.ConfigurationError, match='backend="httpx"') as caught:
            await eks.clusters.get("c-1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("anyio_backend", ["trio"])
@asynchronous
async def test_trio_needs_the_default_backend() -> None:
    async with client("http://127.0.0.1:1") as eks:
        with pytest.raises(errors.ConfigurationError, match='backend="httpx"') as caught:
            await eks.clusters.get("c-1")
    assert caught.value.outcome == "not_sent"


def test_a_parser_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("native", "native_connection", "native_parser"):
        monkeypatch.delitem(sys.modules, f"cds_eks.backend.{name}")
    monkeypatch.setitem(sys.modules, "httptools", None)
    with pytest.raises(errors.ConfigurationError, match=r'pip install "cds-eks\[native\]"'):
        backend.choose("native", Limits())


def test_the_parser_is_loaded_by_those_alone_who_want_it() -> None:
    script = """
import sys
from cds_eks import AsyncEksClient, Credentials
AsyncEksClient(Credentials("a", "b"))
assert not {"httptools", "cds_eks.backend.native"} & sys.modules.keys()
AsyncEksClient(Credentials("a", "b"), backend="native")
assert {"httptools", "cds_eks.backend.native"} <= sys.modules.keys()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_the_blocking_client_goes_through_it() -> None:
    with Sleepy(_reset) as server, EksClient(CREDENTIALS, endpoint=server.url, backend="native") as eks:
        for _ in range(2):
            assert eks.clusters.get("c-1").data.cluster_name == "one"
            server.has_acted.wait(5)


@asynchronous
async def test_closing_what_was_never_used_and_closing_twice() -> None:
    made = NativeBackend()
    await made.aclose()
    await made.aclose()


@asynchronous
@pytest.mark.parametrize("tls", [False, True])
async def test_a_connection_that_is_opened_in_the_moment_of_a_cancellation_is_closed(
    tls: bool,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def create_connection(*args: Any) -> Any:
        made = await real(*args)
        call.cancel()  # the connection is there, and the call has not been told
        return made

    loop = asyncio.get_running_loop()
    real = loop.create_connection
    monkeypatch.setattr(loop, "create_connection", create_connection)
    served = serve(answering(answer(CLUSTER)), tls=server_context if tls else None)
    async with served as server, sender(verify=client_context) as made:
        call = asyncio.ensure_future(made.send(request(server.url)))
        with pytest.raises(asyncio.CancelledError):
            await call
        await server.until(lambda: server.opened == server.closed == 1)
        assert made._pool.permits.available == Limits().max_connections


@asynchronous
@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "htps://127.0.0.1", "http://[::1"])
async def test_a_url_that_is_none_of_http_is_refused(url: str) -> None:
    async with sender() as made:
        asked = request(url)
        with pytest.raises(errors.InvalidRequestError, match="make a URL that can't be sent"):
            await made.send(asked)
        assert asked.record.outcome == "not_sent"


# --- requests leave together ---------------------------------------------------------------------------------------


@asynchronous
async def test_a_call_that_is_cancelled_in_the_round_of_the_loop_in_which_it_was_made_was_not_sent() -> None:
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        await made.send(request(server.url))
        asked = request(server.url, "Action=Cancelled")
        call = asyncio.create_task(made.send(asked))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await made.send(request(server.url))
        assert asked.record.outcome == "not_sent"
        assert [seen.action for seen in server.ledger] == ["X", "X"]


@asynchronous
async def test_thousands_of_requests_leave_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first are not kept until the last one is made."""
    sent: list[int] = []
    real = NativeConnection.send_begin

    def watched(self: NativeConnection) -> None:
        sent.append(made_so_far)
        real(self)

    monkeypatch.setattr("cds_eks.backend.native_loop.MOST_AT_ONCE", 4)
    made_so_far = 0
    async with serve(answering(answer(CLUSTER))) as server, sender(limits=Limits(max_connections=10)) as made:

        async def call() -> None:
            nonlocal made_so_far
            made_so_far += 1
            await made.send(request(server.url))

        await asyncio.gather(*[call() for _ in range(10)])  # which opens the connections
        monkeypatch.setattr(NativeConnection, "send_begin", watched)
        made_so_far = 0
        await asyncio.gather(*[call() for _ in range(10)])
    assert sent == [4] * 4 + [8] * 4 + [10] * 2


@asynchronous
async def test_a_request_that_fails_to_leave_holds_up_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(self: NativeConnection, data: Any) -> None:
        real(self, data)
        if b"Action=Bad" in bytes(data):
            raise RuntimeError("broken")

    real = NativeConnection._write
    monkeypatch.setattr(NativeConnection, "_write", write)
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        requests = [request(server.url, f"Action={name}") for name in ("Good", "Bad", "Good")]
        for _ in range(2):  # on new connections, then on idle ones
            ends = await asyncio.gather(*map(made.send, requests), return_exceptions=True)
            assert [type(end) for end in ends] == [RawResponse, errors.ConnectionLost, RawResponse]
            assert requests[1].record.outcome == "unknown"


@asynchronous
@pytest.mark.parametrize(("code", "outcome"), [("Success", "accepted"), ("NotEnoughBalance", "refused")])
async def test_an_answer_that_comes_in_the_moment_of_a_cancellation_is_on_the_record(
    code: str, outcome: str, create: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    records: list[CallRecord] = []

    async def watch(request: Request, send: Send) -> RawResponse:
        records.append(request.record)
        return await send(request)

    def end(self: NativeConnection, result: Any) -> None:
        real(self, result)
        call.cancel()  # the loop has the answer, and has not told the call yet

    real = NativeConnection._end
    monkeypatch.setattr(NativeConnection, "_end", end)
    async with (
        serve(answering(answer(CREATED if outcome == "accepted" else None, code=code))) as server,
        AsyncEksClient(CREDENTIALS, endpoint=server.url, backend="native", per_call=[watch]) as eks,
    ):
        call = asyncio.create_task(eks.clusters.create(create))
        with pytest.raises(asyncio.CancelledError):
            await call
    [record] = records
    assert (record.outcome, record.attempts) == (outcome, 1)
    assert record.request_id is not None
    assert (record.answer or {}).get("Data") == (CREATED if outcome == "accepted" else None)


@asynchronous
async def test_an_answer_is_on_the_record_while_a_middleware_waits_with_it(
    create_cluster_body: dict[str, Any],
) -> None:
    async def linger(request: Request, send: Send) -> RawResponse:
        response = await send(request)
        await anyio.sleep_forever()
        return response

    settings: dict[str, Any] = {"backend": "native", "per_attempt": [linger], "timeouts": Timeouts(total=1.0)}
    async with (
        serve(answering(answer(CREATED))) as server,
        AsyncEksClient(CREDENTIALS, endpoint=server.url, **settings) as eks,
    ):
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.create(models.CreateClusterRequest.from_dict(create_cluster_body))
    assert (caught.value.outcome, caught.value.ids) == ("accepted", {"cluster_id": "c-1", "task_id": "t-1"})
