"""What must never be shown, and foreign text made fit to be shown."""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

SHORTEST_SECRET = 4
"""Shorter texts are not looked for: they would be found everywhere."""

LONGEST_LOOK = 65536
"""How far secrets are looked for in a text of which much less is shown."""


def printable(text: str, most: int) -> str:
    """Return a foreign text in one line of bounded length, without control characters and lone surrogates."""
    if len(text) <= most and text.isprintable():
        return text
    line = "".join([char if char.isprintable() else " " for char in text[: most + 1]])
    return line if len(line) <= most else f"{line[:most]}…"


def presentable(text: str, secrets: Iterable[str], most: int) -> str:
    """Return a foreign text fit to be shown: one line of bounded length, without secrets. Megabytes are cut first."""
    if len(text) <= most and text.isprintable() and "ignature" not in text:
        for spelling in _spellings_of_all(frozenset(secrets)):
            if spelling in text:
                break
        else:
            return text  # as nearly all are
    return printable(blot(text[:LONGEST_LOOK], secrets, is_cut=len(text) > LONGEST_LOOK), most)


def blot(text: str, secrets: Iterable[str], *, is_cut: bool = False) -> str:
    """Return a text with every secret of four characters or more replaced, however it is spelt, and each signature.

    Args:
        text: The text.
        secrets: The secrets.
        is_cut: Whether the text may break off in the middle of a secret; what there is of it goes as well then.
    """
    for spelling in _spellings_of_all(frozenset(secrets)):
        if spelling in text:
            text = text.replace(spelling, "***")
        if is_cut:
            text = _without_begun(text, spelling)
    return _SIGNATURE.sub(r"\1***", text) if "ignature" in text else text


# A URL of ours, as a proxy's page or the service may repeat it. Who has it could send the request, if it never arrived.
_SIGNATURE = re.compile(r"(Signature(?:=|%3D|%253D|\\u003d|&#61;))[A-Za-z0-9+/%=_.~-]+")


@functools.lru_cache(maxsize=256)
def _spellings_of_all(secrets: frozenset[str]) -> tuple[str, ...]:
    """All spellings of all secrets that are long enough to be looked for, the longest secret first."""
    long_enough = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
    ordered = sorted(sorted(long_enough), key=len, reverse=True)
    return tuple(spelling for secret in ordered for spelling in _spellings(secret))


def _without_begun(text: str, spelling: str) -> str:
    """Return a text without the beginning of a secret at its end."""
    start = text.find(spelling[:SHORTEST_SECRET], max(0, len(text) - len(spelling)))
    while start >= 0 and not spelling.startswith(text[start:]):
        start = text.find(spelling[:SHORTEST_SECRET], start + 1)
    return text if start < 0 else f"{text[:start]}***"


@functools.lru_cache(maxsize=256)
def _spellings(secret: str) -> tuple[str, ...]:
    """All the ways in which an answer may spell a secret, the longest first: one spelling may lie within another."""
    once = _respelt(secret)
    twice = {again for spelling in once for again in _respelt(spelling)}
    return tuple(sorted(twice | _in_python(secret), key=len, reverse=True))


def _respelt(secret: str) -> set[str]:
    """How a text is spelt in plain, in JSON (Go's JSON too), in a URL and in HTML."""
    if secret.isascii() and secret.isalnum():
        return {secret}
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    from_go = [text.translate({ord(char): f"\\u{ord(char):04x}" for char in "<>&"}) for text in in_json]
    in_url = (*(quote(secret, safe=safe, errors="replace") for safe in ("", "/")), quote_plus(secret, errors="replace"))
    return {secret, *in_json, *from_go, *in_url, html.escape(secret), html.escape(secret, quote=False)}


def _in_python(secret: str) -> set[str]:
    """How errors of Python libraries show a text or bytes that they do not like."""
    quoted = f"{secret}\"'"  # which makes Python escape the one kind of quotes
    shown = {repr(quoted)[1:-4], ascii(quoted)[1:-4], repr(quoted.encode(errors="replace"))[2:-4]}
    return shown | {text.replace("\\'", "'") for text in shown}


_SECRET_NAMES = re.compile(r"ak|sk|.*(passw|secret|accesskey|token|credential).*", re.IGNORECASE | re.DOTALL)


def is_secret_name(name: object) -> bool:
    """Whether what has this name on the wire must never be shown."""
    return isinstance(name, str) and _SECRET_NAMES.fullmatch(name) is not None


def secrets_in(plain: Any) -> set[str]:
    """Return the texts of plain data whose names say that they must never be shown."""
    found: set[str] = set()
    seen: set[int] = set()  # it is a caller's, and may be of any depth, or hold itself
    rest = [plain]
    while rest:
        value = rest.pop()
        if isinstance(value, (Mapping, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, Mapping):
                found |= {entry for name, entry in value.items() if isinstance(entry, str) and is_secret_name(name)}
            rest.extend(value.values() if isinstance(value, Mapping) else value)
    return found
