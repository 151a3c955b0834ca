"""What native makes of bytes that come before a request, behind an answer, or in place of an end."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest
import trustme

from cds_eks import errors
from cds_eks.backend import native_tls as secure
from cds_eks.backend.native_loop import LoopState
from cds_eks.backend.native_parser import ResponseParser
from cds_eks.backend.tls_records import RecordBoundaries
from support.eventually import EVENT_TIMEOUT
from support.native_backend import LOOPS, request, sender
from support.raw_server import CLUSTER, Connection, answer, plain, serve
from support.threaded_server import Link, ThreadedServer, reset

pytestmark = pytest.mark.anyio

FAKE = plain(b'{"fake": 1}')


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What the server shows and what the client trusts."""
    authority = trustme.CA()
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    authority.configure_trust(trusted)
    return served, trusted


# --- before the first byte -----------------------------------------------------------------------------------------


def half(link: Link, data: bytes) -> None:
    wire = link.wire(data)
    link.raw.sendall(wire[: len(wire) // 2])


EARLY: dict[str, Callable[[Link], None]] = {
    "answer": lambda link: link.send(FAKE),
    "line end": lambda link: link.send(b"\r\n"),
    "half an answer": lambda link: half(link, FAKE),
    "one byte": lambda link: link.raw.sendall(link.wire(FAKE)[:1]),
    "end": lambda link: link.raw.close(),
    "reset": lambda link: reset(link.raw),
    "end of TLS": Link.end_tls,
    "no TLS": lambda link: link.raw.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
}


@pytest.mark.parametrize("early", EARLY)
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("has_been_read", [False, True])
async def test_what_lies_on_a_new_connection_before_the_first_byte_is_no_answer(
    early: str, tls: bool, has_been_read: bool, contexts: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if early == "end of TLS" and not tls:
        pytest.skip("there is none")
    acted = threading.Event()
    send_soon = LoopState.send_soon

    def act(server: ThreadedServer, link: Link) -> None:
        EARLY[early](link)
        acted.set()
        if link.raw.fileno() >= 0:
            server.receive(link)
            link.send(answer(CLUSTER))

    def late(self: LoopState, connection: Any) -> None:
        assert acted.wait(EVENT_TIMEOUT)  # stands still until it lies there
        time.sleep(0.02)
        if has_been_read:
            self.loop.call_later(0.02, send_soon, self, connection)
        else:
            send_soon(self, connection)

    monkeypatch.setattr(LoopState, "send_soon", late)
    with ThreadedServer(act, contexts[0] if tls else None) as server:
        async with sender(verify=contexts[1]) as made:
            asked = request(server.url)
            with pytest.raises(errors.ConnectFailed, match="no connection was made"):
                await made.send(asked)
            assert asked.record.outcome == "not_sent"
            assert not any(b"Action" in head for head in server.requests)
            assert made._loop_state is not None
            assert not made._loop_state.idle


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_session_tickets_are_no_answer(version: ssl.TLSVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    served.minimum_version = served.maximum_version = version
    shaken = threading.Event()
    read: list[int] = []
    send_soon, decrypt = LoopState.send_soon, secure.NativeTlsConnection._decrypt

    def act(server: ThreadedServer, link: Link) -> None:
        shaken.set()
        while server.receive(link):
            link.send(answer(CLUSTER))

    def late(self: LoopState, connection: Any) -> None:
        assert shaken.wait(EVENT_TIMEOUT)
        time.sleep(0.01)
        monkeypatch.setattr(secure.NativeTlsConnection, "_decrypt", watched)
        send_soon(self, connection)

    def watched(self: secure.NativeTlsConnection, data: Any) -> None:
        read.append(len(data))
        decrypt(self, data)

    monkeypatch.setattr(LoopState, "send_soon", late)
    with ThreadedServer(act, served, pause=0.05) as server:
        async with sender(verify=trusted) as made:
            for _ in range(3):
                assert (await made.send(request(server.url))).status == 200
            assert server.opened == 1
    if version is ssl.TLSVersion.TLSv1_3:
        assert len(read) > 3  # the tickets, and three answers


async def test_records_before_a_request_are_not_read_for_ever(
    contexts: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = threading.Event()

    def act(server: ThreadedServer, link: Link) -> None:
        server.receive(link)
        link.send(answer(CLUSTER))
        time.sleep(0.02)
        link.raw.sendall(b"\x14\x03\x03\x00\x01\x01")  # which says nothing
        sent.set()
        server.receive(link)

    with ThreadedServer(act, contexts[0]) as server:
        async with sender(verify=contexts[1]) as made:
            await made.send(request(server.url))
            assert made._loop_state is not None
            (connection,) = made._loop_state.idle
            assert sent.wait(EVENT_TIMEOUT)
            time.sleep(0.02)  # noqa: ASYNC251 - it lies there unread
            monkeypatch.setattr(secure, "MAX_READS", 1)
            assert not connection.is_idle()


# --- behind an answer ----------------------------------------------------------------------------------------------

SIZES = [16 * 1024, 64 * 1024 - 1, 64 * 1024, 256_000, 256 * 1024]


def sized(size: int, name: bytes) -> bytes:
    """An answer that has just this size, head and body together."""
    head = len(plain(b"x" * 99_999)) - 99_999
    while len(found := plain(name.ljust(size - head))) != size:
        head += len(found) - size
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("fake", [FAKE, b"\r\n", b"H"])
async def test_what_comes_behind_an_answer_never_answers_another_request(
    size: int, tls: bool, fake: bytes, contexts: tuple[Any, Any]
) -> None:
    def act(server: ThreadedServer, link: Link) -> None:
        while head := server.receive(link):
            if b"Action=Warm" in head:
                link.send(sized(1_000_000, b"warm"))
            elif b"Action=First" in head:
                time.sleep(0.03)  # until the loop stands still
                link.raw.sendall(link.wire(sized(size, b"first")) + link.wire(fake))
            else:
                link.send(plain(b"second"))

    with ThreadedServer(act, contexts[0] if tls else None) as server:
        async with sender(verify=contexts[1]) as made:
            await made.send(request(server.url, "Action=Warm"))
            asyncio.get_running_loop().call_later(0.015, time.sleep, 0.06)
            assert (await made.send(request(server.url, "Action=First"))).content.strip() == b"first"
            await asyncio.sleep(0.02)
            second = request(server.url, "Action=Second")
            assert (await made.send(second)).content == b"second"
            assert [b"Second" in head for head in server.requests] == [False, False, True]
            assert server.opened == 2


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize("part", ["1", "5", "half", "all but 1"])
async def test_a_part_of_something_behind_an_answer_is_enough(
    tls: bool, is_seen: bool, part: str, contexts: tuple[Any, Any]
) -> None:
    """Its rest comes after the next request, if that goes out on the same connection."""
    sent = threading.Event()

    def act(server: ThreadedServer, link: Link) -> None:
        while head := server.receive(link):
            if b"Action=First" in head:
                link.send(plain(b"first"))
                time.sleep(0.02)
                wire = link.wire(FAKE)
                at = {"1": 1, "5": 5, "half": len(wire) // 2, "all but 1": len(wire) - 1}[part]
                link.raw.sendall(wire[:at])
                sent.set()
                if server.receive(link):
                    link.raw.sendall(wire[at:])
            else:
                link.send(plain(b"second"))

    with ThreadedServer(act, contexts[0] if tls else None) as server:
        async with sender(verify=contexts[1]) as made:
            await made.send(request(server.url, "Action=First"))
            if is_seen:
                await asyncio.to_thread(sent.wait, 5)
                await asyncio.sleep(0.02)
            else:
                assert sent.wait(EVENT_TIMEOUT)  # the loop stands still
                time.sleep(0.02)  # noqa: ASYNC251
            assert (await made.send(request(server.url, "Action=Second"))).content == b"second"
            assert [b"Second" in head for head in server.requests] == [False, True]


@pytest.mark.parametrize("trailing", [b"H", b"HTTP/1.1", b"\r", b"\r\n\r\n", b"\r\nH", b"\n\n", b" "])
@pytest.mark.parametrize("body", [b"{}", b"{}\n", b"{}\r\n", b""])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_no_trailing_data_is_passed_over(trailing: bytes, body: bytes) -> None:
    content = plain(body) + trailing
    for at in range(1, len(plain(body))):
        reader = ResponseParser()
        reader.begin(is_to_head=False)
        assert reader.feed(memoryview(content[:at])) is None
        found = reader.feed(memoryview(content[at:]))
        assert found is not None
        assert (found.content, reader.is_reusable) == (body, False)


# --- in place of an end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
async def test_a_body_without_a_length_is_whole_only_if_tls_says_so(
    head: bytes, is_told: bool, contexts: tuple[Any, Any]
) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(head + b'{"Code": "Success"')
        if is_told:
            with pytest.raises((anyio.BrokenResourceError, anyio.EndOfStream)):
                await connection.stream.unwrap()  # type: ignore[attr-defined]
        else:
            await connection.stream.transport_stream.send_eof()  # type: ignore[attr-defined]

    async with serve(handle, tls=contexts[0]) as server, sender(verify=contexts[1]) as made:
        asked = request(server.url)
        if is_told:
            assert (await made.send(asked)).content == b'{"Code": "Success"'
        else:
            with pytest.raises(errors.ConnectionLost, match="without an end of TLS"):
                await made.send(asked)
            assert asked.record.outcome == "unknown"


# --- records -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_records_are_followed_however_they_come(step: int) -> None:
    lengths = (0, 1, 5, 300, 16384)
    stream = b"".join(b"\x17\x03\x03" + length.to_bytes(2) + bytes(length) for length in lengths)
    ends = {0}
    for length in lengths:
        ends.add(max(ends) + 5 + length)
    records = RecordBoundaries()
    for at in range(0, len(stream), step):
        assert records.is_between == (at in ends)
        records.feed(stream[at : at + step])
    assert records.is_between
