"""What a request to the control endpoints says: the fields of its body, the parameters of its query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cds_eks.emulator.control.errors import ControlError
from cds_eks.emulator.http.body import read_body
from cds_eks.emulator.http.parsing import parse_body, parse_query
from cds_eks.emulator.protocol.envelope import Refusal
from cds_eks.emulator.protocol.plain_values import OneOf, Rule, Text, Whole, similar

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["check_fields", "json_body", "parameters"]

MOST_BYTES = 64 * 1024

_PARAMETERS: Mapping[str, Rule] = {
    "offset": Whole(0, 10**9),
    "limit": Whole(1, 1000),
    "search": Text(may_be_empty=True),
    "order": OneOf(("oldest", "newest")),
}


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a body; an empty body is an empty one.

    Raises:
        ControlError: It is none, or is not said to be JSON. A page of another site can't say so unasked.
    """
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said != "application/json":
        raise ControlError(415, "a POST needs the header Content-Type: application/json")
    body = await read_body(request)
    if body.refusal is not None:
        raise ControlError(body.refusal.status, body.refusal.message)
    if len(body.content) > MOST_BYTES:
        raise ControlError(413, f"the body has more than {MOST_BYTES} bytes")
    if not body.content.strip():
        return {}
    try:
        return parse_body(body.content)
    except Refusal as refusal:
        raise ControlError(400, refusal.message, code="MalformedJSON") from None


def check_fields(body: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Check the fields of a body, each of which may be missing.

    Raises:
        ControlError: Naming the field and its rule.
    """
    for name, value in body.items():
        if name not in rules:
            field = "".join(char if char.isprintable() else "?" for char in name)[:80]
            raise ControlError.of_field(field, f"is not known{similar(field, rules)}" if rules else "is not known")
        if not rules[name].fits(value):
            raise ControlError.of_field(name, f"must be {rules[name].words}")


def parameters(query: bytes, tables: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters of a request for a slice of a table; empty if it asks for everything.

    Raises:
        ControlError: Naming the parameter and its rule.
    """
    try:
        given = parse_query(query)
    except Refusal as refusal:
        raise ControlError(refusal.status, refusal.message) from None
    values: dict[str, Any] = {
        name: int(text)
        if name in ("offset", "limit") and text.isascii() and text.isdigit() and len(text) < 11
        else text
        for name, text in given.items()
    }
    check_fields(values, {"table": OneOf(tables), **_PARAMETERS})
    if values and "table" not in values:
        raise ControlError.of_field("table", f"is missing: one of {', '.join(tables)}")
    return {"offset": 0, "limit": 100, "search": "", "order": "oldest", **values} if values else {}
