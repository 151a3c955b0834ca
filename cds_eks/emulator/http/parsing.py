"""From bytes to a query and a body, as strictly as the signature's rule needs."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import md5
from typing import Any, NoReturn
from urllib.parse import unquote_plus

from cds_eks.emulator.protocol.envelope import Refusal

__all__ = ["check_digest", "parse_body", "parse_query"]

MAX_QUERY = 64 * 1024
"""The most bytes of a query: as many as the emulator's own server takes in a request's head."""

MAX_PARAMETERS = 1000
"""The most parameters of a query; the longest request of the API has 13."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
"""What stands for itself: most names and values."""

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def parse_query(raw: bytes) -> dict[str, str]:
    """Return the parameters of a query string, decoded. A `+` is a space [O], a plus is `%2B`.

    Raises:
        Refusal: `InvalidHTTPRequest` for a name given twice, a broken escape, what is not UTF-8, and too much of it.
    """
    if len(raw) > MAX_QUERY or raw.count(b"&") >= MAX_PARAMETERS:
        raise Refusal("InvalidHTTPRequest", "the query is too long", status=414)
    query: dict[str, str] = {}
    for pair in raw.decode("latin-1").split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if not _PLAIN.fullmatch(name):
            name = _decoded(name)
        if not _PLAIN.fullmatch(value):
            value = _decoded(value)
        if name in query:
            raise Refusal("InvalidHTTPRequest", "a query parameter is given twice")
        query[name] = value
    return query


def _decoded(text: str) -> str:
    if not text.isascii() or _BROKEN_ESCAPE.search(text):
        raise Refusal("InvalidHTTPRequest", "the query is not percent-encoded")
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Refusal("InvalidHTTPRequest", "the query is not UTF-8") from None


def parse_body(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds.

    Raises:
        Refusal: `MalformedJSON` for anything else, and for a name given twice, nesting too deep, or `NaN`.
    """
    try:
        body = json.loads(raw.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # bad UTF-8 and numbers of too many digits are ValueErrors too
        raise Refusal("MalformedJSON", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refusal("MalformedJSON", "the body is not a JSON object")
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a name is given twice")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def check_digest(digest: str | None, body: bytes) -> None:
    """Compare a body with its `Content-MD5` header, which the vendor's Go client sends [O].

    Args:
        digest: The header, in base64; None if it was not sent.
        body: The body as it came.

    Raises:
        Refusal: `InvalidHTTPRequest` if they don't agree.
    """
    if digest is not None and digest != b64encode(md5(body, usedforsecurity=False).digest()).decode():
        raise Refusal("InvalidHTTPRequest", "Content-MD5 does not match the body")
