"""The straight connection comes out where httpx itself does."""

from __future__ import annotations

import functools
import json
import select
from collections.abc import Callable
from contextlib import aclosing
from typing import Any
from unittest.mock import AsyncMock

import anyio
import anyio.abc
import anyio.lowlevel
import h11
import httpcore
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.h11_exchanges import asynchronous, request
from cds_eks import AsyncEksClient, errors
from cds_eks._runtime import clocks
from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend.h11_connection import H11Connection
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.backend.request_head import request_target
from cds_eks.backend.sockets import TimedOut
from cds_eks.backend.streams import TimeLimits
from cds_eks.backend.whole_response import Answer, Unread, whole_response
from cds_eks.pipeline import Send
from cds_eks.wire import CallRecord, RawResponse, Request
from support.backend_clients import CREDENTIALS
from support.raw_server import CLUSTER, Connection, answer, answering, plain, serve

URLS = [
    "http://127.0.0.1:8080/eks/v1",
    "https://api.capitalonline.net/eks/v1",
    "https://[::1]:8443/eks/v1",
    "https://xn--fiq228c.test/",
]


steady = settings(max_examples=300, deadline=None, derandomize=True)


def outcome(make: Callable[[], bytes]) -> bytes | str:
    try:
        return make()
    except httpx.InvalidURL as error:
        return f"make a URL that can't be sent ({error})"
    except errors.InvalidRequestError as error:
        return error.rule


@steady
@given(
    url=st.sampled_from(URLS), query=st.text(alphabet="aZ09-._~%&=+ /?#\"'<>é\n\x00", max_size=20) | st.text(max_size=9)
)
def test_what_is_asked_for_is_what_httpx_makes_of_a_url(url: str, query: str) -> None:
    assert outcome(lambda: request_target(url, query)) == outcome(lambda: httpx.URL(f"{url}?{query}").raw_path)


def test_a_signed_query_is_not_read_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    request_target(URLS[0], "Action=X")
    monkeypatch.setattr(httpx.URL, "__init__", lambda *_: pytest.fail("it is read"))
    assert request_target(URLS[0], "AccessKeyId=a%2Fb&Signature=c%3D") == b"/eks/v1?AccessKeyId=a%2Fb&Signature=c%3D"


def test_what_is_too_long_is_refused_as_httpx_does() -> None:
    with pytest.raises(errors.InvalidRequestError, match="params: make a URL that can't be sent"):
        request_target(URLS[0], "a" * 65536)


@asynchronous
@pytest.mark.parametrize("is_left_to_h11", [False, True])
async def test_an_answer_that_has_come_whole_is_not_lost_to_a_cancellation(
    monkeypatch: pytest.MonkeyPatch, is_left_to_h11: bool
) -> None:
    """It is cancelled between the last byte and the end of the exchange."""
    records: list[CallRecord] = []

    async def watch(request: Request, send: Send) -> RawResponse:
        records.append(request.record)
        return await send(request)

    real_event = h11.Connection.next_event
    with anyio.CancelScope() as scope:

        def cancelled_at_the_end(connection: h11.Connection) -> object:
            event = real_event(connection)
            if isinstance(event, h11.EndOfMessage) and connection.our_role is h11.CLIENT:
                scope.cancel()
            return event

        def cancelled_here(data: bytes, most: int) -> Answer | Unread:
            if is_left_to_h11:
                return Unread.LEFT_TO_H11
            scope.cancel()
            return whole_response(data, most)

        monkeypatch.setattr(h11.Connection, "next_event", cancelled_at_the_end)
        monkeypatch.setattr("cds_eks.backend.h11_connection.whole_response", cancelled_here)
        served = serve(answering(answer(CLUSTER)))
        async with served as server, AsyncEksClient(CREDENTIALS, endpoint=server.url, per_call=[watch]) as eks:
            await eks.clusters.get("c-1")
            await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    [record] = records
    assert record.outcome == "accepted"
    assert record.answer is not None
    assert record.answer["Data"]["ClusterId"] == "c-1"


def replaced(kind: type[Any], *, is_disguised: bool) -> Callable[..., Any]:
    """What a mocking library puts in the place of a method, with or without its name."""

    async def mocked(self: Any, request: Any) -> Any:
        if isinstance(request, httpx.Request):
            return httpx.Response(200, json=MOCKED)
        return httpcore.Response(200, content=json.dumps(MOCKED).encode())

    return functools.wraps(kind.handle_async_request)(mocked) if is_disguised else mocked


MOCKED = {"Code": "Success", "Data": {"ClusterId": "mocked"}}
WAYS = [httpx.AsyncHTTPTransport, httpcore.AsyncConnectionPool, httpcore.AsyncHTTPConnection]


@asynchronous
@pytest.mark.parametrize("is_disguised", [True, False])
@pytest.mark.parametrize("kind", WAYS)
async def test_what_is_put_in_the_way_of_httpx_is_asked_also_when_connections_are_open(
    kind: type[Any], is_disguised: bool
) -> None:
    async with serve(answering(answer(CLUSTER))) as server, AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_id == "c-1"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "handle_async_request", replaced(kind, is_disguised=is_disguised))
            for _ in range(2):
                assert (await eks.clusters.get("c-1")).data.cluster_id == "mocked"
        for _ in range(2):
            assert (await eks.clusters.get("c-1")).data.cluster_id == "c-1"
        assert [seen.connection for seen in server.ledger] == [1, 2, 2]


