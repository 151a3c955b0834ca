"""The default backend: mocked, in process, and over real sockets."""

from __future__ import annotations

import contextlib
import gc
import gzip
import json
import logging
import random
import ssl
import time
import warnings
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx
import pytest
import respx
import trustme
from raw_server import CLUSTER, CREATED, Connection, Seen, answer, answering, plain, serve, unused_port

from cds_eks import AsyncEksClient, Credentials, EksClient, Limits, RetryPolicy, Timeouts, backend, errors, models
from cds_eks._runtime import clocks
from cds_eks.backend import httpx_transport as transports
from cds_eks.backend import response_body
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import CallRecord, RawResponse, Request

URL = "https://api.capitalonline.net/eks/v1"
CREDENTIALS = Credentials("AKID-marked-id", "SK-marked-key")
READ_ONCE = RetryPolicy.none()
AT_ONCE = RetryPolicy(max_attempts=4, base_delay=0, throttled_base_delay=0)
FOUND = {"Code": "Success", "Msg": "", "RequestId": "req-1", "Data": CLUSTER}

asynchronous = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "eks.test").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Records:
    """A per-call middleware that keeps the record of every call."""

    def __init__(self) -> None:
        self.kept: list[CallRecord] = []

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        self.kept.append(request.record)
        return await send(request)


def client(url: str, **settings: Any) -> AsyncEksClient:
    return AsyncEksClient(CREDENTIALS, endpoint=url, **({"retry": AT_ONCE} | settings))


@contextlib.contextmanager
def no_leaks() -> Iterator[None]:
    """Fails if what the block leaves to the garbage collector was still open."""
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


