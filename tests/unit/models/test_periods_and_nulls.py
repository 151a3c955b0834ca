"""Models by the newest facts of the contract: periods, nulls, zero structs, shapes between the two revisions."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks import models
from cds_eks.codec.deserialize import Unreadable
from cds_eks.codec.hooks import answer_converter
from cds_eks.codec.serialize import to_wire
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.validators import RequiredWhen
from support.contract_files import observed_body

OLDER, NEWER = "2025-09-08", "2025-10-11"
REVISIONS = [OLDER, NEWER]
MONTHS = [*range(1, 13), 24, 36]


def refusal(make: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        make(**given)
    return caught.value.field, caught.value.rule


def billing(method: str, **period: Any) -> models.BillingSpec:
    return models.BillingSpec(auto_renew=0, billing_method=method, is_to_month=0, **period)


def pool_billing(method: str, **period: Any) -> models.NodePoolBillingSpec:
    return models.NodePoolBillingSpec(instance_charge_type=method, **period)


# --- periods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "wire"), [("0", {OLDER: "0", NEWER: "PostPaid"}), ("PostPaid", {OLDER: "0", NEWER: "PostPaid"})]
)
@pytest.mark.parametrize("revision", REVISIONS)
def test_pay_as_you_go_needs_no_period(method: str, wire: dict[str, str], revision: str) -> None:
    names = {OLDER: ("BillingMethod", "Duration"), NEWER: ("InstanceChargeType", "Period")}[revision]
    common = {"AutoRenew": 0, "IsToMonth": 0, names[0]: wire[revision]}
    assert to_wire(billing(method), revision) == common
    for duration in (0, *MONTHS):
        assert to_wire(billing(method, duration=duration), revision) == {**common, names[1]: duration}
    sent = {"InstanceChargeType": "PostPaid"}
    assert to_wire(pool_billing("PostPaid"), revision) == sent
    assert to_wire(pool_billing("PostPaid", period=0), revision) == {**sent, "Period": 0}


@pytest.mark.parametrize("method", ["1", "PrePaid"])
def test_prepaid_needs_a_period_that_is_sold(method: str) -> None:
    for duration in MONTHS:
        assert billing(method, duration=duration).duration == duration
        assert pool_billing("PrePaid", period=duration).period == duration
    among = ", ".join(map(str, MONTHS))
    for spec, name, field in (
        (billing, "billing_method", "duration"),
        (pool_billing, "instance_charge_type", "period"),
    ):
        if spec is pool_billing and method == "1":
            continue
        make: Any = spec
        assert refusal(make, method=method) == (field, f"is required when {name} is {method!r}")
        rule = f"must be one of {among} when {name} is {method!r}; got 0"
        assert refusal(make, method=method, **{field: 0}) == (field, rule)
    assert refusal(pool_billing, method="PrePaid", period=13)[0] == "period"


def test_a_period_that_nobody_sells_is_refused_whatever_the_billing() -> None:
    for method in ("0", "1", "a way of 2030"):
        field, rule = refusal(billing, method=method, duration=13)
        assert field == "duration"
        assert rule.startswith("must be one of 1, 2, 3")
    assert billing("a way of 2030").duration is None


def test_an_error_of_a_period_has_its_full_path() -> None:
    body = observed_body("CreateCluster")
    body["NodePoolConfig"]["NodeConfig"]["BillingSpec"] |= {"BillingMethod": "1", "Duration": 0}
    field, _ = refusal(models.CreateClusterRequest.from_dict, data=body)
    assert field == "node_pool_config.node_config.billing_spec.duration"


def test_a_number_that_is_too_long_to_be_spelt() -> None:
    need = RequiredWhen("method", ("1",), "months", (1, 2))
    assert need.complaint(10**5000, "1") == "must be one of 1, 2 when method is '1'; got a longer number"
    assert need.complaint(10**5000, "0") is need.complaint(2, "1") is None


# --- nulls ------------------------------------------------------------------------------------------------------------


def test_a_null_list_is_an_empty_one() -> None:
    body = observed_body("CreateCluster")
    body["MasterConfig"]["DataDisk"] = None
    body["Cni"]["CniConfig"]["SubnetList"] = None
    request = models.CreateClusterRequest.from_dict(body)
    assert request.master_config.data_disk == []
    assert request.cni.cni_config.subnet_list is None
    assert to_wire(request, OLDER)["MasterConfig"]["DataDisk"] == []
    body["MasterConfig"]["SubnetList"] = None
    assert refusal(models.CreateClusterRequest.from_dict, data=body) == (
        "master_config.subnet_list",
        "must have at least 1 entry; got 0",
    )
    del body["MasterConfig"]["DataDisk"]
    body["MasterConfig"]["SubnetList"] = [{"SubnetId": "s"}]
    assert refusal(models.CreateClusterRequest.from_dict, data=body) == ("master_config.data_disk", "is required")


# --- zero structs -----------------------------------------------------------------------------------------------------

ZERO = {"SubnetId": "", "AvailableZoneId": "", "Segment": "", "SelectSegment": ""}


def read(model: Any, data: Any) -> Any:
    return answer_converter().structure(data, model)


@pytest.mark.parametrize("name", ["MasterSubnet", "WorkerSubnet", "SubnetList"])
@pytest.mark.parametrize(
    ("said", "ids"),
    [
        (ZERO, []),
        ([ZERO], []),
        ({"SubnetId": None}, []),
        ([ZERO, {"SubnetId": "s"}, None, ZERO, {**ZERO, "Segment": "10.0.0.0/8"}], ["s", ""]),
        ({**ZERO, "SubnetId": "s"}, ["s"]),
        (None, []),
    ],
)
def test_a_zero_struct_is_no_subnet(name: str, said: Any, ids: list[str]) -> None:
    detail = read(models.ClusterDetail, {"ClusterId": "c", name: said})
    found = getattr(detail, {"MasterSubnet": "master_subnet", "WorkerSubnet": "worker_subnet"}.get(name, "subnet_list"))
    assert [subnet.subnet_id for subnet in found] == ids


def test_a_zero_struct_does_not_shift_the_index_in_an_error_path() -> None:
    with pytest.raises(Unreadable, match=r"\.MasterSubnet\[2\]\.SubnetId should be a text"):
        read(models.ClusterDetail, {"MasterSubnet": [ZERO, {"SubnetId": "s"}, {"SubnetId": {}, "Segment": "x"}]})


def test_other_empty_entries_are_not_discarded() -> None:
    """Only of subnets it is known that a service says none in this way."""
    pools = read(models.NodePoolList, {"Total": 1, "NodePool": [{"Id": "", "Name": ""}]})
    assert [pool.id for pool in pools.node_pool] == [""]


# --- between the revisions --------------------------------------------------------------------------------------------


def test_answers_of_any_mixture_of_the_revisions_are_read() -> None:
    subnet = {"SubnetId": "s"}
    detail = read(
        models.ClusterDetail,
        {
            "ClusterId": "c",
            "K8SVersion": "v1.30.14",
            "SourceEip": {"EipId": "e", "Ip": "203.0.113.7"},
            "SourceEipId": "e",
            "MasterSubnet": subnet,
            "WorkerSubnet": [subnet],
            "SubnetList": ZERO,
            "CniInfo": {
                "CniType": "flannel",
                "CniConfig": {"FlannelBackendType": "vxlan", "CalicoBlockSize": 0, "SubnetIds": ["s"]},
            },
        },
    )
    assert [each.subnet_id for each in detail.master_subnet + detail.worker_subnet] == ["s", "s"]
    assert detail.subnet_list == []
    assert detail.source_eip.eip_id == "e"
    assert detail.extra == {"SourceEipId": "e"}
    assert detail.k8s_version == "v1.30.14"
    assert (detail.cni_info.cni_config.flannel_backend_type, detail.cni_info.cni_config.calico_block_size) == (
        "vxlan",
        0,
    )
    assert [each.subnet_id for each in detail.cni_info.cni_config.subnet_list] == ["s"]
    older = {"SystemDisk": {"DiskFeature": "ssd"}, "Specifics": [{"ProductName": "p"}], "SubnetList": [subnet]}
    newer = {
        "BillingSpec": {"InstanceChargeType": "PostPaid", "Period": None, "BillingMethod": "0"},
        "SystemVolume": {"Type": "SSD", "Size": "40"},
        "SubnetIds": None,
        "DataVolumes": None,
    }
    config = read(models.NodePool, {"Id": "p", "NodeConfig": {**older, **newer}}).node_config
    assert config.system_volume == models.Volume(type="SSD", size=40)
    assert (config.subnet_ids, config.data_volumes or [], config.password) == ([], [], "")
    assert config.billing_spec.extra == {"BillingMethod": "0"}
    assert config.extra == older


# --- nodes ------------------------------------------------------------------------------------------------------------


def test_what_kinds_and_parts_of_nodes_are_called() -> None:
    assert (models.NodeRole.WORKER, models.NodeRole.MASTER) == ("worker", "master")
    assert (models.NodeType.ECS, models.NodeType.BMS) == ("ecs", "bms")
    assert models.NodeSourceType.OTHER == "other"
    assert {models.NodeStatus.DELETED, models.NodeStatus.FAILED} == {"deleted", "failed"}
    assert models.InstanceType.CPU_COMPUTE_C11_2C4G == "CPU Compute C11.2c4g"
