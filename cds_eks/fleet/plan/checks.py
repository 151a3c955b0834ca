"""The check of a whole plan: all its faults at once, and its entries as far as they can be made out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from cds_eks.documents.reading import Path
from cds_eks.documents.secrets import HOW, SecretRef
from cds_eks.fleet.plan import entries as plan
from cds_eks.fleet.plan.document import Document
from cds_eks.fleet.plan.entries import ClusterEntry, PoolEntry, SecretUse
from cds_eks.fleet.plan.faults import PlanFault, place_of
from cds_eks.fleet.plan.hardware import gpus_of_node
from cds_eks.fleet.plan.limits import limit_faults
from cds_eks.fleet.plan.merging import Origins, merged
from cds_eks.fleet.plan.naming import name_faults, pool_name_faults
from cds_eks.fleet.plan.pool_shape import FurtherPool
from cds_eks.models import CreateClusterRequest, NodePoolConfig, NodePoolSpec
from cds_eks.schema.shape import Shape
from cds_eks.schema.validation import did_you_mean
from cds_eks.schema.validators import BOOLEAN, Rule, ValidationFailure, kind_of
from cds_eks.schema.walk import Walk, path_text

MEANT = {"cluster_name": "name", "pool_name": "name", "node_pool_config": "node_pools", "node_pool": "node_pools"}
NOT_SAVED = "is an inline secret, which is not written into a file: give it as env:NAME, file:PATH or cmd:COMMAND"
NAMED_BY_PLAN = frozenset({"cluster_name", "node_pool_config", "pool_name"})


@attrs.frozen(kw_only=True, repr=False)
class Checked:
    """What a check has found.

    Attributes:
        faults: The faults, by line; but for what is wrong with secrets, which may change at any time.
        entries: The entries; they are of use only without faults.
        uses: Where secrets are used by reference.
        inline: Where they are written out, or left out of what a plan showed; each as what keeps it from being saved.
    """

    faults: tuple[PlanFault, ...]
    entries: tuple[ClusterEntry, ...]
    uses: tuple[SecretUse, ...]
    inline: tuple[PlanFault, ...] = ()


def checked(document: Document) -> Checked:
    """Check a plan; its secrets are `SecretRef`s by then."""
    if document.faults and document.data == {}:
        return Checked(faults=document.faults, entries=(), uses=())
    check = _Check(document)
    found = check.plan(document.data)
    faults = (*document.faults, *check.faults.values())
    ordered = sorted(faults, key=place_of)
    return Checked(
        faults=tuple(ordered),
        entries=tuple(found),
        uses=tuple(check.uses.values()),
        inline=tuple(check.inline.values()),
    )


class _Check:
    def __init__(self, document: Document) -> None:
        self.faults: dict[tuple[Path, str], PlanFault] = {}
        self.uses: dict[Path, SecretUse] = {}
        self.inline: dict[Path, PlanFault] = {}
        self._at_fault: set[Path] = set()
        self._document = document
        self._may_inline = False
        self._walks: dict[str, dict[tuple[int, int], Any]] = {"default": {}, "whole": {}, "further": {}}

    def tell(self, path: Path, message: str) -> None:
        if (path, message) not in self.faults:
            self._at_fault.add(path)
            self.faults[path, message] = self._fault(path, message)

    def _fault(self, path: Path, message: str) -> PlanFault:
        line = self._document.line_of(path)
        return PlanFault(message=message, field=path_text(path), file=self._document.source, line=line)

    def meet(self, path: Path, secret: SecretRef, rule: Rule) -> None:
        if secret.source in ("inline", "redacted"):
            self.inline[path] = self._fault(path, NOT_SAVED)
        if secret.source != "inline":
            if path not in self.uses:
                line = self._document.line_of(path)
                self.uses[path] = SecretUse(secret=secret, field=path_text(path), line=line, rule=rule)
        elif not self._may_inline:
            self.tell(path, f"is a secret that is written out: {HOW}")
        elif complaint := complaint_of(rule, secret.text):
            self.tell(path, complaint)

    def _value(self, rule: Rule, value: Any, path: Path, default: Any = None) -> Any:
        """Return a value of the plan's own keys; the default if there is none, or it breaks its rule."""
        if value is None:
            return default
        if complaint := complaint_of(rule, value):
            self.tell(path, complaint)
            return default
        return value

    def _is_table(self, value: Any, path: Path) -> bool:
        if not isinstance(value, dict):
            empty = ": it is empty" if value is None and not path else ""
            self.tell(path, f"must be a table (a mapping), not {kind_of(value)}{empty}")
        return isinstance(value, dict)

    def _table(self, value: Any, path: Path, keys: Collection[str]) -> dict[str, Any]:
        """Return a table of which the keys are known; those that are not are faults."""
        if not self._is_table(value, path):
            return {}
        for name in value:
            if name not in keys:
                meant = MEANT.get(name) if isinstance(name, str) and MEANT.get(name) in keys else None
                hint = f"; did you mean {meant!r}?" if meant else did_you_mean(str(name), set(keys))
                self.tell((*path, str(name)), f"is not a field of a plan here{hint}")
        return {name: entry for name, entry in value.items() if name in keys}

    def plan(self, data: Any) -> list[ClusterEntry]:
        data = self._table(given := data, (), plan.TOP_KEYS)
        if not isinstance(given, dict):
            return []
        version = data.get("version")
        if version is None:
            self.tell(("version",), f"is required: version = {plan.VERSION}")
        elif type(version) is not int or version != plan.VERSION:
            self.tell(("version",), f"must be {plan.VERSION}, the only version that this package reads")
        self._may_inline = self._value(BOOLEAN, data.get("allow_inline_secrets"), ("allow_inline_secrets",), False)
        maxima = {name: self._value(plan.LIMIT, data.get(name), (name,)) for name in plan.LIMITS}
        defaults = self._table(data.get("defaults", {}), ("defaults",), plan.DEFAULT_KEYS)
        cluster = self._defaults(defaults, "cluster", CreateClusterRequest, (*plan.cluster_fields(), "protect"))
        pool = self._defaults(defaults, "node_pool", NodePoolConfig, (*plan.pool_fields(), "protect", "gpus_per_node"))
        given = data.get("clusters")
        if given is None:
            self.tell(("clusters",), "is required: a plan is of clusters")
        elif not isinstance(given, list):
            self.tell(("clusters",), f"must be a list of tables ([[clusters]] in TOML), not {kind_of(given)}")
        elif not given:
            self.tell(("clusters",), "is empty: a plan is of one cluster at least")
        found = [
            self._cluster(entry, ("clusters", index), cluster, pool)
            for index, entry in enumerate(given if isinstance(given, list) else ())
            if self._is_table(entry, ("clusters", index))
        ]
        for path, message in (*name_faults(found, self._document.line_of), *limit_faults(found, maxima)):
            self.tell(path, message)
        return found

    def _defaults(self, given: dict[str, Any], name: str, shape: type[Shape], keys: Collection[str]) -> dict[str, Any]:
        path = ("defaults", name)
        fields = self._table(given.get(name, {}), path, keys)
        own = {key: fields[key] for key in ("protect", "gpus_per_node") if key in fields}
        walk = self._walk("default", lambda below: path + below)
        walk.shape(shape, fields, (), NAMED_BY_PLAN | own.keys())
        return dict(fields)

    def _walk(self, kind: str, origin: Any) -> Walk:
        return Walk(
            lambda path, message: self.tell(origin(path), message),
            lambda path, secret, rule: self.meet(origin(path), secret, rule),
            SecretRef,
            is_whole=kind == "whole",
            is_final=kind != "default",
            known=self._walks[kind],
        )

    def _cluster(self, given: Any, path: Path, defaults: dict[str, Any], pool: dict[str, Any]) -> ClusterEntry:
        keys = (*plan.CLUSTER_KEYS, *plan.cluster_fields())
        fields = self._table(given, path, keys)
        origins = Origins([(path, fields), (("defaults", "cluster"), defaults)])
        whole = merged(CreateClusterRequest, defaults, fields)
        own = {name: whole.pop(name, None) for name in plan.CLUSTER_KEYS}
        self._walk("whole", origins.of).shape(CreateClusterRequest, whole, (), NAMED_BY_PLAN)
        pools = self._pools(own["node_pools"], path, pool)
        protect = bool(self._value(BOOLEAN, own["protect"], origins.of(("protect",)), False))
        return ClusterEntry(
            name=own["name"],
            count=self._value(plan.COUNT, own["count"], (*path, "count"), 1),
            protect=(is_protected := protect or any(each.protect for each in pools)),
            # Not by a default: an entry's line `protect = true` that is deleted would come to the same.
            unprotect=fields.get("protect") is False and not is_protected,
            fields=whole,
            pools=tuple(attrs.evolve(each, protect=each.protect or protect) for each in pools),
            path=path,
        )

    def _pools(self, given: Any, path: Path, defaults: dict[str, Any]) -> tuple[PoolEntry, ...]:
        where = (*path, "node_pools")
        if not isinstance(given, list) or not given:
            told = "is required: a cluster is made with its first node pool" if given in (None, []) else None
            self.tell(
                where, told or f"must be a list of tables ([[clusters.node_pools]] in TOML), not {kind_of(given)}"
            )
            return ()
        pools = tuple(
            self._pool(entry, (*where, index), defaults, is_first=index == 0)
            for index, entry in enumerate(given)
            if self._is_table(entry, (*where, index))
        )
        for fault_path, message in pool_name_faults(pools):
            self.tell(fault_path, message)
        return pools

    def _pool(self, given: Any, path: Path, defaults: dict[str, Any], *, is_first: bool) -> PoolEntry:
        keys = (*plan.POOL_KEYS, *plan.pool_fields())
        fields = self._table(given, path, keys)
        origins = Origins([(path, fields), (("defaults", "node_pool"), defaults)])
        whole = merged(NodePoolConfig, defaults, fields)
        own = {name: whole.pop(name, None) for name in plan.POOL_KEYS}
        self._pool_fields(whole, origins, is_first=is_first)
        return PoolEntry(
            name=own["name"],
            protect=bool(self._value(BOOLEAN, own["protect"], origins.of(("protect",)), False)),
            gpus=self._gpus(own["gpus_per_node"], whole, origins),
            fields=whole,
            path=path,
        )

    def _pool_fields(self, whole: dict[str, Any], origins: Origins, *, is_first: bool) -> None:
        if whole.get("replicas") is None:
            self.tell(origins.of(("replicas",)), "is required")
        if is_first:
            whole.setdefault("auto_scaling", plan.idle_scaling(whole.get("replicas")))
            self._walk("whole", origins.of).shape(NodePoolConfig, whole, (), NAMED_BY_PLAN)
            return
        self._walk("further", origins.of).shape(NodePoolConfig, whole, (), NAMED_BY_PLAN)
        further = FurtherPool(whole)
        for below, message in further.lost:
            self.tell(origins.of(below), message)

        def tell(below: Path, message: str) -> None:
            if (origin := origins.of(further.origin_of(below))) not in self._at_fault:
                self.tell(origin, message)

        def meet(below: Path, secret: SecretRef, rule: Rule) -> None:
            self.meet(origins.of(further.origin_of(below)), secret, rule)

        Walk(tell, meet, SecretRef).shape(NodePoolSpec, further.spec, (), frozenset({"name"}))

    def _gpus(self, given: Any, fields: Mapping[str, Any], origins: Origins) -> int | None:
        path = origins.of(("gpus_per_node",))
        told, known = self._value(plan.GPUS, given, path), gpus_of_node(fields.get("node_config"))
        if told is not None and known is not None and told != known:
            self.tell(path, f"is {told}, but the name of the machine type says {known}")
        return known if told is None else int(told)


def complaint_of(rule: Rule, value: Any) -> str | None:
    """Return the rule in words if a value breaks it."""
    try:
        rule.check(value)
    except ValidationFailure as broken:
        return broken.rule
    return None
