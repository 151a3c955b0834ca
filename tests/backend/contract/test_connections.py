"""Which connections a backend opens, uses again and closes."""

from __future__ import annotations

from typing import Any

import anyio
import attrs
import pytest

from cds_eks import Limits, errors, models
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from support.backend_clients import MakeClient, closing_after_one, no_leaks
from support.eventually import EVENT_TIMEOUT
from support.raw_server import CLUSTER, Connection, answer, answering, serve

asynchronous = pytest.mark.anyio


@asynchronous
@pytest.mark.parametrize(("name", "value"), [("Connection", "close"), ("connection", "keep-alive, Close")])
async def test_a_request_that_asks_for_it_is_the_last_on_its_connection(
    client: MakeClient, name: str, value: str
) -> None:
    async def add(request: Request, send: Send) -> RawResponse:
        return await send(attrs.evolve(request, headers={**request.headers, name: value}))

    async with serve(answering(answer(CLUSTER))) as server, client(server.url, per_attempt=[add]) as eks:
        for _ in range(2):
            await eks.clusters.get("c-1")
        assert server.opened == 2
        assert server.ledger[0].headers["connection"] == value


@asynchronous
async def test_calls_in_a_row_share_one_connection(client: MakeClient) -> None:
    async with serve(answering(answer(CLUSTER))) as server, client(server.url) as eks:
        for _ in range(5):
            await eks.clusters.get("c-1")
        assert server.opened == 1
        assert server.actions == ["GetCluster"] * 5


@asynchronous
async def test_the_connection_that_was_used_last_is_used_first(client: MakeClient) -> None:
    second_is_in = anyio.Event()
    first_may_answer = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            seen = await connection.read()
            if seen.query["ClusterId"] == "first":
                await second_is_in.wait()
            if seen.query["ClusterId"] == "second":
                second_is_in.set()
                await first_may_answer.wait()
            await connection.send(answer(CLUSTER))

    async with serve(handle) as server, client(server.url) as eks:
        async with anyio.create_task_group() as group:
            group.start_soon(eks.clusters.get, "first")
            await server.until(lambda: server.opened == 1)
            group.start_soon(eks.clusters.get, "second")
            await server.until(second_is_in.is_set)
            await server.until(lambda: len(server.ledger) == 2)
            await anyio.wait_all_tasks_blocked()
            first_may_answer.set()
        await eks.clusters.get("third")
        await eks.clusters.get("fourth")
        assert [seen.connection for seen in server.ledger] == [1, 2, 2, 2]


@asynchronous
async def test_as_many_calls_as_there_are_connections_are_under_way_and_the_rest_is_queued(
    client: MakeClient,
) -> None:
    go = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            await go.wait()
            await connection.send(answer(CLUSTER))

    async with serve(handle) as server, client(server.url, limits=Limits(max_connections=3)) as eks:
        async with anyio.create_task_group() as group:
            for number in range(9):
                group.start_soon(eks.clusters.get, str(number))
                if number < 3:  # those that need not wait must be there in order, too
                    await server.until(lambda number=number: len(server.ledger) == number + 1)  # type: ignore[misc]
                else:
                    await anyio.wait_all_tasks_blocked()
            assert len(server.ledger) == 3
            go.set()
        assert server.opened == 3
        ids = [int(seen.query["ClusterId"]) for seen in server.ledger]
        # Three at a time: within a round the sockets decide, but nobody is overtaken by a later round.
        assert [sorted(ids[start : start + 3]) for start in (0, 3, 6)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@asynchronous
async def test_who_waits_for_the_one_connection_gets_it_first_come_first_served(client: MakeClient) -> None:
    go = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            await go.wait()
            await connection.send(answer(CLUSTER))

    async with serve(handle) as server, client(server.url, limits=Limits(max_connections=1)) as eks:
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(eks.clusters.get, str(number))
                await anyio.wait_all_tasks_blocked()
            go.set()
        assert [seen.query["ClusterId"] for seen in server.ledger] == list("01234567")
        assert server.opened == 1


@asynchronous
@pytest.mark.parametrize("tell", [True, False])
async def test_a_server_that_closes_idle_connections_hurts_nobody(
    client: MakeClient, tell: bool, create: models.CreateClusterRequest
) -> None:
    async with serve(closing_after_one(tell=tell)) as server, client(server.url) as eks:
        for number in range(3):
            assert (await eks.clusters.get("c-1")).attempts == 1
            await server.until(lambda number=number: server.closed == number + 1)  # type: ignore[misc]
        assert (await eks.clusters.create(create)).attempts == 1
        assert server.actions == ["GetCluster"] * 3 + ["CreateCluster"]
        assert server.opened == 4


@asynchronous
async def test_a_kept_connection_that_breaks_under_a_request_is_a_retry_for_a_read_and_unknown_for_a_create(
    client: MakeClient,
    create: models.CreateClusterRequest,
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CLUSTER))
        await connection.read()
        await connection.reset()

    async with serve(handle) as server, client(server.url) as eks:
        await eks.clusters.get("first")
        assert (await eks.clusters.get("second")).attempts == 2
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(create)
        assert isinstance(caught.value, errors.ConnectionLost)
        assert server.actions == ["GetCluster"] * 3 + ["CreateCluster"]


@asynchronous
async def test_aclose_closes_idle_connections_at_once_and_busy_ones_with_their_call(client: MakeClient) -> None:
    go = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            seen = await connection.read()
            if seen.query["ClusterId"] == "slow":
                await go.wait()
            await connection.send(answer(CLUSTER))

    with no_leaks():
        async with serve(handle) as server:
            eks = client(server.url)
            async with anyio.create_task_group() as group:
                group.start_soon(eks.clusters.get, "slow")
                await server.until(lambda: len(server.ledger) == 1)
                await eks.clusters.get("quick")
                await eks.aclose()
                await server.until(lambda: server.closed == 1)
                go.set()  # the slow call still gets its answer, or the group would raise
            await server.until(lambda: server.closed == 2)
            with pytest.raises(errors.ConfigurationError, match="closed"):
                await eks.clusters.get("late")
            await eks.aclose()
            assert len(server.ledger) == 2
        del eks


@asynchronous
async def test_an_attempt_that_sends_twice_at_once_needs_no_second_permit(client: MakeClient) -> None:
    both_are_in = anyio.Event()

    async def handle(connection: Connection) -> None:
        await connection.read()
        if len(connection.server.ledger) == 2:
            both_are_in.set()
        await both_are_in.wait()
        await connection.send(answer(CLUSTER))

    async def twice(request: Request, send: Send) -> RawResponse:
        found: list[RawResponse] = []

        async def once() -> None:
            found.append(await send(request))

        async with anyio.create_task_group() as group:
            group.start_soon(once)
            group.start_soon(once)
        return found[0]

    settings: dict[str, Any] = {"limits": Limits(max_connections=1), "per_attempt": [twice]}
    async with serve(handle) as server, client(server.url, **settings) as eks:
        with anyio.fail_after(EVENT_TIMEOUT):
            await eks.clusters.get("c-1")
        assert server.opened == 2
