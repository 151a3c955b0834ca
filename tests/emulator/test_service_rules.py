"""What the service takes and refuses, and what it tells, by the last section of the contract page."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock
from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.emulator.protocol.envelope import STATUSES

from .caller import Caller, verdict
from .test_life import CREATES, POOL, WIRE

pytestmark = pytest.mark.anyio

OLDER, NEWER = REVISIONS
Body = dict[str, Any]


# --- requests that the service takes ----------------------------------------------------------------------------------


def changed(body: Body, path: str, value: object) -> Body:
    body = json.loads(json.dumps(body))  # by way of JSON, which parts what two fields share
    place = body
    *above, name = path.split(".")
    for step in above:
        place = place[step]
    place[name] = value
    return body


async def _zero_page(call: Caller) -> None:
    call.emulator.add_cluster("c", workers=20)
    answer = await call.answer("ListNodes", ClusterId="c", PageIndex=0, PageSize=0)
    assert (len(answer["Data"]), answer["TotalCount"], answer["PageIndex"], answer["PageSize"]) == (10, 23, 1, 10)


async def _roles(call: Caller) -> None:
    call.emulator.add_cluster("c", workers=2)
    found = {role: await call("ListNodes", ClusterId="c", NodeType=role) for role in ("worker", "master")}
    assert {role: len(nodes) for role, nodes in found.items()} == {"worker": 2, "master": 3}
    assert all(node["NodeType"] == role for role, nodes in found.items() for node in nodes)
    cluster = await call("GetCluster", ClusterId="c")
    assert (cluster["NodeSum"], cluster["WorkerSum"], cluster["MasterSum"]) == (5, 2, 3)


async def _whole_id(call: Caller) -> None:
    cluster_id = call.emulator.add_cluster()
    call.emulator.add_cluster()
    assert [each["ClusterId"] for each in await call("ListClusters", Keyword=cluster_id)] == [cluster_id]
    assert await call("ListClusters", Keyword=cluster_id[:8]) == []


async def _part_of_a_pool_id(call: Caller) -> None:
    cluster_id = call.emulator.add_cluster()
    pool_id = call.emulator.add_node_pool(cluster_id)
    found = await call("ListNodePool", ClusterId=cluster_id, Filter=pool_id[4:14])
    assert [pool["Id"] for pool in found["NodePool"]] == [pool_id]


async def _null_disks(call: Caller) -> None:
    choices: list[list[Body] | None] = [None, []]
    for disks in choices:
        body = changed(CREATES[OLDER], "MasterConfig.DataDisk", disks)
        assert (await call("CreateCluster", **body))["ClusterId"]


async def _what_one_cni_has(call: Caller) -> None:
    body = changed(CREATES[OLDER], "Cni.CniConfig.CalicoBlockSize", 26)
    body["Cni"]["CniConfig"]["CalicoEncapsulation"] = "IPIP"
    created = await call("CreateCluster", **body)
    config = (await call("GetCluster", ClusterId=created["ClusterId"]))["CniInfo"]["CniConfig"]
    assert config["FlannelBackendType"] == "vxlan"
    assert (config["CalicoBlockSize"], config["CalicoEncapsulation"]) == (26, "IPIP")
    created = await call("CreateCluster", **CREATES[NEWER])
    config = (await call("GetCluster", ClusterId=created["ClusterId"]))["CniInfo"]["CniConfig"]
    assert set(config) == {"NodePodsNum", "PodCidr", "SubnetList"}


async def _no_period(call: Caller) -> None:
    for revision, name in ((OLDER, "Duration"), (NEWER, "Period")):
        billing = copy.deepcopy(CREATES[revision]["MasterConfig"]["BillingSpec"])
        assert billing[name] == 0
        await call("CreateCluster", **CREATES[revision])
        del billing[name]
        await call("CreateCluster", **changed(CREATES[revision], "MasterConfig.BillingSpec", billing))


@pytest.mark.parametrize(
    "check",
    [_zero_page, _roles, _whole_id, _part_of_a_pool_id, _null_disks, _what_one_cni_has, _no_period],
    ids=lambda each: each.__name__.strip("_"),
)
async def test_requests_that_the_service_takes(call: Caller, check: Callable[[Caller], Any]) -> None:
    """The rest of them, a `+` for a space and a slash at the end of the path, are in test_auth."""
    await check(call)


# --- and that it refuses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize(
    ("path", "value", "code", "named"),
    [
        ("ClusterName", "", "ArgMissing", "ClusterName is empty"),
        ("ClusterName", "gpu_1", "InvalidParameter", "ClusterName must have 1 to 26 letters"),
        ("ClusterName", "gpu\n", "InvalidParameter", "ClusterName must have 1 to 26 letters"),
        ("VpcId", "", "ArgMissing", "VpcId is empty"),
        ("NatId", "", "ArgMissing", "NatId is empty, and so is SlbId"),
        ("MasterNumber", 4, "InvalidParameter", "MasterNumber must be one of 3, 5, 7"),
        ("MasterConfig.BillingSpec", "prepaid without a period", "InvalidParameter", "must be from 1 to 12, 24 or 36"),
        ("NodePoolConfig.NodeType", "bms", "InvalidParameter", "NodePoolConfig.NodeConfig must name types with GPUs"),
    ],
)
async def test_a_cluster_that_is_refused(
    call: Caller, revision: str, path: str, value: str, code: str, named: str
) -> None:
    body = changed(CREATES[revision], path, value)
    if path.endswith("BillingSpec"):
        common = {"IsToMonth": 0, "AutoRenew": 0}
        older, newer = {"BillingMethod": "1", "Duration": 13}, {"InstanceChargeType": "PrePaid"}
        body["MasterConfig"]["BillingSpec"] = common | (older if revision == OLDER else newer)
    answer = await call.send("CreateCluster", body=body)
    assert verdict(answer) == (400, code)
    assert named in answer.json()["Msg"]
    assert call.emulator.ledger.resources == []


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"MinReplicas": 3, "MaxReplicas": 2}, True),
        ({"MinReplicas": 3, "MaxReplicas": 2, "Enable": True}, True),
        ({"MinReplicas": 0, "MaxReplicas": 2, "Enable": True}, True),
        ({"MinReplicas": 1, "MaxReplicas": 100, "Enable": True}, True),
        ({"MinReplicas": 2, "MaxReplicas": 2, "Enable": True}, False),
        ({"MinReplicas": 0, "MaxReplicas": 0}, False),
    ],
)
async def test_the_bounds_of_a_pool(call: Caller, changes: Body, refused: bool) -> None:
    scaling = CREATES[OLDER]["NodePoolConfig"]["AutoScaling"] | changes
    body = changed(CREATES[OLDER], "NodePoolConfig.AutoScaling", scaling)
    expected = (400, "InvalidParameter") if refused else (200, "Success")
    assert verdict(await call.send("CreateCluster", body=body)) == expected


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"VpcId": "another"}, 403, "InvalidOperation.VpcMismatch"),
        ({"VpcId": ""}, 400, "ArgMissing"),
        ({"Config.Name": ""}, 400, "ArgMissing"),
        ({"Config.Name": "a b"}, 400, "InvalidParameter"),
        ({"Config.NodeConfig.SubnetIds": ["s-1", ""]}, 400, "ArgMissing"),
        ({"Config.NodeConfig.InstanceTypeIds": [""]}, 400, "ArgMissing"),
        ({"Config.NodeType": "bms", "Config.NodeConfig.InstanceTypeIds": ["CPU Compute C11.8c16g"]}, 400, "Invalid"),
        ({"Config.NodeType": "bms"}, 200, "Success"),
        ({"Config.NodeType": "bms", "Config.NodeConfig.InstanceTypeIds": ["a type to come"]}, 200, "Success"),
        ({"Config.NodeConfig.BillingSpec": {"InstanceChargeType": "PrePaid", "Period": 0}}, 400, "InvalidParameter"),
        ({"Config.NodeConfig.BillingSpec": {"InstanceChargeType": "PrePaid", "Period": 36}}, 200, "Success"),
        ({"ClusterId": ""}, 404, "ResourceNotFound"),
    ],
)
async def test_a_pool(call: Caller, changes: Body, status: int, code: str) -> None:
    call.emulator.add_cluster("c", vpc_id="v")
    body: Body = {"ClusterId": "c", "VpcId": "v", "Config": POOL}
    for path, value in changes.items():
        body = changed(body, path, value)
    answer = await call.send("CreateNodePool", body=body)
    assert (answer.status_code, answer.json()["Code"].startswith(code)) == (status, True), answer.text
    assert bool(call.emulator.ledger.created("node_pool")) == (status == 200)


async def test_the_subnets_of_a_pool_are_in_one_zone(call: Caller) -> None:
    subnets = [{"SubnetId": f"s-{number}", "AvailableZoneId": f"zone-{number}"} for number in (1, 2)]
    body = changed(CREATES[OLDER], "NodePoolConfig.NodeConfig.SubnetList", subnets)
    assert await call.refused("CreateCluster", **body) == (403, "InvalidOperation.AzMismatch")
    body = changed(CREATES[OLDER], "NodePoolConfig.NodeConfig.SubnetList", subnets[1:])
    body["MasterConfig"]["SubnetList"] = subnets[:1]  # those of a cluster may be in several
    created = await call("CreateCluster", **body)
    call.advance(300)
    nodes = await call("ListNodes", ClusterId=created["ClusterId"])
    assert {(node["NodeType"], node["AzId"]) for node in nodes} == {("master", "zone-1"), ("worker", "zone-2")}
    [pool] = (await call("ListNodePool", ClusterId=created["ClusterId"]))["NodePool"]
    assert pool["AvailableZoneId"] == "zone-2"


async def test_other_empty_ids(call: Caller) -> None:
    call.emulator.add_cluster("c")
    assert await call.refused("CreateNetworkInterface", SubnetId="") == (400, "ArgMissing")
    for subnets in ({"SubnetList": [{"SubnetId": ""}]}, {"SubnetIds": [""]}):
        assert await call.refused("AddClusterSubnet", ClusterId="c", **subnets) == (400, "ArgMissing")


async def test_a_zero_struct_is_no_subnet_of_pods(call: Caller) -> None:
    zero = dict.fromkeys(("SubnetId", "AvailableZoneId", "Segment", "SelectSegment"), "")
    created = await call("CreateCluster", **changed(CREATES[OLDER], "Cni.CniConfig.SubnetList", [zero]))
    detail = await call("GetCluster", ClusterId=created["ClusterId"])
    assert detail["CniInfo"]["CniConfig"]["SubnetList"] == []


def test_every_code_is_one_that_is_known() -> None:
    known = set(re.findall(r"`([A-Z]\w+(?:\.\w+)?)`", WIRE)) | {"InvalidOperation.AzMismatch"}
    assert "`.AzMismatch`" in WIRE
    assert set(STATUSES) <= known


# --- what it tells ----------------------------------------------------------------------------------------------------


async def test_addresses_are_told_where_there_are_some(call: Caller) -> None:
    behind_both = await call("CreateCluster", **CREATES[OLDER] | {"SlbId": "slb-1"})
    behind_slb = await call("CreateCluster", **CREATES[OLDER] | {"SlbId": "slb-1", "NatId": "", "SourceEipId": ""})
    by_address = await call("CreateCluster", **CREATES[NEWER])
    closed = call.emulator.add_cluster(nat_id="", destination_eip_id="")
    told = {}
    for cluster_id in (behind_both["ClusterId"], behind_slb["ClusterId"], by_address["ClusterId"], closed):
        detail = await call("GetCluster", ClusterId=cluster_id)
        assert detail["ClusterIp"] == detail["DestinationEip"]["Ip"]
        assert bool(detail["Vip"]) == bool(detail["VipId"]) == bool(detail["NatName"]) == bool(detail["NatId"])
        told[cluster_id] = detail
    assert [bool(each["ClusterIp"]) for each in told.values()] == [True, True, True, False]
    assert [bool(each["Vip"]) for each in told.values()] == [True, False, True, False]
    assert [each["SlbId"] for each in told.values()] == ["slb-1", "slb-1", "", ""]
    assert told[by_address["ClusterId"]]["ClusterIp"] == "203.0.113.7"
    assert told[behind_both["ClusterId"]]["ClusterIp"] != told[behind_both["ClusterId"]]["Vip"]


async def test_what_a_node_tells(call: Caller) -> None:
    created = await call("CreateCluster", **CREATES[OLDER])
    pool_id = call.emulator.add_node_pool(created["ClusterId"], name="metal", node_type="bms")
    call.advance(300)
    nodes = await call("ListNodes", ClusterId=created["ClusterId"])
    assert all(re.fullmatch(r"eks-[a-z0-9]{16}", node["NodeId"]) for node in nodes)
    assert {(node["NodeType"], node["SourceType"]) for node in nodes} == {
        ("master", "ecs"),
        ("worker", "ecs"),
        ("worker", "bms"),
    }
    for part in (nodes[0]["NodeId"][4:12], nodes[0]["NodeId"]):
        assert await call("ListNodes", ClusterId=created["ClusterId"], Keyword=part) == nodes[:1]
    [pool] = (await call("ListNodePool", ClusterId=created["ClusterId"], NodePoolId=pool_id))["NodePool"]
    assert pool["NodeType"] == "bms"
    events = await call("GetClusterEvents", ClusterId=created["ClusterId"])
    assert all(re.search("[\u4e00-\u9fff]", event["SubtaskName"]) for event in events)


async def test_how_many_addresses_of_a_subnet_are_to_be_used(call: Caller) -> None:
    call.emulator.add_cluster("c")
    for segment, number, expected in (
        ("10.1.0.0/28", 17, (400, "InvalidParameter")),
        ("10.1.0.0/28", 16, (200, "Success")),
        ("", 99, (200, "Success")),
        ("not a range", 99, (200, "Success")),
    ):
        subnet = {"SubnetId": f"s-{number}", "Segment": segment, "UsedIpNum": number}
        answer = await call.send("AddClusterSubnet", body={"ClusterId": "c", "SubnetList": [subnet]})
        assert verdict(answer) == expected
    detail = await call("GetCluster", ClusterId="c")
    assert [each["SubnetId"] for each in detail["CniInfo"]["CniConfig"]["SubnetList"]] == ["s-16", "s-99"]
    assert [each["SubnetId"] for each in detail["SubnetList"]][1:] == ["s-16", "s-99"]


async def test_subnets_as_objects_where_that_is_asked_for(anyio_backend: str) -> None:
    for revision in (None, OLDER):
        emulator = Emulator(clock=ManualClock(), api_revision=revision, subnets_as_objects=True)
        transport = httpx.ASGITransport(app=emulator)
        async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
            call = Caller(emulator, client)
            created = await call("CreateCluster", **CREATES[OLDER])
            detail = await call("GetCluster", ClusterId=created["ClusterId"])
            for name in ("MasterSubnet", "WorkerSubnet", "SubnetList"):
                assert detail[name]["SubnetId"] == "s-1"
            assert detail["CniInfo"]["CniConfig"]["SubnetList"] == []
            body = changed(CREATES[OLDER], "MasterConfig.SubnetList", None)
            created = await call("CreateCluster", **body)
            detail = await call("GetCluster", ClusterId=created["ClusterId"])
            assert set(detail["MasterSubnet"].values()) == {""}
    with pytest.raises(ValueError, match="subnets_as_objects is a form of 2025-09-08"):
        Emulator(api_revision=NEWER, subnets_as_objects=True)
