"""What goes through httpx's transports: proxies, and transports of users, of which some try again by themselves."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Mapping
from typing import Any

import attrs
import httpcore
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, errors
from cds_eks.backend import httpx_transport as transports
from cds_eks.backend.httpcore_network import HttpcoreNetwork
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from support.backend_clients import CREDENTIALS
from support.raw_server import CLUSTER, CREATED, Connection, answer, answering, serve, unused_port

pytestmark = pytest.mark.anyio


class Failover(httpx.AsyncHTTPTransport):
    """Sends what was lost to a second host, where nobody listens."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except httpx.TransportError:
            request.url = request.url.copy_with(port=unused_port())
            return await super().handle_async_request(request)


class Wrapped(httpx.AsyncBaseTransport):
    """The same around another transport, as libraries that repeat requests have it."""

    def __init__(self) -> None:
        self._inner = Failover()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def lose(connection: Connection) -> None:
    await connection.read()


@pytest.mark.parametrize("transport", [Failover, Wrapped])
async def test_a_create_that_a_transport_has_lost_before_it_could_not_connect_is_not_sent_again(
    create: Any, transport: type[httpx.AsyncBaseTransport]
) -> None:
    async with serve(lose) as server:
        async with AsyncEksClient(CREDENTIALS, endpoint=server.url, backend=transport()) as eks:
            with pytest.raises(errors.AmbiguousCreate, match="sent, and then ConnectError") as caught:
                await eks.clusters.create(create)
        assert (caught.value.outcome, caught.value.attempts, len(server.ledger)) == ("unknown", 1, 1)


@pytest.mark.parametrize("transport", [Failover, Wrapped])
async def test_what_a_transport_could_not_connect_at_all_was_not_sent(
    create: Any, transport: type[httpx.AsyncBaseTransport]
) -> None:
    url, policy = f"http://127.0.0.1:{unused_port()}", RetryPolicy(max_attempts=4, base_delay=0)
    async with AsyncEksClient(CREDENTIALS, endpoint=url, backend=transport(), retry=policy) as eks:
        with pytest.raises(errors.ConnectFailed) as caught:
            await eks.clusters.create(create)
    assert (caught.value.outcome, caught.value.attempts) == ("not_sent", 4)


class Unclosable(httpx.AsyncByteStream):
    async def __aiter__(self) -> Any:
        yield json.dumps({"Code": "Success", "Data": CREATED}).encode()

    async def aclose(self) -> None:
        raise httpx.CloseError("it can't be closed")


async def test_an_answer_that_was_read_is_returned_even_if_it_can_not_be_closed(create: Any) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Unclosable()))
    async with AsyncEksClient(CREDENTIALS, backend=transport) as eks:
        assert (await eks.clusters.create(create)).data.cluster_id == CREATED["ClusterId"]


async def test_each_request_goes_through_the_proxy_of_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(answering(answer(CLUSTER))) as server, serve(answering(answer(CLUSTER))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        hosts = iter([server.url, "http://eks.test", server.url, "http://eks.test", "http://eks.test"])

        async def move(request: Request, send: Send) -> RawResponse:
            return await send(attrs.evolve(request, url=f"{next(hosts)}/eks/v1"))

        async with AsyncEksClient(CREDENTIALS, per_attempt=[move]) as eks:
            for _ in range(5):
                await eks.clusters.get("c-1")
        assert (len(server.ledger), len(proxy.ledger)) == (2, 3)
        assert all(seen.target.startswith("http://eks.test/eks/v1?") for seen in proxy.ledger)
        assert proxy.opened == 2, "the connection through the proxy was used again for the last two"


@pytest.mark.parametrize("part", ["connection", "http11", "http2", "proxy", "socks"])
def test_no_part_of_httpcore_tells_what_it_does_for_us(part: str, caplog: pytest.LogCaptureFixture) -> None:
    """That for SOCKS would tell the proxy's password."""
    logger = logging.getLogger(f"httpcore.{part}")
    with caplog.at_level(logging.DEBUG, logger=logger.name):
        token = transports._is_ours.set(True)
        try:
            logger.debug("auth=%r", (b"someone", b"hunter2"))
        finally:
            transports._is_ours.reset(token)
        logger.debug("of somebody else's")
    assert [record.getMessage() for record in caplog.records] == ["of somebody else's"]


# --- pools ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://proxy.test", "AsyncHTTPProxy"),
        ("https://proxy.test", "AsyncHTTPProxy"),
        ("socks5://a:b@proxy.test:1081", "AsyncSOCKSProxy"),
        (None, "AsyncConnectionPool"),
    ],
)
def test_each_pool_goes_over_our_network(url: str | None, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(httpcore, kind, lambda *_, **given: made.append(given))
    network = HttpcoreNetwork()
    transports._pool(httpx.Proxy(url) if url else None, ssl.create_default_context(), network)
    [given] = made
    assert (given["network_backend"], given["max_connections"]) == (network, 1)
    if kind == "AsyncSOCKSProxy":
        assert given["proxy_auth"] == (b"a", b"b")


def test_what_goes_straight_to_an_ipv6_address_names_its_path_alone() -> None:
    request = httpcore.Request("GET", "http://[::1]:80/eks/v1?a=b")
    transports._put_in_brackets(request, httpx.URL("http://[::1]:80/eks/v1?a=b"))
    assert request.url.target == b"/eks/v1?a=b"


class OddSigner:
    """Signs with a query of its own making."""

    def __init__(self, query: str) -> None:
        self._query = query

    def sign(self, method: str, params: Mapping[str, str]) -> str:
        return self._query


@pytest.mark.parametrize("is_straight", [False, True], ids=["through a transport", "straight"])
@pytest.mark.parametrize(
    ("query", "reason"),
    [("a=\x00", "Invalid non-printable"), ("a=" + "x" * 70_000, "URL too long"), ("a=\ud800", "lone surrogate")],
    ids=["control character", "too long", "lone surrogate"],
)
async def test_a_signers_query_that_no_url_can_hold_is_refused(query: str, reason: str, *, is_straight: bool) -> None:
    backend = "httpx" if is_straight else httpx.MockTransport(lambda _: pytest.fail("nothing may be sent"))
    async with AsyncEksClient(signer=OddSigner(query), endpoint="http://127.0.0.1:9", backend=backend) as eks:
        with pytest.raises(errors.InvalidRequestError, match=reason) as caught:
            await eks.clusters.list()
    assert (caught.value.field, caught.value.outcome) == ("params", "not_sent")


async def test_an_error_of_ours_that_a_transport_raises_comes_through_as_it_is() -> None:
    mine = errors.Throttled("of the transport's own making")

    def refuse(_: httpx.Request) -> httpx.Response:
        raise mine

    settings: dict[str, Any] = {"endpoint": "http://eks.test", "retry": RetryPolicy.none()}
    async with AsyncEksClient(CREDENTIALS, backend=httpx.MockTransport(refuse), **settings) as eks:
        with pytest.raises(errors.Throttled) as caught:
            await eks.clusters.list()
    assert caught.value is mine
