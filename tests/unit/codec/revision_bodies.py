"""Requests in each revision of the API."""

from __future__ import annotations

from typing import Any

import attrs

from cds_eks import models
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.schema.shape import Shape

OLDER, NEWER = API_REVISIONS


PASSWORD = "Passw0rd!x"


def changed(request: Shape, path: str, value: Any) -> Any:
    """A request in which the field at a path (`a.b[0].c`) has another value."""
    name, _, rest = path.partition(".")
    name, _, index = name.rstrip("]").partition("[")
    if rest:
        old = getattr(request, name)
        if index:
            value = [changed(each, rest, value) if at == int(index) else each for at, each in enumerate(old)]
        else:
            value = changed(old, rest, value)
    return evolved(request, **{name: value})


def evolved(shape: Any, **changes: Any) -> Any:
    return attrs.evolve(shape, **changes)


def nodes(**more: Any) -> models.NodeConfig:
    given: dict[str, Any] = {
        "billing_spec": models.BillingSpec(auto_renew=0, billing_method="0", duration=1, is_to_month=0),
        "system_disk": models.DiskInfo(disk_feature="ssd", disk_size=40),
        "data_disk": [models.DiskInfo(disk_feature="ssd", disk_size=80)],
        "os_image_name": "Ubuntu22.04-CPU-1.30.14",
        "subnet_list": [models.SubnetInfo(subnet_id="s1")],
        "specifics": [models.Specifics(product_name="CPU Compute C11.8c16g")],
        "password": PASSWORD,
        "labels": {"a": "b"},
    }
    return models.NodeConfig(**given | more)


def cluster(**more: Any) -> models.CreateClusterRequest:
    """The intent of the CreateCluster that was seen in the newer revision, as far as it says something."""
    given: dict[str, Any] = {
        "cluster_name": "n",
        "vpc_id": "v",
        "cni": models.CniInfo(
            cni_type="flannel",
            cni_config=models.CniConfig(
                pod_cidr="172.16.0.0/16", node_pods_num=64, subnet_list=[models.SubnetInfo(subnet_id="s1")]
            ),
            proxy_config="ipvs",
            service_cidr="192.168.0.0/16",
        ),
        "k8s_version": "v1.30.14",
        "nat_id": "nat",
        "source_eip_id": "se",
        "destination_eip_id": "de",
        "slb_id": "slb",
        "ak": "ak",
        "sk": "sk",
        "master_number": 3,
        "master_config": nodes(),
        "node_pool_config": models.NodePoolConfig(
            pool_name="p",
            node_type="ecs",
            node_config=nodes(),
            auto_scaling=models.AutoScaling(enable=False, max_replicas=10, min_replicas=1),
            replicas=1,
        ),
    }
    return models.CreateClusterRequest(**given | more)


POOL = "node_pool_config.node_config"
