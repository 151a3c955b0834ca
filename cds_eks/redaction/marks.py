"""Marks of secrets: short texts by which it is known at once that a text holds none of them, in no encoding."""

from __future__ import annotations

import json
import re
from binascii import b2a_base64

SHORTEST_SECRET = 4
"""Shorter texts are not looked for: they would be found everywhere."""

SHORTEST_FOLDED = 8
"""Secrets of so many characters are found in any case; shorter ones may be words: `Test` is not the secret `test`."""

SHORTEST_CORE = 8
"""Base64 of a secret in the middle of other bytes is looked for if so many of its characters depend on it alone."""

_LEAST_BYTES = 8

_PLAIN = re.compile(r"[A-Za-z0-9]+")
_LONG_PLAIN = re.compile(r"[A-Za-z0-9]{4,}")


def has_escapes(text: str) -> bool:
    """Whether a text may have characters percent-encoded, or escaped as JSON, Python or HTML do."""
    return "%" in text or "&" in text or "\\" in text


def in_json_bodies(secret: str) -> frozenset[str]:
    """Return a text as JSON bodies have it, if that is another: a proxy may repeat a whole body in Base64."""
    if secret.isascii() and secret.isprintable() and '"' not in secret and "\\" not in secret:
        return frozenset()
    return frozenset((json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])) - {secret}


def marks_of(secret: str) -> tuple[str, ...]:
    """Return lower-case texts, one of which is in lower case in each text that holds a secret, if it has no escapes.

    They are the secret itself, the beginning of its Base64 and of its hex: many times quicker to look for than all
    encodings.
    """
    found = _marks_of(secret)
    for escaped in in_json_bodies(secret):
        found += _marks_of(escaped)[1:]  # the first is the text itself, which has an escape
    return found


def _marks_of(secret: str) -> tuple[str, ...]:
    plain = secret.encode("utf-8", "replace")
    # Without escapes it is there as it is, but for what a query has in place of blanks, and Python of lone surrogates.
    own = secret.lower() if secret.isascii() and " " not in secret else _quick_mark(secret).lower()
    if len(plain) < _LEAST_BYTES:
        cores = [core for before in range(3) if len(core := base64_core(plain, before)) >= SHORTEST_CORE or not before]
    else:  # wherever it begins, one of these begins a group of three bytes: four characters
        three = b2a_base64(plain[:6] + plain[1:7] + plain[2:8], newline=False).decode()
        if three.isalnum():
            three = three.lower()
            return own, three[:8], three[8:16], three[16:], plain[:6].hex()
        cores = [three[:8], three[8:16], three[16:]]
    return (own, *[_quick_mark(core).lower() for core in cores], plain[:6].hex())


def base64_core(plain: bytes, before: int) -> str:
    """Return the characters of Base64 that depend on some bytes alone, wherever they stand in longer ones.

    Args:
        plain: The bytes.
        before: How many bytes are before them, modulo three.
    """
    encoded = b2a_base64(b"\0\0"[:before] + plain, newline=False)
    return encoded[(before and before + 1) : (before + len(plain)) * 4 // 3].decode()


def _quick_mark(text: str) -> str:
    """Return the first run of four letters or digits, or the longest there is."""
    found = _LONG_PLAIN.search(text)
    return found[0] if found else max(_PLAIN.findall(text), key=len, default="")