@contextlib.contextmanager
def marked_only_inside(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails if a log record of any logger, at any level, holds a credential or a signature."""
    names = ["", "cds_eks", "httpx", "httpcore", "httpcore.http11", "httpcore.connection", "httpcore.proxy", "asyncio"]
    with contextlib.ExitStack() as levels:
        for name in names:
            levels.enter_context(caplog.at_level(logging.DEBUG, logger=name))
        yield
    assert caplog.records, "nothing was logged, so nothing was checked"
    for record in caplog.records:
        text = f"{record.getMessage()} {record.args!r}"
        assert "marked" not in text
        assert "Signature" not in text


# --- mocked ------------------------------------------------------------------------------------------------------


@asynchronous
@respx.mock
async def test_a_plain_respx_mock_intercepts_the_async_client(create: models.CreateClusterRequest) -> None:
    get = respx.get(URL, params={"Action": "GetCluster", "ClusterId": "c-1"}).respond(json=FOUND)
    delete = respx.post(URL, params={"Action": "DeleteCluster"}, json={"ClusterId": "c-1"}).respond(
        json={**FOUND, "Data": CREATED}
    )
    async with AsyncEksClient(CREDENTIALS) as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_name == "one"
        assert (await eks.clusters.delete("c-1")).data.task_id == "t-1"
    assert (get.call_count, delete.call_count) == (1, 1)


@respx.mock
def test_a_plain_respx_mock_intercepts_the_blocking_client() -> None:
    route = respx.get(URL, params={"Action": "GetCluster", "ClusterId": "c-1"}).respond(json=FOUND)
    with EksClient(CREDENTIALS) as eks:
        assert eks.clusters.get("c-1").data.cluster_name == "one"
    assert route.call_count == 1


@asynchronous
@respx.mock
async def test_what_respx_does_not_know_is_its_own_error() -> None:
    async with AsyncEksClient(CREDENTIALS) as eks:
        with pytest.raises(AssertionError, match="not mocked"):
            await eks.clusters.get("c-1")


NOT_SENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol]
UNKNOWN = [httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.WriteError, httpx.ReadError, httpx.WriteTimeout, OSError]


@asynchronous
@pytest.mark.parametrize("raised", NOT_SENT)
@respx.mock
async def test_a_failure_to_connect_is_known_not_to_have_sent(raised: type[Exception]) -> None:
    respx.get(URL).mock(side_effect=raised)
    async with AsyncEksClient(CREDENTIALS, retry=READ_ONCE) as eks:
        with pytest.raises(errors.ConnectFailed, match=raised.__name__) as caught:
            await eks.clusters.get("c-1")
    error = caught.value
    assert (error.outcome, error.action, error.attempts) == ("not_sent", "GetCluster", 1)


@asynchronous
@pytest.mark.parametrize("raised", UNKNOWN)
@respx.mock
async def test_any_other_failure_may_have_sent(raised: type[Exception], create: models.CreateClusterRequest) -> None:
    route = respx.post(URL).mock(side_effect=raised("broken"))
    async with AsyncEksClient(CREDENTIALS, retry=AT_ONCE) as eks:
        with pytest.raises(errors.ConnectionLost, match=raised.__name__) as caught:
            await eks.clusters.create(create)
    error = caught.value
    assert isinstance(error, errors.AmbiguousCreate)
    assert (error.outcome, error.action, error.attempts) == ("unknown", "CreateCluster", 1)
    assert route.call_count == 1


@asynchronous
@respx.mock
async def test_a_failed_connection_is_tried_again_even_for_a_create(create: models.CreateClusterRequest) -> None:
    good = httpx.Response(200, json={**FOUND, "Data": CREATED})
    route = respx.post(URL).mock(side_effect=[httpx.ConnectError("no"), httpx.ConnectTimeout("no"), good])
    async with AsyncEksClient(CREDENTIALS, retry=AT_ONCE) as eks:
        created = await eks.clusters.create(create)
    assert (created.data.cluster_id, created.attempts, route.call_count) == ("c-1", 3, 3)


# --- in process --------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_mock_transport_can_be_the_backend() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=FOUND)

    async with AsyncEksClient(CREDENTIALS, backend=httpx.MockTransport(handle)) as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_name == "one"
    assert seen[0].url.params["ClusterId"] == "c-1"
    assert seen[0].headers["accept-encoding"] == "gzip"


@asynchronous
async def test_a_transport_of_the_users_that_can_not_connect_has_sent_nothing() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    records = Records()
    async with AsyncEksClient(
        CREDENTIALS, backend=httpx.MockTransport(handle), retry=READ_ONCE, per_call=[records]
    ) as eks:
        with pytest.raises(errors.ConnectFailed):
            await eks.clusters.get("c-1")
    assert records.kept[0].outcome == "not_sent"


@asynchronous
@pytest.mark.parametrize(
    ("raised", "kind", "outcome"),
    [
        (httpx.ConnectError("x"), errors.ConnectFailed, "not_sent"),
        (httpx.ReadError("x"), errors.ConnectionLost, "unknown"),
    ],
)
async def test_the_backend_itself_tells_the_record(
    raised: Exception, kind: type[errors.EksError], outcome: errors.Outcome
) -> None:
    request = Request(operation=_operation(), url=URL, params={}, query="Action=X")
    with respx.mock:
        respx.get(URL).mock(side_effect=raised)
        with pytest.raises(kind) as caught:
            await HttpxBackend().send(request)
    assert (request.record.outcome, caught.value.outcome) == (outcome, outcome)


@asynchronous
async def test_a_handed_over_transport_that_fails_to_connect_is_taken_back_in_the_record() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(made.record.outcome)
        raise httpx.ConnectTimeout("x")

    seen: list[str] = []
    made = Request(operation=_operation(), url=URL, params={}, query="Action=X")
    with pytest.raises(errors.ConnectFailed):
        await HttpxBackend(transport=httpx.MockTransport(handle)).send(made)
    assert (seen, made.record.outcome) == (["unknown"], "not_sent")


@asynchronous
async def test_no_more_is_read_from_a_transport_of_the_users_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", len(BODY) - 1)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=BODY))
    async with AsyncEksClient(CREDENTIALS, backend=transport, retry=READ_ONCE) as eks:
        with pytest.raises(errors.UnreadableResponse, match=f"more than {len(BODY) - 1} bytes"):
            await eks.clusters.get("c-1")


@asynchronous
async def test_no_more_is_read_through_a_proxy_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 10_000)

    async def handle(connection: Connection) -> None:
        async for _ in endless(connection):
            pass

    with no_leaks():
        async with serve(handle) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            async with client("http://eks.test", retry=READ_ONCE) as eks:
                with pytest.raises(errors.UnreadableResponse, match="more than 10000 bytes"):
                    await eks.clusters.get("c-1")
            await proxy.until(lambda: proxy.closed == 1)


@asynchronous
async def test_an_answer_of_a_proxy_that_breaks_off_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CLUSTER)[:-10])

    async with serve(handle) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with client("http://eks.test", retry=READ_ONCE) as eks:
            with pytest.raises(errors.ConnectionLost, match="without sending complete"):
                await eks.clusters.get("c-1")


@asynchronous
async def test_an_asgi_application_can_be_the_backend() -> None:
    async def app(scope: Mapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Any]) -> None:
        assert b"Action=GetCluster" in scope["query_string"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(FOUND).encode()})

    async with AsyncEksClient(CREDENTIALS, backend=httpx.ASGITransport(app)) as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_name == "one"


@asynchronous
async def test_a_transport_that_was_handed_over_is_closed_with_the_client() -> None:
    class Transport(httpx.MockTransport):
        is_closed = False

        async def aclose(self) -> None:
            self.is_closed = True

    transport = Transport(lambda _: httpx.Response(200, json=FOUND))
    async with AsyncEksClient(CREDENTIALS, backend=transport):
        assert not transport.is_closed
    assert transport.is_closed


class Own:
    """A backend as a user writes it."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.is_closed = False

    async def send(self, request: Request) -> RawResponse:
        request.record.may_have_left()
        self.sent.append(request)
        return RawResponse(status=200, headers={}, content=json.dumps(FOUND).encode())

    async def aclose(self) -> None:
        self.is_closed = True


@asynchronous
async def test_an_object_with_send_and_aclose_can_be_the_backend() -> None:
    own = Own()
    async with AsyncEksClient(CREDENTIALS, backend=own) as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_name == "one"
    assert "Action=GetCluster" in own.sent[0].query
    assert own.is_closed


@pytest.mark.parametrize("bad", ["aiohttp", "", None, 7, object(), Own, httpx.HTTPTransport, b"httpx"])
def test_a_backend_that_is_none_is_refused(bad: object) -> None:
    with pytest.raises(errors.ConfigurationError, match="backend must be"):
        backend.choose(bad, Limits())


# --- over real sockets: connections --------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize(("name", "value"), [("Connection", "close"), ("connection", "keep-alive, Close")])
async def test_a_request_that_asks_for_it_is_the_last_on_its_connection(name: str, value: str) -> None:
    async def add(request: Request, send: Send) -> RawResponse:
        return await send(attrs.evolve(request, headers={**request.headers, name: value}))

    async with serve(answering(answer(CLUSTER))) as server, client(server.url, per_attempt=[add]) as eks:
        for _ in range(2):
            await eks.clusters.get("c-1")
        assert server.opened == 2
        assert server.ledger[0].headers["connection"] == value


@asynchronous
async def test_calls_in_a_row_share_one_connection() -> None:
    async with serve(answering(answer(CLUSTER))) as server, client(server.url) as eks:
        for _ in range(5):
            await eks.clusters.get("c-1")
        assert server.opened == 1
        assert server.actions == ["GetCluster"] * 5


@asynchronous
async def test_the_connection_that_was_used_last_is_used_first() -> None:
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
async def test_as_many_calls_as_there_are_connections_are_under_way_and_the_rest_waits_in_line() -> None:
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
async def test_who_waits_for_the_one_connection_gets_it_first_come_first_served() -> None:
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
async def test_the_backend_itself_has_no_more_connections_than_it_may() -> None:
    async with serve(answering(answer(CLUSTER))) as server:
        own = HttpxBackend(limits=Limits(max_connections=2))
        async with contextlib.aclosing(own), anyio.create_task_group() as group:
            for _ in range(6):
                made = Request(operation=_operation(), url=server.url, params={}, query="Action=X")
                group.start_soon(own.send, made)
        assert (server.opened, len(server.ledger)) == (2, 6)


def closing_after_one(*, tell: bool = False) -> Callable[[Connection], Awaitable[None]]:
    """A handler that closes each connection after its first answer, as a server does with idle ones."""

    async def handle(connection: Connection) -> None:
        seen = await connection.read()
        headers = (("Connection", "close"),) if tell else ()
        await connection.send(answer(CREATED if seen.method == "POST" else CLUSTER, headers=headers))

    return handle


@asynchronous
@pytest.mark.parametrize("tell", [True, False])
async def test_a_server_that_closes_idle_connections_hurts_nobody(
    tell: bool, create: models.CreateClusterRequest
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


@asynchronous
async def test_aclose_closes_idle_connections_at_once_and_busy_ones_with_their_call() -> None:
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


# --- over real sockets: failures -----------------------------------------------------------------------------------


@asynchronous
async def test_a_refused_port_is_a_failed_connection(create: models.CreateClusterRequest) -> None:
    records = Records()
    async with client(f"http://127.0.0.1:{unused_port()}", per_call=[records]) as eks:
        with pytest.raises(errors.ConnectFailed) as caught:
            await eks.clusters.create(create)
    error = caught.value
    assert not isinstance(error, errors.AmbiguousCreate)
    assert (error.outcome, error.attempts, len(error.previous)) == ("not_sent", 4, 3)
    assert records.kept[0].outcome == "not_sent"


@asynchronous
@pytest.mark.parametrize("is_read_first", [True, False])
async def test_a_reset_leaves_the_fate_of_a_request_unknown(
    is_read_first: bool, create: models.CreateClusterRequest
) -> None:
    async def handle(connection: Connection) -> None:
        if is_read_first:
            await connection.read()
        await connection.reset()

    async with serve(handle) as server, client(server.url) as eks:
        with pytest.raises(errors.TransportError) as caught:
            await eks.clusters.create(create)
        assert isinstance(caught.value, errors.AmbiguousCreate | errors.ConnectFailed)
        if is_read_first:
            assert isinstance(caught.value, errors.ConnectionLost)
            assert caught.value.outcome == "unknown"
            assert server.actions == ["CreateCluster"]


@asynchronous
async def test_a_close_without_an_answer_leaves_the_fate_of_a_request_unknown(
    create: models.CreateClusterRequest,
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()

    async with serve(handle) as server, client(server.url) as eks:
        with pytest.raises(errors.ConnectionLost, match="disconnected") as caught:
            await eks.clusters.create(create)
        assert isinstance(caught.value, errors.AmbiguousCreate)
        assert server.actions == ["CreateCluster"]


@asynchronous
async def test_an_answer_that_breaks_off_is_a_lost_connection(create: models.CreateClusterRequest) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CREATED)[:-10])

    async with serve(handle) as server, client(server.url) as eks:
        with pytest.raises(errors.ConnectionLost, match="without sending complete") as caught:
            await eks.clusters.create(create)
        assert isinstance(caught.value, errors.AmbiguousCreate)
        assert server.actions == ["CreateCluster"]


def chunked(body: bytes, *, headers: str = "") -> bytes:
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{headers}\r\n".encode() + sent + b"0\r\n\r\n"


BODY = json.dumps(FOUND).encode()
GZIPPED = gzip.compress(BODY, mtime=0)


@asynchronous
@pytest.mark.parametrize(
    "content",
    [
        chunked(BODY),
        chunked(GZIPPED, headers="Content-Encoding: gzip\r\n"),
        plain(GZIPPED, headers=(("Content-Encoding", "GZIP"),)),
        plain(zlib.compress(BODY), headers=(("Content-Encoding", "deflate"),)),
        plain(BODY, headers=(("Content-Encoding", "identity"),)),
        b"HTTP/1.1 100 Continue\r\n\r\n" + plain(BODY),
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    ],
    ids=["chunked", "chunked gzip", "gzip", "deflate", "identity", "after a 100", "until the end"],
)
async def test_a_body_may_come_in_any_form(content: bytes) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(content)

    async with serve(handle) as server, client(server.url, retry=READ_ONCE) as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_name == "one"


@asynchronous
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"this is no gzip", "compression is broken"),
        (GZIPPED[:-12], "compression breaks off"),
        (GZIPPED[:-8] + bytes(8), "compression is broken"),
    ],
    ids=["no gzip at all", "breaks off", "wrong checksum"],
)
async def test_broken_compression_is_an_unreadable_answer(body: bytes, reason: str) -> None:
    content = plain(body, status=203, headers=(("Content-Encoding", "gzip"),))
    with no_leaks():
        async with serve(answering(content)) as server, client(server.url, retry=READ_ONCE) as eks:
            with pytest.raises(errors.UnreadableResponse, match=reason) as caught:
                await eks.clusters.get("c-1")
            error = caught.value
            assert (error.http_status, error.action, error.outcome) == (203, "GetCluster", "unknown")
            with pytest.raises(errors.UnreadableResponse):
                await eks.clusters.get("c-1")
            assert server.opened == 2  # a connection after a broken answer is not trusted
        del caught, error


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
async def test_an_empty_body_is_not_decompressed() -> None:
    content = plain(b"", status=502, headers=(("Content-Encoding", "gzip"),))
    async with serve(answering(content)) as server, client(server.url, retry=READ_ONCE) as eks:
        with pytest.raises(errors.UnreadableResponse, match="envelope") as caught:
            await eks.clusters.get("c-1")
        assert caught.value.http_status == 502


