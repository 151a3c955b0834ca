"""The generated models: what they take, how they load and dump, and what they never show."""

from __future__ import annotations

import copy
import enum
import inspect
import json
import pickle
import re
import tomllib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

import attrs
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.fields import UNDOCUMENTED, frozen, on_wire
from cds_eks.schema.shape import Nested, Shape, fields_of, restore, state_of
from cds_eks.schema.validation import check, check_together, put
from cds_eks.schema.validators import ANY_TEXT, ExcludedWhen, Integer, value_at
from support.model_strategies import CONSTANTS, SHAPES, each_request, each_shape, models_of


def secret_fields(cls: type[Shape]) -> list[str]:
    return [member.name for member in fields_of(cls) if member.metadata.get("secret")]


def billing(**changes: Any) -> models.NodePoolBillingSpec:
    return models.NodePoolBillingSpec(**{"instance_charge_type": "PostPaid", **changes})


def node_config(**changes: Any) -> models.NodePoolNodeConfig:
    given = {
        "billing_spec": billing(),
        "os_image_name": "Ubuntu22.04-CPU-1.30.14",
        "subnet_ids": ["s-1"],
        "instance_type_ids": ["CPU Compute C11.4c8g"],
        "password": "Passw0rd!x",
    }
    return models.NodePoolNodeConfig(**{**given, **changes})


def pool(**changes: Any) -> models.NodePoolSpec:
    given: dict[str, Any] = {"name": "pool-1", "node_type": "ecs", "replicas": 1, "node_config": node_config()}
    return models.NodePoolSpec(**{**given, **changes})


def wrong(value: Any) -> Any:
    return value


def evolved(shape: Any, **changes: Any) -> Any:
    return attrs.evolve(shape, **changes)


def refusal(make: Callable[[], object]) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        make()
    error = caught.value
    assert str(error).startswith(f"{error.field}: {error.rule}")
    assert error.outcome == "not_sent"
    return error


# --- what they take


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


# --- the vendor's own example


DOCUMENTED_MASK = {"Ak": "********", "Sk": "********", "Password": "***********"}


