"""Whether what is there is what a plan wants. Three answers: the same, different, or the service does not show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from cds_eks.models import ClusterDetail, CreateClusterRequest, CreateNodePoolRequest, NodePool
from cds_eks.schema.status import normal

Compared = Literal["same", "unseen"] | Mapping[str, Any]
"""`same`, `unseen`, or `{"wanted": …, "found": …}` for what is different."""

_CLUSTER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("k8s_version", ("k8s_version",)),
    ("runtime_type", ("runtime_type",)),
    ("nat_id", ("nat_id",)),
    ("slb_id", ("slb_id",)),
    ("source_eip_id", ("source_eip.eip_id", "source_eip.ip")),  # an id or an address, by the revision [O]
    ("destination_eip_id", ("destination_eip.eip_id", "destination_eip.ip")),
    ("cni.cni_type", ("cni_info.cni_type",)),
    ("cni.proxy_config", ("cni_info.proxy_config",)),
    ("cni.service_cidr", ("cni_info.service_cidr",)),
    ("cni.cni_config.pod_cidr", ("cni_info.cni_config.pod_cidr",)),
    ("cni.cni_config.node_pods_num", ("cni_info.cni_config.node_pods_num",)),
    ("master_number", ("master_sum",)),
)
"""A field of CreateCluster, and where GetCluster shows it."""

_MASTER_UNSEEN = (
    *("specifics", "system_disk", "data_disk", "subnet_list", "os_image_name", "billing_spec"),
    *("labels", "annotations", "shell", "password"),
)
_CLUSTER_UNSEEN = {name: name for name in ("ak", "sk", *(f"master_config.{name}" for name in _MASTER_UNSEEN))}
"""What GetCluster does not show."""

_POOL: Mapping[str, str] = {
    "node_type": "node_type",
    "node_config.os_image_name": "node_config.os_image_name",
    "node_config.specifics": "node_config.instance_type_ids",
    "node_config.subnet_list": "node_config.subnet_ids",
    "node_config.labels": "node_config.labels",
    "node_config.system_disk.disk_feature": "node_config.system_volume.type",
    "node_config.system_disk.disk_size": "node_config.system_volume.size",
    "node_config.billing_spec.billing_method": "node_config.billing_spec.instance_charge_type",
    "replicas": "replicas",
}
"""A field of a plan's pool, and what CreateNodePool and ListNodePools call it."""

_POOL_UNSEEN = {
    "node_config.password": "config.node_config.password",
    "node_config.shell": "config.node_config.exec_command",
    "node_config.data_disk": "config.node_config.data_volumes",
    "subject_id": "config.subject_id",
}

REPLICAS = "replicas"
"""The one difference that is put right: by scaling."""


def compare_cluster(wanted: CreateClusterRequest, found: ClusterDetail) -> dict[str, Compared]:
    """Compare a cluster with what a plan wants. How many masters it has is not seen before it is running."""
    compared = _compare(wanted, found, ((path, path, places) for path, places in _CLUSTER), _CLUSTER_UNSEEN)
    if normal(found.cluster_status) != "running" and "master_number" in compared:
        compared["master_number"] = "unseen"
    return compared


def compare_pool(wanted: CreateNodePoolRequest, found: NodePool) -> dict[str, Compared]:
    """Compare a node pool with what a plan wants. Fields go by the names that the plan has for them."""
    fields = ((name, f"config.{there}", (there,)) for name, there in _POOL.items())
    return _compare(wanted, found, fields, _POOL_UNSEEN)


def different(compared: Mapping[str, Compared], *, but: Iterable[str] = ()) -> dict[str, Compared]:
    """Return what is different for certain, but for some fields."""
    left_out = {"same", "unseen"}
    return {name: value for name, value in compared.items() if not _is_in(value, left_out) and name not in set(but)}


def noted(compared: Mapping[str, Compared]) -> dict[str, Any]:
    """Return what a report tells of a comparison: what is different, and what could not be seen."""
    return {name: value for name, value in compared.items() if value != "same"}


def _is_in(value: Compared, words: set[str]) -> bool:
    return isinstance(value, str) and value in words


def _compare(
    wanted: object,
    found: object,
    fields: Iterable[tuple[str, str, tuple[str, ...]]],
    unseen: Mapping[str, str],
) -> dict[str, Compared]:
    """Compare fields: (its name in the plan, where the request has it, where the answer may have it)."""
    compared: dict[str, Compared] = {}
    for name, path, places in fields:
        value = _at(wanted, path)
        if value is None:
            continue  # the plan does not care
        there = [other for place in places if (other := _at(found, place)) not in (None, "")]
        if not there:
            compared[name] = "same" if value in ("", [], {}) else "unseen"
        elif any(_equal(value, other) for other in there):
            compared[name] = "same"
        else:
            compared[name] = {"wanted": _plain(value), "found": _plain(there[0])}
    for name, path in unseen.items():
        if _at(wanted, path) not in (None, "", [], {}, ()):
            compared[name] = "unseen"
    return compared


def _at(shape: object, path: str) -> Any:
    """Return the value at a dotted path of Python names; None where there is nothing."""
    for name in path.split("."):
        shape = getattr(shape, name, None)
        if shape is None:
            return None
    return shape


def _equal(value: Any, other: Any) -> bool:
    if isinstance(value, str) and isinstance(other, str):
        return value.strip().casefold() == other.strip().casefold()
    return bool(_plain(value) == _plain(other))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, (list, tuple)) else value
