"""The world as tables: what there is and how it stands, as plain data. No key and no password is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from cds_eks.emulator.control.slices import Row, slice_of
from cds_eks.emulator.engine.state import Cluster, Event, NetworkInterface, Node, NodePool, Resource, ScalingGroup, Task
from cds_eks.emulator.engine.world import World

__all__ = ["TABLES", "counts", "part", "whole"]


@attrs.frozen
class _Table:
    """A table: what its rows are of, how one is made, and what a search looks at."""

    things: Callable[[World], Iterable[Any]]
    row: Callable[[Any], Row]
    texts: Callable[[Any], tuple[object, ...]]
    count: Callable[[World], int] | None = None


def _cluster(cluster: Cluster) -> Row:
    nodes = cluster.nodes.values()
    going_on = [step.name for step in cluster.steps if step.ended is None and not step.error]
    return {
        "id": cluster.id,
        "name": cluster.name,
        "status": cluster.status,
        "vpc_id": cluster.vpc_id,
        "k8s_version": cluster.k8s_version,
        "node_pools": len(cluster.pools),
        "nodes": len(nodes),
        "ready_nodes": sum(each.ready for each in nodes),
        "task_id": cluster.task.id if cluster.task else None,
        "action": cluster.task.action if cluster.task else None,
        "step": going_on[-1] if going_on else None,
        "created_at": cluster.created,
        "updated_at": cluster.updated,
    }


def _pool(pool: NodePool) -> Row:
    nodes = pool.nodes
    return {
        "id": pool.id,
        "name": pool.name,
        "status": pool.status,
        "cluster_id": pool.cluster.id,
        "cluster_name": pool.cluster.name,
        "node_type": pool.node_type,
        "product": (pool.config["InstanceTypeIds"] or [""])[0],
        "replicas": pool.replicas,
        "nodes": len(nodes),
        "ready_nodes": sum(each.ready for each in nodes),
        "scaling_group_id": pool.group.id if pool.group else None,
        "created_at": pool.created,
        "updated_at": pool.updated,
    }


def _node(found: tuple[Cluster, Node]) -> Row:
    cluster, node = found
    return {
        "id": node.id,
        "name": node.name,
        "status": node.status,
        "role": node.role,
        "cluster_id": cluster.id,
        "cluster_name": cluster.name,
        "node_pool_id": node.pool.id if node.pool else None,
        "node_pool_name": node.pool.name if node.pool else None,
        "ip": node.ip,
        "created_at": node.created,
    }


def _interface(interface: NetworkInterface) -> Row:
    return {
        "id": interface.id,
        "name": interface.name,
        "status": "changing" if interface.event else "valid" if interface.valid else "invalid",
        "subnet_id": interface.subnet_id,
        "ip": interface.ip,
        "mac": interface.mac,
        "ecs_id": interface.ecs_id or None,
        "event_id": interface.event.id if interface.event else None,
    }


def _group(group: ScalingGroup) -> Row:
    return {
        "id": group.id,
        "status": group.pool.status,
        "node_pool_id": group.pool.id,
        "node_pool_name": group.pool.name,
        "cluster_id": group.pool.cluster.id,
        "min_size": group.min_size,
        "max_size": group.max_size,
        "replicas": group.pool.replicas,
    }


def _task(task: Task) -> Row:
    return attrs.asdict(task) | {"cluster_id": task.cluster_id or None}


def _event(event: Event) -> Row:
    return {
        "id": event.id,
        "status": event.status,
        "action": event.action,
        "task_id": event.task_id,
        "resource_id": event.resource_id,
        "ecs_id": event.ecs_id or None,
        "created_at": event.created,
        "ended_at": event.ended,
    }


def _resource(resource: Resource) -> Row:
    return {
        "id": resource.id,
        "kind": resource.kind,
        "name": resource.name,
        "status": resource.status,
        "created_at": resource.created,
    }


_TABLES: Mapping[str, _Table] = {
    "clusters": _Table(
        lambda world: world.clusters.values(), _cluster, lambda each: (each.id, each.name, each.status, each.vpc_id)
    ),
    "node_pools": _Table(
        lambda world: (pool for each in world.clusters.values() for pool in each.pools.values()),
        _pool,
        lambda each: (each.id, each.name, each.status, each.cluster.id, each.cluster.name),
        lambda world: sum(len(each.pools) for each in world.clusters.values()),
    ),
    "nodes": _Table(
        lambda world: ((each, node) for each in world.clusters.values() for node in each.nodes.values()),
        _node,
        lambda each: (
            *(each[1].id, each[1].name, each[1].status, each[1].ip, each[0].id, each[0].name),
            *((each[1].pool.id, each[1].pool.name) if each[1].pool else ()),
        ),
        lambda world: sum(len(each.nodes) for each in world.clusters.values()),
    ),
    "network_interfaces": _Table(
        lambda world: world.interfaces.values(), _interface, lambda each: (each.id, each.name, each.ip, each.ecs_id)
    ),
    "scaling_groups": _Table(
        lambda world: world.groups.values(), _group, lambda each: (each.id, each.pool.name, each.pool.cluster.id)
    ),
    "tasks": _Table(
        lambda world: world.tasks.values(), _task, lambda each: (each.id, each.action, each.status, each.cluster_id)
    ),
    "events": _Table(
        lambda world: world.events.values(), _event, lambda each: (each.id, each.action, each.status, each.resource_id)
    ),
    "resources": _Table(
        lambda world: [each for kind in world.resources.values() for each in kind.values()],
        _resource,
        lambda each: (each.id, each.kind, each.name, each.status),
    ),
}

TABLES: tuple[str, ...] = tuple(_TABLES)
"""The names of the tables."""


def whole(world: World) -> dict[str, list[Row]]:
    """Return everything, by table."""
    return {name: [table.row(each) for each in table.things(world)] for name, table in _TABLES.items()}


def part(world: World, asked: Mapping[str, Any]) -> Row:
    """Return a part of a table, with how many rows each table has."""
    table = _TABLES[asked["table"]]
    return slice_of(table.things(world), table.row, table.texts, asked) | {"counts": counts(world)}


def counts(world: World) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        name: table.count(world) if table.count else sum(1 for _ in table.things(world))
        for name, table in _TABLES.items()
    }
