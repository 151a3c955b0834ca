"""The headers of an answer, as both backends read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MAX_HEAD = 100 * 1024
"""The most bytes of an answer's headers, or of its trailers: httpx's own bound."""

EARLY = 1
"""By how many seconds an idle connection is given up before the server may close it."""

_KEEP_ALIVE = re.compile(r"\btimeout\s*=\s*\"?([0-9]{1,9})(?![0-9])", re.IGNORECASE)


def read_headers(fields: Sequence[bytes], encoding: str = "utf-8") -> dict[str, str]:
    """Return headers by their names in lower case; one that comes several times is joined by commas.

    Args:
        fields: Names and values by turns.
        encoding: Theirs; should they have another one, all are read as Latin-1.
    """
    headers: dict[str, str] = {}
    each = iter(fields)
    try:
        for name, value in zip(each, each):  # noqa: B905 - `strict` takes its time
            key, text = name.decode(encoding).lower(), value.decode(encoding).strip()
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    except UnicodeDecodeError:
        return read_headers(fields, "latin-1")
    return headers


def idle_seconds(headers: Mapping[str, str], most: float) -> float:
    """Return for how many seconds a connection may be idle after an answer: fewer than its server says, if it does."""
    said = headers.get("keep-alive")
    if said is None or (match := _KEEP_ALIVE.search(said)) is None:
        return most
    return min(most, int(match[1]) - EARLY)
