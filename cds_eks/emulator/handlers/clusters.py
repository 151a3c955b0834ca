"""Clusters, their events, and tasks."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.emulator.engine import encoded, lifecycle, views
from cds_eks.emulator.engine.cluster_spec import added_subnets, cluster_spec
from cds_eks.emulator.engine.factory import new_cluster, new_group, new_pool
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers.call import Call, Result, cluster_of, lookup, require_idle
from cds_eks.emulator.protocol.envelope import Page, Refusal


def create(world: World, call: Call) -> Result:
    """CreateCluster [D]. Two clusters may have the same name: that is how a create done twice is seen."""
    spec = cluster_spec(call.revision, call.arguments)
    scaling = spec.pool.scaling
    if scaling is not None and scaling.group_id in world.groups:
        raise Refusal("ResourceInUse", "NodePoolConfig.AutoScaling.ScalingGroupId has a node pool already")
    cluster = new_cluster(world, spec, call.request_id)
    pool = new_pool(
        world,
        cluster,
        name=spec.pool.name,
        node_type=spec.pool.node_type,
        config=spec.pool.config,
        replicas=spec.pool.replicas,
        subject_id=spec.pool.subject_id,
        request_id=call.request_id,
    )
    created = [cluster.id, pool.id]
    if scaling is not None:
        bounds = attrs.asdict(scaling)
        created.append(new_group(world, pool, **bounds, request_id=call.request_id).id)
    task = lifecycle.create_cluster(world, cluster, pool, call.request_id)
    return Result(data={"ClusterId": cluster.id, "TaskId": task.id}, created=tuple(created))


def get(world: World, call: Call) -> Result:
    """GetCluster [D]; its answer is an object [O]."""
    cluster = cluster_of(world, call)
    if cluster.shown_from > world.now:
        lookup({}, "ClusterId", cluster.id)  # refuses as if it were not there
    return Result(data=views.cluster_detail(cluster, subnets_as_objects=call.subnets_as_objects))


def list_(world: World, call: Call) -> Result:
    """ListClusters [D]: all on one page; by a part of the name, whatever its case [I], or a whole id [O]; by VPC."""
    keyword, vpc_id = call.text("Keyword").lower(), call.text("VpcId")
    matching = [
        encoded.cluster_summary(cluster)
        for cluster in world.cluster_index.find(keyword, vpc_id)
        if cluster.shown_from <= world.now and cluster.created + call.lag <= world.now
    ]
    return Result(data=matching, page=Page(total=len(matching), index=1, size=len(matching)))


def delete(world: World, call: Call) -> Result:
    """DeleteCluster [D]."""
    cluster = require_idle(cluster_of(world, call))
    task = lifecycle.delete_cluster(world, cluster, call.request_id)
    return Result(data={"ClusterId": cluster.id, "TaskId": task.id})


def list_events(world: World, call: Call) -> Result:
    """GetClusterEvents [D]: the steps that have begun, the oldest first [I]."""
    return Result(data=[views.cluster_event(step, world.now) for step in cluster_of(world, call).steps])


def add_subnets(world: World, call: Call) -> Result:
    """AddClusterSubnet [O]: gives the cluster's CNI subnets, at once and without a task.

    A subnet that is there already stays one subnet. `UsedIpNum` is how many addresses of it to use: not more than its
    segment has [I].
    """
    cluster, added = require_idle(cluster_of(world, call)), added_subnets(call.arguments)
    for subnet in added.values():
        _check_size(subnet)
    for subnet_id, subnet in added.items():
        told = {name: value for name, value in subnet.items() if value}
        cluster.subnets[subnet_id] = cluster.subnets.get(subnet_id, {}) | told
    pods = {each["SubnetId"]: each for each in cluster.cni["CniConfig"].get("SubnetList", [])}
    pods |= {subnet_id: cluster.subnets[subnet_id] for subnet_id in added}
    cluster.cni = {**cluster.cni, "CniConfig": {**cluster.cni["CniConfig"], "SubnetList": list(pods.values())}}
    cluster.updated = world.now
    return Result()


def _check_size(subnet: Mapping[str, Any]) -> None:
    try:
        size = ipaddress.ip_network(subnet.get("Segment", ""), strict=False).num_addresses
    except ValueError:
        return  # which addresses it has is not known
    if subnet.get("UsedIpNum", 0) > size:
        raise Refusal("InvalidParameter", f"UsedIpNum must be at most {size}, as many as the Segment has")


def task_status(world: World, call: Call) -> Result:
    """GetTaskStatus [D], on the wire TaskStatus [O]."""
    task = lookup(world.tasks, "TaskId", call["TaskId"])
    return Result(data={"TaskId": task.id, "TaskStatus": task.status, "TaskMsg": task.message})
