"""One shape for all node pools: from CreateCluster's `NodePoolConfig`, which a plan uses, to CreateNodePool's.

What the latter has no counterpart for is a fault that names both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.documents.reading import Path

TOP = {
    "pool_name": "name",
    "node_type": "node_type",
    "subject_id": "subject_id",
    "replicas": "replicas",
    "extra": "extra",
}
NODE = {
    "os_image_name": "os_image_name", "shell": "exec_command", "password": "password", "labels": "labels",
    "extra": "extra",
}  # fmt: skip
BILLING = {
    "billing_method": "instance_charge_type", "duration": "period", "is_to_month": "is_to_month",
    "auto_renew": "auto_renew", "extra": "extra",
}  # fmt: skip
SUBNET_BESIDES = ("available_zone_id", "segment", "select_segment", "extra")
TYPE_BESIDES = ("extra",)
DISK = {"disk_feature": "type", "disk_size": "size", "extra": "extra"}

CHARGE_TYPES = {"0": "PostPaid", "1": "PrePaid", "PostPaid": "PostPaid", "PrePaid": "PrePaid"}
VOLUME_TYPES = {"ssd": "SSD"}

WITHOUT_SCALING: Mapping[str, Any] = {"enable": False, "scaling_group_id": ""}
"""A pool of CreateNodePool never scales itself, so these values of `auto_scaling` need no counterpart."""

MOST_DISKS = 64
"""More disks of a kind than any machine takes; a number beyond it is no reason to write out a list of them."""


class FurtherPool:
    """What CreateNodePool takes for a pool of the plan.

    Args:
        pool: The pool, as the fields of a `NodePoolConfig`. It need not be valid: what is not of its kind is left
            alone, and what is wrong with it is found elsewhere.

    Attributes:
        spec: The fields of a `NodePoolSpec`.
        lost: What has no counterpart: where in the pool, and the complaint.
    """

    def __init__(self, pool: Mapping[str, Any]) -> None:
        self.spec: dict[str, Any] = {}
        self.lost: list[tuple[Path, str]] = []
        self._back: dict[Path, Path] = {("node_config",): ("node_config",)}
        self._take(TOP, pool, self.spec, (), ())
        self._scaling(pool.get("auto_scaling"))
        if isinstance(node := pool.get("node_config"), Mapping):
            self.spec["node_config"] = self._node(node)
        elif node is not None:
            self.spec["node_config"] = node

    def origin_of(self, path: Path) -> Path:
        """Return where in the pool a value of the spec comes from."""
        tail: Path = ()
        while path and path not in self._back:
            path, tail = path[:-1], (path[-1], *tail)
        return self._back.get(path, ()) + tail

    def _take(
        self, names: Mapping[str, str], given: Mapping[str, Any], out: dict[str, Any], at: Path, to: Path
    ) -> None:
        for name, there in names.items():
            self._back[(*to, there)] = (*at, name)
            if given.get(name) is not None:
                out[there] = given[name]

    def _lose(self, path: Path, what: str) -> None:
        self.lost.append((path, f"{what}: only a cluster's first pool takes it (CreateCluster)"))

    def _scaling(self, scaling: Any) -> None:
        if isinstance(scaling, Mapping):
            for name, idle in WITHOUT_SCALING.items():
                if scaling.get(name) not in (idle, None):
                    self._lose(
                        ("auto_scaling", name), "auto_scaling has no counterpart in CreateNodePool's NodePoolSpec"
                    )
            if scaling.get("extra"):
                self._lose(
                    ("auto_scaling", "extra"), "auto_scaling has no counterpart in CreateNodePool's NodePoolSpec"
                )

    def _node(self, node: Mapping[str, Any]) -> dict[str, Any]:
        at: Path = ("node_config",)
        out: dict[str, Any] = {}
        self._take(NODE, node, out, at, at)
        if node.get("annotations"):
            self._lose((*at, "annotations"), "annotations has no counterpart in CreateNodePool's NodePoolNodeConfig")
        self._billing(node.get("billing_spec"), out)
        self._disks(node, out)
        self._listed(node, out, "subnet_list", "subnet_ids", "subnet_id", SUBNET_BESIDES)
        self._listed(node, out, "specifics", "instance_type_ids", "product_name", TYPE_BESIDES)
        return out

    def _billing(self, billing: Any, out: dict[str, Any]) -> None:
        at = ("node_config", "billing_spec")
        self._back[at] = at
        if not isinstance(billing, Mapping):
            return
        spec: dict[str, Any] = {}
        out["billing_spec"] = spec
        self._take(BILLING, billing, spec, at, at)
        method = spec.get("instance_charge_type")
        if isinstance(method, str):
            if method in CHARGE_TYPES:
                spec["instance_charge_type"] = CHARGE_TYPES[method]
            elif method:
                known = ", ".join(map(repr, CHARGE_TYPES))
                what = (
                    f"this billing_method has no known counterpart in CreateNodePool's instance_charge_type ({known})"
                )
                self._lose((*at, "billing_method"), what)

    def _disks(self, node: Mapping[str, Any], out: dict[str, Any]) -> None:
        at = ("node_config", "system_disk")
        self._back["node_config", "system_volume"] = at
        if isinstance(disk := node.get("system_disk"), Mapping):
            out["system_volume"] = self._volume(disk, at, ("node_config", "system_volume"))
            if isinstance(number := disk.get("number"), int) and number > 1:
                self._lose(
                    (*at, "number"), "more than one system disk has no counterpart in CreateNodePool's system_volume"
                )
        elif disk is not None:
            out["system_volume"] = disk
        self._back["node_config", "data_volumes"] = ("node_config", "data_disk")
        if not isinstance(disks := node.get("data_disk"), list):
            return
        volumes: list[Any] = []
        out["data_volumes"] = volumes
        for index, disk in enumerate(disks):
            if isinstance(disk, Mapping):
                number = disk.get("number")
                copies = number if isinstance(number, int) and number > 0 else 1
                for _ in range(min(copies, MOST_DISKS)):
                    to = ("node_config", "data_volumes", len(volumes))
                    volumes.append(self._volume(disk, ("node_config", "data_disk", index), to))
                if copies > MOST_DISKS:
                    self.lost.append(
                        (("node_config", "data_disk", index, "number"), f"must be at most {MOST_DISKS} here")
                    )

    def _volume(self, disk: Mapping[str, Any], at: Path, to: Path) -> dict[str, Any]:
        volume: dict[str, Any] = {}
        self._back[to] = at
        self._take(DISK, disk, volume, at, to)
        if isinstance(kind := volume.get("type"), str):
            volume["type"] = VOLUME_TYPES.get(kind, kind)
        return volume

    def _listed(
        self, node: Mapping[str, Any], out: dict[str, Any], name: str, there: str, field: str, besides: tuple[str, ...]
    ) -> None:
        """Map a list of models to a list of one of their fields."""
        at, to = ("node_config", name), ("node_config", there)
        self._back[to] = at
        if not isinstance(entries := node.get(name), list):
            return
        out[there] = []
        for index, entry in enumerate(entries):
            self._back[*to, len(out[there])] = (*at, index, field) if isinstance(entry, Mapping) else (*at, index)
            value = entry.get(field) if isinstance(entry, Mapping) else entry
            if value is not None:
                out[there].append(value)
            for other in besides if isinstance(entry, Mapping) else ():
                if entry.get(other):
                    self._lose((*at, index, other), f"{other} has no counterpart in CreateNodePool's {there}")
