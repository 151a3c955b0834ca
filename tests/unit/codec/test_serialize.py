"""Requests by revision: one set of models, the very body that each revision's own client sends, and nothing dropped."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from cds_eks import models
from cds_eks.codec.serialize import MOST_REPEATED, to_wire
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.schema.shape import Shape
from support.contract_files import observed_requests
from unit.codec.revision_bodies import NEWER, OLDER, PASSWORD, POOL, changed, cluster, evolved

SEEN = observed_requests()


def seen(revision: str, action: str) -> dict[str, Any]:
    (found,) = [r["body"] for r in SEEN if r["revision"] == revision and r["query"]["Action"] == action]
    body: dict[str, Any] = copy.deepcopy(found)
    return body


def without_zeros(plain: Any) -> Any:
    """What the Go client says, without the zero values that it sends for what its caller left unset."""
    if isinstance(plain, list):
        return [without_zeros(entry) for entry in plain]
    if not isinstance(plain, dict):
        return plain
    bare = {name: without_zeros(value) for name, value in plain.items()}
    return {name: value for name, value in bare.items() if value not in ("", 0, None, {}, []) or value is False}


def test_the_cluster_that_was_seen_in_the_newer_revision_is_sent_alike() -> None:
    """But for its password and its empty node pool, which our models do not take, and its unset period."""
    theirs = seen(NEWER, "CreateCluster")
    theirs["Password"] = PASSWORD
    theirs["MasterConfig"]["BillingSpec"]["Period"] = 1
    theirs["NodePoolConfig"]["NodeConfig"] = theirs["MasterConfig"]
    assert without_zeros(to_wire(cluster(), NEWER)) == without_zeros(theirs)


def test_the_documents_cluster_is_sent_as_each_revisions_client_does() -> None:
    """One request, made once from the body of the document's own example, zero values and all."""
    theirs = seen(OLDER, "CreateCluster")
    request = models.CreateClusterRequest.from_dict(theirs)
    theirs["K8sVersion"] = theirs.pop("K8SVersion")
    assert to_wire(request, OLDER) == theirs
    eip = "491dd24e-83c1-11f0-a1c5-268f674581cc"
    config: dict[str, Any] = {
        "BillingSpec": {"InstanceChargeType": "PostPaid", "Period": 1, "IsToMonth": 0, "AutoRenew": 0},
        "DataVolumes": [{"Type": "SSD", "Size": 80}],
        "OsImageName": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
        "SubnetIds": ["c0ba8808-048f-11f0-a617-3ed2fcc2525f"],
        "InstanceTypeIds": ["Optimized M6,2,4,0"],
        "ExecCommand": "",
        "Labels": {},
    }
    assert to_wire(request, NEWER) == {
        "ClusterName": "zbh-sdk-test",
        "VpcId": "cc32706e-a09a-11ef-8de7-06aabd6a5066",
        "Cni": {
            "CniConfig": {"NodePodsNum": 64, "PodCidr": "", "SubnetIds": ["SubnetId"]},
            "CniType": "flannel",
            "ProxyConfig": "ipvs",
            "ServiceCidr": "192.168.0.0/16",
        },
        "K8sVersion": "v1.30.14",
        "RuntimeType": "",
        "NatId": "ea4f7218-a09a-11ef-8de7-06aabd6a5066",
        "SourceEip": eip,
        "DestinationEip": eip,
        "SlbId": "",
        "Ak": "ccm-ak",
        "Sk": "ccm-sk",
        "Password": PASSWORD,
        "MasterNumber": 3,
        "MasterConfig": config,
        "NodePoolConfig": {
            "Name": "node-pool-1",
            "NodeType": "ecs",
            "SubjectId": 0,
            "NodeConfig": {**config, "BillingSpec": {**config["BillingSpec"], "IsToMonth": 1}},
            "Replicas": 1,
        },
    }


def test_subnets_are_added_as_each_revisions_client_does() -> None:
    request = models.AddClusterSubnetRequest(cluster_id="c", subnets=[models.ClusterSubnet(subnet_id="s")])
    assert to_wire(request, NEWER) == seen(NEWER, "AddClusterSubnet")
    told = models.ClusterSubnet(subnet_id="s", segment="10.0.0.0/8", used_ip_num=2)
    assert to_wire(evolved(request, subnets=[told]), OLDER) == seen(OLDER, "AddClusterSubnet")


