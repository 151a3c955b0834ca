"""The native backend's TLS, on memory buffers."""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

import anyio
import pytest
import trustme

from cds_eks import errors
from cds_eks.backend.native_tls import NativeTlsConnection
from support.backend_clients import BODY, no_leaks
from support.native_backend import LARGE, LOOPS, replace_write, request, sender
from support.raw_server import CLUSTER, Connection, answer, answering, plain, serve

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@asynchronous
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_large_bodies_go_both_ways_over_tls(
    version: ssl.TLSVersion, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.minimum_version = context.maximum_version = version
    body = b" " * 1_000_000 + BODY

    with no_leaks():
        async with serve(answering(plain(body)), tls=context) as server, sender(verify=client_context) as made:
            for _ in range(3):
                found = await made.send(request(server.url, method="POST", content=LARGE[:1_000_000]))
                assert found.content == body
            assert server.ledger[0].body == LARGE[:1_000_000]
            assert server.opened == 1


@asynchronous
@pytest.mark.parametrize("content", [b"HTTP/1.1 200 OK\r\n\r\n" + BODY, plain(BODY)[:-1], b""])
async def test_an_end_may_be_told_in_tls(
    content: bytes, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        if content:
            await connection.send(content)
        with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream):
            await connection.stream.unwrap()  # type: ignore[attr-defined]

    async with serve(handle, tls=server_context) as server, sender(verify=client_context) as made:
        if content.endswith(BODY) and b"Length" not in content:
            assert (await made.send(request(server.url))).content == BODY
        else:
            with pytest.raises(errors.ConnectionLost, match="disconnected"):
                await made.send(request(server.url))


@asynchronous
async def test_bytes_that_are_no_tls_are_a_lost_connection(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        raw = connection.stream.transport_stream  # type: ignore[attr-defined]
        await raw.send(b"this is no TLS record at all")
        await connection.until_closed()

    async with serve(handle, tls=server_context) as server, sender(verify=client_context) as made:
        asked = request(server.url)
        with pytest.raises(errors.ConnectionLost, match="SSLError"):
            await made.send(asked)
        assert asked.record.outcome == "unknown"


@asynchronous
@pytest.mark.parametrize("end", ["close", "reset", "garbage"])
async def test_a_handshake_that_fails_is_a_failed_connection(end: str) -> None:
    async def handle(connection: Connection) -> None:
        await connection.stream.receive(1)
        if end == "garbage":
            await connection.send(b"HTTP/1.1 400 This is TLS\r\n\r\n")
            await connection.until_closed()
        elif end == "reset":
            await connection.reset()

    with no_leaks():
        async with serve(handle) as server, sender() as made:
            asked = request(server.url.replace("http", "https"))
            with pytest.raises(errors.ConnectFailed):
                await made.send(asked)
            assert asked.record.outcome == "not_sent"


@asynchronous
async def test_a_request_that_tls_can_not_encrypt_was_not_sent(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: NativeTlsConnection, data: object) -> None:
        class Broken:
            def write(self, data: object) -> int:
                raise ssl.SSLError("broken")

        self._tls = Broken()  # type: ignore[assignment]
        write(self, data)

    async with serve(answering(answer(CLUSTER)), tls=server_context) as server, sender(verify=client_context) as made:
        write = replace_write(monkeypatch, broken, NativeTlsConnection)
        asked = request(server.url)
        with pytest.raises(errors.ConnectFailed, match="before anything was sent"):
            await made.send(asked)
        assert (asked.record.outcome, server.ledger) == ("not_sent", [])


@asynchronous
async def test_a_connection_over_tls_that_was_closed_is_not_used_again(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CLUSTER))

    async with serve(handle, tls=server_context) as server, sender(verify=client_context) as made:
        for number in range(1, 4):
            await made.send(request(server.url))
            await server.until(lambda number=number: server.closed == number)  # type: ignore[misc]
            await anyio.wait_all_tasks_blocked()
        assert len(server.ledger) == 3
