"""Plans to test with."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from cds_eks.fleet.plan import Plan

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "fleet.toml"

SECRETS = {"CDS_CLOUD_AK": "an-access-key", "CDS_CLOUD_SK": "Sup3r$ecretKey", "NODE_PASSWORD": "Passw0rd!x"}

NODES: dict[str, Any] = {
    "os_image_name": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
    "password": "env:NODE_PASSWORD",
    "system_disk": {"disk_feature": "ssd", "disk_size": 40},
    "data_disk": [{"disk_feature": "ssd", "disk_size": 80, "number": 2}],
    "subnet_list": [{"subnet_id": "subnet-1"}],
    "specifics": [{"product_name": "CPU Compute C11.8c16g"}],
    "billing_spec": {"auto_renew": False, "billing_method": "0", "duration": 1, "is_to_month": False},
}

PLAIN: dict[str, Any] = {
    "version": 1,
    "defaults": {
        "cluster": {
            "vpc_id": "vpc-1",
            "k8s_version": "v1.30.14",
            "nat_id": "nat-1",
            "source_eip_id": "eip-1",
            "destination_eip_id": "eip-2",
            "ak": "env:CDS_CLOUD_AK",
            "sk": "env:CDS_CLOUD_SK",
            "master_number": 3,
            "cni": {
                "cni_type": "flannel",
                "proxy_config": "ipvs",
                "service_cidr": "192.168.0.0/16",
                "cni_config": {"pod_cidr": "", "node_pods_num": 64},
            },
            "master_config": NODES,
        },
        "node_pool": {"node_type": "ecs", "replicas": 2, "node_config": {**NODES, "labels": {"team": "first"}}},
    },
    "clusters": [
        {
            "name": "gpu-{index:03d}",
            "count": 3,
            "node_pools": [{"name": "workers"}, {"name": "more", "replicas": 5}],
        },
    ],
}


def plain() -> dict[str, Any]:
    """Return a copy of the plan as Python values, to be changed."""
    return copy.deepcopy(PLAIN)


def changed(path: str, value: Any) -> Plan:
    """Return the plan with another value at a dotted path; `...` takes it out."""
    data = plain()
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = data
    for step in steps:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return Plan.from_dict(data)


def told(plan: Plan) -> list[str]:
    """Return the faults of a plan as they are shown."""
    return [str(fault) for fault in plan.check()]


def as_json(data: Any) -> str:
    return json.dumps(data, indent=1)


def as_yaml(data: Any) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False)
    return text


def as_toml(data: dict[str, Any]) -> str:
    """Write plain data as TOML: tables in tables inline, which is all that is needed here."""
    return "".join(f"{_key(name)} = {_toml(value)}\n" for name, value in data.items())


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)} = {_toml(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