@pytest.mark.parametrize("revision", API_REVISIONS)
def test_what_the_revisions_have_in_common_is_sent_alike(revision: str) -> None:
    by_action: dict[str, type[Shape]] = {
        "DeleteCluster": models.DeleteClusterRequest,
        "DeleteNodes": models.DeleteNodeRequest,
        "CreateNodePool": models.CreateNodePoolRequest,
        "ScalingNodePool": models.ScalingNodePoolNumRequest,
        "DeleteNodePool": models.DeleteNodePoolRequest,
        "AttachNetworkInterface": models.AttachNetworkInterfaceRequest,
        "DetachNetworkInterface": models.DetachNetworkInterfaceRequest,
        "AddScalingNode": models.AddScalingNodeRequest,
    }
    for action, cls in by_action.items():
        assert to_wire(cls.from_dict(seen(OLDER, action)), revision) == seen(OLDER, action)


@pytest.mark.parametrize(("given_", "older", "newer"), [
    ("0", "0", "PostPaid"), ("1", "1", "PrePaid"), ("PostPaid", "0", "PostPaid"), ("PrePaid", "1", "PrePaid"),
    ("a way of 2030", "a way of 2030", "a way of 2030"),
])  # fmt: skip
def test_a_known_value_is_spelt_as_the_revision_does_and_an_unknown_one_passes(
    given_: str, older: str, newer: str
) -> None:
    billing = models.BillingSpec(auto_renew=True, billing_method=given_, duration=36, is_to_month=True)
    common = {"AutoRenew": 1, "IsToMonth": 1}
    assert to_wire(billing, OLDER) == {"BillingMethod": older, "Duration": 36, **common}
    assert to_wire(billing, NEWER) == {"InstanceChargeType": newer, "Period": 36, **common}


def test_disks_are_listed_as_often_as_their_number_says() -> None:
    numbers = [None, 0, 1, 3, MOST_REPEATED]
    disks = [
        models.DiskInfo(disk_feature=feature, disk_size=80 + at, number=number)
        for at, (number, feature) in enumerate(zip(numbers, ("ssd", "SSD", "nvme", "ssd", "ssd"), strict=True))
    ]
    request = changed(cluster(), "master_config.data_disk", disks)
    listed = to_wire(request, NEWER)["MasterConfig"]["DataVolumes"]
    sizes = [each["Size"] for each in listed]
    assert [sizes.count(80 + at) for at in range(5)] == [1, 1, 1, 3, MOST_REPEATED]
    assert [each["Type"] for each in listed[:4]] == ["SSD", "SSD", "nvme", "SSD"]
    older = to_wire(request, OLDER)["MasterConfig"]["DataDisk"]
    assert [each.get("Number") for each in older] == numbers
    assert [each["DiskFeature"] for each in older] == ["ssd", "ssd", "nvme", "ssd", "ssd"]


OTHER_DISK = models.DiskInfo(disk_feature="ssd", disk_size=40)


