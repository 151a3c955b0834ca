"""How requests leave in the native backend: large ones, and many in one round of the event loop."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Limits, Timeouts, errors, models
from cds_eks.backend.native_connection import NativeConnection
from cds_eks.backend.native_request import CHUNK_SIZE
from cds_eks.pipeline import Send
from cds_eks.wire import CallRecord, RawResponse, Request
from support.backend_clients import CREDENTIALS
from support.native_backend import LARGE, LOOPS, replace_write, request, sender
from support.raw_server import CLUSTER, CREATED, Connection, answer, answering, serve

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@asynchronous
async def test_a_large_request_goes_out_no_faster_than_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []

    def watched(self: NativeConnection, data: bytes | memoryview) -> None:
        write(self, data)
        waiting.append(self._transport.get_write_buffer_size())

    write = replace_write(monkeypatch, watched)
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

    usual = replace_write(monkeypatch, write)

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

    real = replace_write(monkeypatch, write)
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
