"""What is read at once is what h11 reads, and h11 reads all else."""

from __future__ import annotations

from typing import Any

import anyio
import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.h11_exchanges import asynchronous
from cds_eks import AsyncEksClient, RetryPolicy, errors
from cds_eks.backend.headers import MAX_HEAD
from cds_eks.backend.whole_response import Answer, Unread, whole_response
from support.backend_clients import CREDENTIALS
from support.raw_server import CLUSTER, Connection, answer, answering, serve

MOST = 1024
OK = b"HTTP/1.1 200 OK\r\n"
HEAD = OK + b"Content-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"

steady = settings(max_examples=2000, deadline=None, derandomize=True)


def read_by_h11(data: bytes) -> Answer | None:
    """Return the response that h11 reads in one piece; None if it is none, or the connection does not stay open."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    http.send(h11.Request(method="GET", target="/", headers=[("Host", "-")]))
    http.send(h11.EndOfMessage())
    http.receive_data(data)
    head: Any = None
    content = b""
    try:
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                content += event.data
            else:
                return None
    except h11.RemoteProtocolError:
        return None
    if http.their_state is not h11.DONE or http.trailing_data != (b"", False):
        return None
    return Answer(head.status_code, head.headers.raw_items(), content)


WHOLE = {
    "length": HEAD + b"Content-Length: 2\r\n\r\n{}",
    "no body": HEAD + b"Content-Length: 0\r\n\r\n",
    "no other header": OK + b"Content-Length: 2\r\n\r\n{}",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "an empty reason": b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}",
    "a reason of several words": b"HTTP/1.1 503 Service\tUn \xc3\xa9\r\nContent-Length: 2\r\n\r\n{}",
    "other letters": HEAD + b"CONTENT-length:2\r\nconnection: Keep-Alive\r\n\r\n{}",
    "spaces": HEAD + b"Content-Length: \t 2 \t\r\nX-Own:  a \t b  \r\nX-Empty:\r\nX-Blank:  \r\n\r\n{}",
    "not ASCII": HEAD + b"X-Own: \xc3\xa9 \xff\r\nContent-Length: 2\r\n\r\n{}",
    "a header of the same length": HEAD + b"X-Sorted-By-XY: 9\r\nContent-Length: 2\r\n\r\n{}",
    "a blank line in the body": HEAD + b"Content-Length: 6\r\n\r\n\r\n\r\n{}",
    "chunks": CHUNKED + b'\r\n1\r\n{\r\n00A\r\n"a":123456\r\n1\r\n}\r\n0\r\n\r\n',
    "no chunks": CHUNKED + b"\r\n0\r\n\r\n",
    "many zeros": CHUNKED + b"\r\n2\r\n{}\r\n0000\r\n\r\n",
}

LEFT_TO_H11 = {
    "nothing": b"",
    "half a head": HEAD,
    "half a body": HEAD + b"Content-Length: 3\r\n\r\n{}",
    "more than a body": HEAD + b"Content-Length: 1\r\n\r\n{}",
    "another one behind": (HEAD + b"Content-Length: 2\r\n\r\n{}") * 2,
    "no length": HEAD + b"\r\n{}",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "an empty length": HEAD + b"Content-Length:\r\n\r\n",
    "a length with a line below": HEAD + b"Content-Length: 2_0\r\n\r\n" + b"x" * 20,
    "a length in other digits": HEAD + "Content-Length: ٢\r\n\r\n{}".encode(),
    "too long for a number": HEAD + b"Content-Length: " + b"0" * 30 + b"2\r\n\r\n{}",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "informational": b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n{}",
    "an unknown status": b"HTTP/1.1 600 What\r\nContent-Length: 2\r\n\r\n{}",
    "its connection's last": HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}",
    "the last in a list": HEAD + b"Content-Length: 2\r\nConnection: keep-alive, close\r\n\r\n{}",
    "a folded line": HEAD + b"X-Own: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a bare LF": HEAD + b"X-Own: a\nContent-Length: 2\r\n\r\n{}",
    "a bare CR": HEAD + b"X-Own: a\rb\r\nContent-Length: 2\r\n\r\n{}",
    "a control character": HEAD + b"X-Own: a\x01b\r\nContent-Length: 2\r\n\r\n{}",
    "a NUL": HEAD + b"X-Own: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "a space before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "no colon": HEAD + b"X-Own\r\nContent-Length: 2\r\n\r\n{}",
    "a line before it": b"\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}",
    "length and chunks": CHUNKED + b"Content-Length: 12\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks twice": CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks of something": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "no last chunk": CHUNKED + b"\r\n2\r\n{}\r\n",
    "half a last chunk": CHUNKED + b"\r\n2\r\n{}\r\n0\r\n",
    "half a chunk": CHUNKED + b"\r\n8\r\n{}",
    "a chunk without its end": CHUNKED + b"\r\n2\r\n{}0\r\n\r\n",
    "a chunk that is none": CHUNKED + b"\r\nx\r\n{}\r\n0\r\n\r\n",
    "a chunk of too many digits": CHUNKED + b"\r\n000000002\r\n{}\r\n0\r\n\r\n",
    "an extension": CHUNKED + b"\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
    "trailers": CHUNKED + b"\r\n2\r\n{}\r\n0\r\nX-Own: a\r\n\r\n",
    "chunks and another one behind": CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n",
    "too long": HEAD + b"Content-Length: 1025\r\n\r\n" + b"x" * 1025,
    "too long in chunks": CHUNKED + b"\r\n401\r\n" + b"x" * 1025 + b"\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_plain_response_is_read_at_once_as_h11_reads_it(name: str) -> None:
    read = whole_response(WHOLE[name], MOST)
    assert isinstance(read, Answer)
    assert read == read_by_h11(WHOLE[name])


@pytest.mark.parametrize("name", LEFT_TO_H11)
def test_all_else_is_left_to_h11(name: str) -> None:
    assert whole_response(LEFT_TO_H11[name], MOST) is Unread.LEFT_TO_H11


@pytest.mark.parametrize("head", [HEAD + b"Content-Length: 2\r\n\r\n", CHUNKED + b"\r\n"])
def test_a_head_alone_waits_for_its_body(head: bytes) -> None:
    assert whole_response(head, MOST) is Unread.BODY_IS_MISSING


@pytest.mark.parametrize(
    "more", [b"", b"Connection: close\r\nContent-Length: 2\r\n", b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"]
)
def test_a_head_alone_whose_body_h11_has_to_find_does_not_wait(more: bytes) -> None:
    assert whole_response(HEAD + more + b"\r\n", MOST) is Unread.LEFT_TO_H11
    assert whole_response(HEAD.replace(b"200", b"204") + more + b"\r\n", MOST) is Unread.LEFT_TO_H11


@pytest.mark.parametrize("size", [MOST - 1, MOST])
def test_a_body_may_be_as_long_as_is_allowed(size: int) -> None:
    data = HEAD + b"Content-Length: %d\r\n\r\n" % size + b"x" * size
    assert whole_response(data, MOST) == read_by_h11(data)


def test_a_head_that_goes_on_for_ever_takes_no_longer_than_it_is() -> None:
    assert whole_response(OK + b"X-Own: " + b"a " * 30_000 + b"\x01\r\n\r\n", MOST) is Unread.LEFT_TO_H11
    assert whole_response(OK + b"X-Own: \r\n" * 7_000 + b"\x01\r\n\r\n", MOST) is Unread.LEFT_TO_H11
    assert whole_response(OK + b"-" * 60_000, MOST) is Unread.LEFT_TO_H11


PARTS = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"HTTP/1.0 ",
        b"200",
        b"204",
        b" OK",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b"Content-Length: 2",
        b"content-length:",
        b"Transfer-Encoding: chunked",
        b"Connection: keep-alive",
        b"close",
        b"X-Own: a",
        b"{}",
        b"2",
        b"0",
        b";a",
        b"\x00",
        b"\x0b",
        b"\x85",
        b"\xff",
        b"",
    ]
)


@steady
@given(
    base=st.sampled_from(sorted(WHOLE.values()) + sorted(LEFT_TO_H11.values())),
    changes=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 4), PARTS), max_size=3),
)
def test_whatever_is_read_at_once_h11_reads_in_the_same_way(base: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    for at, dropped, put in changes:
        base = base[:at] + put + base[at + dropped :]
    read = whole_response(base, MOST)
    if isinstance(read, Answer):
        assert read == read_by_h11(base)


@asynchronous
async def test_h11_is_not_made_for_connections_that_do_not_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h11, "Connection", lambda *_, **__: pytest.fail("it is made"))
    async with serve(answering(answer(CLUSTER))) as server, AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks:
        for _ in range(2):
            assert (await eks.clusters.get("c-1")).data.cluster_id == "c-1"
        assert [seen.connection for seen in server.ledger] == [1, 1]


@asynchronous
async def test_kinds_of_responses_follow_each_other_on_one_connection() -> None:
    plain = answer(CLUSTER)
    body = plain.partition(b"\r\n\r\n")[2]
    chunks = OK + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    each = [plain, chunks, chunks, plain, chunks]
    left = iter(each)
    async with (
        serve(answering(lambda _: next(left))) as server,
        AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks,
    ):
        for _ in each:
            assert (await eks.clusters.get("c-1")).data.cluster_id == "c-1"
        assert {seen.connection for seen in server.ledger} == {1}


async def in_two(connection: Connection, data: bytes, at: int) -> None:
    await connection.read()
    await connection.send(data[:at])
    await anyio.wait_all_tasks_blocked()
    await connection.send(data[at:])


@asynchronous
@pytest.mark.parametrize("shift", [-1, 0, 1])
async def test_a_head_and_its_body_may_come_one_after_the_other(shift: int) -> None:
    data = answer(CLUSTER)

    async def handle(connection: Connection) -> None:
        for _ in range(3):
            await in_two(connection, data, data.index(b"\r\n\r\n") + 4 + shift)

    async with serve(handle) as server, AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks:
        for _ in range(3):
            assert (await eks.clusters.get("c-1")).data.cluster_id == "c-1"
        assert [seen.connection for seen in server.ledger] == [1, 1, 1]


@asynchronous
@pytest.mark.parametrize("is_reset", [True, False])
async def test_a_head_whose_body_does_not_come_is_a_lost_connection(is_reset: bool) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(HEAD + b"Content-Length: 2\r\n\r\n")
        if is_reset:
            await anyio.wait_all_tasks_blocked()
            await connection.reset()

    async with serve(handle) as server:
        eks = AsyncEksClient(CREDENTIALS, endpoint=server.url, retry=RetryPolicy.none())
        async with eks:
            with pytest.raises(errors.ConnectionLost) as caught:
                await eks.clusters.get("c-1")
        assert caught.value.outcome == "unknown"
        assert is_reset or "without sending complete message body (received 0 bytes, expected 2)" in str(caught.value)
