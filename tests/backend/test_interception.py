"""Mocks of httpx: what the default backend goes through, and the native one says that it goes past."""

from __future__ import annotations

import logging

import httpx
import pytest
import respx

from cds_eks import Limits, RetryPolicy
from cds_eks.errors import TransportError
from support.backend_clients import client
from support.raw_server import CLUSTER, answer, answering, serve

FOUND = {"Code": "Success", "Msg": "", "RequestId": "req-1", "Data": CLUSTER}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_the_native_backend_warns_once_that_it_goes_past_a_mock(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(answering(answer(CLUSTER))) as server:
        async with client(server.url, backend="native") as eks:
            await eks.clusters.get("c-1")
            assert caplog.records == []
        with respx.mock(assert_all_called=False) as mock:
            route = mock.get(url__startswith=server.url).respond(json=FOUND)
            async with client(server.url, backend="native", limits=Limits(keepalive_expiry=0.0001)) as eks:
                for _ in range(3):
                    await eks.clusters.get("c-1")
            assert route.call_count == 0
        assert len(server.ledger) == 4
    assert [(record.name, record.levelno) for record in caplog.records] == [("cds_eks.backend", logging.WARNING)]
    assert "use backend='httpx'" in caplog.text


@pytest.mark.anyio
async def test_the_default_backend_goes_through_whatever_replaces_httpx_s_transport(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As pytest-httpx and vcrpy do."""

    async def replaced(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params["Action"])
        return httpx.Response(200, json=FOUND)

    seen: list[str] = []
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", replaced)
    async with client("https://eks.test") as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_name == "one"
    assert seen == ["GetCluster"]
    assert "mock" not in caplog.text


@pytest.mark.anyio
@pytest.mark.parametrize(("raised", "outcome"), [(httpx.ConnectError, "not_sent"), (httpx.ReadError, "unknown")])
async def test_an_error_that_a_side_effect_raises_ends_the_attempt(
    raised: type[httpx.TransportError], outcome: str
) -> None:
    """respx raises it from an error of its own, of which it is the cause already: they go round in a circle."""

    def side_effect(_: httpx.Request) -> httpx.Response:
        raise raised("made up")

    with respx.mock() as mock:
        mock.get(url__startswith="https://eks.test").mock(side_effect=side_effect)
        async with client("https://eks.test", retry=RetryPolicy(max_attempts=1)) as eks:
            with pytest.raises(TransportError, match="made up") as caught:
                await eks.clusters.get("c-1")
    assert caught.value.outcome == outcome
