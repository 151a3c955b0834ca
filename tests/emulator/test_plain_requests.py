"""The short way for plain requests gives the events and the bytes that h11 gives, whatever comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import h11
import pytest

from cds_eks.emulator.http.plain_requests import PlainRequests

GET = b"GET /eks/v1?Action=ListClusters HTTP/1.1\r\nHost: e\r\nAccept: */*\r\n\r\n"
POST = b"POST /eks/v1?Action=X HTTP/1.1\r\nHost: e\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}"

STREAMS = {
    "get": GET,
    "post": POST,
    "empty body": POST.replace(b"Length: 2", b"Length: 0").removesuffix(b"{}"),
    "names in any case": GET.replace(b"Host", b"hOsT"),
    "empty target's query": GET.replace(b"?Action=ListClusters", b"?"),
    "half a body": POST[:-1],
    "half a head": GET[:-3],
    "more than the body": POST + b"x",
    "two at once": GET + POST,
    "three at once": POST + GET + POST,
    "one and a half": GET + POST[:-7],
    "no host": GET.replace(b"Host: e\r\n", b""),
    "two hosts": GET.replace(b"Host: e\r\n", b"Host: e\r\nHost: f\r\n"),
    "two lengths": POST.replace(b"Host: e\r\n", b"Host: e\r\nContent-Length: 2\r\n"),
    "lengths that differ": POST.replace(b"Host: e\r\n", b"Host: e\r\nContent-Length: 1\r\n"),
    "a length that is none": POST.replace(b"Length: 2", b"Length: +2"),
    "a length with zeros": POST.replace(b"Length: 2", b"Length: 002"),
    "a huge length": POST.replace(b"Length: 2", b"Length: 99999999999999999999999"),
    "chunked": POST.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked").replace(
        b"{}", b"2\r\n{}\r\n0\r\n\r\n"
    ),
    "chunked with a length": POST.replace(b"Host: e\r\n", b"Host: e\r\nTransfer-Encoding: chunked\r\n"),
    "expects": POST.replace(b"Host: e\r\n", b"Host: e\r\nExpect: 100-continue\r\n"),
    "upgrades": GET.replace(b"Host: e\r\n", b"Host: e\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"),
    "closes": GET.replace(b"Host: e\r\n", b"Host: e\r\nConnection: close\r\n"),
    "http 1.0": GET.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "head": GET.replace(b"GET", b"HEAD"),
    "put": POST.replace(b"POST", b"PUT"),
    "a header without a space": GET.replace(b"Host: e", b"Host:e"),
    "a header with spaces": GET.replace(b"Host: e", b"Host: \t e  "),
    "an empty header": GET.replace(b"*/*", b""),
    "a folded header": GET.replace(b"*/*", b"a\r\n b"),
    "a header of no name": GET.replace(b"Accept", b""),
    "a name with a space": GET.replace(b"Accept", b"Acc ept"),
    "obsolete text": GET.replace(b"*/*", b"\xe4"),
    "a control character": GET.replace(b"*/*", b"\x01"),
    "bare line feeds": GET.replace(b"\r\n", b"\n"),
    "a target with a space": GET.replace(b"List", b"Li st"),
    "a whole URL": GET.replace(b"GET /", b"GET http://e/"),
    "an asterisk": GET.replace(b"/eks/v1?Action=ListClusters", b"*"),
    "not ASCII": GET.replace(b"List", b"L\xc3\xa4"),
    "not HTTP": b"\x16\x03\x01\x02\x00",
    "a long head": GET.replace(b"*/*", b"x" * 70_000),
    "a long body": POST.replace(b"Length: 2", b"Length: 90000").replace(b"{}", b"y" * 90_000),
}

HEADERS = [(b"content-type", b"application/json"), (b"Date", b"today"), (b"content-length", b"5")]


def whole(connection: h11.Connection) -> list[bytes | None]:
    head = h11.Response(status_code=200, headers=HEADERS, reason=b"OK")
    return [connection.send(each) for each in (head, h11.Data(data=b"12345"), h11.EndOfMessage())]


def in_pieces(connection: h11.Connection) -> list[bytes | None]:
    head = h11.Response(status_code=503, headers=HEADERS, reason=b"Service Unavailable")
    pieces = [h11.Data(data=each) for each in (b"", b"12", b"345", b"")]
    return [connection.send(each) for each in (head, *pieces, h11.EndOfMessage())]


def closing(connection: h11.Connection) -> list[bytes | None]:
    head = h11.Response(status_code=500, headers=[(b"connection", b"close")], reason=b"Internal Server Error")
    return [connection.send(each) for each in (head, h11.Data(data=b"failed"), h11.EndOfMessage())]


def chunked(connection: h11.Connection) -> list[bytes | None]:
    head = h11.Response(status_code=200, headers=[], reason=b"OK")
    return [connection.send(each) for each in (head, h11.Data(data=b"1"), h11.EndOfMessage())]


def without_a_body(connection: h11.Connection) -> list[bytes | None]:
    head = h11.Response(status_code=204, headers=[(b"content-length", b"0")], reason=b"No Content")
    return [connection.send(each) for each in (head, h11.EndOfMessage())]


def too_long(connection: h11.Connection) -> list[bytes | None]:
    return [*whole_head(connection), connection.send(h11.Data(data=b"1234")), connection.send(h11.Data(data=b"56"))]


def too_short(connection: h11.Connection) -> list[bytes | None]:
    return [*whole_head(connection), connection.send(h11.Data(data=b"1234")), connection.send(h11.EndOfMessage())]


def cut_off(connection: h11.Connection) -> list[bytes | None]:
    return [*whole_head(connection), connection.send(h11.Data(data=b"12")), connection.send(h11.ConnectionClosed())]


def dropped(connection: h11.Connection) -> list[bytes | None]:
    return [connection.send(h11.ConnectionClosed())]


def closed_at_the_end(connection: h11.Connection) -> list[bytes | None]:
    return [*whole(connection), connection.send(h11.ConnectionClosed())]


def twice(connection: h11.Connection) -> list[bytes | None]:
    return [*whole_head(connection), *whole_head(connection)]


def whole_head(connection: h11.Connection) -> list[bytes | None]:
    return [connection.send(h11.Response(status_code=200, headers=HEADERS, reason=b"OK"))]


ANSWERS = [whole, in_pieces, closing, chunked, without_a_body, too_long, too_short, cut_off, dropped]
ANSWERS += [closed_at_the_end, twice]

Answer = Callable[[h11.Connection], list[bytes | None]]


def told(event: object) -> object:
    """Return an event as what can be compared."""
    if isinstance(event, h11.Request):
        return event.method, event.target, event.http_version, event.headers.raw_items()
    return bytes(event.data) if isinstance(event, h11.Data) else repr(event)


def run(connection: h11.Connection, pieces: list[bytes], answer: Answer) -> list[object]:
    """Do with a connection what uvicorn does; returns all that can be seen of it."""
    seen: list[object] = []
    try:
        for piece in pieces:
            connection.receive_data(piece)
            while True:
                event = connection.next_event()
                seen.append(told(event))
                seen.append((connection.our_state, connection.their_state))
                seen.append(connection.they_are_waiting_for_100_continue)
                if event in (h11.NEED_DATA, h11.PAUSED):
                    break
                if isinstance(event, h11.EndOfMessage):
                    sent: list[bytes | None] = []
                    try:
                        sent = answer(connection)
                    finally:
                        seen.append(b"".join(each or b"" for each in sent))
                        seen.append((connection.our_state, connection.their_state))
                    if (connection.our_state, connection.their_state) == (h11.DONE, h11.DONE):
                        connection.start_next_cycle()
    except h11.ProtocolError as error:
        seen += [type(error), str(error), error.error_status_hint, connection.our_state, connection.their_state]
    return seen


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_it_is_as_h11_has_it(stream: bytes, answer: Answer) -> None:
    at = stream.find(b"\r\n\r\n") + 4
    for pieces in (
        [stream],
        [stream[:-1], stream[-1:]],
        [stream[:at], stream[at:]],
        [stream, GET],
        [GET, stream, POST],
    ):
        plain = PlainRequests(h11.Connection(h11.SERVER))
        expected = run(h11.Connection(h11.SERVER), [each for each in pieces if each], answer)
        assert run(plain, [each for each in pieces if each], answer) == expected  # type: ignore[arg-type]


def test_what_comes_during_an_answer_waits() -> None:
    seen = []
    for plain in (False, True):
        connection: Any = h11.Connection(h11.SERVER)
        connection = PlainRequests(connection) if plain else connection
        connection.receive_data(GET)
        events = [connection.next_event() for _ in range(3)]
        connection.receive_data(POST[:30])
        connection.receive_data(POST[30:])
        events.append(connection.next_event())
        whole(connection)
        connection.start_next_cycle()
        events += [connection.next_event() for _ in range(4)]
        seen.append([told(each) for each in events])
    assert seen[0] == seen[1]
    assert seen[0].count("PAUSED") == 1


def test_plain_requests_do_not_reach_h11() -> None:
    class Untouched(h11.Connection):
        def receive_data(self, data: bytes) -> None:
            pytest.fail(f"{data!r} is plain")

    for stream in (GET, POST, STREAMS["empty body"], STREAMS["names in any case"]):
        run(PlainRequests(Untouched(h11.SERVER)), [stream, stream], whole)  # type: ignore[arg-type]
