"""HTTP answers read with llhttp (httptools), in whatever pieces they come. No I/O."""

from __future__ import annotations

import httptools

from cds_eks.backend import response_body
from cds_eks.backend.headers import MAX_HEAD, read_headers
from cds_eks.errors import ConnectionLost, UnreadableResponse
from cds_eks.wire import RawResponse, make_raw_response


class ResponseParser:
    """Reads the answers that come on one connection, one after the other.

    Attributes:
        is_reusable: Whether another request may follow the answer that was read.
    """

    __slots__ = (
        "_fields",
        "_has_head",
        "_head_size",
        "_is_last",
        "_is_to_head",
        "_parser",
        "_pieces",
        "_size",
        "_status",
        "is_reusable",
    )

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # An answer that has a length beside its chunks is read by these (RFC 9112, section 6.3), and is the last one.
        self._parser.set_dangerous_leniencies(lenient_chunked_length=True)
        self._fields: list[bytes] = []
        self._pieces: list[bytes] = []

    def begin(self, *, is_to_head: bool, is_last: bool = False) -> None:
        """Expect the answer to a new request.

        Args:
            is_to_head: Whether that is a HEAD, whose answer has no body, whatever it says.
            is_last: Whether no other request is to follow it.
        """
        self.is_reusable: bool = False
        self._is_to_head, self._is_last = is_to_head, is_last
        self._status: int | None = None  # until the answer is whole
        self._has_head = False
        self._size = self._head_size = 0

    def feed(self, data: memoryview) -> RawResponse | None:
        """Read some bytes; return the answer once it is whole, its body compressed as it came.

        Raises:
            ConnectionLost: It is no HTTP, or its head has no end.
            UnreadableResponse: Its body is too long.
        """
        self._head_size += len(data)
        # llhttp passes over line ends behind an answer without a word. So one at the end is fed on its own, to see
        # whether the answer was whole before it.
        end = len(data) - (data[-1] in b"\r\n")
        try:
            self._parser.feed_data(data[:end])
            if end < len(data) and self._status is None:
                self._parser.feed_data(data[end:])
            elif end < len(data):
                self.is_reusable = False
        except httptools.HttpParserUpgrade:
            raise _lost("the server switches protocols") from None
        except httptools.HttpParserError as error:
            if self._status is None and self._size <= response_body.MAX_BODY:
                raise _lost(str(error)) from None
            self.is_reusable = False  # the answer is whole; what came after it is none
        if self._size > response_body.MAX_BODY:
            status = self._parser.get_status_code()
            raise UnreadableResponse(response_body.too_long(), http_status=status)
        if self._status is not None:
            return self._whole()
        if self._head_size > MAX_HEAD:
            raise _lost("the answer's head is too long")
        return None

    def feed_eof(self) -> RawResponse:
        """Return the answer that ends with the connection.

        Raises:
            ConnectionLost: It should have gone on.
        """
        if not self._has_head:
            raise _lost("the server disconnected without sending an answer")
        headers = read_headers(self._fields)
        if "content-length" in headers or "transfer-encoding" in headers:
            raise _lost("the server disconnected without sending complete answer")
        self._status = self._parser.get_status_code()
        return self._whole()

    def part(self) -> bytes:
        """Return what has come of the body of an answer that is not whole, without its compression."""
        content = b"".join(self._pieces)
        return response_body.decompressed(content, read_headers(self._fields).get("content-encoding", ""))[0]

    def _whole(self) -> RawResponse:
        assert self._status is not None
        headers, pieces = read_headers(self._fields), self._pieces
        self._fields, self._pieces = [], []  # an idle connection keeps nothing of the call that it carried
        if self._status < 100 or headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise _lost("the answer has a form that is not known")
        if "transfer-encoding" in headers and "content-length" in headers:
            self.is_reusable = False
        return make_raw_response(status=self._status, headers=headers, content=b"".join(pieces))

    # --- what llhttp calls ---

    def on_message_begin(self) -> None:  # noqa: D102
        if self._status is not None:
            self.is_reusable = False  # a second answer to one request

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: D102
        if not self._has_head:  # what follows like them are trailers, which count for nothing
            self._fields += (name, value)

    def on_headers_complete(self) -> None:  # noqa: D102
        if self._status is None:
            self._has_head = True
            if self._is_to_head and self._parser.get_status_code() >= 200:
                self._status = self._parser.get_status_code()

    def on_body(self, piece: bytes) -> None:  # noqa: D102
        self._head_size = 0
        if self._status is None:
            self._size += len(piece)
            self._pieces.append(piece)
            if self._size > response_body.MAX_BODY:
                self._pieces.clear()

    def on_message_complete(self) -> None:  # noqa: D102
        self._head_size = 0
        if self._status is not None or self._size > response_body.MAX_BODY:
            return
        if 100 <= self._parser.get_status_code() < 200:
            self._has_head = False  # the answer is still to come
            self._fields.clear()
        else:
            self._status = self._parser.get_status_code()
            self.is_reusable = self._parser.should_keep_alive() and not self._is_last


def _lost(words: str) -> ConnectionLost:
    return ConnectionLost(f"the connection was lost ({words})")
