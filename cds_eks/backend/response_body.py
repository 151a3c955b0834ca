"""The body of an answer: how long it may be, and its compression. For a backend of your own as well."""

from __future__ import annotations

import zlib

MAX_BODY = 16 * 1024 * 1024
"""The most bytes of an answer that are read. JSON of so many can take twenty times as much memory once it is read."""

MOST_MEMBERS = 10_000
"""Of how many parts a compressed body may consist."""

PORTION = 64 * 1024
"""How much of one is decompressed at once: what is behind the end of a part is copied."""


def too_long() -> str:
    """Say what is wrong with a body that is too long."""
    return f"the answer has more than {MAX_BODY} bytes"


def decompressed(content: bytes, encoding: str) -> tuple[bytes, str | None]:
    """Return a body without its compression, and what is wrong with it, if anything."""
    if not content or encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return content, None
    view, place, pieces, size = memoryview(content), 0, list[bytes](), 0
    for _ in range(MOST_MEMBERS):
        machine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # finds out by itself which of them it is
        while place < len(view) and not machine.eof:
            portion = view[place : place + PORTION]
            try:
                pieces.append(machine.decompress(portion, MAX_BODY + 1 - size))
            except zlib.error:
                return b"", "the answer's compression is broken"
            size += len(pieces[-1])
            if size > MAX_BODY:
                return b"", too_long()
            place += len(portion) - len(machine.unused_data)
        if not machine.eof:
            return b"".join(pieces), "the answer's compression breaks off"
        # A file of gzip is a series of members, and nothing else (RFC 1952, section 2.2); but zeros that fill it up
        # are left out, as gzip itself and Python do.
        if not any(view[place:]):
            return b"".join(pieces), None
    return b"", f"the answer's compression has more than {MOST_MEMBERS} parts"
