"""What handlers are given and what they return, and the refusals that they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from cds_eks.emulator.engine.state import Cluster, NodePool
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.protocol.envelope import Page, Refusal

__all__ = ["Call", "Result", "cluster_of", "lookup", "pool_of", "require_idle"]

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Call:
    """A request on its way into the world.

    Attributes:
        arguments: Its checked arguments.
        revision: The revision of the API that they speak.
        request_id: The `RequestId` that its answer will have.
        lag: How many seconds a list lags behind: it leaves out what was made in the last of them.
        subnets_as_objects: Whether subnets are told in the form of a day of 2025-09.
    """

    arguments: Mapping[str, Any] = attrs.field(repr=False)
    revision: str
    request_id: str
    lag: float = 0.0
    subnets_as_objects: bool = False

    def __getitem__(self, name: str) -> Any:
        """Return an argument that is required."""
        return self.arguments[name]

    def text(self, name: str) -> str:
        """Return an optional argument; empty if it was not given."""
        return str(self.arguments.get(name, ""))


@attrs.frozen(kw_only=True)
class Result:
    """What a handler brought about.

    Attributes:
        data: The `Data` of the answer.
        page: Where in a list it is, for a list.
        created: The ids of what it made.
    """

    data: Any = attrs.field(default=None, repr=False)
    page: Page | None = None
    created: tuple[str, ...] = ()


def lookup(things: Mapping[str, T], name: str, id: str) -> T:  # noqa: A002
    """Return what has an id, or refuse with `ResourceNotFound`, naming the argument that held the id."""
    if id not in things:
        raise Refusal("ResourceNotFound", f"{name} {id[:80]!r} is not known")
    return things[id]


def cluster_of(world: World, call: Call) -> Cluster:
    """Return the cluster that a call is about, or refuse with `ResourceNotFound`."""
    return lookup(world.clusters, "ClusterId", call["ClusterId"])


def pool_of(world: World, call: Call) -> NodePool:
    """Return the node pool that a call is about, or refuse with `ResourceNotFound`."""
    return lookup(cluster_of(world, call).pools, "NodePoolId", call["NodePoolId"])


def require_idle(cluster: Cluster) -> Cluster:
    """Return a cluster, or refuse with `ResourceInUse` while a task of it is unfinished."""
    if cluster.task is not None:
        raise Refusal("ResourceInUse", f"cluster {cluster.id!r} is busy: {cluster.task.message}")
    return cluster
