"""The generated models: what they take, how they load and dump, and what they never show."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Any, cast

import attrs
import pytest

from cds_eks import models
from cds_eks.schema.shape import Shape
from unit.models.valid_models import billing, evolved, node_config, pool, refusal


def wrong(value: Any) -> Any:
    return value


class Pool(enum.StrEnum):
    RANDOM = "random"
    NEW = "round-robin"


def test_a_missing_field_is_named() -> None:
    error = refusal(lambda: models.ScalingNodePoolNumRequest(cluster_id="c", replicas=1))  # type: ignore[call-arg]
    assert (error.field, error.rule) == ("node_pool_id", "is required")


def test_an_unknown_field_is_named_with_a_suggestion() -> None:
    error = refusal(lambda: models.GetClusterRequest(cluster_ip="c"))  # type: ignore[call-arg]
    assert (error.field, error.rule) == (
        "cluster_ip",
        "is not a field of GetClusterRequest; did you mean 'cluster_id'?",
    )


def test_an_unknown_field_like_no_other_gets_no_suggestion() -> None:
    error = refusal(lambda: models.GetClusterRequest(zzz="c"))  # type: ignore[call-arg]
    assert error.rule == "is not a field of GetClusterRequest"


@pytest.mark.parametrize(
    ("make", "field", "rule"),
    [
        (lambda: models.GetClusterRequest(cluster_id=wrong(1)), "cluster_id", "must be a text (str), not int"),
        (lambda: models.GetClusterRequest(cluster_id=wrong(None)), "cluster_id", "must be a text (str), not nothing"),
        (lambda: models.GetClusterRequest(cluster_id=""), "cluster_id", "must not be empty"),
        (lambda: pool(replicas=True), "replicas", "must be a whole number (int), not bool"),
        (lambda: pool(replicas=100), "replicas", "must be at most 99; got 100"),
        (lambda: pool(replicas=-1), "replicas", "must be at least 0; got -1"),
        (lambda: pool(name="-"), "name", "must have 1 to 26 letters, digits and dashes"),
        (lambda: node_config(password="secret"), "password", "must have 8 to 30 characters"),
        (lambda: node_config(subnet_ids="s-1"), "subnet_ids", "must be a list, not str"),
        (lambda: node_config(subnet_ids=[]), "subnet_ids", "must have at least 1 entry; got 0"),
        (lambda: node_config(subnet_ids=["s-1", 2]), "subnet_ids[1]", "must be a text (str), not int"),
        (lambda: node_config(instance_type_ids=["a", "b"]), "instance_type_ids", "must have at most 1 entry; got 2"),
        (lambda: node_config(labels=dict.fromkeys("abcdef", "")), "labels", "must have at most 5 entries; got 6"),
        (lambda: node_config(labels={"a": 1}), "labels", "must be a text (str), not int, in keys and in values"),
        (lambda: node_config(data_volumes=[models.Volume(size=79)]), "data_volumes[0].size", "must be at least 80"),
        (
            lambda: node_config(data_volumes=[models.Volume(size=81)]),
            "data_volumes[0].size",
            "must be a multiple of 80",
        ),
        (lambda: node_config(data_volumes=[{"size": 80}]), "data_volumes[0]", "must be a Volume, not dict"),
        (lambda: node_config(billing_spec=None), "billing_spec", "must be a NodePoolBillingSpec, not nothing"),
        (lambda: node_config(exec_command="\ud800"), "exec_command", "must be text that UTF-8 can hold"),
        (lambda: billing(auto_renew=2), "auto_renew", "must be True, False, 1 or 0"),
        (lambda: billing(period=10**5000, extra=1), "extra", "must be a mapping whose keys are wire names"),
        (lambda: billing(extra=None), "extra", "must be a mapping whose keys are wire names"),
        (lambda: models.ListNodesRequest(cluster_id="c", page_size=0), "page_size", "must be at least 1; got 0"),
        (
            lambda: models.ListNodesRequest(cluster_id="c", schedulable=cast("Any", 2)),
            "schedulable",
            "must be True, False, 1 or 0",
        ),
        (lambda: models.AddScalingNodeRequest(scaling_group_id="g", add_num=0), "add_num", "must be at least 1"),
        (lambda: models.Specifics(product_name=""), "product_name", "must not be empty"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named_with_the_rule(make: Callable[[], object], field: str, rule: str) -> None:
    error = refusal(make)
    assert error.field == field
    assert error.rule.startswith(rule)


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("ClusterName", "a" * 27, "must have 1 to 26 letters"),
        ("MasterNumber", 4, "must be one of 3, 5, 7; got 4"),
        ("Cni.CniConfig.NodePodsNum", 65, "must be one of 16, 32, 64, 128, 256; got 65"),
        ("Cni.CniConfig.CalicoBlockSize", -1, "must be at least 0"),
        ("MasterConfig.BillingSpec.Duration", 13, "must be one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 24, 36"),
        ("MasterConfig.BillingSpec.AutoRenew", 2, "must be True, False, 1 or 0"),
        ("MasterConfig.DataDisk[0].DiskSize", 0, "must be at least 1"),
        ("MasterConfig.SubnetList", [], "must have at least 1 entry"),
        ("NodePoolConfig.AutoScaling.MaxReplicas", 100, "must be at most 99"),
        ("NodePoolConfig.AutoScaling.MinReplicas", 0, "must be at least 1"),
        ("NodePoolConfig.AutoScaling.Priority", 101, "must be at most 100"),
        ("NodePoolConfig.AutoScaling.Priority", 0, "must be at least 1"),
        ("NodePoolConfig.AutoScaling.Enable", 1, "must be True or False (bool), not int"),
        ("NodePoolConfig.NodeConfig.Password", "marked-password", "must have 8 to 30 characters"),
        ("NodePoolConfig.NodeConfig.Specifics[0].ProductName", 7, "must be a text (str), not int"),
        ("NodePoolConfig.NodeConfig.DataDisk[0]", "marked-text", "must be a DiskInfo, not str"),
        ("Cni", [], "must be a CniInfo, not list"),
        ("Sk", b"marked-bytes", "must be a text (str), not bytes"),
        ("Ak", "", "must not be empty"),
    ],
)
def test_a_nested_field_of_plain_data_is_named_by_its_full_path(
    create_cluster_body: dict[str, Any], path: str, value: object, rule: str
) -> None:
    _put(create_cluster_body, path, value)
    error = refusal(lambda: models.CreateClusterRequest.from_dict(create_cluster_body))
    assert error.field == _python_path(path)
    assert error.rule.startswith(rule)
    assert "marked" not in str(error)


def _put(body: Any, path: str, value: object) -> None:
    steps: list[Any] = [int(step) if step.isdigit() else step for step in re.findall(r"\w+", path)]
    for step in steps[:-1]:
        body = body[step]
    body[steps[-1]] = value


def _python_path(path: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", path).lower()


def test_a_missing_nested_field_is_named_by_its_full_path(create_cluster_body: dict[str, Any]) -> None:
    del create_cluster_body["NodePoolConfig"]["NodeConfig"]["DataDisk"][0]["DiskSize"]
    error = refusal(lambda: models.CreateClusterRequest.from_dict(create_cluster_body))
    assert (error.field, error.rule) == ("node_pool_config.node_config.data_disk[0].disk_size", "is required")


def test_an_unknown_nested_field_is_named_by_its_full_path(create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body["Cni"]["CniConfig"]["PodCdir"] = "10.0.0.0/8"
    error = refusal(lambda: models.CreateClusterRequest.from_dict(create_cluster_body))
    assert error.field == "cni.cni_config.PodCdir"
    assert error.rule == "is not a field of CniConfig; did you mean 'PodCidr'?"


def test_a_rule_of_a_nested_list_is_named_by_its_full_path() -> None:
    data = {"cluster_id": "c", "vpc_id": "v", "config": pool().to_dict()}
    data["config"]["node_config"]["data_volumes"] = [{"size": 80}, {"size": 81}]  # type: ignore[index]
    error = refusal(lambda: models.CreateNodePoolRequest.from_dict(data))
    assert error.field == "config.node_config.data_volumes[1].size"
    assert error.rule == "must be a multiple of 80; got 81"


def test_an_update_needs_the_id_of_its_node_pool() -> None:
    error = refusal(lambda: models.UpdateNodePoolConfigRequest(cluster_id="c", config=pool()))
    assert (error.field, error.rule) == ("config.id", "is required here")
    assert models.UpdateNodePoolConfigRequest(cluster_id="c", config=pool(id="p")).config.id == "p"


@pytest.mark.parametrize(
    ("volumes", "field"),
    [
        ({"system_volume": models.Volume(type="SSD", size=40)}, "node_config.system_volume"),
        ({"data_volumes": [models.Volume(type="SSD", size=80)]}, "node_config.data_volumes"),
    ],
)
def test_bare_metal_takes_no_cloud_disks(volumes: dict[str, Any], field: str) -> None:
    error = refusal(lambda: pool(node_type="bms", node_config=node_config(**volumes)))
    assert error.field == field
    assert error.rule.startswith("must be left out when node_type is 'bms'")
    assert pool(node_type="ecs", node_config=node_config(**volumes)).node_type == "ecs"
    assert pool(node_type="bms", node_config=node_config(data_volumes=[])).node_type == "bms"


def test_lists_of_values_are_open() -> None:
    config = node_config(os_image_name="Ubuntu30.04-TPU", instance_type_ids=["Quantum Q1"])
    assert pool(node_type="quantum", node_config=config).node_type == "quantum"
    assert models.Volume(type="NVMe").type == "NVMe"


def test_members_of_enums_of_texts_are_taken_as_their_texts() -> None:
    scaling = models.AutoScaling(enable=True, max_replicas=3, min_replicas=1, subnet_policy=Pool.NEW)
    assert scaling.to_dict(wire_names=True)["SubnetPolicy"] == "round-robin"
    assert type(scaling.subnet_policy) is str


def test_tuples_are_taken_as_lists_and_flags_as_numbers() -> None:
    config = node_config(subnet_ids=("s-1", "s-2"), billing_spec=billing(auto_renew=True, is_to_month=0))
    assert config.subnet_ids == ["s-1", "s-2"]
    assert config.billing_spec.to_dict(wire_names=True) == {
        "InstanceChargeType": "PostPaid",
        "AutoRenew": 1,
        "IsToMonth": 0,
    }


def test_a_list_that_the_caller_changes_later_does_not_change_the_model() -> None:
    subnets, labels, extra = ["s-1"], {"team": "a"}, {"X": 1}
    config = node_config(subnet_ids=subnets, labels=labels, extra=extra)
    subnets.append("s-2")
    labels["team"] = "b"
    extra["X"] = 2
    assert (config.subnet_ids, config.labels, config.extra) == (["s-1"], {"team": "a"}, {"X": 1})


@pytest.mark.parametrize("name", ["ClusterName", "clustername", "CLUSTERNAME"])
def test_undocumented_fields_of_a_model_replace_no_documented_one(
    create_cluster_body: dict[str, Any], name: str
) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    error = refusal(lambda: evolved(request, extra={name: "other"}))
    assert (error.field, error.rule) == (f"extra.{name}", "is set by cluster_name and can't be replaced")


def test_undocumented_fields_of_a_model_stand_beside_the_documented_ones() -> None:
    subnet = models.ClusterSubnet(subnet_id="s", extra={"Zone": "z", "UsedIpNum": 3})
    assert subnet.to_dict(wire_names=True) == {"SubnetId": "s", "Zone": "z", "UsedIpNum": 3}
    assert subnet.to_dict() == {"subnet_id": "s", "extra": {"Zone": "z", "UsedIpNum": 3}}


def test_models_are_frozen_slotted_and_keyword_only() -> None:
    request = models.GetClusterRequest(cluster_id="c")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.cluster_id = "d"  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.other = "d"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        models.GetClusterRequest("c")  # type: ignore[call-arg]
    assert not hasattr(request, "__dict__")


def test_evolving_a_model_checks_it_anew() -> None:
    spec = pool()
    assert evolved(spec, replicas=5).replicas == 5
    assert refusal(lambda: evolved(spec, replicas=100)).field == "replicas"
    assert spec.replicas == 1


def test_models_are_compared_by_value() -> None:
    assert pool() == pool()
    assert pool() != pool(replicas=2)
    others: list[Shape] = [models.DeleteClusterRequest(cluster_id="c"), models.GetClusterRequest(cluster_id="d")]
    assert models.GetClusterRequest(cluster_id="c") not in others
