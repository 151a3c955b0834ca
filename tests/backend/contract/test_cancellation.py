"""What a cancelled call, or one whose time is up, leaves behind."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import anyio
import pytest

from cds_eks import Limits, Timeouts, errors, models
from support.backend_clients import BIG, READ_ONCE, MakeClient, Records, cancelled_when, no_leaks
from support.eventually import EVENT_TIMEOUT
from support.raw_server import CLUSTER, CREATED, Connection, Seen, answer, serve

asynchronous = pytest.mark.anyio


@asynchronous
@pytest.mark.parametrize("moment", ["while sending", "before an answer", "within an answer"])
async def test_a_call_that_is_cancelled_once_bytes_have_left_is_recorded_as_unknown_and_frees_its_connection(
    client: MakeClient,
    moment: str,
) -> None:
    reached = anyio.Event()

    async def handle(connection: Connection) -> None:
        if moment == "while sending" and connection.number == 1:
            await connection.stream.receive(1)
            reached.set()
            await anyio.sleep_forever()
        await connection.read()
        if connection.number == 1:
            if moment == "within an answer":
                await connection.send(answer(CREATED)[:-10])
            reached.set()
            await connection.until_closed()
        else:
            await connection.send(answer(CREATED))

    records = Records()
    settings: dict[str, Any] = {"limits": Limits(max_connections=1), "per_call": [records]}
    with no_leaks():
        async with serve(handle) as server, client(server.url, **settings) as eks:
            body = BIG if moment == "while sending" else {}
            await cancelled_when(reached.is_set, partial(eks.call, "CreateThing", method="POST", body=body))
            assert (records.kept[0].outcome, records.kept[0].attempts) == ("unknown", 1)
            await eks.call("CreateThing", method="POST")
            assert records.kept[1].outcome == "accepted"
            assert server.opened == 2


@asynchronous
async def test_a_call_that_is_cancelled_while_it_waits_for_a_connection_was_not_sent(client: MakeClient) -> None:
    go = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            await go.wait()
            await connection.send(answer(CREATED))

    records = Records()
    settings: dict[str, Any] = {"limits": Limits(max_connections=1), "per_call": [records]}
    async with serve(handle) as server, client(server.url, **settings) as eks:
        async with anyio.create_task_group() as group:
            group.start_soon(partial(eks.call, "First", method="POST"))
            await server.until(lambda: len(server.ledger) == 1)
            await cancelled_when(lambda: len(records.kept) == 2, partial(eks.call, "Second", method="POST"))
            go.set()
        assert [record.outcome for record in records.kept] == ["accepted", "not_sent"]
        await eks.call("Third", method="POST")
        assert server.actions == ["First", "Third"]


@asynchronous
async def test_a_call_that_is_cancelled_in_the_tls_handshake_was_not_sent_and_leaves_no_socket_behind(
    client: MakeClient,
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive(1)
        await connection.until_closed()

    records = Records()
    with no_leaks():
        async with serve(handle) as server:
            settings: dict[str, Any] = {"limits": Limits(max_connections=1), "per_call": [records]}
            async with client(f"https://127.0.0.1:{server.port}", **settings) as eks:
                for number in range(3):
                    await cancelled_when(
                        lambda number=number: server.opened == number + 1,  # type: ignore[misc]
                        partial(eks.call, "CreateThing", method="POST"),
                    )
            await server.until(lambda: server.closed == 3)
    assert [record.outcome for record in records.kept] == ["not_sent"] * 3


@asynchronous
async def test_a_tls_handshake_that_never_ends_is_a_failed_connection(client: MakeClient) -> None:
    async def handle(connection: Connection) -> None:
        await connection.until_closed()

    with no_leaks():
        async with serve(handle) as server:
            settings: dict[str, Any] = {"timeouts": Timeouts(connect=0.03), "retry": READ_ONCE}
            async with client(f"https://127.0.0.1:{server.port}", **settings) as eks:
                with pytest.raises(errors.ConnectFailed, match="ConnectTimeout"):
                    await eks.clusters.get("c-1")
            await server.until(lambda: server.closed == 1)


@asynchronous
async def test_cancelling_2000_calls_in_flight_leaves_every_permit_usable(client: MakeClient) -> None:
    rng = random.Random(20250908)
    together = anyio.Event()
    last: list[Seen] = []

    async def handle(connection: Connection) -> None:
        while True:
            seen = await connection.read()
            if not seen.query["ClusterId"].startswith("last-"):
                await connection.send(answer(CLUSTER)[: rng.randrange(120)])
                await connection.until_closed()
                return
            last.append(seen)
            if len(last) == 10:
                together.set()
            await together.wait()  # only ten at once get an answer
            await connection.send(answer(CLUSTER))

    with no_leaks():
        async with serve(handle) as server, client(server.url, limits=Limits(max_connections=10)) as eks:
            for _ in range(20):
                seen_before = len(server.ledger)
                moment = rng.randrange(11)
                async with anyio.create_task_group() as group:
                    for number in range(100):
                        group.start_soon(eks.clusters.get, str(number))
                    await server.until(lambda: len(server.ledger) >= seen_before + moment)  # noqa: B023 - used at once
                    group.cancel_scope.cancel()
            with anyio.fail_after(EVENT_TIMEOUT):
                async with anyio.create_task_group() as group:
                    for number in range(10):
                        group.start_soon(eks.clusters.get, f"last-{number}")
            assert {seen.query["ClusterId"] for seen in last} == {f"last-{number}" for number in range(10)}
            assert len({seen.connection for seen in last}) == 10


@asynchronous
async def test_a_deadline_that_ends_a_call_in_flight_frees_its_connection(
    client: MakeClient, create: models.CreateClusterRequest
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        if connection.number == 1:
            await connection.until_closed()
        else:
            await connection.send(answer(CLUSTER))

    settings: dict[str, Any] = {"limits": Limits(max_connections=1)}
    with no_leaks():
        async with serve(handle) as server, client(server.url, **settings) as eks:
            with pytest.raises(errors.DeadlineExceeded) as caught:
                await eks.clusters.create(create, timeout=0.1)
            assert isinstance(caught.value, errors.AmbiguousCreate)
            await eks.clusters.get("c-1")
            assert server.actions == ["CreateCluster", "GetCluster"]
        del caught
