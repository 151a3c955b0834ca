"""The native backend's calls, cancelled at every step."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any

import anyio
import pytest

from cds_eks import Limits
from support.native_backend import LOOPS, idle_connections, permits_of, request, sender
from support.raw_server import CLUSTER, Connection, answer, answering, serve

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


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
            await made.send(request(server.url, "Action=Whole"))  # the one permit is free
            if asked.record.outcome == "not_sent":
                assert f"A{steps}" not in server.actions
            # Every other time all is new, so that the steps of a new connection are met as well.
            if steps % 2:
                for connection in idle_connections(made):
                    connection.close()
            steps += 1
        assert {*outcomes} == {"not_sent", "unknown"}
        assert steps < 500


@asynchronous
async def test_a_permit_that_is_granted_to_a_call_in_the_moment_of_its_cancellation_is_not_lost() -> None:
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
            if is_before:  # cancelled, then passed over: it is still in the queue when the permit is released
                waiting[0].cancel()
                permits_of(made).release()
            else:
                permits_of(made).release()
                waiting[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting[0]
            assert len(permits_of(made)._reads) == 1
            waiting[2].cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting[2]
            assert permits_of(made).available == 0
            waiting[1].cancel()  # who has the permit now
            with contextlib.suppress(asyncio.CancelledError):
                await waiting[1]
            assert permits_of(made).available == 1
            assert permits_of(made).try_acquire()
        go.set()
        await first
        assert permits_of(made).available == 1
