"""Everything that the emulated service keeps, and the time in which it changes."""

from __future__ import annotations

import itertools
import math
import random
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush

import attrs

from cds_eks.emulator.engine.clock import Clock
from cds_eks.emulator.engine.cluster_index import ClusterIndex
from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.engine.state import Cluster, Event, NetworkInterface, Node, NodePool, Resource, ScalingGroup, Task

__all__ = ["Plan", "World", "uuid_text"]

_LETTERS = string.ascii_lowercase + string.digits
_FIRST_ADDRESS = int.from_bytes((10, 0, 0, 10))


@attrs.define(eq=False)
class Plan:
    """What is due because of one request, and because of that in turn, up to where a fault cuts it off.

    Attributes:
        ends: When the last of it is due; None if nothing is.
        cut: What is due later than this does not happen.
    """

    ends: float | None = None
    cut: float = math.inf


def uuid_text(bits: int) -> str:
    """Return 128 random bits in the form of a UUID of version 4, as `uuid.UUID(int=bits, version=4)` shows them."""
    text = f"{bits & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class World:
    """The state of the service. It stands still between two requests, and catches up with the clock at each.

    Args:
        clock: The service's time.
        ledger: Where resources are written down.
        seed: Ids are drawn from it: the same writes give the same ids.
    """

    def __init__(self, clock: Clock, ledger: Ledger, seed: int) -> None:
        self.now: float = clock.now()
        """Service time: of the request, or of the transition that is being carried out."""
        self.clusters: dict[str, Cluster] = {}
        self.cluster_index: ClusterIndex = ClusterIndex()
        self.tasks: dict[str, Task] = {}
        self.interfaces: dict[str, NetworkInterface] = {}
        self.events: dict[str, Event] = {}
        self.groups: dict[str, ScalingGroup] = {}
        self.resources: dict[str, dict[str, Resource]] = {}
        """By kind and id: what is known by the description alone."""
        self.machines: set[str] = set()
        """Ids of all that an interface can be attached to: every node, and machines that tests have added."""
        self.changes: int = 0
        """How often something may have changed but by a request: transitions, and what tests have put there."""
        self._clock = clock
        self._ledger = ledger
        self._random = random.Random(seed)
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Plan, Callable[[], object]]] = []
        self._plan = Plan()
        self._order = itertools.count()

    @contextmanager
    def planning(self, plan: Plan | None = None) -> Iterator[Plan]:
        """Give the plan, a new one by default, that all belongs to which becomes due meanwhile."""
        before, self._plan = self._plan, plan or Plan()
        try:
            yield self._plan
        finally:
            self._plan = before

    def at(self, when: float, transition: Callable[[], object]) -> None:
        """Have something happen at a service time; what is due at the same time keeps its order."""
        self._plan.ends = max(when, self._plan.ends or when)
        heappush(self._due, (when, next(self._order), self._plan, transition))

    def settle(self) -> None:
        """Carry out all that is due by now, in order of time, each at its own time."""
        present = max(self.now, self._clock.now())
        while self._due and self._due[0][0] <= present:
            self.now, _, plan, transition = heappop(self._due)
            self.changes += 1
            if self.now <= plan.cut:
                before, self._plan = self._plan, plan  # as `planning` does: there are many transitions
                try:
                    transition()
                finally:
                    self._plan = before
        self.now = present

    def next_change(self) -> float | None:
        """Return the service time at which something is due next; None if nothing is."""
        return min((when for when, _, plan, _ in self._due if when <= plan.cut), default=None)

    def new_id(self) -> str:
        """Return a fresh id, shaped like a UUID."""
        return uuid_text(self._random.getrandbits(128))

    def new_node_id(self) -> str:
        """Return a fresh id of a node, shaped like `eks-4vdp8eu5nq3zppfg` [O]."""
        draw, count = self._random.random, len(_LETTERS)
        return "eks-" + "".join([_LETTERS[int(draw() * count)] for _ in range(16)])

    def new_address(self) -> tuple[str, str]:
        """Return a private IP address and a MAC address that nothing else has."""
        number = next(self._numbers)
        mac = f"02{number:010x}"
        a, b, c, d = (_FIRST_ADDRESS + number).to_bytes(4)
        return f"{a}.{b}.{c}.{d}", f"02:{mac[2:4]}:{mac[4:6]}:{mac[6:8]}:{mac[8:10]}:{mac[10:]}"

    def record(self, kind: str, id: str, name: str, request_id: str) -> None:  # noqa: A002
        """Write a resource into the ledger, if a request made it: what tests have put there is not of the API."""
        if request_id:
            self._ledger.add_resource(kind, id, name, request_id=request_id, at=self.now)

    def add_cluster(self, cluster: Cluster, request_id: str) -> None:
        """Put a new cluster into the world."""
        self.clusters[cluster.id] = cluster
        self.cluster_index.add(cluster)
        self.record("cluster", cluster.id, cluster.name, request_id)

    def add_node(self, cluster: Cluster, node: Node, request_id: str) -> None:
        """Put a new node into its cluster."""
        cluster.nodes[node.id] = node
        self.machines.add(node.id)
        self.record("node", node.id, node.name, request_id)

    def remove_node(self, cluster: Cluster, node: Node) -> None:
        """Take a node away. Interfaces on it come free [I]."""
        del cluster.nodes[node.id]
        self.machines.discard(node.id)
        for interface in self.interfaces.values():
            if interface.ecs_id == node.id:
                interface.ecs_id = ""
        self._ledger.end_resource(node.id, at=self.now)

    def remove_pool(self, pool: NodePool) -> None:
        """Take a node pool away, with its nodes and its scaling group."""
        for node in pool.nodes:
            self.remove_node(pool.cluster, node)
        if pool.group is not None:
            del self.groups[pool.group.id]
            self._ledger.end_resource(pool.group.id, at=self.now)
        del pool.cluster.pools[pool.id]
        self._ledger.end_resource(pool.id, at=self.now)

    def remove_cluster(self, cluster: Cluster) -> None:
        """Take a cluster away, with all that belongs to it but its tasks."""
        for pool in list(cluster.pools.values()):
            self.remove_pool(pool)
        for node in list(cluster.nodes.values()):
            self.remove_node(cluster, node)
        del self.clusters[cluster.id]
        self.cluster_index.remove(cluster)
        self._ledger.end_resource(cluster.id, at=self.now)

    def remove_interface(self, interface: NetworkInterface) -> None:
        """Take a network interface away."""
        del self.interfaces[interface.id]
        self._ledger.end_resource(interface.id, at=self.now)

    def add_resource(self, resource: Resource, request_id: str) -> None:
        """Put a resource there that is known by the description alone."""
        self.resources.setdefault(resource.kind, {})[resource.id] = resource
        self.record(resource.kind, resource.id, resource.name, request_id)

    def remove_resource(self, resource: Resource) -> None:
        """Take such a resource away."""
        del self.resources[resource.kind][resource.id]
        self._ledger.end_resource(resource.id, at=self.now)
