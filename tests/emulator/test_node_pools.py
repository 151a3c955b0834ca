"""Node pools, their nodes, and scaling groups."""

from __future__ import annotations

from typing import Any

import pytest

from .caller import Caller
from .test_clusters import fields_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def create_pool_body(observed: list[dict[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = next(each["body"] for each in observed if each["query"]["Action"] == "CreateNodePool")
    return body


async def _pool(call: Caller, node_pool_id: str) -> dict[str, Any]:
    listed = await call("ListNodePool", ClusterId="c", NodePoolId=node_pool_id)
    assert listed["Total"] == 1
    pool: dict[str, Any] = listed["NodePool"][0]
    return pool


async def _counts(call: Caller, node_pool_id: str) -> tuple[str, int, int, int]:
    pool = await _pool(call, node_pool_id)
    return pool["Status"], pool["Replicas"], pool["TotalNodeCount"], pool["AvailableNodeCount"]


async def test_the_life_of_a_pool(call: Caller, create_pool_body: dict[str, Any]) -> None:
    call.emulator.add_cluster("c", name="gpu-1", workers=0, vpc_id="v")
    created = await call("CreateNodePool", **create_pool_body)
    pool_id = created["NodePoolId"]
    assert await _counts(call, pool_id) == ("creating", 3, 1, 0)
    for seconds, total, available in ((10, 2, 0), (10, 3, 0), (40, 3, 1), (10, 3, 2)):
        call.advance(seconds)
        assert await _counts(call, pool_id) == ("creating", 3, total, available)
        assert (await call("TaskStatus", TaskId=created["TaskId"]))["TaskStatus"] == "doing"
    call.advance(10)
    assert await _counts(call, pool_id) == ("running", 3, 3, 3)
    assert await call("TaskStatus", TaskId=created["TaskId"]) == {
        "TaskId": created["TaskId"],
        "TaskStatus": "finish",
        "TaskMsg": "CreateNodePool has finished",
    }
    nodes = await call("ListNodes", ClusterId="c", NodeType="worker", Keyword="ecs-cpu")
    assert [node["NodeName"] for node in nodes] == [f"gpu-1-ecs-cpu-node-pool-{n}" for n in (1, 2, 3)]
    assert {(node["Cpu"], node["Ram"], node["Gpu"], node["GpuType"]) for node in nodes} == {(8, 16, 0, "")}
    assert {node["SubnetId"] for node in nodes} == {"subnet-01", "subnet-02"}
    assert {(node["BillingMethod"], node["Duration"], node["AutoRenew"]) for node in nodes} == {("1", 3, 1)}

    task = await call("DeleteNodePool", ClusterId="c", NodePoolId=pool_id)
    assert await _counts(call, pool_id) == ("deleting", 3, 3, 0)
    call.advance(60)
    assert (await call("TaskStatus", TaskId=task["TaskId"]))["TaskStatus"] == "finish"
    assert await call.refused("ListNodePool", ClusterId="c", NodePoolId=pool_id) == (404, "ResourceNotFound")
    assert await call("ListNodes", ClusterId="c", NodeType="worker") == []
    assert [each.deleted_at for each in call.emulator.ledger.created("node")] == [call.emulator.clock.now()] * 3


async def test_scaling(call: Caller) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node_pool("c", "p", replicas=2)
    task = await call("ScalingNodePool", ClusterId="c", NodePoolId="p", Replicas=4)
    assert await _counts(call, "p") == ("scaling", 4, 3, 2)
    call.advance(69)
    assert await _counts(call, "p") == ("scaling", 4, 4, 3)
    call.advance(1)
    assert await _counts(call, "p") == ("running", 4, 4, 4)
    assert (await call("TaskStatus", TaskId=task["TaskId"]))["TaskStatus"] == "finish"

    await call("ScalingNodePool", ClusterId="c", NodePoolId="p", Replicas=1)
    assert await _counts(call, "p") == ("scaling", 1, 4, 1)
    call.advance(30)
    assert await _counts(call, "p") == ("running", 1, 1, 1)

    task = await call("ScalingNodePool", ClusterId="c", NodePoolId="p", Replicas=1)
    assert (await call("TaskStatus", TaskId=task["TaskId"]))["TaskStatus"] == "finish"
    await call("ScalingNodePool", ClusterId="c", NodePoolId="p", Replicas=0)
    call.advance(30)
    assert await _counts(call, "p") == ("running", 0, 0, 0)
    events = await call("GetClusterEvents", ClusterId="c")
    told = [(event["SubtaskName"], event["SubtaskType"], event["Status"]) for event in events]
    assert told == [("伸缩节点池", "ScalingNodePool", "finish")] * 4


async def test_an_update_changes_name_config_and_size(call: Caller, create_pool_body: dict[str, Any]) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node_pool("c", "p", replicas=1, product="CPU Compute C11.4c8g")
    config = create_pool_body["Config"]
    assert await call.refused("UpdateNodePoolConfig", ClusterId="c", Config=config) == (400, "ArgMissing")
    config["Id"] = ""
    assert await call.refused("UpdateNodePoolConfig", ClusterId="c", Config=config) == (400, "ArgMissing")
    config["Id"] = "x"
    assert await call.refused("UpdateNodePoolConfig", ClusterId="c", Config=config) == (404, "ResourceNotFound")
    config |= {"Id": "p", "Name": "renamed", "Replicas": 2}
    config["NodeConfig"]["InstanceTypeIds"] = ["Inference gch c8 nr4.16c64g1gpu"]
    task = await call("UpdateNodePoolConfig", ClusterId="c", VpcId="v", Config=config)
    assert set(task) == {"TaskId"}
    call.advance(60)
    pool = await _pool(call, "p")
    assert (pool["Name"], pool["Replicas"], pool["AvailableNodeCount"]) == ("renamed", 2, 2)
    *_, old, new = await call("ListNodes", ClusterId="c")
    assert (old["Cpu"], old["Gpu"]) == (4, 0)
    assert (new["Cpu"], new["Ram"], new["Gpu"], new["FamilyName"]) == (16, 64, 1, "Inference gch c8 nr4")
    assert new["GpuType"]
    config["Name"] = ""
    await call("UpdateNodePoolConfig", ClusterId="c", Config=config)
    assert (await _pool(call, "p"))["Name"] == "renamed"


async def test_what_a_pool_tells_of_itself(call: Caller, create_pool_body: dict[str, Any]) -> None:
    call.emulator.add_cluster("c", vpc_id="v")
    created = await call("CreateNodePool", **create_pool_body)
    pool = await _pool(call, created["NodePoolId"])
    assert set(pool) == fields_of("NodePool")
    config = create_pool_body["Config"]["NodeConfig"]
    del config["Password"]
    assert pool["NodeConfig"] == config
    [node, *_] = await call("ListNodes", ClusterId="c")
    assert set(node) == fields_of("Node")


async def test_the_first_pool_is_told_under_the_names_of_the_others(
    call: Caller, create_cluster_body: dict[str, Any]
) -> None:
    config = create_cluster_body["NodePoolConfig"]["NodeConfig"]
    config["DataDisk"] = [{"DiskFeature": "ssd", "DiskSize": 80, "Number": 2}, {"DiskFeature": "ssd", "DiskSize": 160}]
    config["Shell"] = "echo done"
    config["Labels"] = {"team": "a"}
    config["BillingSpec"] = {"BillingMethod": "1", "Duration": 12, "IsToMonth": 1, "AutoRenew": 1}
    created = await call("CreateCluster", **create_cluster_body)
    [pool] = (await call("ListNodePool", ClusterId=created["ClusterId"]))["NodePool"]
    assert pool["Name"] == "node-pool-1"
    assert "ScalingGroupId" not in pool
    assert pool["NodeConfig"] == {
        "BillingSpec": {"InstanceChargeType": "PrePaid", "Period": 12, "IsToMonth": 1, "AutoRenew": 1},
        "SystemVolume": {"Type": "SSD", "Size": 40},
        "DataVolumes": [{"Type": "SSD", "Size": 80}, {"Type": "SSD", "Size": 80}, {"Type": "SSD", "Size": 160}],
        "OsImageName": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
        "SubnetIds": ["c0ba8808-048f-11f0-a617-3ed2fcc2525f"],
        "InstanceTypeIds": ["Optimized M6,2,4,0"],
        "ExecCommand": "echo done",
        "Labels": {"team": "a"},
    }


async def test_pools_are_listed_by_name(call: Caller) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node_pool("c", "p-Id", name="GPU-pool")
    listed = await call("ListNodePool", ClusterId="c")
    assert [pool["Name"] for pool in listed["NodePool"]] == ["node-pool-1", "GPU-pool"]
    assert listed["Total"] == 2
    assert [pool["Id"] for pool in (await call("ListNodePool", ClusterId="c", Filter="gpu"))["NodePool"]] == ["p-Id"]
    assert [pool["Id"] for pool in (await call("ListNodePool", ClusterId="c", Filter="-id"))["NodePool"]] == ["p-Id"]
    empty = {"Total": 0, "NodePool": []}
    assert await call("ListNodePool", ClusterId="c", NodePoolId="p-Id", Filter="node") == empty


async def test_deleting_nodes(call: Caller) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node_pool("c", "p", replicas=2)
    call.emulator.add_node("c", "n", node_pool_id="p")
    task = await call("DeleteNodes", ClusterId="c", NodeIds=["n", "n"])
    assert [node["NodeId"] for node in await call("ListNodes", ClusterId="c", NodeStatus="deleting")] == ["n"]
    assert await _counts(call, "p") == ("running", 2, 3, 2)
    call.advance(59)
    assert (await call("TaskStatus", TaskId=task["TaskId"]))["TaskStatus"] == "doing"
    call.advance(1)
    assert await _counts(call, "p") == ("running", 2, 2, 2)
    assert await call.refused("DeleteNodes", ClusterId="c", NodeIds=["n"]) == (404, "ResourceNotFound")
    assert await call.refused("DeleteNodes", ClusterId="c", NodeIds=[]) == (400, "ArgMissing")
    [master, *_] = await call("ListNodes", ClusterId="c", Keyword="master")
    refused = await call.refused("DeleteNodes", ClusterId="c", NodeIds=[master["NodeId"]])
    assert refused == (412, "PreconditionFailed")


async def test_names_of_nodes_are_not_used_again(call: Caller) -> None:
    call.emulator.add_cluster("c", name="a", workers=0)
    call.emulator.add_node_pool("c", "p", name="b", replicas=2)
    for replicas in (1, 2):
        await call("ScalingNodePool", ClusterId="c", NodePoolId="p", Replicas=replicas)
        call.advance(60)
    nodes = await call("ListNodes", ClusterId="c", Keyword="a-b")
    assert [node["NodeName"] for node in nodes] == ["a-b-1", "a-b-3"]


async def test_nodes_are_paged_and_filtered(call: Caller) -> None:
    call.emulator.add_cluster("c", name="a", workers=20)
    call.emulator.add_node_pool("c", "p", name="metal", node_type="bms", replicas=2)
    call.emulator.add_node("c", "broken", node_pool_id="p", status="error")

    async def page(**arguments: Any) -> tuple[list[str], int, int, int]:
        answer = await call.answer("ListNodes", ClusterId="c", **arguments)
        names = [node["NodeName"] for node in answer["Data"]]
        return names, answer["TotalCount"], answer["PageIndex"], answer["PageSize"]

    every = (await page(PageSize=100))[0]
    assert len(every) == len(set(every)) == 26
    assert await page() == (every[:10], 26, 1, 10)
    assert await page(PageIndex=3) == (every[20:], 26, 3, 10)
    assert await page(PageIndex=4) == ([], 26, 4, 10)
    assert await page(PageIndex=2, PageSize=7) == (every[7:14], 26, 2, 7)
    for unset in ("", 0):
        assert await page(PageIndex=unset, PageSize=unset) == (every[:10], 26, 1, 10)
    assert await page(PageIndex=0, PageSize=7) == (every[:7], 26, 1, 7)
    assert await page(PageIndex=2, PageSize=0) == (every[10:20], 26, 2, 10)
    for filters, total in (
        ({"NodeStatus": "error"}, 1),
        ({"NodeStatus": "running"}, 25),
        ({"NodeType": "worker"}, 23),
        ({"NodeType": "master"}, 3),
        ({"NodeType": "bms"}, 0),
        ({"SchedulableStr": "1"}, 22),
        ({"SchedulableStr": "0"}, 4),
        ({"Status": "Ready"}, 25),
        ({"Status": "NotReady"}, 1),
        ({"Status": "error"}, 0),
        ({"Keyword": "METAL"}, 3),
        ({"Keyword": "broken"}, 1),
        ({"Keyword": "10.0.0."}, 0),
        ({"Keyword": "metal", "NodeStatus": "running"}, 2),
        ({"Keyword": "nothing"}, 0),
    ):
        assert (await page(**filters))[1] == total, filters


async def test_the_scaling_group_of_a_pool(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    scaling = create_cluster_body["NodePoolConfig"]["AutoScaling"]
    scaling |= {"Enable": True, "MinReplicas": 1, "MaxReplicas": 4}
    created = await call("CreateCluster", **create_cluster_body)
    [pool] = (await call("ListNodePool", ClusterId=created["ClusterId"]))["NodePool"]
    group_id = pool["ScalingGroupId"]
    assert await call.refused("AddScalingNode", ScalingGroupId=group_id, AddNum=1) == (409, "ResourceInUse")
    call.advance(300)

    async def sizes() -> tuple[int, ...]:
        group = await call("DescribeScalingGroup", ScalingGroupId=group_id)
        names = ("ActivitySize", "PendingSize", "RovingSize", "TotalScalingSize")
        return tuple(group[name] for name in names)

    group = await call("DescribeScalingGroup", ScalingGroupId=group_id)
    assert set(group) == fields_of("ScalingGroup")
    assert (group["Cpu"], group["Ram"], group["MinSize"], group["MaxSize"]) == (2, 4, 1, 4)
    assert await sizes() == (1, 0, 0, 1)
    for replicas in (2, 3):
        task = await call("AddScalingNode", ScalingGroupId=group_id, AddNum=1)
        assert await sizes() == (replicas - 1, 1, 0, replicas)
        call.advance(60)
        assert (await call("TaskStatus", TaskId=task["TaskId"]))["TaskStatus"] == "finish"
    assert await call.refused("AddScalingNode", ScalingGroupId=group_id, AddNum=2) == (400, "InvalidParameter")
    await call("ScalingNodePool", ClusterId=created["ClusterId"], NodePoolId=pool["Id"], Replicas=1)
    assert await sizes() == (1, 0, 2, 1)
    call.advance(30)
    await call("DeleteCluster", ClusterId=created["ClusterId"])
    call.advance(120)
    assert await call.refused("DescribeScalingGroup", ScalingGroupId=group_id) == (404, "ResourceNotFound")


async def test_a_scaling_group_can_bring_its_id(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body["NodePoolConfig"]["AutoScaling"]["ScalingGroupId"] = "sg"
    await call("CreateCluster", **create_cluster_body)
    assert (await call("DescribeScalingGroup", ScalingGroupId="sg"))["ScalingGroupId"] == "sg"
    assert await call.refused("CreateCluster", **create_cluster_body) == (409, "ResourceInUse")
    assert len(call.emulator.ledger.created("cluster")) == 1
    assert [each.id for each in call.emulator.ledger.created("scaling_group")] == ["sg"]
