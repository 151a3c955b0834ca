"""Arguments: which are missing, of another type, out of range or unknown, and ids that are not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .caller import Caller, verdict

pytestmark = pytest.mark.anyio


MISSING = object()


def _put(body: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    target: Any = body
    for name in parents:
        target = target[int(name)] if isinstance(target, list) else target[name]
    if value is MISSING:
        del target[last]
    elif isinstance(target, list):
        target[int(last)] = value
    else:
        target[last] = value


@pytest.mark.parametrize(
    ("path", "value", "code", "named"),
    [
        ("ClusterName", MISSING, "ArgMissing", "ClusterName"),
        ("ClusterName", None, "ArgMissing", "ClusterName"),
        ("K8SVersion", MISSING, "ArgMissing", "K8sVersion"),
        ("Cni.CniType", MISSING, "ArgMissing", "Cni.CniType"),
        ("MasterConfig.DataDisk", MISSING, "ArgMissing", "MasterConfig.DataDisk"),
        ("ClusterName", "", "ArgMissing", "ClusterName"),
        ("ClusterName", "a" * 27, "InvalidParameter", "ClusterName"),
        ("ClusterName", "-a", "InvalidParameter", "ClusterName"),
        ("ClusterName", "a_b", "InvalidParameter", "ClusterName"),
        ("ClusterName", "集群", "InvalidParameter", "ClusterName"),
        ("VpcId", "", "ArgMissing", "VpcId"),
        ("NatId", "", "ArgMissing", "NatId"),
        ("SourceEipId", "", "ArgMissing", "SourceEipId"),
        ("DestinationEipId", "", "ArgMissing", "DestinationEipId"),
        ("Ak", "", "ArgMissing", "Ak"),
        ("MasterConfig.SubnetList.0.SubnetId", "", "ArgMissing", "MasterConfig.SubnetList[0].SubnetId"),
        ("MasterConfig.Specifics.0.ProductName", "", "ArgMissing", "MasterConfig.Specifics[0].ProductName"),
        ("NodePoolConfig.PoolName", "", "ArgMissing", "NodePoolConfig.PoolName"),
        ("NodePoolConfig.PoolName", "a-", "InvalidParameter", "NodePoolConfig.PoolName"),
        *(("MasterNumber", number, "InvalidParameter", "MasterNumber") for number in (-3, 0, 1, 4, 9)),
        ("NodePoolConfig.AutoScaling.MinReplicas", 11, "InvalidParameter", "NodePoolConfig.AutoScaling.MinReplicas"),
        ("NodePoolConfig.NodeType", "bms", "InvalidParameter", "NodePoolConfig.NodeConfig"),
        ("MasterConfig.DataDisk.0.DiskSize", MISSING, "ArgMissing", "MasterConfig.DataDisk[0].DiskSize"),
        ("NodePoolConfig.NodeConfig.Password", MISSING, "ArgMissing", "NodePoolConfig.NodeConfig.Password"),
        ("ClusterName", 1, "InvalidParameter", "ClusterName"),
        ("ClusterName", ["a"], "InvalidParameter", "ClusterName"),
        ("MasterNumber", "3", "InvalidParameter", "MasterNumber"),
        ("MasterNumber", 3.0, "InvalidParameter", "MasterNumber"),
        ("MasterNumber", True, "InvalidParameter", "MasterNumber"),
        ("MasterNumber", 10**30, "InvalidParameter", "MasterNumber"),
        ("MasterNumber", 100, "InvalidParameter", "MasterNumber"),
        ("Cni", [], "InvalidParameter", "Cni"),
        ("Cni", "flannel", "InvalidParameter", "Cni"),
        ("MasterConfig.SubnetList", {}, "InvalidParameter", "MasterConfig.SubnetList"),
        ("MasterConfig.SubnetList.0", None, "InvalidParameter", "MasterConfig.SubnetList[0]"),
        ("MasterConfig.Labels", [], "InvalidParameter", "MasterConfig.Labels"),
        ("MasterConfig.Labels", {"a": 1}, "InvalidParameter", "MasterConfig.Labels"),
        ("MasterConfig.BillingSpec.AutoRenew", 2, "InvalidParameter", "MasterConfig.BillingSpec.AutoRenew"),
        ("MasterConfig.BillingSpec.AutoRenew", False, "InvalidParameter", "MasterConfig.BillingSpec.AutoRenew"),
        ("NodePoolConfig.AutoScaling.Enable", 1, "InvalidParameter", "NodePoolConfig.AutoScaling.Enable"),
        ("NodePoolConfig.Replicas", 100, "InvalidParameter", "NodePoolConfig.Replicas"),
        ("Colour", "red", "InvalidParameter", "Colour"),
        ("Cni.CniConfig.Colour", None, "InvalidParameter", "Cni.CniConfig.Colour"),
        ("clustername", "again", "InvalidParameter", "clustername"),
    ],
)
async def test_fields_are_checked(
    call: Caller, create_cluster_body: dict[str, Any], path: str, value: object, code: str, named: str
) -> None:
    _put(create_cluster_body, path, value)
    response = await call.send("CreateCluster", body=create_cluster_body)
    assert verdict(response) == (400, code)
    assert response.json()["Msg"].startswith(f"{named} ")
    assert call.emulator.ledger.resources == []


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "p", "Replicas": -1}),
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "p", "Replicas": 100}),
        ("AddScalingNode", {"ScalingGroupId": "sg", "AddNum": 0}),
        ("AddScalingNode", {"ScalingGroupId": "sg", "AddNum": -1}),
        ("ListNodes", {"ClusterId": "c", "PageIndex": -1}),
        ("ListNodes", {"ClusterId": "c", "PageSize": -1}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "ten"}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "1.0"}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "٣"}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "9" * 5000}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "9" * 19}),
        ("ListNodes", {"ClusterId": "c", "SchedulableStr": "yes"}),
        ("ListNodes", {"ClusterId": "c", "Colour": "red"}),
    ],
)
async def test_numbers_flags_and_unknown_arguments(call: Caller, action: str, arguments: dict[str, Any]) -> None:
    assert await call.refused(action, **arguments) == (400, "InvalidParameter")


async def test_missing_arguments_of_a_get(call: Caller) -> None:
    assert await call.refused("GetCluster") == (400, "ArgMissing")
    assert await call.refused("GetCluster", ClusterId="") == (404, "ResourceNotFound")


async def test_names_match_whatever_their_case(call: Caller) -> None:
    call.emulator.add_cluster("c")
    assert (await call("GetCluster", clusterid="c"))["ClusterId"] == "c"
    assert (await call("DeleteCluster", CLUSTERID="c"))["ClusterId"] == "c"


async def test_a_lone_surrogate_goes_back_as_it_came(call: Caller) -> None:
    response = await call.send("CreateNetworkInterface", content=rb'{"SubnetId": "s", "NetcardName": "\ud800"}')
    netcard_id = response.json()["Data"]["NetcardId"]
    response = await call.send("DescribeNetworkInterface", {"NetcardId": netcard_id})
    assert json.loads(response.content)["Data"]["NetcardName"] == "\ud800"
    assert json.dumps(call.emulator.ledger.to_plain())


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("GetCluster", {"ClusterId": "x"}),
        ("DeleteCluster", {"ClusterId": "x"}),
        ("GetClusterEvents", {"ClusterId": "x"}),
        ("AddClusterSubnet", {"ClusterId": "x", "SubnetList": []}),
        ("TaskStatus", {"TaskId": "x"}),
        ("ListNodes", {"ClusterId": "x"}),
        ("DeleteNodes", {"ClusterId": "x", "NodeIds": ["n"]}),
        ("DeleteNodes", {"ClusterId": "c", "NodeIds": ["n", "x"]}),
        ("ScalingNodePool", {"ClusterId": "x", "NodePoolId": "p", "Replicas": 1}),
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "x", "Replicas": 1}),
        ("ListNodePool", {"ClusterId": "x"}),
        ("ListNodePool", {"ClusterId": "c", "NodePoolId": "x"}),
        ("DeleteNodePool", {"ClusterId": "c", "NodePoolId": ""}),
        ("DeleteNetworkInterface", {"NetcardId": "x"}),
        ("AttachNetworkInterface", {"EcsId": "x", "NetcardId": "i"}),
        ("AttachNetworkInterface", {"EcsId": "n", "NetcardId": "x"}),
        ("DetachNetworkInterface", {"EcsId": "x", "NetcardId": "i"}),
        ("DescribeNetworkInterface", {"NetcardId": "x"}),
        ("IsAttachedECS", {"NetcardId": "x"}),
        ("QueryEventStatus", {"EventId": "x"}),
        ("DescribeScalingGroup", {"ScalingGroupId": "x"}),
        ("AddScalingNode", {"ScalingGroupId": "x", "AddNum": 1}),
    ],
)
async def test_an_unknown_id_is_not_found(call: Caller, action: str, arguments: dict[str, Any]) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node_pool("c", "p")
    call.emulator.add_node("c", "n")
    call.emulator.add_network_interface("i")
    assert await call.refused(action, **arguments) == (404, "ResourceNotFound")
