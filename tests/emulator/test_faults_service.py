"""Faults of the service itself: stale reads, tasks that fail or never end, pages that move."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks.emulator import Fault

from .caller import Caller

pytestmark = pytest.mark.anyio


async def created(call: Caller, body: dict[str, Any], *faults: Fault) -> dict[str, Any]:
    for fault in faults:
        call.emulator.faults.add(fault)
    data: dict[str, Any] = await call("CreateCluster", **body)
    assert call.emulator.ledger.requests[-1].fault == faults[0].kind
    assert call.emulator.ledger.requests[-1].committed
    return data


async def task_of(call: Caller, data: dict[str, Any]) -> tuple[str, str]:
    task = await call("TaskStatus", TaskId=data["TaskId"])
    return task["TaskStatus"], task["TaskMsg"]


async def test_a_stale_list(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    data = await created(call, create_cluster_body, Fault("stale", seconds=40, count=1))
    assert len(call.emulator.ledger.created("cluster")) == 1
    for _ in range(2):
        assert await call("ListClusters") == []
        assert await call.refused("GetCluster", ClusterId=data["ClusterId"]) == (404, "ResourceNotFound")
        assert await task_of(call, data) == ("doing", "CreateCluster is under way")
        call.advance(20)
    assert [each["ClusterId"] for each in await call("ListClusters")] == [data["ClusterId"]]
    assert (await call("GetCluster", ClusterId=data["ClusterId"]))["ClusterStatus"] == "creating"


@pytest.mark.parametrize(
    ("fault", "seconds", "events", "nodes"),
    [
        (Fault("task_fails", steps=0), 0, ["error"], []),
        (Fault("task_fails", steps=1), 60, ["finish", "error"], ["error"]),
        (Fault("task_fails", steps=2, message="no machines left"), 150, ["finish"] * 2 + ["error"], ["running"] * 3),
        (Fault("task_fails", steps=5), 300, ["finish"] * 4 + ["error"], ["running"] * 4),
        (Fault("task_fails", steps=99), 300, ["finish"] * 4 + ["error"], ["running"] * 4),
        (Fault("task_fails"), 300, ["finish"] * 4 + ["error"], ["running"] * 4),
        (Fault("task_fails", seconds=65), 65, ["finish", "error"], ["error"]),
        (Fault("task_fails", seconds=9999), 300, ["finish"] * 4 + ["error"], ["running"] * 4),
    ],
)
async def test_a_cluster_that_fails(
    call: Caller, create_cluster_body: dict[str, Any], fault: Fault, seconds: float, events: list[str], nodes: list[str]
) -> None:
    data = await created(call, create_cluster_body, fault)
    if seconds:
        call.advance(seconds - 1)
        assert (await task_of(call, data))[0] == "doing"
        assert (await call("GetCluster", ClusterId=data["ClusterId"]))["ClusterStatus"] == "creating"
        call.advance(1)
    message = fault.message or "CreateCluster has failed: a fault of the emulator"
    for _ in range(2):
        assert await task_of(call, data) == ("error", message)
        cluster = await call("GetCluster", ClusterId=data["ClusterId"])
        assert (cluster["ClusterStatus"], cluster["NodeSum"]) == ("error", len(nodes))
        listed = await call("GetClusterEvents", ClusterId=data["ClusterId"])
        assert [each["Status"] for each in listed] == events
        assert listed[-1]["ErrorInfo"] == message
        got = await call("ListNodes", ClusterId=data["ClusterId"])
        assert [each["NodeStatus"] for each in got] == nodes
        [pool] = (await call("ListNodePool", ClusterId=data["ClusterId"]))["NodePool"]
        assert pool["Status"] == "error"
        call.advance(1000)
    call.emulator.faults.clear()
    await call("DeleteCluster", ClusterId=data["ClusterId"])
    call.advance(120)
    assert await call("ListClusters") == []
    assert all(each.deleted_at for each in call.emulator.ledger.resources)


async def test_a_cluster_that_is_never_done(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    data = await created(call, create_cluster_body, Fault("task_never_ends"))
    call.advance(100_000)
    assert (await task_of(call, data))[0] == "doing"
    cluster = await call("GetCluster", ClusterId=data["ClusterId"])
    assert (cluster["ClusterStatus"], cluster["NodeSum"]) == ("creating", 4)
    assert await call.refused("DeleteCluster", ClusterId=data["ClusterId"]) == (409, "ResourceInUse")


async def test_a_cluster_that_stands_still_early(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    data = await created(call, create_cluster_body, Fault("task_never_ends", steps=1))
    call.advance(100_000)
    assert (await task_of(call, data))[0] == "doing"
    assert [each["NodeStatus"] for each in await call("ListNodes", ClusterId=data["ClusterId"])] == ["creating"]
    assert len(await call("GetClusterEvents", ClusterId=data["ClusterId"])) == 2


async def test_other_tasks_that_fail(call: Caller) -> None:
    emulator = call.emulator
    emulator.add_cluster("other")
    emulator.add_cluster("c")
    pool_id = emulator.add_node_pool("c", replicas=2)
    emulator.faults.add(Fault("task_fails", "ScalingNodePoolNum", steps=1, count=2))
    emulator.faults.add(Fault("task_fails", "DeleteCluster", seconds=10, count=1))
    data = await call("ScalingNodePool", ClusterId="c", NodePoolId=pool_id, Replicas=1)
    call.advance(30)
    assert (await task_of(call, data))[0] == "error"
    [pool] = (await call("ListNodePool", ClusterId="c", NodePoolId=pool_id))["NodePool"]
    assert (pool["Status"], pool["TotalNodeCount"], pool["AvailableNodeCount"]) == ("error", 2, 1)
    assert (await call("GetCluster", ClusterId="c"))["ClusterStatus"] == "running"
    # With nothing to do, a task has ended at once: it has failed at once, then.
    same = await call("ScalingNodePool", ClusterId="c", NodePoolId=pool_id, Replicas=2)
    assert (await task_of(call, same))[0] == "error"
    data = await call("DeleteCluster", ClusterId="c")
    call.advance(10)
    assert (await task_of(call, data))[0] == "error"
    call.advance(1000)
    assert (await call("GetCluster", ClusterId="c"))["ClusterStatus"] == "error"
    await call("DeleteCluster", ClusterId="c")
    call.advance(120)
    assert [each["ClusterId"] for each in await call("ListClusters")] == ["other"]


async def test_a_task_with_nothing_to_do_that_never_ends(call: Caller) -> None:
    call.emulator.add_cluster("c")
    pool_id = call.emulator.add_node_pool("c", replicas=2)
    call.emulator.faults.add(Fault("task_never_ends"))
    data = await call("ScalingNodePool", ClusterId="c", NodePoolId=pool_id, Replicas=2)
    call.advance(1000)
    assert (await task_of(call, data))[0] == "doing"


async def event_status(call: Caller, data: dict[str, Any]) -> str:
    event = await call("QueryEventStatus", EventId=data["EventId"])
    assert event["TaskList"][0]["Status"] == event["EventStatus"]
    status: str = event["EventStatus"]
    return status


async def test_events_that_fail(call: Caller) -> None:
    emulator = call.emulator
    ecs_id = emulator.add_machine()
    emulator.faults.add(Fault("task_fails", "CreateNetworkInterface"))
    emulator.faults.add(Fault("task_fails", "AttachNetworkInterface", seconds=3, count=1))
    data = await call("CreateNetworkInterface", SubnetId="s")
    assert await event_status(call, data) == "doing"
    call.advance(5)
    assert await event_status(call, data) == "failed"
    interface = await call("DescribeNetworkInterface", NetcardId=data["NetcardId"])
    assert interface["IsValid"] is False
    where = {"EcsId": ecs_id, "NetcardId": data["NetcardId"]}
    attached = await call("AttachNetworkInterface", **where)
    call.advance(3)
    assert await event_status(call, attached) == "failed"
    call.advance(60)
    assert await call("IsAttachedECS", NetcardId=data["NetcardId"]) == {"Attached": False}
    await call("AttachNetworkInterface", **where)
    call.advance(10)
    assert await call("IsAttachedECS", NetcardId=data["NetcardId"]) == {"Attached": True}


async def test_events_that_never_end(call: Caller) -> None:
    ecs_id = call.emulator.add_machine()
    netcard_id = call.emulator.add_network_interface(ecs_id=ecs_id)
    call.emulator.faults.add(Fault("task_never_ends", "write"))
    where = {"EcsId": ecs_id, "NetcardId": netcard_id}
    # It is attached already, so that the event would have ended at once.
    attached = await call("AttachNetworkInterface", **where)
    detached = await call("DetachNetworkInterface", **where)
    again = await call("DetachNetworkInterface", **where)
    assert again == detached
    call.advance(1000)
    assert await event_status(call, attached) == await event_status(call, detached) == "doing"
    assert await call("IsAttachedECS", NetcardId=netcard_id) == {"Attached": True}


async def test_a_finished_event_that_fails(call: Caller) -> None:
    ecs_id = call.emulator.add_machine()
    netcard_id = call.emulator.add_network_interface(ecs_id=ecs_id)
    call.emulator.faults.add(Fault("task_fails"))
    attached = await call("AttachNetworkInterface", EcsId=ecs_id, NetcardId=netcard_id)
    assert await event_status(call, attached) == "failed"


async def pages(call: Caller, size: int, count: int) -> list[tuple[list[str], int, int]]:
    got = []
    for index in range(1, count + 1):
        answer = await call.answer("ListNodes", ClusterId="c", PageIndex=index, PageSize=size)
        assert (answer["PageIndex"], answer["PageSize"]) == (index, size)
        got.append(([each["NodeName"] for each in answer["Data"]], answer["TotalCount"], answer["PageIndex"]))
    return got


async def test_a_page_that_shifts(call: Caller) -> None:
    call.emulator.add_cluster("c", masters=0, workers=5)
    names = [each["NodeName"] for each in await call("ListNodes", ClusterId="c")]
    call.emulator.faults.add(Fault("page_shifts"))
    one, two, three, four = await pages(call, 2, 4)
    assert one[:2] == (names[:2], 5)
    assert two[:2] == (names[1:3], 6)
    assert three[:2] == (names[3:5], 6)
    assert four[:2] == ([], 6)
    assert (await pages(call, 1, 2))[1][0] == names[:1]
    assert await call.refused("ListNodes", ClusterId="x", PageIndex=2) == (404, "ResourceNotFound")


async def test_the_same_page_without_end(call: Caller) -> None:
    call.emulator.add_cluster("c", masters=0, workers=5)
    names = [each["NodeName"] for each in await call("ListNodes", ClusterId="c")]
    call.emulator.faults.add(Fault("page_repeats", "read", skip=1))
    assert await pages(call, 2, 4) == [
        (names[:2], 5, 1),
        (names[:2], 6, 2),
        (names[:2], 8, 3),
        (names[:2], 10, 4),
    ]