@asynchronous
async def test_what_is_an_object_in_the_way_of_httpx_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tracing libraries do it, with a wrapper that looks like what it wraps."""
    mock = AsyncMock(side_effect=lambda _: httpx.Response(200, json=MOCKED))
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", mock)
    async with AsyncEksClient(CREDENTIALS, endpoint="http://eks.test") as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_id == "mocked"


@asynchronous
@pytest.mark.parametrize("value", ["a\r\nB: c", "é", "\x00"])
@pytest.mark.parametrize("name", ["X-Own", "Host", "host"])
async def test_headers_that_cant_be_sent_are_refused_before_anything_is(name: str, value: str) -> None:
    made = request("http://127.0.0.1:1", headers={name: value})
    with pytest.raises(errors.InvalidRequestError, match="headers") as caught:
        await HttpxBackend().send(made)
    assert (caught.value.action, made.record.outcome) == ("GetCluster", "not_sent")


@asynchronous
@pytest.mark.parametrize(
    ("method", "content", "length"),
    [("GET", None, None), ("POST", None, "0"), ("POST", b"", "0"), ("POST", b"{}", "2"), ("PUT", None, "0")],
)
async def test_the_length_of_a_body_is_told(method: str, content: bytes | None, length: str | None) -> None:
    async with serve(answering(answer(CLUSTER))) as server, aclosing(HttpxBackend()) as own:
        assert (await own.send(request(server.url, method, content))).status == 200
        [seen] = server.ledger
    assert (seen.headers.get("content-length"), seen.body) == (length, content or b"")


@asynchronous
@pytest.mark.parametrize("name", ["Host", "host"])
async def test_a_host_of_the_request_s_own_is_told_in_place_of_the_url_s(name: str) -> None:
    async with serve(answering(answer(CLUSTER))) as server, aclosing(HttpxBackend()) as own:
        await own.send(request(server.url, headers={name: "eks.test"}))
        assert server.ledger[0].headers["host"] == "eks.test"


@asynchronous
async def test_the_answer_to_a_head_has_no_body() -> None:
    content = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    async with serve(answering(content)) as server, aclosing(HttpxBackend()) as own:
        for _ in range(2):
            assert (await own.send(request(server.url, "HEAD"))).content == b""
        assert server.opened == 1


class Broken:
    """A stream that breaks while it is written to, and holds some bytes all the same."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    def is_idle(self) -> bool:
        return True

    async def send(self, data: bytes, time_limits: TimeLimits) -> None:
        raise OSError("broken")

    async def receive(self, time_limits: TimeLimits) -> bytes:
        if not self.pieces:
            raise OSError("broken")
        return self.pieces.pop(0)


def over(stream: Any) -> H11Connection:
    """A connection over a stream, as if it had connected."""
    connection = H11Connection(URLS[0], None, FairSemaphore(1))
    connection._stream = stream
    return connection


@asynchronous
async def test_an_answer_that_came_before_the_request_had_left_is_taken_and_the_connection_is_not_used_again() -> None:
    connection = over(Broken(plain(b"too long", status=413)))
    answer = await connection.exchange(request(URLS[0], "POST", b"{}"), most=100, on_partial=id)
    assert (answer.status, answer.content, connection.is_sound()) == (413, b"too long", False)


@asynchronous
async def test_a_connection_that_breaks_is_told_as_httpx_tells_it() -> None:
    connection = over(Broken(plain(b"too long")[:-3]))
    with pytest.raises(errors.ConnectionLost, match="ReadError"):
        await connection.exchange(request(URLS[0]), most=100, on_partial=id)


@asynchronous
async def test_each_piece_of_an_answer_has_the_whole_patience() -> None:
    content = plain(b"x" * 8)

    async def handle(connection: Connection) -> None:
        await connection.read()
        for place in range(0, len(content), 6):
            await connection.send(content[place : place + 6])
            await anyio.sleep(0.05)

    async with serve(handle) as server, aclosing(HttpxBackend()) as own:
        assert (await own.send(request(server.url, read_timeout=0.25))).content == b"x" * 8


@asynchronous
async def test_without_poll_an_end_is_noticed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(connection: Connection) -> None:
        for _ in range(2):
            await connection.read()
            await connection.send(answer(CLUSTER))

    monkeypatch.delattr(select, "poll")
    async with serve(handle) as server, AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks:
        for number in range(4):
            assert (await eks.clusters.get("c-1")).attempts == 1
            await server.until(lambda number=number: server.closed == (number + 1) // 2)  # type: ignore[misc]
        assert server.opened == 2


@asynchronous
async def test_a_connection_that_was_idle_for_too_long_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(answering(answer(CLUSTER))) as server, AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks:
        await eks.clusters.get("c-1")
        assert isinstance(eks._backend, HttpxBackend)
        [(connection, until)] = eks._backend._pool.idle.items()
        assert isinstance(connection, H11Connection)
        assert connection.is_reusable(request(f"{server.url}/eks/v1"))
        assert not connection.is_reusable(request("http://elsewhere.test/eks/v1"))
        monkeypatch.setattr(clocks, "since_boot", lambda: until + 1)
        await eks.clusters.get("c-1")
        assert server.opened == 2


@asynchronous
async def test_a_request_that_does_not_leave_is_told_as_httpx_tells_it() -> None:
    class Stuck(Broken):
        """How much a real one takes before it waits, nobody knows."""

        async def send(self, data: bytes, time_limits: TimeLimits) -> None:
            raise TimedOut

    connection = over(Stuck())
    made = request(URLS[0], "POST", b"{}", read_timeout=0.02)
    with pytest.raises(errors.ConnectionLost, match="WriteTimeout"):
        await connection.exchange(made, most=100, on_partial=id)
    assert made.record.outcome == "unknown"
