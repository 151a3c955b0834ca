"""How resources come into the world: from the arguments of a request, or from what a test asks for."""

from __future__ import annotations

from typing import Any

from cds_eks.emulator.engine.cluster_spec import ClusterSpec
from cds_eks.emulator.engine.state import Cluster, NetworkInterface, Node, NodePool, ScalingGroup
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.protocol.hardware import Hardware

__all__ = ["new_cluster", "new_group", "new_interface", "new_node", "new_pool"]


def new_cluster(world: World, spec: ClusterSpec, request_id: str = "", cluster_id: str = "") -> Cluster:
    """Put a cluster into the world, without nodes or pools, its status `creating`.

    Args:
        world: Where it goes.
        spec: What it is to be.
        request_id: The request that it comes from; empty for none.
        cluster_id: Its id; empty for a fresh one.
    """
    cluster = Cluster(
        id=cluster_id or world.new_id(),
        name=spec.name,
        vpc_id=spec.vpc_id,
        k8s_version=spec.k8s_version,
        runtime_type=spec.runtime_type,
        cni=spec.cni,
        nat_id=spec.nat_id,
        slb_id=spec.slb_id,
        source_eip_id=spec.source_eip_id,
        destination_eip_id=spec.destination_eip_id,
        ak=spec.ak,
        master_number=spec.master_number,
        master_config=spec.master_config,
        subnets=dict(spec.subnets),
        vip=world.new_address()[0],
        vip_id=world.new_id(),
        status="creating",
        created=world.now,
        updated=world.now,
    )
    world.add_cluster(cluster, request_id)
    return cluster


def new_pool(
    world: World,
    cluster: Cluster,
    *,
    name: str,
    node_type: str,
    config: dict[str, Any],
    replicas: int,
    subject_id: int = 0,
    request_id: str = "",
    node_pool_id: str = "",
) -> NodePool:
    """Put a node pool into a cluster, without nodes, its status `creating`.

    Args:
        world: The world.
        cluster: The cluster.
        name: Its name.
        node_type: `ecs` or `bms`.
        config: What its nodes are, as `specs` returns it.
        replicas: How many nodes it is to have.
        subject_id: Number of the test fund.
        request_id: The request that it comes from; empty for none.
        node_pool_id: Its id; empty for a fresh one.
    """
    pool = NodePool(
        id=node_pool_id or world.new_id(),
        cluster=cluster,
        name=name,
        node_type=node_type,
        subject_id=subject_id,
        config=config,
        replicas=replicas,
        status="creating",
        created=world.now,
        updated=world.now,
    )
    cluster.pools[pool.id] = pool
    world.record("node_pool", pool.id, pool.name, request_id)
    return pool


def new_group(
    world: World, pool: NodePool, *, min_size: int, max_size: int, request_id: str = "", group_id: str = ""
) -> ScalingGroup:
    """Give a node pool a scaling group, under an id of its own or a fresh one."""
    group = ScalingGroup(id=group_id or world.new_id(), pool=pool, min_size=min_size, max_size=max_size)
    world.groups[group.id] = pool.group = group
    world.record("scaling_group", group.id, pool.name, request_id)
    return group


def new_node(
    world: World, cluster: Cluster, pool: NodePool | None, request_id: str = "", node_id: str = "", ready: bool = False
) -> Node:
    """Put one more node into a cluster: a worker of a pool, or a master if it has none.

    Args:
        world: The world.
        cluster: The cluster.
        pool: Its node pool, or None.
        request_id: The request that it comes from; empty for none.
        node_id: Its id; empty for a fresh one.
        ready: Whether it is up already.
    """
    if pool is None:
        config, source_type = cluster.master_config, "ecs"
        name = f"{cluster.name}-master-{sum(node.pool is None for node in cluster.nodes.values()) + 1}"
    else:
        config, source_type = pool.config, pool.node_type or "ecs"
        pool.named += 1
        name = f"{cluster.name}-{pool.name}-{pool.named}"
    subnets = config["SubnetIds"] or [""]
    node = Node(
        id=node_id or world.new_node_id(),
        name=name,
        pool=pool,
        source_type=source_type,
        hardware=Hardware.of((config["InstanceTypeIds"] or [""])[0]),
        billing=config["BillingSpec"],
        subnet_id=subnets[len(cluster.nodes) % len(subnets)],
        ip=world.new_address()[0],
        status="running" if ready else "creating",
        created=world.now,
    )
    world.add_node(cluster, node, request_id)
    return node


def new_interface(
    world: World, *, subnet_id: str, name: str = "", request_id: str = "", netcard_id: str = ""
) -> NetworkInterface:
    """Put a network interface into the world, not valid yet; without a name, it is called by its address [I]."""
    ip, mac = world.new_address()
    interface = NetworkInterface(
        id=netcard_id or world.new_id(),
        name=name or f"netcard-{ip.replace('.', '-')}",
        subnet_id=subnet_id,
        mac=mac,
        ip=ip,
    )
    world.interfaces[interface.id] = interface
    world.record("network_interface", interface.id, interface.name, request_id)
    return interface
