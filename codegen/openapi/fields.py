"""The JSON Schema of a field: in a request what the service is to be sent, in a response what it may send."""

from __future__ import annotations

import re
from typing import Any

from cds_eks.schema.text_rules import NAMED_RULES
from codegen.description import Api, Field, Shape

__all__ = ["RULES", "field_schema", "wire_words"]

Schema = dict[str, Any]

INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
"""What a whole number is held in: the service is written in Go."""

RULES: dict[str, Schema] = {
    "name": {"pattern": r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,24}[A-Za-z0-9])?$"},
    "password": {"minLength": 8, "maxLength": 30},
    "cidr": {"format": "cidr"},
}
"""The rules for texts, as far as keywords can say them; the description says the rest."""

_QUOTED = re.compile(r"`([a-z][a-z0-9_]*)`")


def wire_words(text: str, shape: Shape, revision: str) -> str:
    """Return a text of the description with the names of a shape's fields as they are on the wire."""

    def name_of(match: re.Match[str]) -> str:
        field = shape.fields.get(match[1])
        return f"`{(field and field.wire_in(revision)) or match[1]}`"

    return _QUOTED.sub(name_of, text)


def field_schema(api: Api, shape: Shape, field: Field, revision: str, names: dict[str, str], *, answer: bool) -> Schema:
    """Return the schema of a field in a revision.

    Args:
        api: The description.
        shape: The shape that has the field.
        field: The field.
        revision: The revision; it has the field.
        names: The name under `components` of each shape that fields are made of.
        answer: Whether the service sends it: then no rule of requests holds, and what Go calls nil is null.
    """
    schema = _container(api, field, revision, names, answer=answer)
    is_first = revision == next(iter(api.revisions))
    told = {
        "description": _description(api, shape, field, revision, answer=answer),
        "x-provenance": field.source if is_first or field.source != "D" else api.revisions[revision],
    }
    if field.zh:
        told["x-description-zh"] = field.zh
    marks: Schema = {}
    if field.secret:
        marks = {"format": "password", "x-secret": True, **({} if answer else {"writeOnly": True})}
    if field.values:
        marks |= {"x-known-values": _known_values(api, field.values, revision)}
    if field.unit:
        marks["x-unit"] = field.unit
    return schema | marks | told


def _container(api: Api, field: Field, revision: str, names: dict[str, str], *, answer: bool) -> Schema:
    """Return the schema of a field's value."""
    if field.container == "map":
        schema: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
        bounds = {"maxProperties": field.max_items}
    elif field.container == "list":
        schema = {"type": "array", "items": _entry(api, field, revision, names, answer=answer)}
        bounds = {"minItems": field.min_items or None, "maxItems": field.max_items}
    else:
        schema, bounds = _value(api, field, field.type, revision, names, answer=answer), {}
    if answer:
        return {**schema, "type": [schema["type"], "null"]} if field.container else _or_null(schema)
    return schema | {name: bound for name, bound in bounds.items() if bound is not None}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]} if "$ref" in schema else schema


def _entry(api: Api, field: Field, revision: str, names: dict[str, str], *, answer: bool) -> Schema:
    """Return the schema of a list's entry: of a revision that says it so, of one field of the shape."""
    only = field.only.get(revision)
    if only is not None and not answer:
        inner = api.shapes[field.inner]
        return field_schema(api, inner, inner.fields[only], revision, names, answer=answer)
    schema = _value(api, field, field.inner, revision, names, answer=answer)
    if answer or not field.each:
        return schema
    rules = {
        api.shapes[field.inner].fields[name].wire_in(revision): _bounds(**each) for name, each in field.each.items()
    }
    return {"allOf": [schema, {"properties": rules}]}


def _bounds(*, min: int | None = None, max: int | None = None, step: int | None = None) -> Schema:  # noqa: A002
    found = {"minimum": min, "maximum": max, "multipleOf": step}
    return {name: bound for name, bound in found.items() if bound is not None}


def _value(api: Api, field: Field, type_: str, revision: str, names: dict[str, str], *, answer: bool) -> Schema:
    """Return the schema of one value of a type."""
    if type_ in api.shapes:
        reference: Schema = {"$ref": f"#/components/schemas/{names[type_]}"}
        if answer or not field.needs:
            return reference
        needed = [api.shapes[type_].fields[each].wire_in(revision) for each in field.needs]
        rules = {"required": needed, "properties": {each: {"minLength": 1} for each in needed}}
        return {"allOf": [reference, rules]}
    if type_ == "bool":
        return {"type": "boolean"}
    if type_ == "flag":
        return {"type": "integer", "enum": [0, 1]}
    if type_ == "flag_text":
        return {"type": "string", "enum": ["0", "1"]}
    if type_ == "int":
        return {"type": "integer", "format": "int64"} if answer else _whole(field)
    return {"type": "string"} if answer else _text(api, field, revision)


def _whole(field: Field) -> Schema:
    if field.one_of:
        return {"type": "integer", "enum": [*([0] if field.or_zero else []), *field.one_of]}
    return {"type": "integer", "format": "int64", **INT64, **_bounds(min=field.min, max=field.max, step=field.step)}


def _text(api: Api, field: Field, revision: str) -> Schema:
    schema: Schema = {"type": "string"}
    # A text that may be left out may be empty as well: it is what the service's own client sends for it [O].
    if (field.required and not field.allow_empty) or field.container:
        schema["minLength"] = 1
    schema |= RULES.get(field.rule or "", {})
    if field.values:
        wires = [each.wire_in(revision) for each in api.values[field.values].values]
        schema["examples"] = [wire for wire in wires if wire is not None]  # an open list: others pass
        if removed := [each.value for each in api.values[field.values].values if each.wire_in(revision) is None]:
            schema["not"] = {"enum": removed}
    return schema


def _known_values(api: Api, name: str, revision: str) -> dict[str, str]:
    """Return the values of an open list that a revision has, each with its source."""
    known = {each.wire_in(revision): each.source for each in api.values[name].values}
    return {wire: source for wire, source in known.items() if wire is not None}


def _meanings(api: Api, name: str, revision: str) -> list[str]:
    """Return what the values of an open list mean, of those of which it is told."""
    values = [(each.wire_in(revision), each.doc) for each in api.values[name].values]
    return [f"`{wire}`: {doc}." for wire, doc in values if wire is not None and doc]


def _description(api: Api, shape: Shape, field: Field, revision: str, *, answer: bool) -> str:
    words = [wire_words(field.doc, shape, revision)]
    if field.unit and field.unit not in field.doc:
        words.append(f"In {field.unit}.")
    if field.rule and not answer:
        words.append(NAMED_RULES[field.rule].doc)
    if field.values:
        words += [*_meanings(api, field.values, revision), "An open list: other values pass."]
    if field.default and not answer:
        words.append(f"When left out: {field.default}.")
    if field.documented:
        words.append(f"Documented as {field.documented}.")
    return " ".join(words)
