"""The envelope that every answer comes in [D][O]."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cds_eks.redaction import presentable
from cds_eks.wire import RawResponse

try:  # twice as quick; the extra `speed`
    import orjson
except ImportError:
    orjson = None  # type: ignore[assignment]

SUCCESS = "success"

NAMES = frozenset(
    {"Code", "Data", "Desc", "Message", "Msg", "PageIndex", "PageSize", "RequestId", "TotalCount"},
)
"""Its members [D][O]."""

# Every digit as a 0: so many of them in a row may be a number of more than 64 bits, which orjson makes a float of.
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG_NUMBER = b"0" * 19


def parse(response: RawResponse) -> dict[str, Any] | None:
    """Return the envelope of an answer, names as they came, or None if it is not one. Read once, then kept."""
    if not response.parsed:
        response.parsed.append(_parse(response.content))
    envelope: dict[str, Any] | None = response.parsed[0]
    return envelope


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        body = _loaded(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and isinstance(member(body, "Code"), (str, int)) else None


def _loaded(content: bytes) -> Any:
    """Return what JSON says, the same with orjson and without."""
    if orjson is not None and _LONG_NUMBER not in content.translate(_DIGITS):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass  # the standard library takes more: NaN, lone surrogates, a byte order mark, numbers beyond a float
    return json.loads(content.decode("utf-8-sig"))


def member(mapping: Mapping[str, Any], name: str) -> Any:
    """Return a member by its wire name, in any case; None if there is none."""
    if name in mapping:
        return mapping[name]
    if NAMES.issuperset(mapping):
        return None  # an envelope in which all names are spelt as they should be
    lowered = name.lower()
    return next((value for key, value in mapping.items() if key.lower() == lowered), None)


def texts_of(envelope: Mapping[str, Any]) -> list[str]:
    """Return what the service says in words, the best first: `Desc`, `Msg`, `Message` [O]."""
    values = [member(envelope, name) for name in ("Desc", "Msg", "Message")]
    return [str(value) for value in values if isinstance(value, (str, int, float)) and value != ""]


def is_success(envelope: Mapping[str, Any]) -> bool:
    """Whether the envelope says that all is well."""
    code = member(envelope, "Code")
    return code == "Success" or str(code).lower() == SUCCESS


def request_id_of(response: RawResponse, secrets: Iterable[str] = ()) -> str | None:
    """Return the service's id of a request, fit to be shown."""
    envelope = parse(response)
    if len(response.parsed) == 1:
        values = (member(envelope or {}, "RequestId"), response.headers.get("cds-request-id"))
        texts = (presentable(str(value), secrets, 200) for value in values if value and isinstance(value, (str, int)))
        response.parsed.append(next(texts, None))
    request_id: str | None = response.parsed[1]
    return request_id
