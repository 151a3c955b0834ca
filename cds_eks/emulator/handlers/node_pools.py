"""Node pools."""

from __future__ import annotations

from cds_eks.emulator.engine import lifecycle, views
from cds_eks.emulator.engine.factory import new_pool
from cds_eks.emulator.engine.node_config import from_pool_spec
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers.call import Call, Result, cluster_of, lookup, pool_of, require_idle
from cds_eks.emulator.protocol.envelope import Refusal


def create(world: World, call: Call) -> Result:
    """CreateNodePool [D]. A pool is in its cluster's VPC, and nowhere else [O]."""
    cluster, spec = cluster_of(world, call), call["Config"]
    if not spec["Name"]:
        raise Refusal("ArgMissing", "Config.Name is empty")
    if call["VpcId"] != cluster.vpc_id:
        raise Refusal("InvalidOperation.VpcMismatch", "VpcId is not that of the cluster")
    pool = new_pool(
        world,
        require_idle(cluster),
        name=spec["Name"],
        node_type=spec["NodeType"],
        config=from_pool_spec(spec["NodeConfig"]),
        replicas=spec["Replicas"],
        subject_id=spec.get("SubjectId", 0),
        request_id=call.request_id,
    )
    task = lifecycle.create_pool(world, pool, call.request_id)
    return Result(data={"NodePoolId": pool.id, "TaskId": task.id}, created=(pool.id,))


def update_config(world: World, call: Call) -> Result:
    """UpdateNodePoolConfig [I]: the name unless it is empty, the number of nodes, and what nodes are from now on."""
    cluster, spec = cluster_of(world, call), call["Config"]
    if not spec.get("Id"):
        raise Refusal("ArgMissing", "Config.Id is missing")
    pool = lookup(cluster.pools, "Config.Id", spec["Id"])
    require_idle(cluster)
    pool.name = spec["Name"] or pool.name
    pool.config = from_pool_spec(spec["NodeConfig"])
    task = lifecycle.resize_pool(world, pool, spec["Replicas"], "UpdateNodePoolConfig", call.request_id)
    return Result(data={"TaskId": task.id})


def scale(world: World, call: Call) -> Result:
    """ScalingNodePoolNum [D], on the wire ScalingNodePool [O]: `Replicas` is the absolute target."""
    pool = pool_of(world, call)
    require_idle(pool.cluster)
    task = lifecycle.resize_pool(world, pool, call["Replicas"], "ScalingNodePool", call.request_id)
    return Result(data={"TaskId": task.id})


def list_(world: World, call: Call) -> Result:
    """ListNodePools [D], on the wire ListNodePool [O]: by id, and by a part of the name or id whatever its case [I]."""
    pools = list(cluster_of(world, call).pools.values())
    if call.text("NodePoolId"):
        pools = [pool_of(world, call)]
        if pools[0].shown_from > world.now:
            lookup({}, "NodePoolId", pools[0].id)  # refuses as if it were not there
    part = call.text("Filter").lower()
    matching = [
        views.node_pool(pool)
        for pool in pools
        if (part in pool.name.lower() or part in pool.id.lower())
        and max(pool.shown_from, pool.created + call.lag) <= world.now
    ]
    return Result(data={"Total": len(matching), "NodePool": matching})


def delete(world: World, call: Call) -> Result:
    """DeleteNodePool [D]."""
    pool = pool_of(world, call)
    require_idle(pool.cluster)
    return Result(data={"TaskId": lifecycle.delete_pool(world, pool, call.request_id).id})
