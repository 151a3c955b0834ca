"""How things change over time: each operation's task or event, and the transitions until it has ended.

All times here are seconds of service time. None of them is known of the real service: all are [I], chosen to be
plausible and short enough to watch at `speed=60`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple, TypeVar

from cds_eks.emulator.engine.factory import new_node
from cds_eks.emulator.engine.state import Cluster, Event, NetworkInterface, Node, NodePool, Step, Task
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.protocol.envelope import IncompleteEmulatorError

__all__ = [
    "change_interface",
    "create_cluster",
    "create_pool",
    "delete_cluster",
    "delete_nodes",
    "delete_pool",
    "finished_event",
    "finished_task",
    "resize_pool",
]


T = TypeVar("T")


class _Phase(NamedTuple):
    name: str
    kind: str
    begins: float
    ends: float


NODE_BOOT = 60.0
NODE_STAGGER = 10.0
SCALE_IN = 30.0
NODE_DELETION = 60.0
POOL_DELETION = 60.0
CLUSTER_DELETION = 120.0

MASTERS = _Phase("创建主节点", "masters", 60.0, 150.0)
WORKERS = _Phase("创建工作节点", "workers", 210.0, 285.0)
CLUSTER_CREATION = (
    _Phase("准备集群网络", "network", 0.0, 60.0),
    MASTERS,
    _Phase("启动控制平面", "control_plane", 150.0, 210.0),
    WORKERS,
    _Phase("安装集群组件", "addons", 285.0, 300.0),
)

_STEP_NAMES = {
    "DeleteCluster": "删除集群",
    "CreateNodePool": "创建节点池",
    "UpdateNodePoolConfig": "更新节点池配置",
    "ScalingNodePool": "伸缩节点池",
    "AddScalingNode": "伸缩组添加节点",
    "DeleteNodePool": "删除节点池",
    "DeleteNodes": "删除节点",
}
"""What the one step of a task is called, by the action: in Chinese, as the service's steps are [O]."""

INTERFACE_CHANGES = {
    "CreateNetworkInterface": 5.0,
    "AttachNetworkInterface": 10.0,
    "DetachNetworkInterface": 10.0,
    "DeleteNetworkInterface": 5.0,
}
"""How many seconds a change of a network interface takes, by the action."""


def create_cluster(world: World, cluster: Cluster, pool: NodePool, request_id: str) -> Task:
    """Bring up a cluster that has just been put into the world, with its first node pool."""
    task = _begin(world, cluster, "CreateCluster", request_id)
    for phase in CLUSTER_CREATION:
        step = Step(name=phase.name, kind=phase.kind, began=world.now + phase.begins)
        world.at(step.began, partial(cluster.steps.append, step))
        world.at(world.now + phase.ends, partial(_end_step, world, step))
    for members, count, phase in ((None, cluster.master_number, MASTERS), (pool, pool.replicas, WORKERS)):
        spread = (phase.ends - phase.begins - NODE_BOOT) / max(count, 1)
        _boot(world, cluster, members, count, world.now + phase.begins, spread, request_id)

    def up() -> None:
        cluster.status = pool.status = "running"
        _end(world, cluster, task)

    world.at(world.now + CLUSTER_CREATION[-1].ends, up)
    return task


def delete_cluster(world: World, cluster: Cluster, request_id: str) -> Task:
    """Take a cluster down with everything in it; its tasks can still be asked for."""
    cluster.status = "deleting"
    for pool in cluster.pools.values():
        pool.status = "deleting"
    _mark_deleting(cluster.nodes.values())
    gone = partial(world.remove_cluster, cluster)
    return _run(world, cluster, "DeleteCluster", request_id, world.now + CLUSTER_DELETION, gone)


def create_pool(world: World, pool: NodePool, request_id: str) -> Task:
    """Bring up the nodes of a pool that has just been put into its cluster."""
    ends = _boot(world, pool.cluster, pool, pool.replicas, world.now, NODE_STAGGER, request_id)
    return _run(world, pool.cluster, "CreateNodePool", request_id, ends, partial(_pool_up, world, pool))


def resize_pool(world: World, pool: NodePool, replicas: int, action: str, request_id: str) -> Task:
    """Bring a pool to a number of nodes; with as many as it has, the task has finished at once."""
    _step_name(action)  # it must be there before anything changes
    live = [node for node in pool.nodes if node.status != "deleting"]
    leaving = live[replicas:]
    pool.replicas = replicas
    pool.updated = ends = world.now
    if leaving:
        pool.status, ends = "scaling", world.now + SCALE_IN
        _mark_deleting(leaving)
    elif replicas > len(live):
        pool.status = "scaling"
        ends = _boot(world, pool.cluster, pool, replicas - len(live), world.now, NODE_STAGGER, request_id)

    def done() -> None:
        _remove(world, pool.cluster, leaving)
        _pool_up(world, pool)

    return _run(world, pool.cluster, action, request_id, ends, done)


