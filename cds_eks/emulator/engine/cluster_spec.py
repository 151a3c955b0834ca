"""What a new cluster is to be, and which subnets one gets, read from requests of any revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from cds_eks.emulator.engine.node_config import from_cluster_spec, from_pool_spec

__all__ = ["ClusterSpec", "PoolSpec", "Scaling", "added_subnets", "cluster_spec"]

Subnets = dict[str, dict[str, Any]]


@attrs.frozen(kw_only=True)
class Scaling:
    """The bounds of a scaling group, and its id if it has one already."""

    min_size: int
    max_size: int
    group_id: str


@attrs.frozen(kw_only=True)
class PoolSpec:
    """The first node pool; `config` as `specs` returns it, `scaling` None if it does not scale itself."""

    name: str
    node_type: str
    config: dict[str, Any] = attrs.field(repr=False)
    replicas: int
    subject_id: int
    scaling: Scaling | None = None


@attrs.frozen(kw_only=True)
class ClusterSpec:
    """A cluster and its first pool. `cni` is as in revision 2025-09-08; passwords and `Sk` are left behind."""

    name: str
    vpc_id: str
    k8s_version: str
    runtime_type: str
    cni: dict[str, Any] = attrs.field(repr=False)
    nat_id: str
    slb_id: str
    source_eip_id: str
    destination_eip_id: str
    ak: str = attrs.field(repr=False)
    master_number: int
    master_config: dict[str, Any] = attrs.field(repr=False)
    subnets: Subnets = attrs.field(repr=False)
    pool: PoolSpec


def cluster_spec(revision: str, arguments: Mapping[str, Any]) -> ClusterSpec:
    """Return what a checked CreateCluster request of a revision asks for."""
    return _READERS[revision](arguments)


def _of_2025_09_08(arguments: Mapping[str, Any]) -> ClusterSpec:
    master, pool, cni = arguments["MasterConfig"], arguments["NodePoolConfig"], arguments["Cni"]
    scaling = pool["AutoScaling"]
    group_id = scaling.get("ScalingGroupId", "")
    bounds = Scaling(min_size=scaling["MinReplicas"], max_size=scaling["MaxReplicas"], group_id=group_id)
    subnets = master["SubnetList"] + pool["NodeConfig"]["SubnetList"] + cni["CniConfig"].get("SubnetList", [])
    return ClusterSpec(
        **_common(arguments),
        cni=cni,
        source_eip_id=arguments["SourceEipId"],
        destination_eip_id=arguments["DestinationEipId"],
        master_config=from_cluster_spec(master),
        subnets={subnet["SubnetId"]: subnet for subnet in subnets},
        pool=PoolSpec(
            **_common_of_pool(pool),
            name=pool["PoolName"],
            config=from_cluster_spec(pool["NodeConfig"]),
            scaling=bounds if scaling["Enable"] or group_id else None,
        ),
    )


def _of_2025_10_11(arguments: Mapping[str, Any]) -> ClusterSpec:
    master, pool, cni = arguments["MasterConfig"], arguments["NodePoolConfig"], arguments["Cni"]
    pods = cni["CniConfig"].get("SubnetIds", [])
    subnet_ids = master["SubnetIds"] + pool["NodeConfig"]["SubnetIds"] + pods
    details = {name: value for name, value in cni["CniConfig"].items() if name != "SubnetIds"}
    return ClusterSpec(
        **_common(arguments),
        cni={**cni, "CniConfig": {**details, "SubnetList": [{"SubnetId": each} for each in pods]}},
        source_eip_id=arguments["SourceEip"],
        destination_eip_id=arguments["DestinationEip"],
        master_config=from_pool_spec(master),
        subnets={each: {"SubnetId": each} for each in subnet_ids},
        pool=PoolSpec(**_common_of_pool(pool), name=pool["Name"], config=from_pool_spec(pool["NodeConfig"])),
    )


_READERS: dict[str, Callable[[Mapping[str, Any]], ClusterSpec]] = {
    "2025-09-08": _of_2025_09_08,
    "2025-10-11": _of_2025_10_11,
}


def _common(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all revisions say alike."""
    return {
        "name": arguments["ClusterName"],
        "vpc_id": arguments["VpcId"],
        "k8s_version": arguments["K8sVersion"],
        "runtime_type": arguments.get("RuntimeType") or "containerd",
        "nat_id": arguments["NatId"],
        "slb_id": arguments.get("SlbId", ""),
        "ak": arguments["Ak"],
        "master_number": arguments["MasterNumber"],
    }


def _common_of_pool(pool: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "node_type": pool["NodeType"],
        "replicas": pool.get("Replicas", 1),
        "subject_id": pool.get("SubjectId", 0),
    }


def added_subnets(arguments: Mapping[str, Any]) -> Subnets:
    """Return the subnets of a checked AddClusterSubnet request by their ids."""
    subnets = arguments.get("SubnetList") or [{"SubnetId": each} for each in arguments.get("SubnetIds", [])]
    return {subnet["SubnetId"]: subnet for subnet in subnets}
