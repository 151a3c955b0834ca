"""Scaling groups. No action makes one: a node pool with automatic scaling brings its own [I]."""

from __future__ import annotations

from cds_eks.emulator.engine import lifecycle, views
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers.call import Call, Result, lookup, require_idle
from cds_eks.emulator.protocol.envelope import Refusal


def describe(world: World, call: Call) -> Result:
    """DescribeScalingGroup [O]."""
    return Result(data=views.scaling_group(lookup(world.groups, "ScalingGroupId", call["ScalingGroupId"])))


def add_nodes(world: World, call: Call) -> Result:
    """AddScalingNode [O]: that many more nodes each time it runs, up to the most that the group takes [I]."""
    group = lookup(world.groups, "ScalingGroupId", call["ScalingGroupId"])
    pool = group.pool
    require_idle(pool.cluster)
    replicas = pool.replicas + call["AddNum"]
    if replicas > group.max_size:
        raise Refusal("InvalidParameter", f"AddNum would make {replicas} nodes, more than {group.max_size}")
    task = lifecycle.resize_pool(world, pool, replicas, "AddScalingNode", call.request_id)
    return Result(data={"TaskId": task.id})
