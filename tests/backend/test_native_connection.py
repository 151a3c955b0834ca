"""Connections of the native backend: which are reused, which are closed, and which fail before anything is sent."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import socket
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from cds_eks import Limits, errors
from cds_eks.backend.native_connection import NativeConnection
from support.eventually import EVENT_TIMEOUT
from support.native_backend import LOOPS, idle_connections, request, sender
from support.raw_server import CLUSTER, Connection, answer, answering, serve
from support.threaded_server import ActingServer, reset

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


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
        assert len(idle_connections(made)) == 1
