"""The native backend itself: what it sends and refuses, and what it needs."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from typing import Any

import pytest

from cds_eks import AsyncEksClient, EksClient, Limits, backend, errors
from cds_eks.backend.native import NativeBackend
from support import backend_clients
from support.backend_clients import CREDENTIALS
from support.eventually import EVENT_TIMEOUT
from support.native_backend import LOOPS, permits_of, request, sender
from support.raw_server import CLUSTER, Seen, answer, answering, plain, serve, unused_port
from support.threaded_server import ActingServer, reset

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def client(url: str, **settings: Any) -> AsyncEksClient:
    return backend_clients.client(url, backend="native", **settings)


# --- what goes out ---------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_head_is_answered_without_a_body() -> None:
    def respond(seen: Seen) -> bytes:
        return plain(b"{}")[:-2] if seen.method == "HEAD" else plain(b"{}")

    async with serve(answering(respond)) as server, sender() as made:
        assert (await made.send(request(server.url, method="HEAD"))).content == b""
        assert (await made.send(request(server.url))).content == b"{}"
        assert server.ledger[0].headers["content-length"] == "0"
        assert "content-length" not in server.ledger[1].headers


@asynchronous
async def test_a_middleware_can_not_change_the_framing() -> None:
    headers = {"X-Own": "a b", "HOST": "evil", "Content-length": "7", "transfer-encoding": "chunked", "Accept": "x"}
    async with serve(answering(answer(CLUSTER))) as server, sender() as made:
        await made.send(request(server.url, method="POST", content=b"{}", headers=headers))
    (seen,) = server.ledger
    assert (seen.headers["host"], seen.headers["content-length"]) == (server.url.removeprefix("http://"), "2")
    assert (seen.headers["x-own"], seen.headers["accept"], seen.headers["accept-encoding"]) == (
        *("a b", "application/json"),
        "gzip",
    )
    assert "transfer-encoding" not in seen.headers


@asynchronous
@pytest.mark.parametrize(
    ("name", "value"), [("X-A", "a\r\nX-B: b"), ("X A", "a"), ("", "a"), ("X-A", "é"), ("X-A:", "\0"), ("X\n", "")]
)
async def test_a_header_that_can_not_be_sent_is_refused(name: str, value: str) -> None:
    async with sender() as made:
        with pytest.raises(errors.InvalidRequestError, match="headers"):
            await made.send(request("http://127.0.0.1:1", headers={name: value}))


@asynchronous
@pytest.mark.parametrize("query", ["a b", "a\r\nX: y", "a#b", "é", "\x7f", "x" * 65536])
async def test_a_query_that_can_not_be_sent_is_refused(query: str) -> None:
    async with sender() as made:
        with pytest.raises(errors.InvalidRequestError, match="params: make a URL that can't be sent"):
            await made.send(request("http://127.0.0.1:1", query))


@asynchronous
async def test_a_url_that_is_none_is_refused() -> None:
    async with sender() as made:
        with pytest.raises(errors.InvalidRequestError, match="params"):
            await made.send(request("http://127.0.0.1:bad"))


@asynchronous
async def test_nothing_secret_is_in_what_went_wrong() -> None:
    async with sender() as made:
        with pytest.raises(errors.ConnectFailed) as caught:
            await made.send(request(f"http://127.0.0.1:{unused_port()}", secrets=frozenset({"refused"})))
    assert "refused" not in str(caught.value)
    assert "AKID" not in repr(vars(made))


# --- surroundings ----------------------------------------------------------------------------------------------------


@asynchronous
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_proxy_needs_the_default_backend(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://someone:hunter2@127.0.0.1:9")
    async with client("http://eks.test") as eks:
        with pytest.raises(errors.ConfigurationError, match='backend="httpx"') as caught:
            await eks.clusters.get("c-1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("anyio_backend", ["trio"])
@asynchronous
async def test_trio_needs_the_default_backend() -> None:
    async with client("http://127.0.0.1:1") as eks:
        with pytest.raises(errors.ConfigurationError, match='backend="httpx"') as caught:
            await eks.clusters.get("c-1")
    assert caught.value.outcome == "not_sent"


def test_a_parser_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("native", "native_connection", "native_parser"):
        monkeypatch.delitem(sys.modules, f"cds_eks.backend.{name}")
    monkeypatch.setitem(sys.modules, "httptools", None)
    with pytest.raises(errors.ConfigurationError, match=r'pip install "cds-eks\[native\]"'):
        backend.choose("native", Limits())


def test_the_parser_is_loaded_by_those_alone_who_want_it() -> None:
    script = """
import sys
from cds_eks import AsyncEksClient, Credentials
AsyncEksClient(Credentials("a", "b"))
assert not {"httptools", "cds_eks.backend.native"} & sys.modules.keys()
AsyncEksClient(Credentials("a", "b"), backend="native")
assert {"httptools", "cds_eks.backend.native"} <= sys.modules.keys()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_the_blocking_client_goes_through_it() -> None:
    with ActingServer(reset) as server, EksClient(CREDENTIALS, endpoint=server.url, backend="native") as eks:
        for _ in range(2):
            assert eks.clusters.get("c-1").data.cluster_name == "one"
            server.has_acted.wait(EVENT_TIMEOUT)


@asynchronous
async def test_closing_what_was_never_used_and_closing_twice() -> None:
    made = NativeBackend()
    await made.aclose()
    await made.aclose()


@asynchronous
@pytest.mark.parametrize("tls", [False, True])
async def test_a_connection_that_is_opened_in_the_moment_of_a_cancellation_is_closed(
    tls: bool,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def create_connection(*args: Any) -> Any:
        made = await real(*args)
        call.cancel()  # the connection is there, and the call has not been told
        return made

    loop = asyncio.get_running_loop()
    real = loop.create_connection
    monkeypatch.setattr(loop, "create_connection", create_connection)
    served = serve(answering(answer(CLUSTER)), tls=server_context if tls else None)
    async with served as server, sender(verify=client_context) as made:
        call = asyncio.ensure_future(made.send(request(server.url)))
        with pytest.raises(asyncio.CancelledError):
            await call
        await server.until(lambda: server.opened == server.closed == 1)
        assert permits_of(made).available == Limits().max_connections


@asynchronous
@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "htps://127.0.0.1", "http://[::1"])
async def test_a_url_that_is_none_of_http_is_refused(url: str) -> None:
    async with sender() as made:
        asked = request(url)
        with pytest.raises(errors.InvalidRequestError, match="make a URL that can't be sent"):
            await made.send(asked)
        assert asked.record.outcome == "not_sent"
