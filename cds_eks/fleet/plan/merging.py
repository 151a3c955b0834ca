"""Defaults and what overrides them: merged, and where a value of the outcome was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from cds_eks.documents.reading import Path
from cds_eks.documents.secrets import SecretRef
from cds_eks.models import CreateClusterRequest, NodePoolConfig
from cds_eks.redaction import is_secret_name
from cds_eks.schema.shape import Nested, Shape
from cds_eks.schema.validators import ExtraFields, ListOf, Rule
from cds_eks.schema.walk import members_of

MISSING = object()


def plain(value: Any) -> Any:
    """Return a copy of a caller's data: mappings as dicts, tuples as lists, models as their fields."""
    if isinstance(value, Shape):
        value = value.to_dict(secrets=True)
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def planted(shape: type[Shape], data: Any, base: str) -> Any:
    """Return a model's data with a `SecretRef` for the text of each secret.

    Args:
        shape: The model.
        data: Its fields.
        base: The folder that paths of secrets begin in.
    """
    if not isinstance(data, dict):
        return data
    members = members_of(shape)
    found = {}
    for name, value in data.items():
        member = members.get(name) if isinstance(name, str) else None
        if member is None:
            found[name] = value
        elif member.metadata.get("secret") and isinstance(value, str):
            found[name] = SecretRef.of(value, base)
        else:
            found[name] = _planted_by(member.metadata["rule"], value, base)
    return found


def planted_plan(data: Any, base: str) -> Any:
    """Return the data of a plan with a `SecretRef` for the text of each secret."""
    if not isinstance(data, dict):
        return data
    found = dict(data)
    if isinstance(defaults := data.get("defaults"), dict):
        shapes: dict[Any, type[Shape]] = {"cluster": CreateClusterRequest, "node_pool": NodePoolConfig}
        found["defaults"] = {
            name: planted(shapes[name], value, base) if name in shapes else value for name, value in defaults.items()
        }
    if isinstance(clusters := data.get("clusters"), list):
        found["clusters"] = [_planted_cluster(cluster, base) for cluster in clusters]
    return found


def _planted_cluster(cluster: Any, base: str) -> Any:
    found = planted(CreateClusterRequest, cluster, base)
    if isinstance(found, dict) and isinstance(pools := found.get("node_pools"), list):
        found["node_pools"] = [planted(NodePoolConfig, pool, base) for pool in pools]
    return found


def _planted_by(rule: Rule, value: Any, base: str) -> Any:
    if isinstance(rule, Nested):
        return planted(rule.shape, value, base)
    if isinstance(rule, ListOf) and isinstance(value, list):
        return [_planted_by(rule.entry, entry, base) for entry in value]
    return _planted_open(value, base) if isinstance(rule, ExtraFields) else value


def _planted_open(value: Any, base: str) -> Any:
    if isinstance(value, list):
        return [_planted_open(entry, base) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        name: SecretRef.of(entry, base)
        if isinstance(entry, str) and is_secret_name(name)
        else _planted_open(entry, base)
        for name, entry in value.items()
    }


def with_secrets(data: Any, secret: Callable[[SecretRef], Any]) -> Any:
    """Return a copy of data in which each secret is what `secret` makes of it."""
    if isinstance(data, SecretRef):
        return secret(data)
    if isinstance(data, dict):
        return {name: with_secrets(value, secret) for name, value in data.items()}
    return [with_secrets(value, secret) for value in data] if isinstance(data, list) else data


def merged(shape: type[Shape], under: Any, over: Any) -> Any:
    """Return defaults with what overrides them; what no override touches is the same object as in the defaults.

    A model is merged field by field, anything else is replaced; None unsets.
    """
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    members = members_of(shape)
    found = dict(under)
    for name, value in over.items():
        rule = members[name].metadata["rule"] if name in members else None
        if value is None:
            found.pop(name, None)
        elif isinstance(rule, Nested):
            found[name] = merged(rule.shape, found.get(name), value)
        else:
            found[name] = value
    return found


@attrs.frozen
class Origins:
    """Where the values of a merged mapping were written, the nearest place first.

    Attributes:
        places: (path of the mapping, its data).
    """

    places: Sequence[tuple[Path, Any]]

    def of(self, path: Path) -> Path:
        """Return where a value was written; of one that is missing, where it should have been."""
        best, depth = self.places[0][0], 0
        for base, data in self.places:
            reached = _depth(data, path)
            if reached == len(path):
                return base + path
            if reached > depth:
                best, depth = base, reached
        return best + path


def _depth(data: Any, path: Path) -> int:
    """How many steps of a path data has."""
    for depth, step in enumerate(path):
        if isinstance(data, dict):
            data = data.get(step, MISSING)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            data = MISSING
        if data is MISSING:
            return depth
    return len(path)