def delete_pool(world: World, pool: NodePool, request_id: str) -> Task:
    """Take a pool down with its nodes."""
    pool.status = "deleting"
    _mark_deleting(pool.nodes)
    gone = partial(world.remove_pool, pool)
    return _run(world, pool.cluster, "DeleteNodePool", request_id, world.now + POOL_DELETION, gone)


def delete_nodes(world: World, cluster: Cluster, nodes: list[Node], request_id: str) -> Task:
    """Take workers away; their pools are to have as many fewer from now on."""
    for pool in [node.pool for node in nodes if node.pool is not None]:
        pool.replicas = max(0, pool.replicas - 1)
        pool.updated = world.now
    _mark_deleting(nodes)
    gone = partial(_remove, world, cluster, nodes)
    return _run(world, cluster, "DeleteNodes", request_id, world.now + NODE_DELETION, gone)


def change_interface(world: World, interface: NetworkInterface, action: str, ecs_id: str = "") -> Event:
    """Begin a change of a network interface, which keeps it busy until it has ended."""
    seconds = _entry("INTERFACE_CHANGES", INTERFACE_CHANGES, action)
    event = finished_event(world, interface.id, action, ecs_id)
    event.status, event.ended = "doing", None
    interface.event = event

    def done() -> None:
        interface.event, event.status, event.ended = None, "success", world.now
        if action == "CreateNetworkInterface":
            interface.valid = True
        elif action == "DeleteNetworkInterface":
            world.remove_interface(interface)
        elif action == "DetachNetworkInterface":
            interface.ecs_id = ""
        elif ecs_id in world.machines:
            interface.ecs_id = ecs_id
        else:  # the machine has gone while it was being attached
            event.status = "failed"

    world.at(world.now + seconds, done)
    return event


def finished_event(world: World, resource_id: str, action: str, ecs_id: str = "", event_id: str = "") -> Event:
    """Put an event into the world that has ended well already: there was nothing to do."""
    event = Event(
        id=event_id or world.new_id(),
        task_id=world.new_id(),
        action=action,
        resource_id=resource_id,
        ecs_id=ecs_id,
        status="success",
        created=world.now,
        ended=world.now,
    )
    world.events[event.id] = event
    return event


def finished_task(world: World, action: str, request_id: str) -> Task:
    """Put a task into the world that has ended well already: there was nothing to do."""
    message = f"{action} has finished"
    task = Task(id=world.new_id(), action=action, request_id=request_id, status="finish", message=message)
    world.tasks[task.id] = task
    return task


def _boot(
    world: World, cluster: Cluster, pool: NodePool | None, count: int, begins: float, spread: float, request_id: str
) -> float:
    """Have nodes come up one after the other, `spread` seconds apart. Returns when the last of them is up."""
    ends = begins
    for number in range(count):
        appears = begins + number * spread
        ends = appears + NODE_BOOT
        world.at(appears, partial(_appear, world, cluster, pool, ends, request_id))
    return ends


def _appear(world: World, cluster: Cluster, pool: NodePool | None, up_at: float, request_id: str) -> None:
    node = new_node(world, cluster, pool, request_id)
    world.at(up_at, partial(setattr, node, "status", "running"))


def _begin(world: World, cluster: Cluster, action: str, request_id: str) -> Task:
    message = f"{action} is under way"
    task = Task(id=world.new_id(), action=action, request_id=request_id, message=message, cluster_id=cluster.id)
    world.tasks[task.id] = cluster.task = task
    cluster.updated = world.now
    return task


def _end(world: World, cluster: Cluster, task: Task) -> None:
    task.status, task.message = "finish", f"{task.action} has finished"
    cluster.task = None
    cluster.updated = world.now


def _run(world: World, cluster: Cluster, action: str, request_id: str, ends: float, effect: Callable[[], None]) -> Task:
    """Begin a task of one step. When it ends, its effect comes; at once if that is now."""
    name = _step_name(action)  # before the task begins: it makes the cluster busy
    task = _begin(world, cluster, action, request_id)
    step = Step(name=name, kind=action, began=world.now)
    cluster.steps.append(step)

    def done() -> None:
        effect()
        _end_step(world, step)
        _end(world, cluster, task)

    if ends > world.now:
        world.at(ends, done)
    else:
        done()
    return task


def _step_name(action: str) -> str:
    return _entry("_STEP_NAMES", _STEP_NAMES, action)


def _entry(table: str, entries: Mapping[str, T], action: str) -> T:
    """Return what a table of this module has for an action."""
    if action not in entries:
        raise IncompleteEmulatorError(f"{table} in cds_eks/emulator/engine/lifecycle.py has no entry for {action!r}")
    return entries[action]


def _end_step(world: World, step: Step) -> None:
    step.ended = world.now


def _pool_up(world: World, pool: NodePool) -> None:
    pool.status = "running"
    pool.updated = world.now


def _mark_deleting(nodes: Iterable[Node]) -> None:
    for node in nodes:
        node.status = "deleting"


def _remove(world: World, cluster: Cluster, nodes: Iterable[Node]) -> None:
    for node in nodes:
        world.remove_node(cluster, node)
