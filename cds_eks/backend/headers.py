"""Headers of answers, as both backends give them."""

from __future__ import annotations

from collections.abc import Sequence


def read_headers(fields: Sequence[bytes]) -> dict[str, str]:
    """Return headers by their names in lower case; one that comes several times is joined by commas.

    Args:
        fields: Names and values by turns.
    """
    text = b"\n".join(fields)
    try:
        parts = text.decode().split("\n")
    except UnicodeDecodeError:
        parts = text.decode("latin-1").split("\n")
    headers: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return headers
