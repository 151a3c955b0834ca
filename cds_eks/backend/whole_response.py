"""Responses that have come whole, in one piece, and in the plainest form. No I/O.

Nearly all are of that kind, and h11 takes ten times as long for one. What is read here, h11 would read in the same way;
all else is left to it, which knows what is wrong: other versions, folded lines, bare LF, lengths that are in doubt.
"""

from __future__ import annotations

import enum
import re

import attrs

_TEXT = rb"[!-~\x80-\xff]"
_NAME = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++"
_FIELD = rb"%b:[ \t]*+(?:%b++(?:[ \t]++%b++)*+)?[ \t]*+\r\n" % (_NAME, _TEXT, _TEXT)

_HEAD = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [ \t!-~\x80-\xff]*+)?\r\n((?:%b)*+)\r\n" % _FIELD)
_FIELDS = re.compile(rb"([^:\r\n]++):[ \t]*+((?:%b++(?:[ \t]++%b++)*+)?)" % (_TEXT, _TEXT))
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")

_LENGTH = re.compile(rb"[0-9]{1,8}")
_NO_BODY = {b"204", b"304"}


@attrs.frozen
class Answer:
    """An answer as it came.

    Attributes:
        status: The HTTP status.
        fields: The headers' names and values.
        content: The body, compressed as it came; None if it is too long.
    """

    status: int
    fields: list[tuple[bytes, bytes]]
    content: bytes | None


class Unread(enum.Enum):
    """Why a response is not read here."""

    BODY_IS_MISSING = enum.auto()
    """Its head is there, and nothing behind it, though there is to be a body: servers send one after the other."""

    LEFT_TO_H11 = enum.auto()
    """It is of another kind, or not all there, or nobody knows."""


def whole_response(data: bytes, most: int) -> Answer | Unread:
    """Return the response that some bytes are, from its first byte to its last.

    Args:
        data: What has come. It must not be the response to a `HEAD`.
        most: How many bytes of a body are allowed.

    Returns:
        A response after which the connection stays open.
    """
    head = _HEAD.match(data)
    if head is None or head[1] in _NO_BODY:
        return Unread.LEFT_TO_H11
    fields: list[tuple[bytes, bytes]] = _FIELDS.findall(head[2])
    length, is_chunked = None, False
    for name, value in fields:
        if len(name) not in _LENGTHS_OF_NAMES:
            continue
        lowered = name.lower()
        if lowered == b"content-length":
            if length is not None or not _LENGTH.fullmatch(value):
                return Unread.LEFT_TO_H11
            length = int(value)
        elif lowered == b"transfer-encoding":
            if is_chunked or value != b"chunked":
                return Unread.LEFT_TO_H11
            is_chunked = True
        elif lowered == b"connection" and value.lower() != b"keep-alive":
            return Unread.LEFT_TO_H11
    if is_chunked == (length is not None):
        return Unread.LEFT_TO_H11
    begin = head.end()
    if begin == len(data) and length != 0:
        return Unread.BODY_IS_MISSING
    content: bytes | None = None
    if is_chunked:
        content = _joined_chunks(data, begin)
    elif length == len(data) - begin:
        content = data[begin:]
    if content is None or len(content) > most:
        return Unread.LEFT_TO_H11
    return Answer(int(head[1]), fields, content)


_LENGTHS_OF_NAMES = {len("content-length"), len("transfer-encoding"), len("connection")}


def _joined_chunks(data: bytes, at: int) -> bytes | None:
    """Return what is in chunks, up to the last byte; None if they are no plain ones, or not all there."""
    pieces: list[bytes] = []
    while (chunk := _CHUNK.match(data, at)) is not None:
        at = chunk.end()
        if not (size := int(chunk[1], 16)):
            return b"".join(pieces) if data[at:] == b"\r\n" else None
        pieces.append(data[at : at + size])
        at += size + 2
        if data[at - 2 : at] != b"\r\n":
            return None
    return None
