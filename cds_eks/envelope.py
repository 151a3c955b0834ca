"""The envelope that every answer comes in [D][O]."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cds_eks.redaction import presentable
from cds_eks.wire import RawResponse

SUCCESS = "success"


def parse(response: RawResponse) -> dict[str, Any] | None:
    """Return the envelope of an answer, names as they came, or None if it is not one. Read once, then kept."""
    if not response.parsed:
        response.parsed.append(_parse(response.content))
    envelope: dict[str, Any] | None = response.parsed[0]
    return envelope


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and isinstance(member(body, "Code"), (str, int)) else None


def member(mapping: Mapping[str, Any], name: str) -> Any:
    """Return a member by its wire name, in any case; None if there is none."""
    if name in mapping:
        return mapping[name]
    lowered = name.lower()
    return next((value for key, value in mapping.items() if key.lower() == lowered), None)


def texts_of(envelope: Mapping[str, Any]) -> list[str]:
    """Return what the service says in words, the best first: `Desc`, `Msg`, `Message` [O]."""
    values = [member(envelope, name) for name in ("Desc", "Msg", "Message")]
    return [str(value) for value in values if isinstance(value, (str, int, float)) and value != ""]


def is_success(envelope: Mapping[str, Any]) -> bool:
    """Whether the envelope says that all is well."""
    return str(member(envelope, "Code")).lower() == SUCCESS


def request_id_of(response: RawResponse, secrets: Iterable[str] = ()) -> str | None:
    """Return the service's id of a request, fit to be shown."""
    for value in (member(parse(response) or {}, "RequestId"), response.headers.get("cds-request-id")):
        if value and isinstance(value, (str, int)):
            return presentable(str(value), secrets, 200)
    return None
