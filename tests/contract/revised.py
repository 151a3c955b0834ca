"""The API description as one revision has it: plain data again, read by a rule of its own, not by the generator's."""

from __future__ import annotations

import re
from typing import Any

Description = dict[str, Any]


def in_revision(whole: Description, revision: str) -> Description:
    """What the description says of one revision, under its names and in its shapes, with no word of others."""
    return {
        **whole,
        "operations": {
            name: {**operation, "action": _name(operation["action"], revision)}
            for name, operation in whole["operations"].items()
            if _has(operation, revision)
        },
        "shapes": {name: _shape(whole, shape, revision) for name, shape in whole["shapes"].items()},
        "values": {
            name: {
                **values,
                "values": [
                    {**value, "value": _name(value.get("wire", value["value"]), revision)}
                    for value in values["values"]
                    if _has(value, revision)
                ],
            }
            for name, values in whole["values"].items()
        },
    }


def _has(described: dict[str, Any], revision: str) -> bool:
    return revision in described.get("revisions", [revision])


def _name(names: Any, revision: str) -> Any:
    return names[revision] if isinstance(names, dict) else names


def _shape(whole: Description, shape: dict[str, Any], revision: str) -> dict[str, Any]:
    fields = {}
    for python, field in shape["fields"].items():
        wire = field["wire"]
        if not _has(field, revision) or (isinstance(wire, dict) and revision not in wire):
            continue
        kind = field["type"]
        if only := field.get("only", {}).get(revision):
            entry = re.sub(r"list\[(\w+)\]", r"\1", kind)
            kind = f"list[{whole['shapes'][entry]['fields'][only]['type']}]"
        fields[python] = {**field, "wire": _name(wire, revision), "type": kind}
    for hoisted in shape.get("hoisted", []):
        if revision in hoisted["revisions"]:
            fields[hoisted["path"]] = {**_at(whole, shape, hoisted["path"]), "wire": hoisted["wire"]}
    return {**shape, "fields": fields}


def _at(whole: Description, shape: dict[str, Any], path: str) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    field: dict[str, Any] = shape["fields"][first]
    return _at(whole, whole["shapes"][field["type"]], rest) if rest else field
