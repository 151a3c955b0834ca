"""One shape for all pools: CreateCluster's, and what of it CreateNodePool is told, as the emulator gets it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from cds_eks import AsyncEksClient, Credentials, models
from cds_eks.emulator import Emulator
from cds_eks.errors import InvalidRequestError
from cds_eks.fleet.plan import Plan
from cds_eks.schema.shape import Nested, Shape, fields_of
from cds_eks.schema.validators import ListOf

from .plans import SECRETS, plain, told

NODE = "clusters[0].node_pools[1].node_config"

FULL: dict[str, Any] = {
    "name": "more",
    "node_type": "ecs",
    "subject_id": 7,
    "replicas": 3,
    "auto_scaling": {"enable": False, "max_replicas": 9, "min_replicas": 1, "priority": 5, "subnet_policy": "random"},
    "node_config": {
        "billing_spec": {"auto_renew": True, "billing_method": "1", "duration": 24, "is_to_month": 1},
        "system_disk": {"disk_feature": "ssd", "disk_size": 60, "number": 1},
        "data_disk": [
            {"disk_feature": "ssd", "disk_size": 80, "number": 2},
            {"disk_feature": "SSD", "disk_size": 160},
            {"disk_feature": "hdd", "disk_size": 240, "number": 0},
        ],
        "os_image_name": "Ubuntu22.04-GPU-Datacenter-1.26",
        "subnet_list": [{"subnet_id": "subnet-1"}, "subnet-2"],
        "specifics": [{"product_name": "Inference gch c8 nr4.16c64g1gpu"}],
        "shell": "#!/bin/sh",
        "password": "env:NODE_PASSWORD",
        "labels": {"team": "first"},
        "extra": {"Tag": 1},
    },
}

SAID: dict[str, Any] = {  # what CreateNodePool is told of it
    "Name": "more",
    "NodeType": "ecs",
    "SubjectId": 7,
    "Replicas": 3,
    "NodeConfig": {
        "BillingSpec": {"InstanceChargeType": "PrePaid", "Period": 24, "IsToMonth": 1, "AutoRenew": 1},
        "SystemVolume": {"Type": "SSD", "Size": 60},
        "DataVolumes": [
            {"Type": "SSD", "Size": 80},
            {"Type": "SSD", "Size": 80},
            {"Type": "SSD", "Size": 160},
            {"Type": "hdd", "Size": 240},
        ],
        "OsImageName": "Ubuntu22.04-GPU-Datacenter-1.26",
        "SubnetIds": ["subnet-1", "subnet-2"],
        "InstanceTypeIds": ["Inference gch c8 nr4.16c64g1gpu"],
        "ExecCommand": "#!/bin/sh",
        "Password": SECRETS["NODE_PASSWORD"],
        "Labels": {"team": "first"},
        "Tag": 1,
    },
}

SCALING = "auto_scaling has no counterpart in CreateNodePool's NodePoolSpec"
LOST = "{} has no counterpart in CreateNodePool's {}"
SUBNET, TYPES = "node_config.subnet_list[0].", "node_config.specifics[0]."

NO_COUNTERPART: dict[str, tuple[Any, str]] = {  # field of the pool: a value that is refused, and what it has none in
    "auto_scaling.enable": (True, SCALING),
    "auto_scaling.scaling_group_id": ("asg-1", SCALING),
    "auto_scaling.extra": ({"A": 1}, SCALING),
    "node_config.annotations": ({"a": "b"}, LOST.format("annotations", "NodePoolNodeConfig")),
    "node_config.system_disk.number": (2, LOST.format("more than one system disk", "system_volume")),
    f"{SUBNET}available_zone_id": ("az", LOST.format("available_zone_id", "subnet_ids")),
    f"{SUBNET}segment": ("10.0.0.0/16", LOST.format("segment", "subnet_ids")),
    f"{SUBNET}select_segment": ("a", LOST.format("select_segment", "subnet_ids")),
    f"{SUBNET}extra": ({"A": 1}, LOST.format("extra", "subnet_ids")),
    f"{TYPES}extra": ({"A": 1}, LOST.format("extra", "instance_type_ids")),
    "node_config.billing_spec.billing_method": (
        "2",
        "this billing_method has no known counterpart in CreateNodePool's",
    ),
}
IDLE = {"auto_scaling.max_replicas", "auto_scaling.min_replicas", "auto_scaling.priority", "auto_scaling.subnet_policy"}
"""Of no effect while it does not scale itself."""
EXTRA = {
    "extra", "node_config.billing_spec.extra", "node_config.system_disk.extra", "node_config.data_disk[0].extra",
}  # fmt: skip
"""Undocumented fields that go along as they are."""


def with_pool(pool: dict[str, Any]) -> Plan:
    data = plain()
    data["clusters"][0]["node_pools"][1] = pool
    return Plan.from_dict(data)


def put(data: Any, path: str, value: Any) -> None:
    *steps, last = path.replace("[0]", ".0").split(".")
    for step in steps:
        if step == "0":
            data[0] = {"subnet_id": data[0]} if isinstance(data[0], str) else data[0]
            data = data[0]
        else:
            data = data.setdefault(step, {})
    data[last] = value


def leaves(shape: type[Shape], path: str = "") -> Iterator[str]:
    """Yield the path of each field of a model and of the models in it."""
    for member in fields_of(shape):
        where = f"{path}{member.name}"
        rule = member.metadata["rule"]
        is_list = isinstance(rule, ListOf)
        entry = rule.entry if isinstance(rule, ListOf) else rule
        if isinstance(entry, Nested):
            yield from leaves(entry.shape, f"{where}[0]." if is_list else f"{where}.")
        else:
            yield where


def given(data: Any, path: str = "") -> Iterator[str]:
    if isinstance(data, dict) and not path.endswith(("labels.", "extra.")):
        for name, value in data.items():
            yield from given(value, f"{path}{'pool_name' if name == 'name' else name}.")
    elif isinstance(data, list) and not isinstance(data[0], str):
        yield from given(data[0], f"{path[:-1]}[0].")
    else:
        yield path[:-1]


def test_each_field_is_mapped_or_refused() -> None:
    known = set(given(FULL)) | set(NO_COUNTERPART) | EXTRA
    assert known == set(leaves(models.NodePoolConfig))
    assert set(NO_COUNTERPART) | IDLE | EXTRA < known


def test_what_create_node_pool_is_told() -> None:
    plan = with_pool(FULL)
    assert plan.check() == []
    pool = plan.clusters[0].pools[1]
    request = pool.create_request("cluster-1")
    assert (request.cluster_id, request.vpc_id) == ("cluster-1", "vpc-1")
    assert request.config.to_dict(wire_names=True) == SAID


@pytest.mark.parametrize("path", sorted(EXTRA))
def test_undocumented_fields_go_along(path: str) -> None:
    pool = copy.deepcopy(FULL)
    put(pool, path, {"Un": {"documented": 1}})
    plan = with_pool(pool)
    assert plan.check() == []
    assert '"Un"' in repr(plan.clusters[0].pools[1].create_request("c").to_dict(wire_names=True)).replace("'", '"')


@pytest.mark.parametrize("path", sorted(NO_COUNTERPART))
def test_what_has_no_counterpart(path: str) -> None:
    value, message = NO_COUNTERPART[path]
    pool = copy.deepcopy(FULL)
    put(pool, path, value)
    [fault] = told(with_pool(pool))
    assert fault.startswith(f"clusters[0].node_pools[1].{path}: {message}")
    assert fault.endswith("only a cluster's first pool takes it (CreateCluster)")
    data = plain()
    data["clusters"][0]["node_pools"] = [pool]
    first = Plan.from_dict(data)
    assert first.check() == []  # CreateCluster takes it
    with pytest.raises(InvalidRequestError, match=r"no (known )?counterpart"):
        first.clusters[0].pools[0].create_request("c")


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("node_config.data_disk", [{"disk_feature": "ssd", "disk_size": 81}],
         f"{NODE}.data_disk[0].disk_size: must be at least 80; got 81"),
        ("node_config.data_disk", [{"disk_feature": "ssd", "disk_size": 80, "number": 10**9}],
         f"{NODE}.data_disk[0].number: must be at most 64 here"),
        ("node_config.specifics", ["a,1,1,0", "b,1,1,0"], f"{NODE}.specifics: must have at most 1 entry; got 2"),
        ("node_config.labels", {str(number): "" for number in range(6)},
         f"{NODE}.labels: must have at most 5 entries; got 6"),
        ("node_type", "bms",
         f"{NODE}.system_disk: must be left out when node_type is 'bms': bare metal takes no cloud disks [O]"),
        ("node_config.subnet_list", [], f"{NODE}.subnet_list: must have at least 1 entry; got 0"),
        ("node_config.subnet_list", [{"subnet_id": 3}],
         f"{NODE}.subnet_list[0].subnet_id: must be a text (str), not int"),
        ("node_config.billing_spec.duration", 0,
         f"{NODE}.billing_spec.duration: must be one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 24, 36"),
        ("node_config.system_disk", 40, f"{NODE}.system_disk: must be a table (a mapping), not int"),
        ("node_config", 40, f"{NODE}: must be a table (a mapping), not int"),
        ("node_config.billing_spec", [], f"{NODE}.billing_spec: must be a table (a mapping), not list"),
        ("node_config.data_disk", 3, f"{NODE}.data_disk: must be a list, not int"),
    ],
)  # fmt: skip
def test_the_rules_of_create_node_pool_are_told_in_the_plans_words(path: str, value: Any, fault: str) -> None:
    pool = copy.deepcopy(FULL)
    put(pool, path, value)
    if "disk_size" in fault:
        fault = fault.replace("at least 80", "a multiple of 80")
    faults = told(with_pool(pool))
    assert any(each.startswith(fault) for each in faults), faults
    assert len({each.split(": ")[0] for each in faults}) == len(faults)  # no field is told of twice


def test_what_only_a_first_pool_needs() -> None:
    data = plain()
    for name in ("system_disk", "data_disk"):
        del data["defaults"]["node_pool"]["node_config"][name]
    assert told(Plan.from_dict(data)) == [
        "defaults.node_pool.node_config.data_disk: is required",
        "defaults.node_pool.node_config.system_disk: is required",
    ]
    disks = {"system_disk": {"disk_feature": "ssd", "disk_size": 40}, "data_disk": []}
    data["clusters"][0]["node_pools"][0]["node_config"] = disks
    plan = Plan.from_dict(data)
    assert plan.check() == []
    assert plan.clusters[0].pools[1].create_request("c").config.node_config.system_volume is None


def test_a_first_pool_that_says_nothing_of_scaling_does_not_scale() -> None:
    scaling = Plan.from_dict(plain()).clusters[0].create_request().node_pool_config.auto_scaling
    assert (scaling.enable, scaling.min_replicas, scaling.max_replicas) == (False, 1, 2)


@pytest.mark.anyio
async def test_the_service_has_both_pools_as_the_plan_has_them() -> None:
    same = copy.deepcopy(FULL)
    del same["node_config"]["extra"]
    del same["subject_id"]
    data = plain()
    data["clusters"][0] |= {"count": 1, "node_pools": [same | {"name": "first"}, same]}
    plan = Plan.from_dict(data)
    assert plan.check() == []
    [cluster] = plan.clusters
    emulator = Emulator(speed=10_000)
    with emulator.serve() as url:
        keys = emulator.credentials
        credentials = Credentials(keys.access_key_id, keys.secret_access_key)
        async with AsyncEksClient(credentials, endpoint=url) as eks:
            created = (await eks.clusters.create(cluster.create_request())).data
            await eks.wait.task(created.task_id, poll_interval=0.01)
            await eks.node_pools.create(cluster.pools[1].create_request(created.cluster_id))
            pools = (await eks.node_pools.list(created.cluster_id)).data.node_pool
    assert [pool.name for pool in pools] == ["first", "more"]
    first, further = (pool.to_dict(wire_names=True) for pool in pools)
    wanted = {name: value for name, value in SAID["NodeConfig"].items() if name not in ("Password", "Tag")}
    for found in (first, further):
        assert found["NodeConfig"] == wanted | {"DataVolumes": found["NodeConfig"]["DataVolumes"]}
        assert [disk["Size"] for disk in found["NodeConfig"]["DataVolumes"]] == [80, 80, 160, 240]
        assert found["NodeType"] == "ecs"
    assert further["NodeConfig"]["DataVolumes"] == SAID["NodeConfig"]["DataVolumes"]
