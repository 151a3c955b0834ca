"""Answers that are not lost, trailing data, what does not leave, and connecting."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import httpx
import pytest

from backend.h11_exchanges import asynchronous, request
from cds_eks import AsyncEksClient, RetryPolicy, Timeouts, errors
from cds_eks._runtime import clocks
from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend import sockets
from cds_eks.backend.h11_connection import H11Connection
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.backend.streams import TimeLimits
from cds_eks.backend.tls_stream import TlsStream
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import CallRecord, RawResponse, Request
from support.backend_clients import CREDENTIALS
from support.raw_server import CLUSTER, CREATED, answer, answering, serve, unused_port


async def watched_create(create: Any, **settings: Any) -> CallRecord:
    """Make a create that is cancelled on its way, by asyncio itself; return what is known of it."""
    records: list[CallRecord] = []

    async def watch(request: Request, send: Send) -> RawResponse:
        records.append(request.record)
        return await send(request)

    async with AsyncEksClient(CREDENTIALS, per_call=[watch], **settings) as eks:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(eks.clusters.create(create))
    [record] = records
    return record


def cancel_the_call() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


class Closing(httpx.AsyncByteStream):
    """A body that is cancelled while it is closed."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> Any:
        yield self._content

    async def aclose(self) -> None:
        cancel_the_call()
        await anyio.lowlevel.checkpoint()


@asynchronous
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_an_answer_of_a_transport_is_on_the_record_while_it_is_closed(create: Any, encoding: str) -> None:
    content = json.dumps({"Code": "Success", "RequestId": "r-1", "Data": CREATED}).encode()
    respond = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Closing(content))
    )
    record = await watched_create(create, backend=respond)
    if encoding == "gzip":  # which it is not: it can't be read
        assert (record.outcome, record.answer) == ("unknown", None)
    else:
        assert (record.outcome, record.request_id) == ("accepted", "r-1")


@asynchronous
async def test_a_second_answer_over_tls_is_not_taken_for_the_next_ones(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    def respond(seen: Any) -> bytes:
        return 2 * answer({**CLUSTER, "ClusterName": "x" * 60_000, "ClusterId": f"c-{seen.connection}"})

    backend = HttpxBackend(verify=client_context)
    async with (
        serve(answering(respond), tls=server_context) as server,
        AsyncEksClient(CREDENTIALS, endpoint=server.url, backend=backend) as eks,
    ):
        for number in (1, 2, 3):
            assert (await eks.clusters.get("c-1")).data.cluster_id == f"c-{number}"


@asynchronous
async def test_a_request_whose_time_is_up_already_does_not_leave() -> None:
    backend = HttpxBackend()
    async with serve(answering(answer(CLUSTER))) as server:
        first, late = (
            Request(operation=GET_CLUSTER, url=f"{server.url}/eks/v1", params={}, query="Action=X") for _ in range(2)
        )
        await backend.send(first)
        late.record.deadline = time.monotonic() - 1
        with pytest.raises(OutOfTime):
            await backend.send(late)
        assert (late.record.outcome, len(server.ledger)) == ("not_sent", 1)
        await backend.aclose()


@asynchronous
@pytest.mark.parametrize("url", ["ftp://127.0.0.1/eks/v1", "htps://127.0.0.1", "http://[::1", "x"])
async def test_a_url_that_is_none_of_http_is_refused(url: str) -> None:
    backend = HttpxBackend()
    request = Request(operation=GET_CLUSTER, url=url, params={}, query="Action=X")
    with pytest.raises(errors.InvalidRequestError, match="must be a URL of HTTP"):
        await backend.send(request)
    assert request.record.outcome == "not_sent"


@asynchronous
async def test_a_server_that_switches_protocols_is_a_lost_connection() -> None:
    backend = HttpxBackend()
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    async with serve(answering(switching)) as server:
        request = Request(
            operation=GET_CLUSTER,
            url=f"{server.url}/eks/v1",
            params={},
            query="Action=X",
            headers={"Upgrade": "x", "Connection": "Upgrade"},
        )
        with pytest.raises(errors.ConnectionLost, match="SWITCH_UPGRADE"):
            await backend.send(request)
        await backend.aclose()


@asynchronous
async def test_connecting_and_tls_have_one_time_together(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[float] = []

    def noting(function: Any) -> Any:
        async def note(*args: Any) -> Any:
            ends.append(args[-1].deadline if isinstance(args[-1], TimeLimits) else args[-1])
            await anyio.sleep(0.01)
            return await function(*args)

        return note

    monkeypatch.setattr(sockets, "connect", noting(sockets.connect))
    monkeypatch.setattr(TlsStream, "wrap", noting(TlsStream.wrap))
    backend = HttpxBackend(verify=client_context)
    async with (
        serve(answering(answer(CLUSTER)), tls=server_context) as server,
        AsyncEksClient(CREDENTIALS, endpoint=server.url, backend=backend, timeouts=Timeouts(connect=7)) as eks,
    ):
        began = clocks.monotonic()
        await eks.clusters.get("c-1")
    assert len(ends) == 2
    assert ends[0] == ends[1]
    assert began + 7 <= ends[0] <= began + 8


@asynchronous
@pytest.mark.parametrize("value", ["marked\r\nX: y", "märked"])
async def test_what_h11_says_of_a_header_does_not_come_along(value: str) -> None:
    connection = H11Connection("http://127.0.0.1:9/eks/v1", None, FairSemaphore(1))
    with pytest.raises(errors.InvalidRequestError) as caught:
        await connection.exchange(request("http://127.0.0.1:9/eks/v1", headers={"X": value}), most=1, on_partial=id)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@asynchronous
@pytest.mark.parametrize("is_slow", [False, True])
async def test_only_so_many_connect_at_once_unless_that_takes_long(
    is_slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = most = 0

    async def connect(*args: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            await anyio.sleep(0.3 if is_slow else 0.01)
            return await real(*args)
        finally:
            now -= 1

    real = sockets.connect
    monkeypatch.setattr(sockets, "connect", connect)
    monkeypatch.setattr("cds_eks.backend.httpx.MAX_CONNECTING", 2)
    monkeypatch.setattr("cds_eks.backend.h11_connection.CONNECT_WAIT", 0.05 if is_slow else 30)
    async with (
        serve(answering(answer(CLUSTER))) as server,
        AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks,
        anyio.create_task_group() as calls,
    ):
        for _ in range(6):
            calls.start_soon(eks.clusters.get, "c-1")
    assert most == (6 if is_slow else 2)
    assert len(server.ledger) == 6


@asynchronous
async def test_a_permit_to_connect_is_released_whatever_comes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = HttpxBackend()
    free = backend._connecting.available
    async with AsyncEksClient(
        CREDENTIALS, endpoint=f"http://127.0.0.1:{unused_port()}", backend=backend, retry=RetryPolicy.none()
    ) as eks:
        with pytest.raises(errors.ConnectFailed):
            await eks.clusters.get("c-1")
        assert backend._connecting.available == free
        monkeypatch.setattr(sockets, "connect", lambda *_: anyio.sleep_forever())
        with anyio.move_on_after(0.02):
            await eks.clusters.get("c-1")
        assert backend._connecting.available == free
