"""The default backend over real sockets: connections, failures, cancellation."""

from __future__ import annotations

import contextlib
import gzip
import random
import time
import zlib
from typing import Any

import anyio
import httpx
import pytest

from backend.httpx_backends import _operation, asynchronous
from cds_eks import AsyncEksClient, Limits, Timeouts, errors
from cds_eks._runtime import clocks
from cds_eks.backend import response_body
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import Request
from support.backend_clients import (
    BODY,
    CREDENTIALS,
    READ_ONCE,
    client,
    no_leaks,
)
from support.raw_server import CLUSTER, Connection, answer, answering, serve


@asynchronous
async def test_the_backend_itself_has_no_more_connections_than_it_may() -> None:
    async with serve(answering(answer(CLUSTER))) as server:
        own = HttpxBackend(limits=Limits(max_connections=2))
        async with contextlib.aclosing(own), anyio.create_task_group() as group:
            for _ in range(6):
                made = Request(operation=_operation(), url=server.url, params={}, query="Action=X")
                group.start_soon(own.send, made)
        assert (server.opened, len(server.ledger)) == (2, 6)


@asynchronous
async def test_an_idle_connection_is_closed_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(clocks, "since_boot", lambda: now[0])
    all_in = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            if len(connection.server.ledger) == 3:
                all_in.set()
            await all_in.wait()
            await connection.send(answer(CLUSTER))

    async with serve(handle) as server, client(server.url, limits=Limits(keepalive_expiry=30)) as eks:
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(eks.clusters.get, str(number))
        assert (server.opened, server.closed) == (3, 0)
        now[0] += 30
        await eks.clusters.get("not yet")
        await anyio.wait_all_tasks_blocked()
        assert server.closed == 0
        now[0] += 1
        await eks.clusters.get("closes the one that was idle for longest")
        await server.until(lambda: server.closed == 1)
        await eks.clusters.get("closes the next")
        await server.until(lambda: server.closed == 2)
        await eks.clusters.get("keeps the one that is in use")
        await anyio.wait_all_tasks_blocked()
        assert (server.opened, server.closed) == (3, 2)


DEFLATED = zlib.compress(BODY)


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (gzip.compress(BODY[:7]) + gzip.compress(b"") + gzip.compress(BODY[7:]), "gzip", None),
        (gzip.compress(BODY) + bytes(40), "gzip", None),  # as files are filled up, and gzip and Python read them
        (gzip.compress(BODY) + b"HTTP/1.1", "gzip", "broken"),  # a series of members is all there may be (RFC 1952)
        (gzip.compress(BODY) + bytes(4) + gzip.compress(BODY), "gzip", "broken"),
        (gzip.compress(BODY) + gzip.compress(BODY)[:-3], "gzip", "breaks off"),
        (gzip.compress(BODY) + gzip.compress(BODY)[:5], "gzip", "breaks off"),
        (gzip.compress(b"x" * 900_000) + gzip.compress(b"x" * 200_000), "gzip", "more than 1000000 bytes"),
        (gzip.compress(random.Random(1).randbytes(500_000)) + gzip.compress(b"1"), "gzip", None),
        (gzip.compress(b"") * 10_001, "gzip", "more than 10000 parts"),
        (DEFLATED, "deflate", None),
        (DEFLATED[:-5], "deflate", "breaks off"),
    ],
)
def test_compression_in_several_parts_is_read(
    body: bytes, encoding: str, reason: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 1_000_000)
    content, found = response_body.decompressed(body, encoding)
    if reason is None:
        whole = zlib.decompress(body) if encoding == "deflate" else gzip.decompress(body)
        assert (content, found) == (whole, None)
    else:
        assert reason in (found or "")


@asynchronous
async def test_a_deadline_ends_a_call_that_connects() -> None:
    async def handle(connection: Connection) -> None:
        await connection.until_closed()

    settings: dict[str, Any] = {"timeouts": Timeouts(connect=10, total=0.05), "retry": READ_ONCE}
    with no_leaks():
        async with serve(handle) as server:
            async with client(f"https://127.0.0.1:{server.port}", **settings) as eks:
                with pytest.raises(errors.DeadlineExceeded) as caught:
                    await eks.call("CreateThing", method="POST")
            await server.until(lambda: server.closed == server.opened == 1)
    assert (caught.value.outcome, isinstance(caught.value, errors.AmbiguousCreate)) == ("not_sent", False)


@asynchronous
async def test_a_deadline_ends_a_call_through_a_transport_of_the_users() -> None:
    async def handle(_: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    transport = httpx.MockTransport(handle)
    async with AsyncEksClient(CREDENTIALS, backend=transport, timeouts=Timeouts(total=0.05)) as eks:
        with pytest.raises(errors.DeadlineExceeded):
            await eks.clusters.get("c-1")


@asynchronous
async def test_a_deadline_ends_the_wait_for_a_connection() -> None:
    go = anyio.Event()

    async def handle(connection: Connection) -> None:
        await connection.read()
        await go.wait()
        await connection.send(answer(CLUSTER))

    def made(server_url: str) -> Request:
        return Request(operation=_operation(), url=server_url, params={}, query="Action=X")

    async with serve(handle) as server, contextlib.aclosing(HttpxBackend(limits=Limits(max_connections=1))) as own:
        async with anyio.create_task_group() as group:
            group.start_soon(own.send, made(server.url))
            await server.until(lambda: len(server.ledger) == 1)
            late = made(server.url)
            late.record.deadline = time.monotonic() + 0.02
            with pytest.raises(OutOfTime):
                await own.send(late)
            go.set()
        assert (late.record.outcome, len(server.ledger)) == ("not_sent", 1)


@asynchronous
async def test_the_deadline_counts_from_the_call_s_begin_however_often_something_is_heard() -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        for letter in answer(CLUSTER):
            await connection.send(bytes([letter]))
            await anyio.sleep(0.1)

    settings: dict[str, Any] = {"timeouts": Timeouts(read=1, total=0.3), "retry": READ_ONCE}
    async with serve(handle) as server, client(server.url, **settings) as eks:
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded):
            await eks.clusters.get("c-1")
        assert time.monotonic() - began < 5
