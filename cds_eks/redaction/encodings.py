"""The encodings in which a text may hold a secret: all that services, proxies, their pages and Python libraries make.

They are: as it is, in a URL, in JSON, in HTML, two of these after each other, as `repr` shows it, in hex, in Base64,
alone or in the middle of other bytes. `echoes.py` undoes escapes of all kinds before it looks for these.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from cds_eks.redaction.marks import SHORTEST_CORE, base64_core, in_json_bodies


def encodings_of(secret: str) -> tuple[str, ...]:
    """Return all encodings in which an answer may hold a secret, the longest first: one may contain another."""
    once = _encoded_once(secret)
    twice = {again for encoding in once for again in _encoded_once(encoding)}
    plain = secret.encode(errors="replace")
    found = {*twice, *_in_python(secret), plain.hex(), plain.hex().upper(), *_in_base64(plain)}
    for escaped in in_json_bodies(secret):
        found.update(_in_base64(escaped.encode(errors="replace")))
    return tuple(sorted(found, key=len, reverse=True))


def _encoded_once(secret: str) -> set[str]:
    """Return a text in plain, in JSON (Go's JSON too), in a URL and in HTML."""
    if secret.isascii() and secret.isalnum():
        return {secret}
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    from_go = [text.translate({ord(char): f"\\u{ord(char):04x}" for char in "<>&"}) for text in in_json]
    in_url = (*(quote(secret, safe=safe, errors="replace") for safe in ("", "/")), quote_plus(secret, errors="replace"))
    return {secret, *in_json, *from_go, *in_url, html.escape(secret), html.escape(secret, quote=False)}


def _in_python(secret: str) -> set[str]:
    """Return a text as errors of Python libraries show texts or bytes."""
    quoted = f"{secret}\"'"  # which makes Python escape the one kind of quotes
    shown = {repr(quoted)[1:-4], ascii(quoted)[1:-4], repr(quoted.encode(errors="replace"))[2:-4]}
    return shown | {text.replace("\\'", "'") for text in shown}


def _in_base64(plain: bytes) -> Iterator[str]:
    """Yield Base64 of some bytes: alone, and the part that they have in Base64 of longer ones."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(plain).decode()
        yield alone
        yield alone.rstrip("=")
    for before in range(3):
        core = base64_core(plain, before)
        if len(core) >= SHORTEST_CORE:
            yield core
            yield core.replace("+", "-").replace("/", "_")
