"""The things that the service keeps. They change only under the emulator's lock; times are service time, in seconds.

None of them holds a password or secret key, and none shows its fields in `repr`.
"""

from __future__ import annotations

from typing import Any

import attrs

from cds_eks.emulator.protocol.envelope import Encoded
from cds_eks.emulator.protocol.hardware import Hardware

__all__ = ["Cluster", "Event", "NetworkInterface", "Node", "NodePool", "Resource", "ScalingGroup", "Step", "Task"]


@attrs.define(kw_only=True, eq=False, repr=False)
class Task:
    """What an operation on a cluster has begun: `doing`, then `finish` or `error`. `cluster_id` may be empty."""

    id: str
    action: str
    request_id: str
    status: str = "doing"
    message: str
    cluster_id: str = ""


@attrs.define(kw_only=True, eq=False, repr=False)
class Step:
    """One step of what is done on a cluster, as GetClusterEvents lists it; `ended` is None while it goes on.

    With an `error`, it has failed.
    """

    name: str
    kind: str
    began: float
    ended: float | None = None
    error: str = ""


@attrs.define(kw_only=True, eq=False, repr=False)
class Node:
    """A machine of a cluster: a worker of a pool, or a master if it has none. `source_type` is `ecs` or `bms`."""

    id: str
    name: str
    pool: NodePool | None
    source_type: str
    hardware: Hardware
    billing: dict[str, Any]
    subnet_id: str
    ip: str
    status: str
    created: float
    encoded: tuple[tuple[Any, ...], Encoded] | None = None
    """What a list told of it last, and the state that it told."""

    @property
    def role(self) -> str:
        """Its part in the cluster, which the service calls its `NodeType` [O]."""
        return "master" if self.pool is None else "worker"

    @property
    def ready(self) -> bool:
        """Whether it is up."""
        return self.status == "running"

    @property
    def schedulable(self) -> bool:
        """Whether pods are scheduled on it: on workers that are up [I]."""
        return self.ready and self.pool is not None

    @property
    def k8s_status(self) -> str:
        """What Kubernetes calls it."""
        return "Ready" if self.ready else "NotReady"


@attrs.define(kw_only=True, eq=False, repr=False)
class NodePool:
    """Nodes of one kind. `config` is the `NodeConfig` of a `NodePoolSpec`, without its password.

    Readers don't see it before `shown_from`.
    """

    id: str
    cluster: Cluster
    name: str
    node_type: str
    subject_id: int
    config: dict[str, Any]
    replicas: int
    status: str
    created: float
    updated: float
    named: int = 0
    """How many nodes have been given a name: numbers are not used again."""
    group: ScalingGroup | None = None
    shown_from: float = 0.0

    @property
    def nodes(self) -> list[Node]:
        """Its nodes, those that are being deleted too, in the order they came."""
        return [node for node in self.cluster.nodes.values() if node.pool is self]

    @property
    def hardware(self) -> Hardware:
        """What each of its nodes has."""
        return Hardware.of((self.config["InstanceTypeIds"] or [""])[0])


@attrs.define(kw_only=True, eq=False, repr=False)
class Cluster:
    """A cluster. `cni` and the subnets are as in requests; `task` is the one that keeps it busy.

    Readers don't see it before `shown_from`.
    """

    id: str
    name: str
    vpc_id: str
    k8s_version: str
    runtime_type: str
    cni: dict[str, Any]
    nat_id: str
    slb_id: str
    source_eip_id: str
    destination_eip_id: str
    ak: str
    master_number: int
    master_config: dict[str, Any]
    subnets: dict[str, dict[str, Any]]
    vip: str
    vip_id: str
    status: str
    created: float
    updated: float
    pools: dict[str, NodePool] = attrs.field(factory=dict)
    nodes: dict[str, Node] = attrs.field(factory=dict)
    steps: list[Step] = attrs.field(factory=list)
    task: Task | None = None
    shown_from: float = 0.0
    encoded: tuple[tuple[Any, ...], Encoded] | None = None
    """What a list told of it last, and the state that it told."""


@attrs.define(kw_only=True, eq=False, repr=False)
class ScalingGroup:
    """The bounds between which a node pool grows."""

    id: str
    pool: NodePool
    min_size: int
    max_size: int


@attrs.define(kw_only=True, eq=False, repr=False)
class Event:
    """What an operation on a network interface has begun: `doing`, then `success` or `failed`."""

    id: str
    task_id: str
    action: str
    resource_id: str
    ecs_id: str = ""
    status: str = "doing"
    created: float
    ended: float | None = None


@attrs.define(kw_only=True, eq=False, repr=False)
class NetworkInterface:
    """A network interface; `ecs_id` is empty while it is on no machine, `event` is the one that keeps it busy."""

    id: str
    name: str
    subnet_id: str
    mac: str
    ip: str
    valid: bool = False
    ecs_id: str = ""
    event: Event | None = None


@attrs.define(kw_only=True, eq=False, repr=False)
class Resource:
    """A resource that the emulator knows by the description alone; `fields` are those of its create, by their keys.

    `progress` is the task or event that the last operation on it has named. Readers don't see it before `shown_from`.
    """

    id: str
    kind: str
    name: str
    fields: dict[str, Any]
    status: str = "running"
    created: float
    progress: Task | Event | None = None
    shown_from: float = 0.0
