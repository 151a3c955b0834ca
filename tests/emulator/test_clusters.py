"""The life of clusters, with everything that belongs to them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock

from .caller import Caller

pytestmark = pytest.mark.anyio

WIRE = (Path(__file__).parent.parent / "contract" / "wire.md").read_text(encoding="utf-8")


def fields_of(shape: str) -> set[str]:
    """Return the fields of an answer shape, as the contract page lists them."""
    match = re.search(rf"^\*\*{shape}\*\*: (.*?)\.$", WIRE, re.MULTILINE | re.DOTALL)
    assert match is not None
    text = match[1].replace("RemovingSize (spelt `RovingSize` on the wire)", "RovingSize")
    for nested in (r"\([^()]*\)", r"\[[^\]]*\]", r"\{[^}]*\}"):
        text = re.sub(nested, "", text)
    return {part.split()[0].strip(":") for part in text.replace("the same and ", "").split(",")}


async def test_the_life_of_a_cluster(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    created = await call("CreateCluster", **create_cluster_body)
    cluster_id, task_id = created["ClusterId"], created["TaskId"]
    assert UUID(cluster_id) != UUID(task_id)

    statuses, node_counts, ready_counts = [], [], []
    for _ in range(0, 301, 10):
        cluster = await call("GetCluster", ClusterId=cluster_id)
        nodes = await call("ListNodes", ClusterId=cluster_id)
        task = await call("TaskStatus", TaskId=task_id)
        assert (cluster["ClusterStatus"], task["TaskStatus"]) in {("creating", "doing"), ("running", "finish")}
        assert {(node["NodeStatus"], node["K8sStatus"]) for node in nodes} <= {
            ("creating", "NotReady"),
            ("running", "Ready"),
        }
        statuses.append(cluster["ClusterStatus"])
        node_counts.append(len(nodes))
        ready_counts.append(sum(node["K8sStatus"] == "Ready" for node in nodes))
        call.advance(10)
    assert statuses == ["creating"] * 30 + ["running"]
    assert (node_counts[5], node_counts[6], node_counts[8], node_counts[-1]) == (0, 1, 3, 4)
    assert node_counts == sorted(node_counts)
    assert ready_counts == sorted(ready_counts)
    assert (ready_counts[11], ready_counts[12], ready_counts[-1]) == (0, 1, 4)
    assert [node["NodeName"] for node in nodes] == [
        "zbh-sdk-test-master-1",
        "zbh-sdk-test-master-2",
        "zbh-sdk-test-master-3",
        "zbh-sdk-test-node-pool-1-1",
    ]
    assert len({node["PrivateIp"] for node in nodes}) == 4
    assert (cluster["NodeSum"], cluster["MasterSum"], cluster["WorkerSum"]) == (4, 3, 1)

    deleted = await call("DeleteCluster", ClusterId=cluster_id)
    assert deleted["ClusterId"] == cluster_id
    assert (await call("GetCluster", ClusterId=cluster_id))["ClusterStatus"] == "deleting"
    assert {node["NodeStatus"] for node in await call("ListNodes", ClusterId=cluster_id)} == {"deleting"}
    call.advance(119)
    assert (await call("TaskStatus", TaskId=deleted["TaskId"]))["TaskStatus"] == "doing"
    call.advance(1)
    assert await call.refused("GetCluster", ClusterId=cluster_id) == (404, "ResourceNotFound")
    assert await call.refused("DeleteCluster", ClusterId=cluster_id) == (404, "ResourceNotFound")
    assert await call("ListClusters") == []
    for each in (task_id, deleted["TaskId"]):
        assert (await call("TaskStatus", TaskId=each))["TaskStatus"] == "finish"
    assert {each.deleted_at for each in call.emulator.ledger.resources} == {call.emulator.clock.now()}


async def test_the_events_of_a_creation(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    created = await call("CreateCluster", **create_cluster_body)
    seen = []
    for _ in range(6):
        events = await call("GetClusterEvents", ClusterId=created["ClusterId"])
        seen.append([(event["SubtaskType"], event["Status"]) for event in events])
        call.advance(60)
    kinds = ["network", "masters", "control_plane", "workers", "addons"]
    assert seen[0] == [("network", "doing")]
    assert seen[1] == [("network", "finish"), ("masters", "doing")]
    assert seen[-1] == [(kind, "finish") for kind in kinds]
    assert [event["SubtaskElapsedTime"] for event in events] == ["60s", "90s", "60s", "75s", "15s"]


async def test_what_a_cluster_tells_of_itself(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body["Cni"]["CniConfig"]["NodePodsNum"] = 0
    created = await call("CreateCluster", **create_cluster_body)
    call.advance(300)
    [summary] = await call("ListClusters")
    detail = await call("GetCluster", ClusterId=created["ClusterId"])
    assert set(summary) == fields_of("ClusterSummary")
    assert set(detail) == fields_of("ClusterSummary") | fields_of("ClusterDetail")
    assert summary.items() <= detail.items()
    assert detail["Ak"] == "ccm-ak"
    assert "ccm-sk" not in str(detail)
    assert "Passw0rd!x" not in str(detail)
    assert detail["K8sVersion"] == "v1.30.14"
    assert detail["CreateTime"] == "2025-10-09 16:53:20"
    assert detail["UpdateTime"] == "2025-10-09 16:58:20"
    assert detail["OsName"] == "eks-Ubuntu22.04-cpu-k8s1.30.14-v1"
    assert detail["SourceEip"] == detail["DestinationEip"]
    assert detail["CniInfo"] == {
        "CniConfig": {
            "FlannelBackendType": "vxlan",
            "CalicoBlockSize": 0,
            "CalicoEncapsulation": "",
            "NodePodsNum": 64,
            "PodCidr": "",
            "SubnetList": [detail["SubnetList"][1]],
        },
        "CniType": "flannel",
        "ProxyConfig": "ipvs",
        "ServiceCidr": "192.168.0.0/16",
    }
    own, pods = "c0ba8808-048f-11f0-a617-3ed2fcc2525f", "SubnetId"
    assert [subnet["SubnetId"] for subnet in detail["SubnetList"]] == [own, pods]
    assert [subnet["SubnetId"] for subnet in detail["MasterSubnet"]] == [own]
    assert [subnet["SubnetId"] for subnet in detail["WorkerSubnet"]] == [own]
    [event, *_] = await call("GetClusterEvents", ClusterId=created["ClusterId"])
    assert set(event) == fields_of("ClusterEvent")


async def test_subnets_are_added_at_once(call: Caller) -> None:
    call.emulator.add_cluster("c")
    subnets = [{"SubnetId": "s", "Segment": "10.1.0.0/16", "UsedIpNum": 2}]
    for _ in range(2):
        answer = await call.answer("AddClusterSubnet", ClusterId="c", SubnetList=subnets)
        assert answer["Data"] is None
    listed = (await call("GetCluster", ClusterId="c"))["SubnetList"]
    assert [(subnet["SubnetId"], subnet["Segment"]) for subnet in listed][1:] == [("s", "10.1.0.0/16")]
    assert await call("DeleteCluster", ClusterId="c")


async def test_clusters_are_listed_by_keyword_and_vpc(call: Caller) -> None:
    for name, vpc_id in (("gpu-1", "a"), ("GPU-2", "b"), ("cpu-1", "a")):
        call.emulator.add_cluster(name=name, vpc_id=vpc_id)

    async def names(**filters: str) -> list[str]:
        answer = await call.answer("ListClusters", **filters)
        assert answer["TotalCount"] == answer["PageSize"] == len(answer["Data"])
        assert answer["PageIndex"] == 1
        return [cluster["ClusterName"] for cluster in answer["Data"]]

    assert await names() == await names(Keyword="", VpcId="") == ["gpu-1", "GPU-2", "cpu-1"]
    assert await names(Keyword="gpu") == ["gpu-1", "GPU-2"]
    assert await names(VpcId="a") == ["gpu-1", "cpu-1"]
    assert await names(Keyword="PU-1", VpcId="a") == ["gpu-1", "cpu-1"]
    assert await names(Keyword="nothing") == []
    call.emulator.add_cluster("The-Id", name="by-id")
    assert await names(Keyword="the-id") == ["by-id"]
    assert await names(Keyword="the-i") == []


async def test_the_same_name_twice_is_two_clusters(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    one, other = [await call("CreateCluster", **create_cluster_body) for _ in range(2)]
    assert one["ClusterId"] != other["ClusterId"]
    assert len(call.emulator.ledger.created("cluster")) == 2


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("DeleteCluster", {}),
        ("AddClusterSubnet", {"SubnetList": []}),
        ("DeleteNodes", {"NodeIds": ["n"]}),
        ("ScalingNodePool", {"NodePoolId": "p", "Replicas": 3}),
        ("DeleteNodePool", {"NodePoolId": "p"}),
    ],
)
async def test_a_busy_cluster_takes_no_other_write(call: Caller, action: str, arguments: dict[str, Any]) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node_pool("c", "p")
    call.emulator.add_node("c", "n")
    await call("ScalingNodePool", ClusterId="c", NodePoolId="p", Replicas=2)
    assert await call.refused(action, ClusterId="c", **arguments) == (409, "ResourceInUse")
    call.advance(60)
    await call.answer(action, ClusterId="c", **arguments)


async def test_a_busy_cluster_takes_no_pool_either(call: Caller, observed: list[dict[str, Any]]) -> None:
    body = next(each["body"] for each in observed if each["query"]["Action"] == "CreateNodePool")
    call.emulator.add_cluster("c", vpc_id=body["VpcId"])
    call.emulator.add_node_pool("c", "p")
    await call("DeleteCluster", ClusterId="c")
    assert await call.refused("CreateNodePool", **body) == (409, "ResourceInUse")
    body["Config"]["Id"] = "p"
    assert await call.refused("UpdateNodePoolConfig", **body) == (409, "ResourceInUse")
    assert await call.refused("DeleteCluster", ClusterId="c") == (409, "ResourceInUse")


async def test_a_cluster_without_workers(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body["NodePoolConfig"]["Replicas"] = 0
    created = await call("CreateCluster", **create_cluster_body)
    call.advance(300)
    assert (await call("GetCluster", ClusterId=created["ClusterId"]))["ClusterStatus"] == "running"
    assert {node["NodeType"] for node in await call("ListNodes", ClusterId=created["ClusterId"])} == {"master"}
    call.emulator.add_cluster("empty", masters=0, workers=0)
    assert await call("ListNodes", ClusterId="empty") == []


async def test_a_big_cluster_is_up_in_the_same_time(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body["MasterNumber"] = 7
    create_cluster_body["NodePoolConfig"]["Replicas"] = 99
    created = await call("CreateCluster", **create_cluster_body)
    call.advance(300)
    answer = await call.answer("ListNodes", ClusterId=created["ClusterId"], Status="Ready")
    assert answer["TotalCount"] == 106


async def test_runs_repeat_themselves(create_cluster_body: dict[str, Any], anyio_backend: str) -> None:
    async def run(seed: int, polls: int) -> list[str]:
        emulator = Emulator(clock=ManualClock(), seed=seed)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
            call = Caller(emulator, client)
            await call("CreateCluster", **create_cluster_body)
            for _ in range(polls):
                call.advance(300 / polls)
                await call("ListClusters")
            return [each.id for each in emulator.ledger.resources]

    assert await run(1, polls=1) == await run(1, polls=8) != await run(2, polls=1)
