"""The default backend alone: mocked, over transports of httpx, through proxies."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
import respx

from backend.httpx_backends import _operation, asynchronous
from cds_eks import AsyncEksClient, EksClient, Limits, backend, errors, models
from cds_eks.backend import response_body
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.wire import RawResponse, Request
from support.backend_clients import (
    AT_ONCE,
    BODY,
    CREDENTIALS,
    FOUND,
    READ_ONCE,
    URL,
    Records,
    client,
    endless,
    no_leaks,
)
from support.raw_server import CLUSTER, CREATED, Connection, answer, serve


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