def endless(connection: Connection) -> AsyncIterator[None]:
    async def send() -> AsyncIterator[None]:
        await connection.read()
        await connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await connection.send(b"400\r\n%s\r\n" % (b"x" * 1024))
            yield

    return send()


@asynchronous
async def test_no_more_of_an_answer_is_read_than_the_most(
    monkeypatch: pytest.MonkeyPatch, create: models.CreateClusterRequest
) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 10_000)

    async def handle(connection: Connection) -> None:
        async for _ in endless(connection):
            pass

    with no_leaks():
        async with serve(handle) as server, client(server.url, retry=READ_ONCE) as eks:
            with pytest.raises(errors.UnreadableResponse, match="more than 10000 bytes"):
                await eks.clusters.get("c-1")
            with pytest.raises(errors.AmbiguousCreate) as caught:
                await eks.clusters.create(create)
            assert isinstance(caught.value, errors.UnreadableResponse)
            await server.until(lambda: server.closed == 2)
        del caught


@asynchronous
async def test_an_answer_of_just_the_most_is_read_and_one_of_a_byte_more_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", len(BODY) + 1)

    def respond(seen: Seen) -> bytes:
        return plain(BODY + b" " * int(seen.query["ClusterId"]))

    async with serve(answering(respond)) as server, client(server.url, retry=READ_ONCE) as eks:
        assert (await eks.clusters.get("1")).data.cluster_name == "one"
        with pytest.raises(errors.UnreadableResponse):
            await eks.clusters.get("2")


