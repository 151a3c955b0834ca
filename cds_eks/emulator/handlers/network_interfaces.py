"""Network interfaces and their events."""

from __future__ import annotations

from cds_eks.emulator.engine import lifecycle, views
from cds_eks.emulator.engine.factory import new_interface
from cds_eks.emulator.engine.state import Event, NetworkInterface
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers.call import Call, Result, lookup
from cds_eks.emulator.protocol.envelope import Refusal


def create(world: World, call: Call) -> Result:
    """CreateNetworkInterface [I]."""
    interface = new_interface(
        world, subnet_id=call["SubnetId"], name=call.text("NetcardName"), request_id=call.request_id
    )
    event = lifecycle.change_interface(world, interface, "CreateNetworkInterface")
    return Result(data={"NetcardId": interface.id, "EventId": event.id}, created=(interface.id,))


def delete(world: World, call: Call) -> Result:
    """DeleteNetworkInterface [I]. An attached one is refused."""
    interface = _interface(world, call)
    event = _running(interface, "DeleteNetworkInterface", "")
    if event is None and interface.ecs_id:
        raise Refusal("ResourceInUse", f"network interface {interface.id!r} is attached")
    event = event or lifecycle.change_interface(world, interface, "DeleteNetworkInterface")
    return Result(data={"EventId": event.id})


def attach(world: World, call: Call) -> Result:
    """AttachNetworkInterface [D]. Done again for the same machine, it succeeds and changes nothing [I]."""
    interface, ecs_id = _interface(world, call), _machine(world, call)
    event = _running(interface, "AttachNetworkInterface", ecs_id)
    if event is None and interface.ecs_id == ecs_id:
        event = lifecycle.finished_event(world, interface.id, "AttachNetworkInterface", ecs_id)
    elif event is None and interface.ecs_id:
        raise Refusal("ResourceInUse", f"network interface {interface.id!r} is attached to another machine")
    event = event or lifecycle.change_interface(world, interface, "AttachNetworkInterface", ecs_id)
    return Result(data={"EventId": event.id})


def detach(world: World, call: Call) -> Result:
    """DetachNetworkInterface [D]. One that is on no machine is detached already [I]."""
    interface, ecs_id = _interface(world, call), _machine(world, call)
    event = _running(interface, "DetachNetworkInterface", ecs_id)
    if event is None and not interface.ecs_id:
        event = lifecycle.finished_event(world, interface.id, "DetachNetworkInterface", ecs_id)
    elif event is None and interface.ecs_id != ecs_id:
        raise Refusal("ResourceInUse", f"network interface {interface.id!r} is attached to another machine")
    event = event or lifecycle.change_interface(world, interface, "DetachNetworkInterface", ecs_id)
    return Result(data={"EventId": event.id})


def describe(world: World, call: Call) -> Result:
    """DescribeNetworkInterfaces [D], on the wire DescribeNetworkInterface [O]."""
    return Result(data=views.network_interface(_interface(world, call)))


def is_attached(world: World, call: Call) -> Result:
    """IsAttachedECS [O]."""
    return Result(data={"Attached": bool(_interface(world, call).ecs_id)})


def event_status(world: World, call: Call) -> Result:
    """QueryEventStatus [O]."""
    return Result(data=views.event(lookup(world.events, "EventId", call["EventId"]), world.now))


def _interface(world: World, call: Call) -> NetworkInterface:
    return lookup(world.interfaces, "NetcardId", call["NetcardId"])


def _machine(world: World, call: Call) -> str:
    ecs_id: str = call["EcsId"]
    if ecs_id not in world.machines:
        raise Refusal("ResourceNotFound", f"EcsId {ecs_id[:80]!r} is not known")
    return ecs_id


def _running(interface: NetworkInterface, action: str, ecs_id: str) -> Event | None:
    """Return the unfinished event of the very same write, None if there is no unfinished one, or refuse."""
    event = interface.event
    if event is not None and (event.action, event.ecs_id) != (action, ecs_id):
        raise Refusal("ResourceInUse", f"network interface {interface.id!r} is busy: {event.action} is under way")
    return event
