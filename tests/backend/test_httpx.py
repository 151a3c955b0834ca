"""The default backend alone: mocked, over transports of httpx, through proxies."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import random
import ssl
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import anyio
import attrs
import httpx
import pytest
import respx

from cds_eks import AsyncEksClient, EksClient, Limits, Timeouts, backend, errors, models
from cds_eks._runtime import clocks
from cds_eks.backend import httpx_transport as transports
from cds_eks.backend import response_body
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import RawResponse, Request
from support.backend_clients import (
    AT_ONCE,
    BODY,
    CREDENTIALS,
    FOUND,
    READ_ONCE,
    URL,
    Records,
    cancelled_when,
    client,
    endless,
    no_leaks,
)
from support.raw_server import CLUSTER, CREATED, Connection, answer, answering, serve

asynchronous = pytest.mark.anyio


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
        request.record.mark_sent()
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


# --- over real sockets: failures -----------------------------------------------------------------------------------


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


# --- cancellation --------------------------------------------------------------------------------------------------


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


# --- what is logged ------------------------------------------------------------------------------------------------


@asynchronous
async def test_other_users_of_httpcore_keep_their_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(answering(answer(CLUSTER))) as server, httpx.AsyncClient() as other:
        with caplog.at_level(logging.DEBUG, logger="httpcore.http11"):
            await other.get(server.url)
    assert any("receive_response_headers.complete" in record.getMessage() for record in caplog.records)


# --- what is on the wire -------------------------------------------------------------------------------------------


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
