"""`destroy`: delete what the journal has created of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import attrs

from cds_eks.fleet.ensure.decide import CANDIDATES, noted_ids, own_id
from cds_eks.fleet.ensure.wanted import WantedCluster, WantedPlan
from cds_eks.fleet.items import OPEN, Item, NewItem, cluster_item_id
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.run.arguments import check_arguments
from cds_eks.fleet.run.context import Context, Settings
from cds_eks.fleet.run.fleet_run import FleetRun
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.limits import FleetLimits, checked_limits
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.reporting import Reported
from cds_eks.fleet.run.selection import selected
from cds_eks.fleet.run.teardown import Teardown

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient

NONE_KNOWN = (
    "nothing was deleted: the journal knows none of these clusters; is it the one that they were made with? "
    "What is there and in no journal is found by `orphans`"
)


def destroy(
    eks: AsyncEksClient,
    plan: WantedPlan,
    *,
    journal: Journal,
    settle: float = 60.0,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
    stop_on_error: bool = False,
    include_adopted: bool = False,
    timeout: float | None = None,
) -> FleetRun:
    """Delete the clusters of a plan, with their pools, by the ids that the journal has of them, and nothing else.

    Args:
        eks: The client; it stays open.
        plan: The plan.
        journal: The journal.
        settle: For how many seconds "not found" does not mean "gone" after a create.
        only: Names of clusters, or patterns such as `gpu-0*`; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        limits: How much is done at once, and for how long.
        stop_on_error: Begin nothing more once a deletion has failed.
        include_adopted: Delete also what was adopted or imported: it was made by somebody else.
        timeout: How many seconds the run may take, whatever it waits for; None for no limit. Then it ends as if it was
            interrupted: nothing new is begun, creates that are under way may end within `FleetLimits.grace`, and
            the report has `timed_out`. The same call goes on later.

    Returns:
        The run. It begins when it is iterated, or its `report` awaited; the report is on what there was.

    Raises:
        ConfigurationError: `only` or `exclude` matches no cluster of the plan.
    """
    check_arguments(eks, plan, journal, limits)
    settings = Settings(settle=settle, stop_on_error=stop_on_error, limits=checked_limits(limits), timeout=timeout)
    job = DestroyJob(plan, selected(plan.clusters, only, exclude), include_adopted=include_adopted)
    return FleetRun(eks, plan, journal, settings, job)


def protected_by(plan: WantedPlan) -> Mapping[str, Sequence[NewItem]]:
    """Return what a plan protects, by the id of its cluster's item."""
    protected: dict[str, list[NewItem]] = defaultdict(list)
    for item in plan.items():
        if item.protect:
            protected[cluster_item_id(item.vpc_id, item.cluster_name)].append(item)
    return protected


class DestroyJob:
    """Have the clusters of a plan gone.

    Args:
        plan: The plan: what it protects is not deleted, whether the journal knows that yet or not.
        clusters: Those of its clusters that are meant.
        include_adopted: Whether what was adopted or imported is deleted as well.
    """

    goal: Literal["deleted"] = "deleted"
    differing: Sequence[Item] = ()
    complaint: str | None = None

    def __init__(self, plan: WantedPlan, clusters: Sequence[WantedCluster], *, include_adopted: bool) -> None:
        self.asked: Mapping[str, NewItem] = {}
        self._protected = protected_by(plan)
        self._wanted = {cluster_item_id(cluster.vpc_id, cluster.name): cluster for cluster in clusters}
        self._include_adopted = include_adopted

    def life_of(self, context: Context, waits: PoolWaits, group: Group, items: Mapping[str, Item]) -> Teardown:  # noqa: ARG002
        """Return what deletes one cluster."""
        protected = self._protected.get(group.id, ())
        return Teardown(context, group, items, include_adopted=self._include_adopted, protected=protected)

    async def groups(self, journal: Journal) -> Sequence[Group]:
        """Return the clusters and pools that the journal has ids of, an open create, or what one may have made."""
        return await self.expected(journal)

    async def expected(self, journal: Reported) -> Sequence[Group]:
        """Return the same, which is only read."""
        pools: dict[str, list[Item]] = defaultdict(list)
        clusters: list[Item] = []
        items = await journal.items()
        if self._wanted and not any(item.id in self._wanted for item in items):
            self.complaint = NONE_KNOWN
        for item in items:
            if item.kind == "node_pool":
                pools[cluster_item_id(item.vpc_id, item.cluster_name)].append(item)
            elif item.id in self._wanted and (
                own_id(item) is not None
                or item.state in OPEN
                or (item.state == "failed" and noted_ids(item, CANDIDATES))
            ):
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

    async def whole(self, journal: Journal, groups: Sequence[Group], clusters: Mapping[str, Item]) -> Sequence[Group]:
        """Add the pools that others have put into the journal before the clusters were claimed: they go as well."""
        pools: dict[str, list[str]] = defaultdict(list)
        for item in await journal.items(clusters=clusters):
            if item.kind == "node_pool":
                pools[cluster_item_id(item.vpc_id, item.cluster_name)].append(item.id)
        return tuple(attrs.evolve(group, pool_ids=tuple(pools[group.id])) for group in groups)

    async def dropped(self, journal: Journal, settled: Collection[str]) -> Sequence[Group]:  # noqa: ARG002
        """Nothing is seen to that is not to be deleted."""
        return ()

    def is_to_settle(self, item: Item) -> bool:
        """Only what is to be deleted has to be settled before."""
        return cluster_item_id(item.vpc_id, item.cluster_name) in self._wanted
