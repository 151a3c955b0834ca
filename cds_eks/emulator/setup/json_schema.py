"""The JSON Schema of a world's file, for editors: made of the same keys that the file is read by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.emulator.faults.kinds import KINDS, PARAMETERS
from cds_eks.emulator.protocol.plain_values import OneOf, Text
from cds_eks.emulator.setup.keys import CLUSTER, CLUSTER_TABLES, SERVER, TABLES, Key

__all__ = ["world_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
_PARAMETERS: Mapping[str, dict[str, Any]] = {
    "count": {"type": "integer", "minimum": 1},
    "skip": _WHOLE,
    "probability": {"type": "number", "minimum": 0, "maximum": 1},
    "status": {"anyOf": [{"const": 200}, {"type": "integer", "minimum": 400, "maximum": 599}]},
    "when": {"enum": ["before", "after"]},
    "body": {"enum": ["json", "html", "empty"]},
    "seconds": {"type": "number"},
    "steps": _WHOLE,
    "bytes": _WHOLE,
    "bypass_nonce": {"type": "boolean"},
    "answer": {"enum": ["first", "second"]},
}
"""Those that are no texts."""


def world_schema() -> dict[str, Any]:
    """Return the schema."""
    arrays = {name: _array(name.removesuffix("s"), about) for name, (_, about) in TABLES.items()}
    definitions = {name.removesuffix("s"): _table(keys, about) for name, (keys, about) in TABLES.items()}
    inner = {name: _array(f"cluster_{name.removesuffix('s')}", about) for name, (_, about) in CLUSTER_TABLES.items()}
    definitions["cluster"] = _table(CLUSTER, "A cluster, or as many as `count` says, up and running.", inner)
    for name, (keys, about) in CLUSTER_TABLES.items():
        definitions[f"cluster_{name.removesuffix('s')}"] = _table(keys, about)
    return {
        "$schema": DIALECT,
        "title": "A world of cds_eks.emulator",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "$schema": {"type": "string"},
            "server": _table(SERVER, "Options of the server, as those of the command line, which win."),
            **arrays,
            "faults": {
                "type": "array",
                "items": {"anyOf": [_fault(), Text().schema()]},
                "description": "What goes wrong: tables, or texts as --fault takes them. The first that matches wins.",
            },
        },
        "$defs": definitions,
    }


def _table(keys: Mapping[str, Key], about: str, inner: Mapping[str, Any] | None = None) -> dict[str, Any]:
    required = [name for name, key in keys.items() if key.is_required]
    return {
        "type": "object",
        "description": about,
        "additionalProperties": False,
        **({"required": required} if required else {}),
        "properties": {
            **{name: {**key.rule.schema(), "description": key.about} for name, key in keys.items()},
            **(inner or {}),
        },
    }


def _array(name: str, about: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}, "description": about}


def _fault() -> dict[str, Any]:
    given = {
        name: {**_PARAMETERS.get(name, {"type": "string"}), "description": f"Must be {rule}."}
        for name, (rule, _) in PARAMETERS.items()
    }
    kind = {**OneOf(tuple(KINDS)).schema(), "description": "What goes wrong: see cds_eks.emulator.Fault."}
    action = {**Text().schema(), "description": "An action, a class (create, read, write), or * (the default)."}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["kind"],
        "properties": {"kind": kind, "action": action, **given},
    }
