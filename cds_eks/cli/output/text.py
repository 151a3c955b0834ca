"""Texts of the service as people see them: without control characters, and with their width on a terminal."""

from __future__ import annotations

import re
import unicodedata

_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str, keep: str = "") -> str:
    r"""Return a text in which control characters, and those that turn its direction, are escapes: `\x1b`.

    Args:
        text: The text.
        keep: The control characters that stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def _escape(char: str) -> str:
    code = ord(char)
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def width(text: str) -> int:
    """Return how many columns a text takes: two for a wide character, none for one that is put over another."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1


def padded(text: str, columns: int) -> str:
    """Return a text with spaces after it, as wide as a column."""
    return text + " " * (columns - width(text))
