"""The ids that an answer names, also one that is no clear success: by them what was made can be found and removed."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cds_eks.codec.envelope import is_whole, load_json, member, parse
from cds_eks.errors import EksError
from cds_eks.redaction import is_secret_name, presentable
from cds_eks.schema.shape import Shape, fields_of, wire_names
from cds_eks.wire import Kind, Operation, RawResponse, Request

LONGEST_ID = 200
"""Ids are cut to this many characters."""

MOST = 10**30
"""Numbers that are ids are smaller."""

MOST_IDS = 20
"""The largest number of ids that is taken from one answer."""

_MEMBER = re.compile(r'"([^"\\]{1,100})"\s*:\s*"([^"\\]+)"')
"""A text of a JSON object, and its name."""

_IDS_OF_THE_REQUEST = frozenset({"requestid", "accesskeyid"})
"""Ids of the request itself, in lower case."""


def ids_in(request: Request, response: RawResponse) -> dict[str, str]:
    """Return the ids that the answer to a write names, fit to be shown: by the names of the operation's result.

    Ids that its result does not document, and all ids of an undocumented action, have their names on the wire; ids that
    the answer only repeats of the request are left out. The answer may be of any kind: an error response, one that
    can't be decoded, a truncated one.

    Args:
        request: The request.
        response: The answer to it.
    """
    if request.operation.kind is Kind.READ or not is_whole(response):
        return {}
    try:
        body = parse(response) or load_json(response.content)
    except (ValueError, RecursionError):
        return _ids_in_text(response.content, request)
    return ids_of(request, body)


def ids_of(request: Request, body: object) -> dict[str, str]:
    """Return the ids that an answer names, as `ids_in` does.

    Args:
        request: The request.
        body: The answer's body as plain data.
    """
    if not isinstance(body, Mapping):
        return {}
    names = _names(request.operation)
    data = member(body, "Data")
    found: dict[str, str] = {}
    for place in (*(data if isinstance(data, list) else [data]), body):
        if not isinstance(place, Mapping):
            continue
        for wire, value in place.items():
            name = names.get(wire.lower())
            if (text := _text(value)) is None or (name is None and (place is body or not _is_id(wire, value))):
                continue
            if name is not None or not is_repeated(text, request):
                found.setdefault(name or wire, text)
    return _shown(found.items(), request)


def ids_known(request: Request) -> dict[str, Any]:
    """Return the ids that all answers to the attempts of a call have named so far; those of the last win.

    Args:
        request: The request, whose record has the answers.
    """
    record, found = request.record, dict[str, Any]()
    for earlier in record.failures:
        found |= earlier.ids
    if request.operation.kind is not Kind.READ:
        for partial_body in record.partial_bodies:
            found |= _ids_in_text(partial_body, request)
    if record.answer is not None and request.operation.kind is not Kind.READ:
        found |= ids_of(request, record.answer)
    return found


def with_ids(error: EksError, request: Request) -> EksError:
    """Return the error of a call with the ids that all answers to it have named; those of the last win."""
    found = dict[str, Any]()
    for earlier in error.previous:
        found |= earlier.ids
    if found := found | ids_known(request):
        error.ids = found | error.ids
    return error


def is_repeated(value: str, request: Request) -> bool:
    """Whether an id of an answer is one that the request has named: such a one is no evidence of what was done."""
    in_json = json.dumps(value, ensure_ascii=False).encode(errors="replace")
    return in_json in (request.content or b"") or value in request.params.values()


def _text(value: object) -> str | None:
    """Return an id as text; None if it is none: a Go service has `""` and 0 where it has nothing to name."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST:
        return str(value)
    return None


def _is_id(wire: str, value: object) -> bool:
    """Whether an undocumented member is an id."""
    is_id_name = wire.endswith(("Id", "ID", "_id")) and wire.lower() not in _IDS_OF_THE_REQUEST
    return is_id_name and not is_secret_name(wire) and isinstance(value, str)


def _shown(named: Iterable[tuple[str, str]], request: Request) -> dict[str, str]:
    return {
        presentable(name, request.hidden, LONGEST_ID, is_id=True): presentable(
            value, request.hidden, LONGEST_ID, is_id=True
        )
        for name, value in [*named][:MOST_IDS]
    }


def _ids_in_text(content: bytes, request: Request) -> dict[str, str]:
    """Return the ids in an answer that is no JSON, as `ids_of` does; usually it is truncated JSON."""
    names = _names(request.operation)
    known, others = dict[str, str](), dict[str, str]()
    for wire, value in _MEMBER.findall(content[:65536].decode("utf-8", "replace")):
        if name := names.get(wire.lower()):
            known.setdefault(name, value)
        elif _is_id(wire, value) and not is_repeated(value, request):
            others.setdefault(wire, value)
    return _shown((known | others).items(), request)


@functools.lru_cache(maxsize=256)
def _names(operation: Operation[Any]) -> dict[str, str]:
    """Return the Python names of the ids in an operation's result, by their wire names in lower case."""
    result = operation.result
    if not (isinstance(result, type) and issubclass(result, Shape)):
        return {}
    return {
        wire.lower(): field.name
        for field in fields_of(result)
        if field.name.endswith("_id") and not field.metadata["secret"]
        for wire in wire_names(field)
    }
