"""The ways in which services, proxies and their pages spell a secret that they repeat."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

Spell = Callable[[str], str]


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def all_in_json(text: str) -> str:
    """As some escape: each UTF-16 unit as four digits of hex."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join([f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2)])


def all_in_url(text: str) -> str:
    return "".join([f"%{byte:02x}" for byte in text.encode()])


def all_in_html(text: str) -> str:
    return "".join([f"&#{ord(char)};" if at % 2 else f"&#x{ord(char):X};" for at, char in enumerate(text)])


def in_whole_url(text: str) -> str:
    return quote(text, safe="")


def in_base64(before: bytes, after: bytes, *, is_url: bool = False) -> Spell:
    """In Base64, in the middle of other bytes."""
    encode = base64.urlsafe_b64encode if is_url else base64.b64encode
    return lambda text: encode(before + text.encode() + after).decode()


ESCAPED: dict[str, Spell] = {
    "as it is": str,
    "in a URL": in_whole_url,
    "in a URL, with slashes": quote,
    "in a form": quote_plus,
    "in a URL, in lower case": lambda text: quote(text, safe="").lower(),
    "in a URL, all of it": all_in_url,
    "in a URL twice": lambda text: in_whole_url(in_whole_url(text)),
    "in a URL twice, all of it": lambda text: in_whole_url(all_in_url(text)),
    "in JSON": in_json,
    "in JSON, all of it": all_in_json,
    "in JSON twice, all of it": lambda text: in_json(all_in_json(text)),
    "in HTML": html.escape,
    "in HTML, all of it": all_in_html,
    "in a URL in HTML": lambda text: html.escape(in_whole_url(text)),
    "in HTML in JSON": lambda text: in_json(html.escape(text)),
    "in a URL in JSON in a URL": lambda text: in_whole_url(all_in_json(in_whole_url(text))),
    "in upper case": str.upper,
    "in lower case": str.lower,
    "in upper case, in a URL": lambda text: in_whole_url(text.upper()),
    "in hex": lambda text: text.encode().hex(),
    "in hex, in upper case": lambda text: text.encode().hex().upper(),
    "in hex of a longer text": lambda text: f"x{text}y".encode().hex(),
    "in hex in JSON, all of it": lambda text: all_in_json(text.encode().hex()),
}

ENCODED: dict[str, Spell] = {
    **{
        f"in Base64 of {before!r} + it + {after!r}{', as in URLs' if is_url else ''}": in_base64(
            before, after, is_url=is_url
        )
        for before in (b"", b"k", b"k:", b"id:")
        for after in (b"", b"!", b"\xff\xfe")
        for is_url in (False, True)
    },
    "in Base64 without padding": lambda text: in_base64(b"", b"")(text).rstrip("="),
    "in Base64 in a URL": lambda text: in_whole_url(in_base64(b"u:", b"?>")(text)),
    "in Base64 in JSON": lambda text: in_base64(b"u:", b"?>")(text).replace("/", "\\/"),
    "in Base64 in a URL, all of it": lambda text: all_in_url(in_base64(b"", b"?>")(text)),
}

SPELLINGS: dict[str, Spell] = {**ESCAPED, **ENCODED}


def shown_of(text: str) -> list[str]:
    """Return a text, and all that a reader makes of it who undoes what it may be encoded in."""
    readings = {text}
    for _ in range(3):
        for each in list(readings):
            readings |= {unquote(each), unquote_plus(each), html.unescape(each), _out_of_json(each)}
    return [*readings]


def _out_of_json(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
