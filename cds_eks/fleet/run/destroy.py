"""`destroy`: delete what the journal has created of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.ensure.wanted import WantedCluster, WantedPlan
from cds_eks.fleet.items import OPEN, Item, cluster_item_id
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.run.context import Context, Settings
from cds_eks.fleet.run.fleet_run import FleetRun
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.job import selected
from cds_eks.fleet.run.limits import FleetLimits, checked_limits
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.teardown import Teardown

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient


def destroy(
    eks: AsyncEksClient,
    plan: WantedPlan,
    *,
    journal: Journal,
    settle: float = 60.0,
    only: Collection[str] = (),
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
    stop_on_error: bool = False,
    include_adopted: bool = False,
) -> FleetRun:
    """Delete the clusters of a plan, with their pools, by the ids that the journal has of them, and nothing else.

    Args:
        eks: The client; it stays open.
        plan: The plan.
        journal: The journal.
        settle: For how many seconds "not found" does not mean "gone" after a create.
        only: Names of clusters, or patterns such as `gpu-0*`; all others are left alone.
        exclude: Names or patterns of clusters that are left alone.
        limits: How much is done at once, and for how long.
        stop_on_error: Begin nothing more once a deletion has failed.
        include_adopted: Delete also what was adopted or imported: it was made by somebody else.

    Returns:
        The run. It begins when it is iterated, or its `report` awaited; the report is on what there was.
    """
    settings = Settings(settle=settle, stop_on_error=stop_on_error, limits=checked_limits(limits))
    job = DestroyJob(selected(plan.clusters, only, exclude), include_adopted=include_adopted)
    return FleetRun(eks, plan, journal, settings, job)


class DestroyJob:
    """Have the clusters of a plan gone.

    Args:
        clusters: The clusters.
        include_adopted: Whether what was adopted or imported is deleted as well.
    """

    goal: Literal["deleted"] = "deleted"
    differing: Sequence[tuple[Item, str]] = ()

    def __init__(self, clusters: Sequence[WantedCluster], *, include_adopted: bool) -> None:
        self._wanted = {cluster_item_id(cluster.vpc_id, cluster.name): cluster for cluster in clusters}
        self._include_adopted = include_adopted

    def life_of(self, context: Context, waits: PoolWaits, group: Group, items: Mapping[str, Item]) -> Teardown:  # noqa: ARG002
        """Return what deletes one cluster."""
        return Teardown(context, group, items, include_adopted=self._include_adopted)

    async def groups(self, journal: Journal) -> Sequence[Group]:
        """Return the clusters that the journal has ids of, or an open create, with all pools it knows of them."""
        pools: dict[str, list[Item]] = defaultdict(list)
        clusters: list[Item] = []
        for item in await journal.items():
            if item.kind == "node_pool":
                pools[cluster_item_id(item.vpc_id, item.cluster_name)].append(item)
            elif item.id in self._wanted and (own_id(item) is not None or item.state in OPEN):
                clusters.append(item)
        return tuple(
            Group(
                wanted=self._wanted[item.id],
                vpc_id=item.vpc_id,
                id=item.id,
                pool_ids=tuple(pool.id for pool in pools[item.id]),
            )
            for item in clusters
        )

    def is_to_settle(self, item: Item) -> bool:
        """Only what is to be deleted has to be settled before."""
        return cluster_item_id(item.vpc_id, item.cluster_name) in self._wanted