@pytest.mark.parametrize(
    ("path", "value", "field_", "words"),
    [
        ("master_config.annotations", {"a": "b"}, "master_config.annotations", "leave it out"),
        (f"{POOL}.annotations", {"a": ""}, f"{POOL}.annotations", "leave it out"),
        ("cni.cni_type", "calico", "cni.cni_type", "'calico' does not exist"),
        ("cni.cni_config.calico_block_size", 26, "cni.cni_config.calico_block_size", "leave it out"),
        ("cni.cni_config.calico_encapsulation", "IPIP", "cni.cni_config.calico_encapsulation", "leave it out"),
        ("cni.cni_config.flannel_backend_type", "udp", "cni.cni_config.flannel_backend_type", "default: 'vxlan'"),
        ("cni.cni_config.subnet_list[0].segment", "10.0.0.0/8", "cni.cni_config.subnet_list[0].segment", "subnet_id"),
        ("master_config.subnet_list[0].available_zone_id", "z", "master_config.subnet_list[0].available_zone_id", ""),
        ("master_config.subnet_list[0].extra", {"New": 0}, "master_config.subnet_list[0].extra", "subnet_id alone"),
        ("master_config.specifics[0].extra", {"New": 0}, "master_config.specifics[0].extra", "product_name alone"),
        ("master_config.system_disk.disk_size", 41, "master_config.system_disk", "disk_size 40"),
        ("master_config.system_disk.disk_feature", "nvme", "master_config.system_disk", "disk_feature 'ssd' or 'SSD'"),
        ("master_config.system_disk.number", 2, "master_config.system_disk", "number 1"),
        (f"{POOL}.system_disk.extra", {"New": 1}, f"{POOL}.system_disk", "the default"),
        ("master_config.data_disk[0].number", 100, "master_config.data_disk[0].number", "at most 99"),
        (f"{POOL}.password", "Other-passw0rd", f"{POOL}.password", "must equal master_config.password"),
        ("node_pool_config.auto_scaling.enable", True, "node_pool_config.auto_scaling", "default: enable False"),
        ("node_pool_config.auto_scaling.scaling_group_id", "g", "node_pool_config.auto_scaling", "the default"),
        ("node_pool_config.auto_scaling.extra", {"New": 1}, "node_pool_config.auto_scaling", "the default"),
        ("extra", {"sourceeip": "x"}, "extra.sourceeip", "can't be replaced"),
        ("extra", {"Password": "x"}, "extra.Password", "can't be replaced"),
        ("master_config.billing_spec.extra", {"period": 3}, "master_config.billing_spec.extra.period", "be replaced"),
        ("master_config.data_disk[0].extra", {"Size": 3}, "master_config.data_disk[0].extra.Size", "be replaced"),
    ],
)  # fmt: skip
def test_what_the_newer_revision_can_not_carry_is_named_and_not_dropped(
    path: str, value: Any, field_: str, words: str
) -> None:
    request = changed(cluster(), path, value)
    with pytest.raises(InvalidRequestError) as caught:
        to_wire(request, NEWER)
    assert caught.value.field == field_
    assert words in caught.value.rule
    assert NEWER in caught.value.rule or "extra." in field_
    assert caught.value.outcome == "not_sent"
    assert "passw0rd" not in str(caught.value).lower()
    assert caught.value.__context__ is None  # what was caught on the way may hold more than may be shown
    to_wire(request, OLDER)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("segment", "10.0.0.0/8"),
        ("used_ip_num", 2),
        ("extra", {"New": None}),
    ],
)
def test_no_field_of_an_added_subnet_is_dropped(path: str, value: Any) -> None:
    subnets = [models.ClusterSubnet(subnet_id="a"), models.ClusterSubnet(**{"subnet_id": "b", path: value})]
    request = models.AddClusterSubnetRequest(cluster_id="c", subnets=subnets)
    with pytest.raises(InvalidRequestError) as caught:
        to_wire(request, NEWER)
    assert caught.value.field == f"subnets[1].{path}"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("node_pool_config.auto_scaling.max_replicas", 99),
        ("node_pool_config.auto_scaling.priority", 100),
        ("node_pool_config.auto_scaling.subnet_policy", "random"),
        ("node_pool_config.auto_scaling.scaling_group_id", ""),
        ("master_config.system_disk.disk_feature", "SSD"),
        ("master_config.system_disk.number", 0),
        (f"{POOL}.system_disk.number", 1),
        ("master_config.annotations", {}),
        ("cni.cni_config.flannel_backend_type", "vxlan"),
        ("cni.cni_config.flannel_backend_type", ""),
        ("cni.cni_config.calico_block_size", 0),
        ("cni.cni_config.calico_encapsulation", ""),
        ("cni.cni_config.subnet_list[0].segment", ""),
        ("master_config.subnet_list[0].select_segment", ""),
    ],
)
def test_what_only_says_the_default_may_be_left_out(path: str, value: Any) -> None:
    assert to_wire(changed(cluster(), path, value), NEWER) == to_wire(cluster(), NEWER)


def test_no_word_of_the_older_revision_is_left_in_the_newer() -> None:
    body = json.dumps(to_wire(cluster(), NEWER))
    for name in (
        *("EipId", "SubnetList", "SystemDisk", "DataDisk", "Specifics", "Shell", "Annotations", "AutoScaling"),
        *("BillingMethod", "Duration", "DiskFeature", "DiskSize", "Number", "PoolName", "Flannel", "Calico"),
    ):
        assert f'{name}"' not in body.replace('"MasterNumber"', "")
    assert body.count('"Password"') == 1


def test_undocumented_fields_stand_beside_the_documented_ones_in_each_revision() -> None:
    request = changed(cluster(extra={"New": 1}), "master_config.billing_spec.extra", {"Coupon": "c"})
    request = changed(request, "master_config.data_disk", [
        models.DiskInfo(disk_feature="ssd", disk_size=80, number=2, extra={"Iops": 7}),
    ])  # fmt: skip
    for revision in API_REVISIONS:
        body = to_wire(request, revision)
        assert body["New"] == 1
        assert body["MasterConfig"]["BillingSpec"]["Coupon"] == "c"
    assert to_wire(request, NEWER)["MasterConfig"]["DataVolumes"] == [{"Iops": 7, "Type": "SSD", "Size": 80}] * 2
    assert to_wire(changed(cluster(), "extra", {"SourceEip": "x"}), OLDER)["SourceEip"] == "x"
