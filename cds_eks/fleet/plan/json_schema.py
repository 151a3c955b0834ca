"""The JSON Schema of a plan, for editors: made of the models, so that it says what the API description says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.fleet.plan import entries as plan
from cds_eks.models import CreateClusterRequest, NodePoolConfig
from cds_eks.schema.shape import Nested, Shape
from cds_eks.schema.validators import Boolean, ExtraFields, Flag, Integer, ListOf, MapOfText, Rule, Text
from cds_eks.schema.walk import members_of

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,24}[A-Za-z0-9])?$"
TEMPLATE = r"^[A-Za-z0-9{]([A-Za-z0-9{}:-]*[A-Za-z0-9}])?$"
SECRET = (
    "A secret: `env:NAME`, `file:PATH` (of mode 0600) or `cmd:COMMAND`; written out only with `allow_inline_secrets`."
)
_FIELD = re.compile(r"^    (?P<name>\w+): (?P<text>.*(?:\n {8}.*)*)", re.MULTILINE)

PROTECT = {
    "type": "boolean",
    "description": "Never to be deleted; once a journal has that, only false in a cluster's own entry takes it back.",
}
LIMITS = {
    "max_clusters": "How many clusters the plan may ask for.",
    "max_nodes": "How many nodes the plan may ask for, masters among them.",
    "max_gpus": "How many GPUs the plan may ask for.",
}


def plan_schema() -> Schema:
    """Return the schema of a plan."""
    shapes: dict[str, Schema] = {}
    cluster = _fields(CreateClusterRequest, plan.cluster_fields(), shapes) | {"protect": PROTECT}
    pool = _fields(NodePoolConfig, plan.pool_fields(), shapes) | {
        "protect": PROTECT,
        "gpus_per_node": {
            **_whole(plan.GPUS),
            "description": "How many GPUs a node has, if the name of its machine type does not show it.",
        },
    }
    shapes["cluster_defaults"] = _table(cluster, "What clusters have unless they say otherwise.")
    shapes["node_pool_defaults"] = _table(pool, "What node pools have unless they say otherwise.")
    shapes["node_pool"] = _table(
        {"name": {"type": "string", "pattern": NAME, "description": "Its name, once in its cluster."}} | pool,
        "A node pool. The first one is made with the cluster.",
        required=["name"],
    )
    shapes["cluster"] = _table(
        {
            "name": {"type": "string", "pattern": TEMPLATE, "description": "Its name; {index} is filled in, from 1."},
            "count": {**_whole(plan.COUNT), "default": 1, "description": "How many such clusters."},
            "node_pools": {
                "type": "array",
                "minItems": 1,
                "items": _ref("node_pool"),
                "description": "Its node pools.",
            },
        }
        | cluster,
        "A cluster, or as many as `count` says.",
        required=["name", "node_pools"],
    )
    return {
        "$schema": DIALECT,
        "title": "A plan of cds_eks.fleet",
        **_table(_top(), "Clusters with their node pools.", required=["version", "clusters"]),
        "$defs": dict(sorted(shapes.items())),
    }


def _top() -> Schema:
    defaults = {"cluster": _ref("cluster_defaults"), "node_pool": _ref("node_pool_defaults")}
    limits = {name: {**_whole(plan.LIMIT), "description": text} for name, text in LIMITS.items()}
    return {
        "$schema": {"type": "string"},
        "version": {"const": plan.VERSION, "description": "The version of this format."},
        "allow_inline_secrets": {
            "type": "boolean", "default": False, "description": "Whether secrets may be written out.",
        },
        **limits,
        "defaults": _table(defaults, "What clusters and node pools have unless they say otherwise."),
        "clusters": {"type": "array", "minItems": 1, "items": _ref("cluster"), "description": "The clusters."},
    }  # fmt: skip


def _table(properties: Schema, description: str, required: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "object", "description": description, "additionalProperties": False}
    if required:
        schema["required"] = required
    return {**schema, "properties": properties}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _fields(shape: type[Shape], names: tuple[str, ...], shapes: dict[str, Schema]) -> Schema:
    told = _told(shape)
    members = members_of(shape)
    return {name: {**_member(members[name], shapes), **_description(told.get(name), members[name])} for name in names}


def _told(shape: type[Shape]) -> Mapping[str, str]:
    """What a model's docstring says of its fields."""
    text = inspect.getdoc(shape) or ""
    return {match["name"]: " ".join(match["text"].split()) for match in _FIELD.finditer(text)}


def _description(told: str | None, member: attrs.Attribute[Any]) -> Schema:
    texts = [text for text in (told, SECRET if member.metadata.get("secret") else None) if text]
    return {"description": " ".join(texts)} if texts else {}


def _member(member: attrs.Attribute[Any], shapes: dict[str, Schema]) -> Schema:
    return {"type": "string", "minLength": 1} if member.metadata.get("secret") else _of(member.metadata["rule"], shapes)


def _of(rule: Rule, shapes: dict[str, Schema]) -> Schema:
    """Return the schema of what a rule takes."""
    if isinstance(rule, Nested):
        return _nested(rule, shapes)
    if isinstance(rule, ListOf):
        schema: Schema = {"type": "array", "items": _of(rule.entry, shapes)}
        if rule.min_items:
            schema["minItems"] = rule.min_items
        return schema if rule.max_items is None else {**schema, "maxItems": rule.max_items}
    if isinstance(rule, Integer):
        return _whole(rule)
    if isinstance(rule, Text):
        return _text(rule)
    if isinstance(rule, MapOfText):
        schema = {"type": "object", "additionalProperties": {"type": "string"}}
        return schema if rule.max_items is None else {**schema, "maxProperties": rule.max_items}
    plain: dict[type[Rule], Schema] = {
        Boolean: {"type": "boolean"}, Flag: {"enum": [True, False, 1, 0]}, ExtraFields: {"type": "object"},
    }  # fmt: skip
    return dict(plain.get(type(rule), {}))


def _nested(rule: Nested, shapes: dict[str, Schema]) -> Schema:
    """Return a reference to a model. Nothing in it is required: defaults may have it."""
    shape = rule.shape
    if shape.__name__ not in shapes:
        shapes[shape.__name__] = {}
        doc = (inspect.getdoc(shape) or "").partition("\n")[0]
        shapes[shape.__name__] = _table(_fields(shape, tuple(members_of(shape)), shapes), doc)
    short = rule.expanded("")
    schema = _ref(shape.__name__)
    return schema if short == "" else {"anyOf": [schema, {"type": "string", "minLength": 1}]}


def _whole(rule: Integer) -> Schema:
    schema: Schema = {"type": "integer"}
    if rule.one_of:
        schema["enum"] = [*([0] if rule.or_zero else []), *rule.one_of]
    bounds = {"minimum": rule.min, "maximum": rule.max, "multipleOf": rule.step}
    return schema | {name: bound for name, bound in bounds.items() if bound is not None}


def _text(rule: Text) -> Schema:
    schema: Schema = {"type": "string"}
    if not rule.allow_empty:
        schema["minLength"] = 1
    if rule.rule == "name":
        schema["pattern"] = NAME
    if rule.known:
        schema["examples"] = list(rule.known)  # an open list: others pass
    return schema
