"""The native backend's parser: answers in any pieces."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks import errors
from cds_eks.backend import response_body
from cds_eks.backend.headers import MAX_HEAD
from cds_eks.backend.native_parser import ResponseParser
from cds_eks.backend.native_request import CHUNK_SIZE
from cds_eks.wire import RawResponse
from support.backend_clients import chunked
from support.native_backend import LOOPS
from support.raw_server import plain

asynchronous = pytest.mark.anyio


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def read(*pieces: bytes, is_to_head: bool = False) -> tuple[RawResponse | None, bool]:
    reader = ResponseParser()
    reader.begin(is_to_head=is_to_head)
    response = None
    for piece in pieces:
        assert response is None
        response = reader.feed(memoryview(piece))
    return response, reader.is_reusable


WHOLE = [
    plain(b'{"a": 1}', headers=(("X-Empty", ""), ("X-Spaces", "  a b \t"))),
    plain(b'{"a": 1}\r\n'),
    plain(b"\n"),
    chunked(b'{"a": 1, "b": [2, 3]}', headers="X-A: 1\r\n"),
    chunked(b"x" * 30).replace(b"0\r\n\r\n", b"0\r\nX-Trailer: 1\r\n\r\n"),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: 0\r\n\r\n" + plain(b"{}"),
    b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
]


@pytest.mark.parametrize("content", WHOLE)
def test_an_answer_may_be_split_at_any_byte(content: bytes) -> None:
    expected, is_reusable = read(content)
    assert expected is not None
    assert is_reusable
    assert read(*(content[at : at + 1] for at in range(len(content)))) == (expected, True)
    for at in range(1, len(content)):
        assert read(content[:at], content[at:]) == (expected, True)
    assert "x-trailer" not in expected.headers


@pytest.mark.parametrize("content", WHOLE)
@pytest.mark.parametrize(
    "trailing", [b"\n", b"\r\n", b"x", b"\0", plain(b"{}"), b"HTTP/1.1 103 X\r\n\r\n" + plain(b"{}")]
)
def test_trailing_data_with_the_end_of_an_answer_is_noticed(content: bytes, trailing: bytes) -> None:
    expected, _ = read(content)
    assert read(content + trailing) == (expected, False)
    assert read(content[:-1], content[-1:] + trailing) == (expected, False)


def test_headers_are_put_together() -> None:
    found, _ = read(plain(b"", headers=(("X-A", "1"), ("x-a", "2"), ("X-Empty", ""), ("X-Sp", " a "))))
    assert found is not None
    assert {"x-a": "1, 2", "x-empty": "", "x-sp": "a"}.items() <= found.headers.items()


@pytest.mark.parametrize(("value", "text"), [("集".encode(), "集"), (b"\xff\xe9", "ÿé")])
def test_headers_may_hold_bytes_beyond_ascii(value: bytes, text: str) -> None:
    found, _ = read(b"HTTP/1.1 200 OK\r\nX-A: %s\r\nContent-Length: 0\r\n\r\n" % value)
    assert found is not None
    assert found.headers["x-a"] == text


def test_an_answer_to_a_head_has_no_body() -> None:
    response, is_reusable = read(b"HTTP/1.1 102 X\r\n\r\n", plain(b"12345")[:-5], is_to_head=True)
    assert response is not None
    assert (response.content, response.headers["content-length"], is_reusable) == (b"", "5", False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nNonsense\r\n\r\n", "header"),
        (b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", "form"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Length"),
        (b"HTTP/1.1 101 X\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", "switches protocols"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "form"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * MAX_HEAD, "head is too long"),
        (chunked(b"{}")[:-2] + b"X-A: " + b"x" * (MAX_HEAD + CHUNK_SIZE), "head is too long"),
        (b"ICY 200 OK\r\n\r\n", "HTTP"),
    ],
)
def test_what_is_no_answer_is_a_lost_connection(content: bytes, words: str) -> None:
    with pytest.raises(errors.ConnectionLost, match=words):
        read(*(content[at : at + CHUNK_SIZE] for at in range(0, len(content), CHUNK_SIZE)))


def test_a_length_beside_chunks_is_the_last_answer() -> None:
    response, is_reusable = read(chunked(b"{}", headers="Content-Length: 9\r\n"))
    assert response is not None
    assert (response.content, is_reusable) == (b"{}", False)


def test_an_answer_that_says_so_is_the_last_one() -> None:
    assert read(plain(b"{}", headers=(("Connection", "close"),)))[1] is False
    assert read(plain(b"{}", headers=(("Connection", "close"),)) + b"more")[1] is False


@pytest.mark.parametrize("trailing", [b"", b"x"])
def test_too_much_is_never_an_answer(trailing: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 10)
    assert read(plain(b"1234567890"))[0] is not None
    with pytest.raises(errors.UnreadableResponse, match="more than 10 bytes") as caught:
        read(plain(b"12345678901", status=201) + trailing)
    assert caught.value.http_status == 201
    assert read(plain(b"1") + plain(b"12345678901"))[0] is not None  # the trailing is not counted
