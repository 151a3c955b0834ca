"""Digests of what a plan asks for: equal for plans that ask for the same, however they are written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cds_eks.fleet.plan.entries import SecretUse, is_idle
from cds_eks.fleet.plan.merging import with_secrets
from cds_eks.models import CreateClusterRequest, NodePoolConfig
from cds_eks.schema.shape import Nested, Shape
from cds_eks.schema.validators import ExtraFields, Flag, ListOf, Rule
from cds_eks.schema.walk import members_of


def digest_of(data: Any) -> str:
    """Return the digest of plain data without secrets."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def plan_digest(clusters: Sequence[Any], uses: Sequence[SecretUse]) -> str:
    """Return the digest of a plan: of its clusters, in order, and of where it takes which secret from."""
    asked = [[each.name, each.vpc_id, _protection(each), each.digest, _asked_of_pools(each.pools)] for each in clusters]
    return digest_of([asked, sorted((use.field, use.secret.reference) for use in uses)])


def _protection(cluster: Any) -> bool | None:
    """Return whether a cluster is protected; None if that is taken back, which is more than to say nothing of it."""
    return None if cluster.unprotect else cluster.protect


def _asked_of_pools(pools: Sequence[Any]) -> list[Any]:
    return [[pool.name, pool.replicas, pool.protect, pool.digest] for pool in pools]


class Digests:
    """Makes digests of valid fields, without what is secret. What several have in common is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, str]] = {}  # with the data, so that an identity stays one's own

    def of_cluster(self, fields: Mapping[str, Any]) -> str:
        """Return the digest of a cluster without its name and its pools."""
        return self._of(CreateClusterRequest, fields)

    def of_pool(self, fields: Mapping[str, Any]) -> str:
        """Return the digest of a pool without its name, how many nodes it has, and what says that it does not scale."""
        left_out = {"replicas", "auto_scaling"} if is_idle(fields.get("auto_scaling", {})) else {"replicas"}
        return self._of(NodePoolConfig, {name: value for name, value in fields.items() if name not in left_out})

    def _of(self, shape: type[Shape], fields: Mapping[str, Any]) -> str:
        if (known := self._known.get(id(fields))) is None:
            known = self._known[id(fields)] = (fields, digest_of(self._normal(shape, fields)))
        return known[1]

    def _normal(self, shape: type[Shape], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields in one spelling."""
        found = {}
        for name, value in fields.items():
            member = members_of(shape)[name]
            if value is not None and not member.metadata.get("secret"):
                found[name] = self._value(member.metadata["rule"], value)
        return found

    def _value(self, rule: Rule, value: Any) -> Any:
        if isinstance(rule, Nested):
            return self._of(rule.shape, value)
        if isinstance(rule, ListOf):
            return [self._entry(rule.entry, entry) for entry in value]
        if isinstance(rule, ExtraFields):
            return with_secrets(value, lambda _: None)
        return int(value) if isinstance(rule, Flag) else value

    def _entry(self, rule: Rule, entry: Any) -> Any:
        return self._normal(rule.shape, rule.expanded(entry)) if isinstance(rule, Nested) else self._value(rule, entry)
