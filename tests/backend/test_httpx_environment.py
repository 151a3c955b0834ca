"""What the environment says to the default backend, what it logs, and what is on the wire."""

from __future__ import annotations

import logging
import ssl
from functools import partial
from typing import Any

import anyio
import attrs
import httpx
import pytest

from backend.httpx_backends import _operation, asynchronous
from cds_eks import errors, models
from cds_eks.backend import httpx_transport as transports
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from support.backend_clients import (
    READ_ONCE,
    URL,
    Records,
    cancelled_when,
    client,
    no_leaks,
)
from support.raw_server import CLUSTER, Connection, answer, answering, serve


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


@asynchronous
async def test_other_users_of_httpcore_keep_their_log(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(answering(answer(CLUSTER))) as server, httpx.AsyncClient() as other:
        with caplog.at_level(logging.DEBUG, logger="httpcore.http11"):
            await other.get(server.url)
    assert any("receive_response_headers.complete" in record.getMessage() for record in caplog.records)


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
