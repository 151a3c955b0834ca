"""Time in the native backend: silence, deadlines, and no limit at all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Limits, Timeouts, errors
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import Request
from support import backend_clients
from support.native_backend import LOOPS, idle_connections, permits_of, request, sender
from support.raw_server import CLUSTER, Connection, answer, serve

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def client(url: str, **settings: Any) -> AsyncEksClient:
    return backend_clients.client(url, backend="native", **settings)


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
        assert permits_of(made).available == Limits().max_connections
        assert not idle_connections(made)


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
        assert permits_of(made).available == 1


@asynchronous
async def test_a_client_tells_what_was_known_when_the_time_ran_out() -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.until_closed()

    async with serve(handle) as server, client(server.url, timeouts=Timeouts(read=5, total=0.05)) as eks:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.get("c-1")
        assert (caught.value.outcome, caught.value.attempts) == ("unknown", 1)