def masked(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {name: DOCUMENTED_MASK.get(name) or masked(value) for name, value in plain.items()}
    return [masked(entry) for entry in plain] if isinstance(plain, list) else plain


def test_the_documents_own_example_is_taken_as_it_stands(create_cluster_body: dict[str, Any]) -> None:
    body = masked(create_cluster_body)
    assert (body["Ak"], body["MasterConfig"]["Password"]) == ("********", "***********")
    request = models.CreateClusterRequest.from_dict(body)
    assert request.cluster_name == "zbh-sdk-test"
    assert request.cni.cni_config.pod_cidr == ""
    assert request.master_config.password == "***********"
    sent = request.to_dict(wire_names=True)
    sent["K8SVersion"] = sent.pop("K8sVersion")
    assert sent == body


def test_the_documents_own_example_is_written_as_in_the_document() -> None:
    """The Go code of the document, word by word, in Python; what it leaves out is left out."""
    disks: dict[str, Any] = {
        "system_disk": models.DiskInfo(disk_feature=models.DiskFeature.SSD, disk_size=40),
        "data_disk": [models.DiskInfo(disk_feature=models.DiskFeature.SSD, disk_size=80, number=1)],
        "os_image_name": models.OsImageName.EKS_UBUNTU22_04_CPU_K8S1_30_14_V1,
        "subnet_list": [models.SubnetInfo(subnet_id="c0ba8808-048f-11f0-a617-3ed2fcc2525f")],
        "shell": "",
        "specifics": [models.Specifics(product_name=models.ProductName.OPTIMIZED_M6_2_4_0)],
        "password": "***********",
        "labels": {},
        "annotations": {},
    }
    pay = {"auto_renew": 0, "billing_method": models.BillingMethod.PAY_AS_YOU_GO, "duration": 1}
    request = models.CreateClusterRequest(
        cluster_name="zbh-sdk-test",
        vpc_id="cc32706e-a09a-11ef-8de7-06aabd6a5066",
        cni=models.CniInfo(
            cni_type=models.CniType.FLANNEL,
            cni_config=models.CniConfig(
                pod_cidr="",
                flannel_backend_type=models.FlannelBackendType.VXLAN,
                node_pods_num=64,
                subnet_list=[models.SubnetInfo(subnet_id="SubnetId")],
            ),
            proxy_config=models.ProxyMode.IPVS,
            service_cidr=models.ServiceCidr.CIDR_192_16,
        ),
        k8s_version=models.K8sVersion.V1_30_14,
        nat_id="ea4f7218-a09a-11ef-8de7-06aabd6a5066",
        source_eip_id="491dd24e-83c1-11f0-a1c5-268f674581cc",
        destination_eip_id="491dd24e-83c1-11f0-a1c5-268f674581cc",
        slb_id="",
        ak="********",
        sk="********",
        master_number=3,
        master_config=models.NodeConfig(billing_spec=models.BillingSpec(**pay, is_to_month=0), **disks),  # type: ignore[arg-type]
        node_pool_config=models.NodePoolConfig(
            pool_name="node-pool-1",
            node_type=models.NodeType.ECS,
            subject_id=0,
            node_config=models.NodeConfig(billing_spec=models.BillingSpec(**pay, is_to_month=1), **disks),  # type: ignore[arg-type]
            auto_scaling=models.AutoScaling(
                enable=False, max_replicas=10, min_replicas=1, priority=1, subnet_policy="random", scaling_group_id=""
            ),
            replicas=1,
        ),
    )
    sent = request.to_dict(wire_names=True)
    assert sent["Cni"]["ServiceCidr"] == "192.168.0.0/16"
    assert sent["SlbId"] == ""
    assert sent["NodePoolConfig"]["SubjectId"] == 0
    assert sent["NodePoolConfig"]["AutoScaling"]["Enable"] is False
    assert sent["MasterConfig"]["Labels"] == {}
    assert "Number" not in sent["MasterConfig"]["SystemDisk"]
    assert "RuntimeType" not in sent


def test_every_observed_body_is_taken_and_given_back(observed: list[dict[str, Any]]) -> None:
    by_action = {
        "CreateCluster": models.CreateClusterRequest,
        "DeleteCluster": models.DeleteClusterRequest,
        "AddClusterSubnet": models.AddClusterSubnetRequest,
        "DeleteNodes": models.DeleteNodeRequest,
        "CreateNodePool": models.CreateNodePoolRequest,
        "ScalingNodePool": models.ScalingNodePoolNumRequest,
        "DeleteNodePool": models.DeleteNodePoolRequest,
        "AttachNetworkInterface": models.AttachNetworkInterfaceRequest,
        "DetachNetworkInterface": models.DetachNetworkInterfaceRequest,
        "AddScalingNode": models.AddScalingNodeRequest,
    }
    bodies = {request["query"]["Action"]: request["body"] for request in observed if request["body"] is not None}
    assert bodies.keys() == by_action.keys()
    for action, body in bodies.items():
        given_back = cast("type[Shape]", by_action[action]).from_dict(body).to_dict(wire_names=True)
        if action == "CreateCluster":
            given_back["K8SVersion"] = given_back.pop("K8sVersion")
        assert given_back == body


# --- plain data and back


def test_what_is_unset_is_left_out_and_zero_empty_and_false_are_not() -> None:
    assert models.ListClustersRequest().to_dict() == {}
    assert models.ListClustersRequest(keyword=None, vpc_id="").to_dict(wire_names=True) == {"VpcId": ""}
    config = models.CniConfig(pod_cidr="", calico_block_size=0, subnet_list=[])
    assert config.to_dict(wire_names=True) == {"PodCidr": "", "CalicoBlockSize": 0, "SubnetList": []}
    scaling = models.AutoScaling(enable=False, max_replicas=1, min_replicas=1)
    assert scaling.to_dict() == {"enable": False, "max_replicas": 1, "min_replicas": 1}


@each_request
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_request_comes_back_from_plain_data(cls: type[Shape], data: st.DataObject) -> None:
    request = data.draw(models_of(cls))
    plain, wire = request.to_dict(), request.to_dict(wire_names=True)
    assert cls.from_dict(plain) == request
    assert cls.from_dict(wire) == request
    assert cls.from_dict(_renamed(wire, str.upper)) == request
    assert cls.from_dict(_renamed(wire, str.lower)) == request
    assert cls.from_dict(json.loads(json.dumps(plain))) == request
    assert cls.from_dict(yaml.safe_load(yaml.safe_dump(wire))) == request
    assert copy.deepcopy(request) == request


def _renamed(plain: Any, rename: Callable[[str], str]) -> Any:
    """Plain data with other names; the keys of labels and annotations are the caller's own."""
    if isinstance(plain, list):
        return [_renamed(entry, rename) for entry in plain]
    if not isinstance(plain, dict):
        return plain
    free = ("Labels", "Annotations")
    return {rename(name): value if name in free else _renamed(value, rename) for name, value in plain.items()}


def test_a_request_may_live_in_toml() -> None:
    text = """
        cluster_id = "c"
        vpc_id = "v"
        [config]
        name = "pool-1"
        node_type = "ecs"
        replicas = 2
        [config.node_config]
        os_image_name = "Ubuntu22.04-CPU-1.30.14"
        subnet_ids = ["s-1"]
        InstanceTypeIds = ["CPU Compute C11.4c8g"]
        password = "Passw0rd!x"
        labels = { team = "a" }
        [config.node_config.billing_spec]
        instance_charge_type = "PrePaid"
        period = 12
        auto_renew = true
        [[config.node_config.data_volumes]]
        size = 80
    """
    request = models.CreateNodePoolRequest.from_dict(tomllib.loads(text))
    assert request.config.node_config.data_volumes == [models.Volume(size=80)]
    assert request.config.node_config.billing_spec.auto_renew == 1
    assert models.CreateNodePoolRequest.from_dict(request.to_dict(wire_names=True)) == request


def test_the_observed_spelling_of_the_version_is_taken(create_cluster_body: dict[str, Any]) -> None:
    assert "K8SVersion" in create_cluster_body
    assert models.CreateClusterRequest.from_dict(create_cluster_body).k8s_version == "v1.30.14"


@pytest.mark.parametrize("name", ["cluster_id", "ClusterId", "CLUSTERID", "clusterid", "Cluster_ID"])
def test_plain_data_names_fields_in_any_case(name: str) -> None:
    assert models.GetClusterRequest.from_dict({name: "c"}).cluster_id == "c"


def test_a_field_given_under_two_names_is_refused() -> None:
    error = refusal(lambda: models.GetClusterRequest.from_dict({"cluster_id": "marked", "ClusterID": "marked"}))
    assert (error.field, error.rule) == ("ClusterID", "is given twice, under two names for cluster_id")
    error = refusal(lambda: models.ListNodesRequest.from_dict({"schedulable": None, "SchedulableStr": "1"}))
    assert error.field == "SchedulableStr"


def test_nothing_in_plain_data_means_unset() -> None:
    request = models.ListNodesRequest.from_dict({"ClusterId": "c", "Keyword": None, "page_size": None, "extra": None})
    assert request == models.ListNodesRequest(cluster_id="c")
    assert refusal(lambda: models.GetClusterRequest.from_dict({"ClusterId": None})).rule == "is required"


@pytest.mark.parametrize("data", [None, [], "marked", 1])
def test_plain_data_must_be_a_mapping(data: Any) -> None:
    error = refusal(lambda: models.GetClusterRequest.from_dict(data))
    assert error.field == "GetClusterRequest"
    assert error.rule.startswith("must be a mapping, not ")


@pytest.mark.parametrize("key", [1, None, "ClusterIds", "", ("a",)])
def test_keys_of_plain_data_must_be_names_of_fields(key: Any) -> None:
    error = refusal(lambda: models.GetClusterRequest.from_dict({"ClusterId": "c", key: "marked"}))
    assert error.field == str(key)
    assert "marked" not in str(error)


def test_undocumented_fields_come_back_under_extra() -> None:
    request = models.GetClusterRequest(cluster_id="c", extra={"New": [1]})
    assert models.GetClusterRequest.from_dict(request.to_dict()) == request


def test_plain_data_is_the_callers_own() -> None:
    config = node_config(labels={"team": "a"}, extra={"X": 1})
    plain = config.to_dict()
    plain["labels"]["team"] = "b"
    plain["subnet_ids"].append("s-2")
    plain["extra"]["X"] = 2
    assert (config.labels, config.subnet_ids, config.extra) == ({"team": "a"}, ["s-1"], {"X": 1})


def test_answers_are_plain_data_too() -> None:
    answer = models.ClusterTask(cluster_id="c", task_id="t", extra={"New": 1})
    assert answer.to_dict() == {"cluster_id": "c", "task_id": "t", "extra": {"New": 1}}
    assert answer.to_dict(wire_names=True) == {"ClusterId": "c", "TaskId": "t", "New": 1}
    assert models.ClusterTask.from_dict(answer.to_dict()) == answer


@each_shape
def test_no_name_matches_two_fields_of_a_shape(cls: type[Shape]) -> None:
    members = [member for member in fields_of(cls) if member.name != "extra"]
    spellings: dict[str, str] = {}
    for member in members:
        for spelling in {member.name, member.metadata["wire"].lower()}:
            assert spellings.setdefault(spelling, member.name) == member.name
    assert "extra" not in spellings


# --- secrets


def test_the_secret_fields_are_the_contracts() -> None:
    assert {name: secret_fields(cls) for name, cls in SHAPES.items() if secret_fields(cls)} == {
        "CreateClusterRequest": ["ak", "sk"],
        "NodeConfig": ["password"],
        "NodePoolNodeConfig": ["password"],
        "ClusterDetail": ["ak"],
    }


@pytest.mark.parametrize("name", ["CreateClusterRequest", "NodeConfig", "NodePoolNodeConfig", "ClusterDetail"])
def test_secrets_are_masked_when_shown(name: str) -> None:
    cls = SHAPES[name]
    state = {member.name: f"marked-{member.name}" for member in fields_of(cls)} | {"extra": {"X": "marked"}}
    shown = repr(restore(cls, state)) + str(restore(cls, state))
    for member in secret_fields(cls):
        assert f"{member}='***'" in shown
        assert f"marked-{member}" not in shown
    assert "marked'" not in shown


@pytest.mark.parametrize(("value", "shown"), [(None, "ak=None"), ("", "ak=''"), ("x", "ak='***'")])
def test_a_secret_that_is_not_there_is_shown_as_such(value: str | None, shown: str) -> None:
    assert shown in repr(models.ClusterDetail(ak=value))


def test_what_is_no_secret_is_shown() -> None:
    request = models.GetClusterRequest(cluster_id="c-1", extra={"X": 1})
    assert repr(request) == "GetClusterRequest(cluster_id='c-1')"


def test_a_whole_request_shows_none_of_its_secrets(create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body |= {"Ak": "marked-ak", "Sk": "marked-sk"}
    create_cluster_body["MasterConfig"]["Password"] = "Marked-passw0rd"
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    assert "arked" not in f"{request!r}{request}{request.master_config!r}"
    assert request.to_dict()["sk"] == "marked-sk"


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_requests_with_secrets_are_not_pickled(create_cluster_body: dict[str, Any], protocol: int) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    for thing, names in (
        (request, "ak, sk"),
        (request.master_config, "password"),
        (request.node_pool_config, "password"),
        (models.CreateNodePoolRequest(cluster_id="c", vpc_id="v", config=pool()), "password"),
        (models.GetClusterRequest(cluster_id="c", extra={"deep": [{"Password": "marked"}]}), "extra"),
    ):
        with pytest.raises(TypeError, match="is not pickled") as caught:
            pickle.dumps(thing, protocol)
        assert f"holds a secret ({names})" in str(caught.value)


def test_an_undocumented_field_that_holds_itself_is_no_endless_loop() -> None:
    loop: list[Any] = []
    loop.append(loop)
    request = models.GetClusterRequest(cluster_id="c", extra={"Loop": loop})
    assert pickle.loads(pickle.dumps(request)).extra["Loop"][0][0] is not loop


def test_requests_without_secrets_are_pickled_whole() -> None:
    request = models.AddClusterSubnetRequest(
        cluster_id="c", subnets=[models.ClusterSubnet(subnet_id="s")], extra={"New": {"a": [1]}}
    )
    assert pickle.loads(pickle.dumps(request)) == request


def test_answers_are_pickled_without_their_secrets() -> None:
    inner = restore(
        models.NodePoolNodeConfig, state_of(node_config(password="Marked-passw0rd")) | {"extra": {"Ak": "marked-extra"}}
    )
    answer = models.NodePoolList(
        total=1,
        node_pool=[models.NodePool(id="p", node_config=inner, extra={"X": "marked-x"})],
        extra={"Y": "marked-y"},
    )
    pickled = pickle.dumps(answer)
    assert b"arked" not in pickled
    back = pickle.loads(pickled)
    assert (back.total, back.node_pool[0].id, back.extra) == (1, "p", {})
    assert back.node_pool[0].node_config.subnet_ids == ["s-1"]
    assert back.node_pool[0].node_config.password == ""
    assert answer.node_pool[0].node_config is inner
    detail = pickle.loads(pickle.dumps(models.ClusterDetail(cluster_id="c", ak="marked")))
    assert (detail.cluster_id, detail.ak) == ("c", None)


def test_models_are_copied_with_their_secrets() -> None:
    config = node_config()
    assert copy.copy(config) is config
    deep = copy.deepcopy(config)
    assert deep == config
    assert deep.subnet_ids is not config.subnet_ids
    assert deep.billing_spec is not config.billing_spec
    answer = models.ClusterDetail(cluster_id="c", ak="key")
    assert copy.deepcopy(answer) == answer


# --- what is written about them


@each_shape
def test_every_field_of_every_shape_is_documented_with_its_source(cls: type[Shape]) -> None:
    doc = inspect.getdoc(cls)
    assert doc is not None
    assert re.match(r"[A-Z].*\. \[[DOI]\]$", doc.splitlines()[0])
    told = dict(re.findall(r"^    (\w+): ((?:.|\n {8})*)$", doc.split("Attributes:\n")[1], re.MULTILINE))
    assert list(told) == [member.name for member in fields_of(cls)]
    for member in fields_of(cls):
        words = told[member.name]
        assert member.name == "extra" or re.search(r"\[[DOI]\]$", words)
        assert ("Secret." in words) == (member.name in secret_fields(cls))
    assert cls.__module__.startswith("cds_eks.models.")


@pytest.mark.parametrize("cls", CONSTANTS.values(), ids=CONSTANTS)
def test_every_list_of_values_is_open_and_has_texts(cls: type[Any]) -> None:
    assert "The list is open: other values pass." in (inspect.getdoc(cls) or "")
    values = [value for name, value in vars(cls).items() if name.isupper()]
    assert values
    assert all(isinstance(value, str) for value in values)
    assert len(set(values)) == len(values)


def test_the_names_are_sorted_and_the_designs() -> None:
    assert models.__all__ == sorted(models.__all__)
    design = """CreateClusterRequest CniInfo CniConfig SubnetInfo NodeConfig BillingSpec DiskInfo Specifics
        NodePoolConfig AutoScaling ClusterSubnet CreateNodePoolRequest UpdateNodePoolConfigRequest NodePoolSpec
        NodePoolNodeConfig
        NodePoolBillingSpec Volume ClusterSummary ClusterDetail ClusterEvent Node NodePool NodePoolList
        NetworkInterface Event ScalingGroup TaskStatus"""
    assert set(design.split()) <= SHAPES.keys()


# --- how they are made


_SIZE = Integer(min=1)


@frozen(kw_only=True, init=False)
class Inner(Shape):
    size: int = attrs.field(metadata=on_wire("Size", _SIZE))
    extra: Mapping[str, Any] = attrs.field(factory=dict, metadata=UNDOCUMENTED)

    def __init__(self, *, size: int, extra: Mapping[str, Any] = MappingProxyType({})) -> None:
        put(self, "size", check("size", _SIZE, size))
        put(self, "extra", dict(extra))


_INNER = Nested(Inner)


@frozen(kw_only=True, init=False)
class Outer(Shape):
    EXCLUDED_WHEN = (ExcludedWhen("kind", "none", ("inner.size",), "there is nothing inside"),)

    kind: str = attrs.field(metadata=on_wire("Kind", ANY_TEXT))
    inner: Inner = attrs.field(metadata=on_wire("Inner", _INNER))
    extra: Mapping[str, Any] = attrs.field(factory=dict, metadata=UNDOCUMENTED)

    def __init__(self, *, kind: str, inner: Inner, extra: Mapping[str, Any] = MappingProxyType({})) -> None:
        put(self, "kind", check("kind", ANY_TEXT, kind))
        put(self, "inner", check("inner", _INNER, inner))
        put(self, "extra", dict(extra))
        check_together(self)


def test_a_ban_looks_at_dotted_paths() -> None:
    outer = Outer(kind="some", inner=Inner(size=1))
    assert value_at(outer, "inner.size") == 1
    error = refusal(lambda: evolved(outer, kind="none"))
    assert (error.field, error.rule) == (
        "inner.size",
        "must be left out when kind is 'none': there is nothing inside",
    )


def test_an_error_of_a_nested_model_has_one_path() -> None:
    error = refusal(lambda: Outer.from_dict({"kind": "x", "inner": {"size": 0}}))
    assert error.field == "inner.size"
    assert error.__cause__ is None
    assert error.__suppress_context__
