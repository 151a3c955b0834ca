"""Faults of the service itself: stale reads, tasks that fail or never end, pages that move."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs

from cds_eks.emulator.engine.lifecycle import CLUSTER_CREATION
from cds_eks.emulator.engine.state import Cluster, Event, Node, NodePool, Resource, Task
from cds_eks.emulator.engine.world import Plan, World
from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.handlers.call import Call, Result
from cds_eks.emulator.handlers.nodes import page_of
from cds_eks.emulator.handlers.registry import handler_of
from cds_eks.emulator.protocol.envelope import Page

__all__ = ["execute"]


def execute(world: World, action: str, call: Call, fault: Fault | None) -> Result:
    """Run an action's handler, under a fault if there is one of the service itself."""
    kind = fault.kind if fault else ""
    if kind in ("page_shifts", "page_repeats"):
        return _shifted_page(world, action, call, repeats=kind == "page_repeats")
    began = world.now
    if fault and kind == "lag":
        call = attrs.evolve(call, lag=fault.seconds or 0)
    with world.planning() as plan:
        result = handler_of(action)(world, call)
    if fault and kind == "stale":
        _created(world, call, result.created[0]).shown_from = began + (fault.seconds or 0)
    elif fault and kind in ("task_fails", "task_never_ends"):
        _interrupt(world, plan, fault, result.data)
    return result


def _shifted_page(world: World, action: str, call: Call, *, repeats: bool) -> Result:
    """Return a page of another place than was asked for: the first one, or one entry nearer to the front."""
    index, size = page_of(call)
    shift = 0 if repeats or index == 1 else 1
    last = size if repeats else index * size - shift
    whole = attrs.evolve(call, arguments={**call.arguments, "PageIndex": 1, "PageSize": max(last, 1)})
    result = handler_of(action)(world, whole)
    total = (index + 1) * size if repeats else (result.page.total if result.page else 0) + shift
    first = max(last - size, 0)
    return attrs.evolve(result, data=result.data[first:last], page=Page(total=total, index=index, size=size))


def _created(world: World, call: Call, id: str) -> Cluster | NodePool | Resource:  # noqa: A002
    """Return what a create has made, by the first id that it names."""
    if id in world.clusters:
        return world.clusters[id]
    cluster = world.clusters.get(call.text("ClusterId"))
    stores: list[Mapping[str, NodePool | Resource]] = [*world.resources.values()]
    if cluster is not None:
        stores.insert(0, cluster.pools)
    return next(each[id] for each in stores if id in each)


def _interrupt(world: World, plan: Plan, fault: Fault, data: Mapping[str, Any]) -> None:
    """Have what a request has begun stand still from some time on, and fail there unless it is to go on for ever."""
    begun = world.tasks[data["TaskId"]] if "TaskId" in data else world.events[data["EventId"]]
    fails = fault.kind == "task_fails"
    message = fault.message or f"{begun.action} has failed: a fault of the emulator"
    end = partial(_fail, world, begun, message)
    if plan.ends is None:  # nothing was left to do, so that it has ended already
        if begun.status in ("finish", "success"):
            end() if fails else _reopen(begun)
        return
    interrupted = _interrupted_at(world.now, begun.action, plan.ends, fault)
    # At its own end not even the last thing happens; before it, all that is due just then still does.
    plan.cut = interrupted if interrupted < plan.ends else math.nextafter(plan.ends, 0)
    if fails:
        world.at(interrupted, end)


def _interrupted_at(now: float, action: str, ends: float, fault: Fault) -> float:
    if fault.seconds is not None:
        return min(now + fault.seconds, ends)
    steps = [now + phase.ends for phase in CLUSTER_CREATION] if action == "CreateCluster" else [ends]
    if fault.steps is None or fault.steps >= len(steps):
        return ends
    return steps[fault.steps - 1] if fault.steps else now


def _reopen(begun: Task | Event) -> None:
    begun.status = "doing"
    if isinstance(begun, Event):
        begun.ended = None


def _fail(world: World, begun: Task | Event, message: str) -> None:
    for each in (each for kind in world.resources.values() for each in kind.values()):
        if each.progress is begun:
            each.status = "error"
    if isinstance(begun, Event):
        begun.status, begun.ended = "failed", world.now
        interface = world.interfaces.get(begun.resource_id)
        if interface is not None and interface.event is begun:
            interface.event = None
        return
    begun.status, begun.message = "error", message
    cluster = world.clusters.get(begun.cluster_id)
    if cluster is not None and cluster.task is begun:
        _set_error(world, cluster, message)
        cluster.task = None


def _set_error(world: World, cluster: Cluster, message: str) -> None:
    """Leave all of a cluster that was on its way where it is, as an error."""
    cluster.updated = world.now
    things: list[Cluster | NodePool | Node] = [cluster, *cluster.pools.values(), *cluster.nodes.values()]
    for each in things:
        if each.status in ("creating", "scaling", "deleting"):
            each.status = "error"
    for step in cluster.steps:
        if step.ended is None:
            step.ended, step.error = world.now, message