@asynchronous
async def test_a_small_answer_that_grows_when_decompressed_is_cut_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 10_000)
    bomb = plain(gzip.compress(b" " * 1_000_000), headers=(("Content-Encoding", "gzip"),))
    async with serve(answering(bomb)) as server, client(server.url, retry=READ_ONCE) as eks:
        with pytest.raises(errors.UnreadableResponse, match="more than 10000 bytes"):
            await eks.clusters.get("c-1")


@asynchronous
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    async with serve(answering(answer(CLUSTER))) as elsewhere:
        away = plain(b"", status=status, headers=(("Location", f"{elsewhere.url}/eks/v1"),))
        async with serve(answering(away)) as server, client(server.url) as eks:
            with pytest.raises(errors.UnreadableResponse) as caught:
                await eks.clusters.get("c-1")
            assert (caught.value.http_status, caught.value.attempts) == (status, 1)
        assert elsewhere.opened == 0


@asynchronous
async def test_silence_is_a_lost_connection(create: models.CreateClusterRequest) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await anyio.sleep_forever()

    timeouts = Timeouts(read=0.02)
    async with serve(handle) as server, client(server.url, timeouts=timeouts, retry=AT_ONCE) as eks:
        with pytest.raises(errors.ConnectionLost, match="ReadTimeout") as caught:
            await eks.clusters.create(create)
        assert isinstance(caught.value, errors.AmbiguousCreate)
        assert server.actions == ["CreateCluster"]


