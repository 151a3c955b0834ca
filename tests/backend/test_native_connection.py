"""The native backend's connections: when they are used again, how long they wait, what leaves when."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import socket
import time
import weakref
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Limits, Timeouts, errors, models
from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_request import CHUNK_SIZE
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import CallRecord, RawResponse, Request
from support import backend_clients
from support.backend_clients import CREDENTIALS
from support.eventually import EVENT_TIMEOUT
from support.native_backend import LARGE, LOOPS, request, sender
from support.raw_server import CLUSTER, CREATED, Connection, answer, answering, serve
from support.threaded_server import ActingServer, reset

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def client(url: str, **settings: Any) -> AsyncEksClient:
    return backend_clients.client(url, backend="native", **settings)


# --- connections -----------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("trailing", [b"\r\n", b"x", answer({"ClusterId": "evil"})])
@pytest.mark.parametrize("is_late", [False, True])
async def test_a_connection_with_trailing_data_is_never_used_again(trailing: bytes, is_late: bool) -> None:
    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            await connection.send(answer(CLUSTER) + (b"" if is_late else trailing))
            if is_late:
                await connection.send(trailing)

    async with serve(handle) as server, sender() as made:
        for number in range(1, 4):
            assert b"c-1" in (await made.send(request(server.url))).content
            if is_late:
                await server.until(lambda number=number: server.closed == number)  # type: ignore[misc]
            assert server.opened == number


ENDS: dict[str, Callable[[socket.socket], None]] = {
    "closed": lambda accepted: accepted.close(),
    "reset": reset,
    "trailing": lambda accepted: accepted.sendall(b"\r\n"),
}


@asynchronous
@pytest.mark.parametrize("end", ENDS)
async def test_an_end_that_the_loop_has_not_noticed_is_found_before_anything_is_sent(end: str) -> None:
    with ActingServer(ENDS[end]) as server:
        async with sender() as made:
            await made.send(request(server.url))
            assert server.has_acted.wait(EVENT_TIMEOUT)  # blocks the loop: nothing can have told it
            await made.send(request(server.url))
            assert server.requests == [1, 2]


@asynchronous
async def test_a_request_of_which_no_byte_could_leave_goes_out_on_another_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NativeConnection, "is_idle", lambda _: True)  # it happens between the look and the write
    with ActingServer(reset) as server:
        async with sender() as made:
            await made.send(request(server.url))
            assert server.has_acted.wait(EVENT_TIMEOUT)
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


# --- time ------------------------------------------------------------------------------------------------------------


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
@pytest.mark.parametrize("first", [None, 30.0, 5.0])
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
async def test_a_deadline_holds_in_the_queue_and_in_a_handshake_too() -> None:
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


# --- large requests --------------------------------------------------------------------------------------------------


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
async def test_areset_while_a_large_request_leaves_is_a_lost_connection() -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive(1)
        await connection.reset()

    async with serve(handle) as server, sender() as made:
        with pytest.raises(errors.ConnectionLost):
            await made.send(request(server.url, method="POST", content=LARGE))


# --- requests leave together -----------------------------------------------------------------------------------------


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
