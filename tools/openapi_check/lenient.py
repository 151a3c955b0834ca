"""What the service takes although the document advises against it: which faulty requests need not be refused.

The vendor's own client sends zero values and null for what its caller left unset, so the service takes them [O], and so
does the emulator. It leaves some numbers unchecked too. A faulty request that is taken must be one of these.
"""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator

from cds_eks.emulator.protocol.arguments import UNCHECKED
from cds_eks.emulator.protocol.rules import MAY_BE_EMPTY

__all__ = ["Lenient"]

Schema = dict[str, Any]

LENGTHS = ("minLength", "maxLength", "minItems", "maxItems", "maxProperties")
"""Texts, lists and maps may be empty where something must be, but for ids and names; no length is checked."""

BOUNDS = ("minimum", "maximum", "multipleOf", "enum")


class Lenient:
    """The rules of requests that are enforced.

    Args:
        document: The OpenAPI document.
    """

    def __init__(self, document: Schema) -> None:
        schemas = document["components"]["schemas"]
        self._components = {"schemas": {name: _of_shape(name, schema) for name, schema in schemas.items()}}
        self._paths = document["paths"]

    def takes(self, path: str, method: str, query: Schema, body: Any) -> bool:
        """Whether a request keeps the rules that are enforced.

        Args:
            path: The path of the operation in the document.
            method: Its HTTP method.
            query: The parameters in its query.
            body: Its body; ignored if the operation has none.
        """
        operation = self._paths[path][method.lower()]
        if not self._takes_query(operation["parameters"], query):
            return False
        if "requestBody" not in operation:
            return True
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        schema = {"anyOf": schema["oneOf"]} if "oneOf" in schema else schema
        return Draft202012Validator(schema | {"components": self._components}).is_valid(body)

    def _takes_query(self, parameters: list[Schema], query: Schema) -> bool:
        """Judge a query, in which all is text: a number must look like one, and what may be left out may be empty."""
        for parameter in parameters:
            value, schema = query.get(parameter["name"]), parameter["schema"]
            text = "" if value is None or value == [] else str(value)  # an empty list is sent as an empty text
            if parameter["name"] not in query or (text == "" and not parameter["required"]):
                if parameter["required"]:
                    return False
            elif schema["type"] == "integer":
                if not re.fullmatch(r"-?[0-9]{1,19}", text) or not _in_range(int(text), schema):
                    return False
            elif isinstance(value, (list, dict)) or not Draft202012Validator(_without(schema, LENGTHS)).is_valid(text):
                return False
        return set(query) <= {each["name"] for each in parameters}


def _in_range(number: int, schema: Schema) -> bool:
    return bool(min(schema["minimum"], 0) <= number <= schema["maximum"])


def _of_shape(name: str, schema: Schema) -> Schema:
    """Return the schema of a shape of requests, with what is not enforced left out."""
    if "additionalProperties" not in schema:
        return schema
    shape = name.partition("_2")[0]
    required = schema.get("required", [])
    properties = {
        field: _of_field(shape, field, inner, required=field in required)
        for field, inner in schema["properties"].items()
    }
    rules = [each for each in schema.get("allOf", []) if False not in _leaves(each["then"])]
    return schema | {"properties": properties, "allOf": rules}


def _of_field(shape: str, name: str, schema: Schema, *, required: bool) -> Schema:
    schema = _without(schema, LENGTHS)
    if schema.get("type") == "array":
        items = schema["items"]
        schema["items"] = items["allOf"][0] if "allOf" in items else _without(items, LENGTHS)
    if schema.get("type") == "integer" and (shape, name) in UNCHECKED:
        schema = _without(schema, BOUNDS)
    elif schema.get("type") == "integer" and not required:
        schema = {"anyOf": [schema, {"const": 0}]}
    if "pattern" in schema and (not required or (shape, name) in MAY_BE_EMPTY):
        schema = {"anyOf": [schema, {"const": ""}]}
    if not required or schema.get("type") == "array":
        schema = {"anyOf": [schema, {"type": "null"}]}
    return schema


def _without(schema: Schema, keywords: tuple[str, ...]) -> Schema:
    return {name: value for name, value in schema.items() if name not in keywords}


def _leaves(value: Any) -> list[Any]:
    """Return what stands in a schema at the ends."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    return [value]
