"""Marks of secrets: short texts by which it is known at once that a text holds none of them, in no encoding."""

from __future__ import annotations

import itertools
import json
import re
from binascii import b2a_base64

SHORTEST_SECRET = 4
"""Shorter texts are not looked for: they would be found everywhere."""

SHORTEST_FOLDED = 8
"""Secrets of so many characters are found in any case; shorter ones may be words: `Test` is not the secret `test`."""

SHORTEST_CORE = 8
"""Base64 of a secret in the middle of other bytes is looked for if so many of its characters depend on it alone."""

MOST_COUNTED = 12
"""So many characters that a secret begins with count where a text was cut, however long the secret is."""

_UNSURE = re.compile("[ +\u0130\u03a3\u03c2\u03c3\ud800-\udfff]")
"""A blank may be a plus, a lone surrogate a question mark; the others are not always one letter in lower case."""

_DOTS = re.compile("[…⋯•]")


def least_of(secret: str) -> int:
    """Return how many characters count that a secret begins with, where a text was cut.

    Fewer would take away the ends of words, more would tell much of a password.
    """
    third = (len(secret) + 2) // 3
    return SHORTEST_SECRET if third < SHORTEST_SECRET else min(third, MOST_COUNTED)


def has_escapes(text: str) -> bool:
    """Whether a text may have characters percent-encoded, or escaped as JSON, Python or HTML do, or of two bytes."""
    return "%" in text or "&" in text or "\\" in text or "\0" in text


def is_altered(text: str) -> bool:
    """Whether a text has escapes, or an ellipsis for what was left out: it may hold a secret without a mark of it."""
    return (  # as `has_escapes`, but for the call
        "%" in text or "&" in text or "\\" in text or "\0" in text or ".." in text or "**" in text
        or (not text.isascii() and _DOTS.search(text) is not None)
    )  # fmt: skip


def in_json_bodies(secret: str) -> frozenset[str]:
    """Return a text as JSON bodies have it, if that is another: a proxy may repeat a whole body in Base64."""
    if secret.isascii() and secret.isprintable() and '"' not in secret and "\\" not in secret:
        return frozenset()
    return frozenset((json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])) - {secret}


def marks_of(secret: str) -> tuple[str, ...]:
    """Return lower-case texts, one of which is in lower case in each text that holds a secret, or its beginning.

    They are the beginning itself and that of its Base64 and its hex: many times quicker to look for than all encodings.
    A text that `is_altered` may have none of them.
    """
    first = secret[: least_of(secret)]
    plain = _first_bytes(secret)
    encoded = _in_base64(plain)
    if first.isalnum() and first.isascii() and encoded.isalnum():  # as most are
        encoded = encoded.lower()
        return first.lower(), plain.hex(), encoded[:5], encoded[10:14], encoded[19:24]
    found = [*_own_marks(first), plain.hex(), *_cores(encoded)]
    for body in in_json_bodies(secret[:SHORTEST_SECRET]):
        if (escaped := _first_bytes(body)) != plain:
            found += _cores(_in_base64(escaped))
    return tuple(found)


def _first_bytes(text: str) -> bytes:
    return text[:SHORTEST_SECRET].encode("utf-8", "replace")[:SHORTEST_SECRET]


def _in_base64(plain: bytes) -> str:
    """Return Base64 of four bytes, where they begin a group of three and where one and two others are before them."""
    return b2a_base64(b"%b\0\0\0%b\0\0\0%b" % (plain, plain, plain), newline=False).decode()


def _own_marks(first: str) -> list[str]:
    """Return what a text has that holds the beginning of a secret as it is."""
    if _UNSURE.search(first) is None:
        return [first.lower()]
    first = first[:SHORTEST_SECRET]
    if not first.isascii():  # the longest part that is always the same
        return [max(_UNSURE.split(first), key=len).lower()]
    return [*map("".join, itertools.product(*[" +" if char in " +" else char for char in first.lower()]))]


def _cores(encoded: str) -> list[str]:
    """Return what Base64 of longer bytes has, wherever the four begin in them of which `_in_base64` is."""
    cores = [encoded[:5].lower(), encoded[10:14].lower(), encoded[19:24].lower()]
    for core in cores[:3]:
        if "+" in core or "/" in core:  # as URLs have it, and queries
            cores += {core.replace("+", "-").replace("/", "_"), core.replace("+", " ")} - {core}
    return cores


def base64_core(plain: bytes, before: int) -> str:
    """Return the characters of Base64 that depend on some bytes alone, wherever they stand in longer ones.

    Args:
        plain: The bytes.
        before: How many bytes are before them, modulo three.
    """
    encoded = b2a_base64(b"\0\0"[:before] + plain, newline=False)
    return encoded[(before and before + 1) : (before + len(plain)) * 4 // 3].decode()
