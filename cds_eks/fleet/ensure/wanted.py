"""What the runner asks of a plan: its shape only, so that whatever has it will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cds_eks.fleet.items import NewItem
from cds_eks.fleet.plan.faults import PlanFault
from cds_eks.fleet.plan.requests import Resolve, resolved
from cds_eks.models import CreateClusterRequest, CreateNodePoolRequest


class WantedPool(Protocol):
    """A node pool of a plan."""

    @property
    def name(self) -> str:
        """Its exact name."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def replicas(self) -> int:
        """How many nodes it is to have."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def protect(self) -> bool:
        """Whether it must never be deleted."""
        ...  # pragma: no cover - a protocol has no body

    def create_request(self, cluster_id: str, *, resolve: Resolve = resolved) -> CreateNodePoolRequest:
        """Return the request that makes it in a cluster; secrets are resolved now, by `resolve`."""
        ...  # pragma: no cover - a protocol has no body


class WantedCluster(Protocol):
    """A cluster of a plan."""

    @property
    def name(self) -> str:
        """Its exact name."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def vpc_id(self) -> str:
        """The VPC that it is to be in."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def pools(self) -> Sequence[WantedPool]:
        """Its node pools; the first is made with the cluster."""
        ...  # pragma: no cover - a protocol has no body

    def create_request(self, *, resolve: Resolve = resolved) -> CreateClusterRequest:
        """Return the request that makes it, with its first pool; secrets are resolved now, by `resolve`."""
        ...  # pragma: no cover - a protocol has no body


class WantedPlan(Protocol):
    """A plan that has been checked."""

    @property
    def clusters(self) -> Sequence[WantedCluster]:
        """Its clusters, in order."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def digest(self) -> str:
        """A digest of all that is asked for, without secrets."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def source(self) -> str:
        """Where it comes from."""
        ...  # pragma: no cover - a protocol has no body

    def check(self, *, run_commands: bool = False) -> Sequence[PlanFault]:
        """Return its faults; none if it can be carried out. It may run the commands that tell secrets."""
        ...  # pragma: no cover - a protocol has no body

    def items(self) -> list[NewItem]:
        """Return all its clusters and pools as the journal has them."""
        ...  # pragma: no cover - a protocol has no body
