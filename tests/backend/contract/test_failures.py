"""What goes wrong with a connection or an answer, and bodies of every form."""

from __future__ import annotations

import gzip
import zlib

import anyio
import pytest

from cds_eks import Timeouts, errors, models
from cds_eks.backend import response_body
from support.backend_clients import AT_ONCE, BODY, GZIPPED, READ_ONCE, MakeClient, Records, chunked, endless, no_leaks
from support.raw_server import CLUSTER, CREATED, Connection, Seen, answer, answering, plain, serve, unused_port

asynchronous = pytest.mark.anyio


@asynchronous
async def test_a_refused_port_is_a_failed_connection(client: MakeClient, create: models.CreateClusterRequest) -> None:
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
    client: MakeClient, is_read_first: bool, create: models.CreateClusterRequest
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
    client: MakeClient,
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
async def test_an_answer_that_breaks_off_is_a_lost_connection(
    client: MakeClient, create: models.CreateClusterRequest
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CREATED)[:-10])

    async with serve(handle) as server, client(server.url) as eks:
        with pytest.raises(errors.ConnectionLost, match="without sending complete") as caught:
            await eks.clusters.create(create)
        assert isinstance(caught.value, errors.AmbiguousCreate)
        assert server.actions == ["CreateCluster"]


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
async def test_a_body_may_come_in_any_form(client: MakeClient, content: bytes) -> None:
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
async def test_broken_compression_is_an_unreadable_answer(client: MakeClient, body: bytes, reason: str) -> None:
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


@asynchronous
async def test_an_empty_body_is_not_decompressed(client: MakeClient) -> None:
    content = plain(b"", status=502, headers=(("Content-Encoding", "gzip"),))
    async with serve(answering(content)) as server, client(server.url, retry=READ_ONCE) as eks:
        with pytest.raises(errors.UnreadableResponse, match="envelope") as caught:
            await eks.clusters.get("c-1")
        assert caught.value.http_status == 502


@asynchronous
async def test_no_more_of_an_answer_is_read_than_the_most(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch, create: models.CreateClusterRequest
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
    client: MakeClient,
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
async def test_a_small_answer_that_grows_when_decompressed_is_cut_as_well(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 10_000)
    bomb = plain(gzip.compress(b" " * 1_000_000), headers=(("Content-Encoding", "gzip"),))
    async with serve(answering(bomb)) as server, client(server.url, retry=READ_ONCE) as eks:
        with pytest.raises(errors.UnreadableResponse, match="more than 10000 bytes"):
            await eks.clusters.get("c-1")


@asynchronous
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(client: MakeClient, status: int) -> None:
    async with serve(answering(answer(CLUSTER))) as elsewhere:
        away = plain(b"", status=status, headers=(("Location", f"{elsewhere.url}/eks/v1"),))
        async with serve(answering(away)) as server, client(server.url) as eks:
            with pytest.raises(errors.UnreadableResponse) as caught:
                await eks.clusters.get("c-1")
            assert (caught.value.http_status, caught.value.attempts) == (status, 1)
        assert elsewhere.opened == 0


@asynchronous
async def test_silence_is_a_lost_connection(client: MakeClient, create: models.CreateClusterRequest) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await anyio.sleep_forever()

    timeouts = Timeouts(read=0.02)
    async with serve(handle) as server, client(server.url, timeouts=timeouts, retry=AT_ONCE) as eks:
        with pytest.raises(errors.ConnectionLost, match="ReadTimeout") as caught:
            await eks.clusters.create(create)
        assert isinstance(caught.value, errors.AmbiguousCreate)
        await server.until(lambda: server.actions != [])  # the client may be ahead of it
        assert server.actions == ["CreateCluster"]


@asynchronous
async def test_a_url_that_is_too_long_is_refused_before_anything_is_sent(client: MakeClient) -> None:
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
