"""Where one TLS record ends and the next one begins. No I/O."""

from __future__ import annotations

HEADER = 5
"""A record begins with its type, a version of two bytes, and its length in two bytes (RFC 8446, section 5.1)."""

LONGEST = HEADER + 2**14 + 2048
"""Of TLS 1.2 (RFC 5246, section 6.2.3); records of TLS 1.3 are shorter."""


class RecordBoundaries:
    """Follows the records that come in, without looking into them.

    OpenSSL takes in a part of a record without a word. Its rest, an answer in it, would come after a later request.
    """

    __slots__ = ("_header", "_left")

    def __init__(self) -> None:
        self._header = b""  # as much as there is of it
        self._left = 0  # bytes of the record that have not come

    @property
    def is_between(self) -> bool:
        """Whether all records that began have come whole."""
        return not self._left and not self._header

    def feed(self, data: bytes | memoryview) -> None:
        """Note some bytes that came."""
        at, end = 0, len(data)
        while at < end:
            if self._left:
                taken = min(self._left, end - at)
                self._left -= taken
                at += taken
                continue
            missing = HEADER - len(self._header)
            self._header += bytes(data[at : at + missing])
            at += missing
            if len(self._header) == HEADER:
                self._left = int.from_bytes(self._header[3:])
                self._header = b""


def end_of_records(data: bytes) -> int:
    """Return how many of some bytes are whole records of TLS; all, if they are none: OpenSSL says what is wrong."""
    end = 0
    while len(data) - end >= HEADER:
        length = HEADER + int.from_bytes(data[end + 3 : end + HEADER], "big")
        if not 20 <= data[end] <= 24 or length > LONGEST:
            return len(data)
        if end + length > len(data):
            break
        end += length
    return end
