"""The plan that is carried out: clusters with two node pools each, all of whose names are different."""

from __future__ import annotations

from typing import Any

from cds_eks.fleet.plan.model import Plan

__all__ = ["plan_of"]

NODE = {
    "billing_spec": {"auto_renew": 0, "billing_method": "0", "duration": 1, "is_to_month": 0},
    "system_disk": {"disk_feature": "ssd", "disk_size": 40},
    "data_disk": [{"disk_feature": "ssd", "disk_size": 80}],
    "os_image_name": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
    "subnet_list": [{"subnet_id": "subnet-1"}],
    "specifics": [{"product_name": "Optimized M6,4,8,0"}],
    "password": "env:FLEET_NODE_PASSWORD",
}


def plan_of(clusters: int, pools: int = 2) -> Plan:
    """Return the plan; its secrets are in the environment."""
    cluster = {
        "vpc_id": "vpc-1",
        "k8s_version": "v1.30.14",
        "nat_id": "nat-1",
        "source_eip_id": "eip-1",
        "destination_eip_id": "eip-1",
        "ak": "env:FLEET_CLUSTER_AK",
        "sk": "env:FLEET_CLUSTER_SK",
        "master_number": 3,
        "cni": {
            "cni_type": "flannel",
            "cni_config": {"pod_cidr": "172.20.0.0/16"},
            "proxy_config": "ipvs",
            "service_cidr": "10.0.0.0/16",
        },
        "master_config": NODE,
    }
    pool = {
        "node_type": "ecs",
        "auto_scaling": {"enable": False, "max_replicas": 10, "min_replicas": 1},
        "node_config": NODE,
    }
    return Plan.from_dict(
        {
            "version": 1,
            "defaults": {"cluster": cluster, "node_pool": pool},
            "clusters": [_cluster(f"c{number:03d}", pools) for number in range(clusters)],
        }
    )


def _cluster(name: str, pools: int) -> dict[str, Any]:
    return {"name": name, "node_pools": [{"name": f"{name}-p{number}", "replicas": 1} for number in range(pools)]}