@asynchronous
async def test_a_url_that_is_too_long_is_refused_before_anything_is_sent() -> None:
    records = Records()
    async with serve(answering(answer([]))) as server, client(server.url, per_call=[records]) as eks:
        with pytest.raises(errors.InvalidRequestError, match="params: make a URL that can't be sent") as caught:
            await eks.clusters.list(keyword="x" * 70_000)
        assert (caught.value.action, caught.value.outcome, records.kept[0].outcome) == (
            "ListClusters",
            *["not_sent"] * 2,
        )
        assert server.opened == 0
        assert caught.value.attempts == 1


# --- cancellation --------------------------------------------------------------------------------------------------


async def cancelled_when(is_so: Callable[[], bool], call: Callable[[], Coroutine[Any, Any, object]]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(call)
        with anyio.fail_after(5):
            while not is_so():  # noqa: ASYNC110 - what a test waits for has no event
                await anyio.sleep(0.001)
        group.cancel_scope.cancel()


BIG = {"Blob": "x" * 16_000_000}


@asynchronous
@pytest.mark.parametrize("moment", ["while sending", "before an answer", "within an answer"])
async def test_a_call_that_is_cancelled_once_bytes_have_left_is_recorded_as_unknown_and_frees_its_connection(
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
async def test_a_call_that_is_cancelled_in_line_for_a_connection_was_not_sent() -> None:
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
async def test_a_call_that_is_cancelled_in_the_tls_handshake_was_not_sent_and_leaves_no_socket_behind() -> None:
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
async def test_a_tls_handshake_that_never_ends_is_a_failed_connection() -> None:
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
async def test_cancelling_2000_calls_in_flight_leaves_every_slot_usable() -> None:
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
            with anyio.fail_after(5):
                async with anyio.create_task_group() as group:
                    for number in range(10):
                        group.start_soon(eks.clusters.get, f"last-{number}")
            assert {seen.query["ClusterId"] for seen in last} == {f"last-{number}" for number in range(10)}
            assert len({seen.connection for seen in last}) == 10


@asynchronous
async def test_a_deadline_that_ends_a_call_in_flight_frees_its_connection(create: models.CreateClusterRequest) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        if connection.number == 1:
            await connection.until_closed()
        else:
            await connection.send(answer(CLUSTER))

    settings: dict[str, Any] = {"timeouts": Timeouts(total=0.04), "limits": Limits(max_connections=1)}
    with no_leaks():
        async with serve(handle) as server, client(server.url, **settings) as eks:
            with pytest.raises(errors.DeadlineExceeded) as caught:
                await eks.clusters.create(create)
            assert isinstance(caught.value, errors.AmbiguousCreate)
            await eks.clusters.get("c-1")
            assert server.actions == ["CreateCluster", "GetCluster"]
        del caught


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
            await anyio.sleep(0.01)

    settings: dict[str, Any] = {"timeouts": Timeouts(read=1, total=0.1), "retry": READ_ONCE}
    async with serve(handle) as server, client(server.url, **settings) as eks:
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded):
            await eks.clusters.get("c-1")
        assert time.monotonic() - began < 1


# --- what the environment says -------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_the_environments_proxy_is_used(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(answering(answer(CLUSTER))) as proxy:
        address = proxy.url.removeprefix("http://") if variable == "http_proxy" else proxy.url
        monkeypatch.setenv(variable, address)
        async with client("http://eks.test") as eks:
            assert (await eks.clusters.get("c-1")).data.cluster_name == "one"
        assert proxy.ledger[0].target.startswith("http://eks.test/eks/v1?")
        assert proxy.ledger[0].headers["host"] == "eks.test"


@asynchronous
async def test_a_host_that_the_environment_excepts_is_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(answering(answer(CLUSTER))) as server, serve(answering(b"")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "example.org,127.0.0.1")
        async with client(server.url) as eks:
            await eks.clusters.get("c-1")
        assert (proxy.opened, server.opened) == (0, 1)


@asynchronous
async def test_tls_goes_through_a_tunnel_of_the_proxy(
    monkeypatch: pytest.MonkeyPatch, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        while b"\r\n\r\n" not in (head := await connection.stream.receive()):
            pass
        heads.append(head)
        await connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await connection.start_tls(server_context)
        await answering(answer(CLUSTER))(connection)

    heads: list[bytes] = []
    with no_leaks():
        async with serve(handle) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://someone:hunter2@"))
            async with client("https://eks.test", backend=HttpxBackend(verify=client_context)) as eks:
                await eks.clusters.get("c-1")
                await eks.clusters.get("c-1")
            assert heads[0].startswith(b"CONNECT eks.test:443 HTTP/1.1\r\n")
            assert b"Proxy-Authorization: Basic" in heads[0]
            assert b"AKID" not in heads[0]
            assert [seen.target.partition("?")[0] for seen in proxy.ledger] == ["/eks/v1", "/eks/v1"]


@asynchronous
async def test_a_proxy_that_refuses_the_tunnel_has_sent_nothing(
    monkeypatch: pytest.MonkeyPatch, create: models.CreateClusterRequest, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive()
        await connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async with serve(handle) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with client("https://eks.test", retry=READ_ONCE, backend=HttpxBackend(verify=client_context)) as eks:
            with pytest.raises(errors.ConnectFailed, match="403 Forbidden") as caught:
                await eks.clusters.create(create)
        assert caught.value.outcome == "not_sent"


@asynchronous
async def test_a_call_that_is_cancelled_before_the_tunnel_stands_was_not_sent(
    monkeypatch: pytest.MonkeyPatch, client_context: ssl.SSLContext
) -> None:
    reached = anyio.Event()

    async def handle(connection: Connection) -> None:
        await connection.stream.receive()
        reached.set()
        await connection.until_closed()

    records = Records()
    with no_leaks():
        async with serve(handle) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            settings: dict[str, Any] = {"per_call": [records], "backend": HttpxBackend(verify=client_context)}
            async with client("https://eks.test", **settings) as eks:
                await cancelled_when(reached.is_set, partial(eks.call, "CreateThing", method="POST"))
    assert records.kept[0].outcome == "not_sent"


@asynchronous
async def test_a_call_that_is_cancelled_in_the_tls_handshake_with_a_proxy_leaves_no_socket_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive(1)
        await connection.until_closed()

    records = Records()
    with no_leaks():
        async with serve(handle) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{proxy.port}")
            async with client("https://eks.test", per_call=[records]) as eks:
                await cancelled_when(lambda: proxy.opened == 1, partial(eks.call, "CreateThing", method="POST"))
            await proxy.until(lambda: proxy.closed == 1)
    assert records.kept[0].outcome == "not_sent"


@asynchronous
@pytest.mark.parametrize(
    "proxy",
    [
        "http://",
        "ftp://hunter2.example",
        "http://[",
        "http://user:hunter2@host:99999",
        "http://hunter2..example",
        "http://user:hunter2@ho st",
        "socks5://user:hunter2@127.0.0.1:1080",
    ],
)
async def test_a_proxy_that_can_not_be_used_is_a_configuration_error_that_does_not_repeat_it(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    async with AsyncEksClient(CREDENTIALS) as eks:
        with pytest.raises(errors.ConfigurationError, match="proxy") as caught:
            await eks.clusters.get("c-1")
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in f"{error} {error!r}"
        error = error.__context__


@asynchronous
async def test_a_trusted_certificate_is_accepted(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    own = HttpxBackend(verify=client_context)
    with no_leaks():
        async with (
            serve(answering(answer(CLUSTER)), tls=server_context) as server,
            client(server.url, backend=own) as eks,
        ):
            for _ in range(3):
                await eks.clusters.get("c-1")
            assert server.opened == 1


@asynchronous
async def test_a_certificate_of_an_unknown_authority_is_a_failed_connection(
    server_context: ssl.SSLContext, create: models.CreateClusterRequest
) -> None:
    async with serve(answering(answer(CREATED)), tls=server_context) as server:
        async with client(server.url, retry=READ_ONCE) as eks:
            with pytest.raises(errors.ConnectFailed) as caught:
                await eks.clusters.create(create)
        assert caught.value.outcome == "not_sent"
        assert server.ledger == []


@asynchronous
async def test_a_certificate_for_another_host_is_a_failed_connection(
    authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("elsewhere.test").configure_cert(context)
    async with serve(answering(answer(CLUSTER)), tls=context) as server:
        async with client(server.url, retry=READ_ONCE, backend=HttpxBackend(verify=client_context)) as eks:
            with pytest.raises(errors.ConnectFailed):
                await eks.clusters.get("c-1")
        assert server.ledger == []


@asynchronous
async def test_the_environments_authorities_are_trusted(
    authority: trustme.CA, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = tmp_path / "authorities.pem"
    bundle.write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    async with serve(answering(answer(CLUSTER)), tls=server_context) as server, client(server.url) as eks:
        await eks.clusters.get("c-1")


@asynchronous
async def test_a_netrc_file_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text("machine 127.0.0.1 login someone password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with serve(answering(answer(CLUSTER))) as server, client(server.url) as eks:
        await eks.clusters.get("c-1")
        assert "authorization" not in server.ledger[0].headers
        assert "cookie" not in server.ledger[0].headers


@asynchronous
async def test_cookies_are_not_kept() -> None:
    async with serve(answering(answer(CLUSTER, headers=(("Set-Cookie", "a=b"),)))) as server, client(server.url) as eks:
        await eks.clusters.get("c-1")
        await eks.clusters.get("c-1")
        assert "cookie" not in server.ledger[1].headers


# --- what is logged ------------------------------------------------------------------------------------------------


@asynchronous
async def test_no_log_record_holds_a_credential_or_a_signature(
    caplog: pytest.LogCaptureFixture, create: models.CreateClusterRequest
) -> None:
    def respond(seen: Seen) -> bytes:
        echo = (("Location", seen.target), ("X-Url", seen.target), ("cds-request-id", "r-1"))
        return answer(CREATED if seen.method == "POST" else CLUSTER, headers=echo)

    async with serve(answering(respond)) as server:
        with marked_only_inside(caplog):
            async with client(server.url) as eks:
                await eks.clusters.get("c-1")
                await eks.clusters.create(create)
    assert {"cds_eks.client"} <= {record.name for record in caplog.records}
    assert "httpx" not in {record.name for record in caplog.records}


@asynchronous
async def test_no_log_record_of_a_failure_holds_a_credential_or_a_signature(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handle(connection: Connection) -> None:
        seen = await connection.read()
        await connection.send(f"{seen.target} is no status line\r\n\r\n".encode())

    async with serve(handle) as server:
        with marked_only_inside(caplog):
            async with client(server.url) as eks:
                with pytest.raises(errors.ConnectionLost) as caught:
                    await eks.clusters.get("c-1")
    assert "marked" not in str(caught.value)
    assert "cds_eks.retry" in {record.name for record in caplog.records}


@asynchronous
async def test_other_users_of_httpcore_keep_their_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(answering(answer(CLUSTER))) as server, httpx.AsyncClient() as other:
        with caplog.at_level(logging.DEBUG, logger="httpcore.http11"):
            await other.get(server.url)
    assert any("receive_response_headers.complete" in record.getMessage() for record in caplog.records)


# --- what is on the wire -------------------------------------------------------------------------------------------


@asynchronous
async def test_a_request_goes_out_as_it_was_made(create: models.CreateClusterRequest) -> None:
    async with serve(answering(answer(CREATED))) as server, client(server.url, user_agent="my-app/2") as eks:
        await eks.clusters.create(create)
    (seen,) = server.ledger
    assert (seen.method, seen.target.partition("?")[0]) == ("POST", "/eks/v1")
    assert json.loads(seen.body) == create.to_dict(wire_names=True)
    assert seen.headers["content-type"] == "application/json;charset=utf-8"
    assert seen.headers["user-agent"].startswith("my-app/2 cds-eks-python/")
    assert seen.headers["host"] == server.url.removeprefix("http://")
    assert seen.headers["content-length"] == str(len(seen.body))
    assert seen.query["AccessKeyId"] == CREDENTIALS.access_key_id


@asynchronous
async def test_the_query_is_sent_byte_for_byte_as_it_was_signed() -> None:
    signed: list[str] = []

    async def handle(connection: Connection) -> None:
        await answering(answer([]))(connection)

    async def keep(request: Request, send: Send) -> RawResponse:
        signed.append(request.query)
        return await send(request)

    own = HttpxBackend()

    class Keeping:
        async def send(self, request: Request) -> RawResponse:
            return await keep(request, own.send)

        async def aclose(self) -> None:
            await own.aclose()

    async with serve(handle) as server, client(server.url, backend=Keeping()) as eks:
        await eks.clusters.list(keyword="a b+c&d=e/f?g#h%41~é中😀'\"<>*()!:@,;[]{}|\\^`$")
    assert server.ledger[0].target == f"/eks/v1?{signed[0]}"


@asynchronous
async def test_a_body_can_be_read_again() -> None:
    """respx does, for one, when it lets a request through."""
    made = transports._http_request(
        Request(operation=_operation(), url=URL, params={}, query="Action=X", content=b"{}")
    )
    assert isinstance(made.stream, httpx.AsyncByteStream)
    for _ in range(2):
        pieces = aiter(made.stream)
        assert [piece async for piece in pieces] == [b"{}"]


def test_the_connect_and_read_timeouts_are_given_to_httpx() -> None:
    request = Request(
        operation=_operation(), url=URL, params={}, query="Action=X", connect_timeout=1.5, read_timeout=2.5
    )
    made = transports._http_request(request)
    assert made.extensions["timeout"] == {"connect": 1.5, "read": 2.5, "write": 2.5, "pool": None}
    unlimited = transports._http_request(attrs.evolve(request, connect_timeout=None, read_timeout=None))
    assert set(unlimited.extensions["timeout"].values()) == {None}


def _operation() -> Any:
    from cds_eks.resources.clusters import GET_CLUSTER

    return GET_CLUSTER
