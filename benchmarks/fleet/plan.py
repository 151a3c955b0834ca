"""The plan of the benchmark, and how long it takes at the least."""

from __future__ import annotations

import math

from cds_eks.emulator.engine.lifecycle import CLUSTER_CREATION, NODE_BOOT, NODE_STAGGER
from cds_eks.fleet.plan.model import Plan

REPLICAS = 2
"""Nodes of each pool."""

NODE = {
    "billing_spec": {"auto_renew": 0, "billing_method": "0", "duration": 1, "is_to_month": 0},
    "system_disk": {"disk_feature": "ssd", "disk_size": 40},
    "data_disk": [{"disk_feature": "ssd", "disk_size": 80}],
    "os_image_name": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
    "subnet_list": [{"subnet_id": "subnet-1"}],
    "specifics": [{"product_name": "Optimized M6,4,8,0"}],
    "password": "Benchmark-12345",
}
CLUSTER = {
    "vpc_id": "vpc-1",
    "k8s_version": "v1.30.14",
    "nat_id": "nat-1",
    "source_eip_id": "eip-1",
    "destination_eip_id": "eip-1",
    "ak": "cluster-ak",
    "sk": "cluster-sk",
    "master_number": 3,
    "cni": {
        "cni_type": "flannel",
        "cni_config": {"pod_cidr": "172.20.0.0/16"},
        "proxy_config": "ipvs",
        "service_cidr": "10.0.0.0/16",
    },
    "master_config": NODE,
}
POOL = {
    "node_type": "ecs",
    "replicas": REPLICAS,
    "auto_scaling": {"enable": False, "max_replicas": 10, "min_replicas": 1},
    "node_config": NODE,
}


def plan_of(clusters: int, pools: int) -> Plan:
    """Return a plan of clusters that are alike."""
    entry = {
        "name": "gpu-{index:05d}",
        "count": clusters,
        "node_pools": [{"name": f"pool-{number}"} for number in range(pools)],
    }
    return Plan.from_dict(
        {
            "version": 1,
            "allow_inline_secrets": True,
            "defaults": {"cluster": CLUSTER, "node_pool": POOL},
            "clusters": [entry] if clusters else [],
        }
    )


def bound(clusters: int, pools: int, *, speed: float, latency: float, in_flight: int, rate: float | None) -> float:
    """Return how long a plan takes at the least, whoever carries it out, in seconds.

    A cluster takes its time; then its pools do, one after the other, since a cluster takes one write at a time, each
    but the first, which is made with it. The last cluster's create can't leave before the others have: so many are in
    flight at once, and so many requests may begin in a second. All creates together need the rate's time as well.
    """
    cluster = latency + CLUSTER_CREATION[-1].ends / speed
    pool = latency + (NODE_BOOT + (REPLICAS - 1) * NODE_STAGGER) / speed
    last = max((math.ceil(clusters / in_flight) - 1) * latency, (clusters - 1) / rate if rate else 0.0)
    whole = last + cluster + (pools - 1) * pool
    return max(whole, clusters * pools / rate) if rate else whole
