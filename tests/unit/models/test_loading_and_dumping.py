"""The vendor's own example, and models to plain data and back."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable
from typing import Any, cast

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_eks import models
from cds_eks.schema.shape import Shape, fields_of
from support.model_strategies import each_request, each_shape, models_of
from unit.models.valid_models import node_config, refusal

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
