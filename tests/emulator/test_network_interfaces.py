"""Network interfaces and their events."""

from __future__ import annotations

import pytest

from support.emulator_world import world_of

from .caller import Caller
from .test_clusters import fields_of

pytestmark = pytest.mark.anyio


async def _status(call: Caller, event_id: str) -> str:
    status: str = (await call("QueryEventStatus", EventId=event_id))["EventStatus"]
    return status


async def test_the_life_of_an_interface(call: Caller) -> None:
    call.emulator.add_machine("e")
    created = await call("CreateNetworkInterface", SubnetId="s", NetcardName="eth-1", VpcId="v")
    netcard_id = created["NetcardId"]
    interface = await call("DescribeNetworkInterface", NetcardId=netcard_id)
    assert set(interface) == fields_of("NetworkInterface")
    assert (interface["NetcardName"], interface["SubnetId"], interface["Mask"]) == ("eth-1", "s", 24)
    assert (interface["IsValid"], interface["EcsId"]) == (False, "")
    assert await _status(call, created["EventId"]) == "doing"
    call.advance(5)
    assert await _status(call, created["EventId"]) == "success"
    assert (await call("DescribeNetworkInterface", NetcardId=netcard_id))["IsValid"] is True

    both = {"EcsId": "e", "NetcardId": netcard_id}
    event = await call("AttachNetworkInterface", **both, VlanId="7")
    assert await call("IsAttachedECS", NetcardId=netcard_id) == {"Attached": False}
    call.advance(10)
    assert await _status(call, event["EventId"]) == "success"
    assert await call("IsAttachedECS", NetcardId=netcard_id) == {"Attached": True}
    assert (await call("DescribeNetworkInterface", NetcardId=netcard_id))["EcsId"] == "e"
    assert await call.refused("DeleteNetworkInterface", NetcardId=netcard_id) == (409, "ResourceInUse")

    event = await call("DetachNetworkInterface", **both)
    assert await call("IsAttachedECS", NetcardId=netcard_id) == {"Attached": True}
    call.advance(10)
    assert await call("IsAttachedECS", NetcardId=netcard_id) == {"Attached": False}

    event = await call("DeleteNetworkInterface", NetcardId=netcard_id)
    call.advance(5)
    assert await _status(call, event["EventId"]) == "success"
    assert await call.refused("DescribeNetworkInterface", NetcardId=netcard_id) == (404, "ResourceNotFound")
    [entry] = call.emulator.ledger.created("network_interface")
    assert (entry.id, entry.name, entry.deleted_at) == (netcard_id, "eth-1", call.emulator.clock.now())


async def test_an_event_tells_of_its_task(call: Caller) -> None:
    created = await call("CreateNetworkInterface", SubnetId="s")
    event = await call("QueryEventStatus", EventId=created["EventId"])
    assert set(event) == fields_of("Event")
    assert event["EventTypeDisplay"] == "Create network interface"
    [task] = event["TaskList"]
    assert (task["Status"], task["EndTime"], task["ResourceId"]) == ("doing", "", created["NetcardId"])
    call.advance(60)
    [task] = (await call("QueryEventStatus", EventId=created["EventId"]))["TaskList"]
    assert (task["Status"], task["EndTime"]) == ("success", "2025-10-09 16:53:25")


async def test_a_busy_interface_takes_no_other_write(call: Caller) -> None:
    call.emulator.add_machine("e")
    call.emulator.add_machine("f")
    netcard_id = (await call("CreateNetworkInterface", SubnetId="s"))["NetcardId"]
    conflict = (409, "ResourceInUse")
    assert await call.refused("AttachNetworkInterface", EcsId="e", NetcardId=netcard_id) == conflict
    assert await call.refused("DeleteNetworkInterface", NetcardId=netcard_id) == conflict
    call.advance(5)
    event = await call("AttachNetworkInterface", EcsId="e", NetcardId=netcard_id)
    assert await call("AttachNetworkInterface", EcsId="e", NetcardId=netcard_id) == event
    assert await call.refused("AttachNetworkInterface", EcsId="f", NetcardId=netcard_id) == conflict
    assert await call.refused("DetachNetworkInterface", EcsId="e", NetcardId=netcard_id) == conflict
    call.advance(10)
    event = await call("DetachNetworkInterface", EcsId="e", NetcardId=netcard_id)
    assert await call("DetachNetworkInterface", EcsId="e", NetcardId=netcard_id) == event
    call.advance(10)
    event = await call("DeleteNetworkInterface", NetcardId=netcard_id)
    assert await call("DeleteNetworkInterface", NetcardId=netcard_id) == event
    assert len(world_of(call.emulator).events) == 4


async def test_attaching_and_detaching_again(call: Caller) -> None:
    call.emulator.add_machine("e")
    call.emulator.add_machine("f")
    call.emulator.add_network_interface("i", ecs_id="e")
    event = await call("AttachNetworkInterface", EcsId="e", NetcardId="i")
    assert await _status(call, event["EventId"]) == "success"
    conflict = (409, "ResourceInUse")
    assert await call.refused("AttachNetworkInterface", EcsId="f", NetcardId="i") == conflict
    assert await call.refused("DetachNetworkInterface", EcsId="f", NetcardId="i") == conflict
    call.emulator.add_network_interface("free")
    event = await call("DetachNetworkInterface", EcsId="e", NetcardId="free")
    assert await _status(call, event["EventId"]) == "success"


async def test_nodes_are_machines_and_free_their_interfaces(call: Caller) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node("c", "n")
    call.emulator.add_network_interface("i", ecs_id="n")
    call.emulator.add_network_interface("j")
    await call("DeleteNodes", ClusterId="c", NodeIds=["n"])
    call.advance(55)
    event = await call("AttachNetworkInterface", EcsId="n", NetcardId="j")
    call.advance(10)
    assert await call("IsAttachedECS", NetcardId="i") == {"Attached": False}
    assert await _status(call, event["EventId"]) == "failed"
    assert await call("IsAttachedECS", NetcardId="j") == {"Attached": False}
