"""The envelope that every answer comes in [D][O]."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cds_eks.redaction import Secrets, presentable
from cds_eks.wire import RawResponse

try:  # twice as quick; the extra `speed`
    import orjson
except ImportError:  # pragma: no cover - in a process of its own
    orjson = None  # type: ignore[assignment]

SUCCESS = "success"

NAMES = frozenset(
    {"Code", "Data", "Desc", "Message", "Msg", "PageIndex", "PageSize", "RequestId", "TotalCount"},
)
"""Its members [D][O]."""

# Every digit as a 0: so many of them in a row may be a number of more than 64 bits, which orjson makes a float of.
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG_NUMBER = b"0" * 19

_decoder = json.JSONDecoder()


def parse(response: RawResponse) -> dict[str, Any] | None:
    """Return the envelope of an answer, names as they came, or None if it has none. It is parsed once."""
    parsed = response.parsed
    if not parsed:
        parsed.append(_parse(response.content) if is_whole(response) else None)
    envelope: dict[str, Any] | None = parsed[0]
    return envelope


def is_whole(response: object) -> bool:
    """Whether what a backend or a middleware returned is an answer whose parts have the right types."""
    return (
        isinstance(response, RawResponse)
        and isinstance(response.status, int)
        and isinstance(response.headers, (dict, Mapping))  # the check for a Mapping is slow
        and isinstance(response.content, bytes)
    )


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        body = load_json(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    return body if isinstance(body.get("Code") or member(body, "Code"), (str, int)) else None


def load_json(content: bytes) -> Any:
    """Return the value of a JSON text, the same with orjson and without."""
    if orjson is not None and _LONG_NUMBER not in content.translate(_DIGITS):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass  # the standard library takes more: NaN, lone surrogates, a byte order mark, numbers beyond a float
    try:
        text = content.decode()
        value, end = _decoder.raw_decode(
            text
        )  # all that `json.loads` does, but for blanks around and a byte order mark
        if end == len(text):
            return value
    except ValueError:
        pass
    return json.loads(content.decode("utf-8-sig"))


def member(mapping: Mapping[str, Any], name: str) -> Any:
    """Return a member by its wire name, in any case; None if there is none."""
    if name in mapping:
        return mapping[name]
    if NAMES.issuperset(mapping):
        return None  # an envelope in which all names are spelt as they should be
    lowered = name.lower()
    return next((value for key, value in mapping.items() if key.lower() == lowered), None)


def getter(envelope: Mapping[str, Any]) -> Callable[[str], Any]:
    """Return a function that looks up members of an envelope as `member` does."""
    if NAMES.issuperset(envelope):
        return envelope.get  # all names are spelt as they should be
    return functools.partial(member, envelope)


def texts_of(get: Callable[[str], Any]) -> list[str]:
    """Return the service's texts, the best first: `Desc`, `Msg`, `Message` [O].

    Args:
        get: Of the envelope; see `getter`.
    """
    texts = []
    for name in ("Desc", "Msg", "Message"):
        value = get(name)
        if value is not None and value != "" and isinstance(value, (str, int, float)):
            texts.append(str(value))
    return texts


def is_success(envelope: Mapping[str, Any]) -> bool:
    """Whether the envelope is a success response."""
    return envelope.get("Code") == "Success" or str(member(envelope, "Code")).lower() == SUCCESS


def request_id_of(response: RawResponse, secrets: Iterable[str] | Secrets = ()) -> str | None:
    """Return the service's id of a request, fit to be shown."""
    parsed = response.parsed
    if len(parsed) < 2:
        envelope = parse(response) or {}
        value = envelope.get("RequestId") or member(envelope, "RequestId")
        if not value or not isinstance(value, (str, int)):
            value = response.headers.get("cds-request-id")
        is_one = value and isinstance(value, (str, int))
        parsed.append(presentable(str(value), secrets, 200, is_id=True) if is_one else None)
    request_id: str | None = parsed[1]
    return request_id
