"""`status` and `diff`: what the journal and the service say of a plan. Nothing is changed, neither here nor there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio

from cds_eks.errors import EksError, NotFound
from cds_eks.fleet.ensure.compare import Compared, compare_cluster, compare_pool, noted
from cds_eks.fleet.ensure.decide import may_be_of, own_id
from cds_eks.fleet.ensure.sighting import Seen, seen_clusters, seen_pools
from cds_eks.fleet.ensure.wanted import WantedCluster, WantedPlan
from cds_eks.fleet.hidden import hidden_of
from cds_eks.fleet.items import Item
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.steps import planned
from cds_eks.fleet.plan.requests import stood_in
from cds_eks.fleet.report.data import ReportItem, ReportPlan
from cds_eks.fleet.run.arguments import check_arguments
from cds_eks.fleet.run.group import Group, group_of, nodes_of
from cds_eks.fleet.run.limits import Budgets, FleetLimits, checked_limits
from cds_eks.fleet.run.reporting import report_item, report_of
from cds_eks.fleet.run.selection import selected
from cds_eks.fleet.run.service import check_service
from cds_eks.models import ClusterSummary, NodePool
from cds_eks.waiting.verdicts import judge_cluster

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient
    from cds_eks.fleet.report.fleet_report import FleetReport

NOT_COMPARED = "not_compared"
"""Among the differences of an item that could not be read: why."""

GONE: Mapping[str, Any] = {"there": {"wanted": True, "found": False}}
"""The difference of what is not there."""

NOT_OURS: Mapping[str, Any] = {"in_journal": {"wanted": True, "found": False}}
"""The difference of what is there and comes from no create of the journal: a run refuses it as `AlreadyExists`."""


async def status(
    eks: AsyncEksClient,
    plan: WantedPlan,
    *,
    journal: Journal,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
) -> FleetReport:
    """Report what the journal knows about a plan, and how the service shows each cluster now (`cluster_status`).

    What the journal does not know is `planned`. A running cluster whose pools are all ready, but which shows another
    number of nodes than they have with its masters, has `node_sum` among its differences: somebody may have deleted or
    scaled a pool, and `diff` shows which. It costs one list. Nothing is changed.
    """
    check_arguments(eks, plan, journal)
    groups = [group_of(cluster) for cluster in selected(plan.clusters, only, exclude)]
    await check_service(eks, journal)
    now = await journal.now()
    listed = {cluster.cluster_id: cluster for cluster in (await eks.clusters.list()).data}
    shown: dict[str, dict[str, Any]] = {}
    known = {item.id: item for item in await journal.items(ids=[id_ for group in groups for id_ in group.item_ids])}
    for group in groups:
        if group.id in known and (cluster_id := own_id(known[group.id])) is not None:
            found = listed.get(cluster_id)
            shown[group.id] = {"cluster_status": None if found is None else found.cluster_status}
            if found is not None and (nodes := _other_nodes(group, known, found)):
                shown[group.id]["node_sum"] = nodes
    return await report_of(
        journal, groups, plan=plan, times=(now, now), stopped=None, differences=hidden_of(plan).plain(shown)
    )


def _other_nodes(group: Group, known: Mapping[str, Item], found: ClusterSummary) -> dict[str, int] | None:
    """Return how many nodes a cluster should show and does, if it is running with others than it is known to have."""
    items = [known[id_] for id_ in group.item_ids if id_ in known]
    expected = nodes_of(group, items[1:])
    if expected is None or found.node_sum is None or found.node_sum == expected:
        return None
    is_settled = judge_cluster(found).done and all(item.state == "ready" for item in items)
    return {"wanted": expected, "found": found.node_sum} if is_settled else None


async def diff(
    eks: AsyncEksClient,
    plan: WantedPlan,
    *,
    journal: Journal,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
) -> FleetReport:
    """Report how each cluster and each pool differs from the plan.

    Each item's `differences` name what differs, by the plan's fields, with both values; `unseen` names what the
    service does not show. What is not there has `there` among its differences; what is there, but is not the
    journal's, has `in_journal`: a run fails on it with `AlreadyExists`, unless it is adopted or imported. A cluster
    with pools that are in no plan has `unplanned`. Nothing is changed, and what lists do not show yet counts as not
    there.
    """
    check_arguments(eks, plan, journal, limits)
    budgets = Budgets(checked_limits(limits))
    groups = [group_of(cluster) for cluster in selected(plan.clusters, only, exclude)]
    await check_service(eks, journal)
    now = await journal.now()
    answer = await eks.clusters.list()
    seen = seen_clusters(now, answer.data, answer.total_count)
    ids = [id_ for group in groups for id_ in group.item_ids]
    known = {item.id: item for item in await journal.items(ids=ids)}
    comparing = _Comparing(eks, seen, known, budgets)
    async with anyio.create_task_group() as tasks:
        for group in groups:
            tasks.start_soon(comparing.compare, group)
    from cds_eks.fleet.report.fleet_report import FleetReport  # it lies above, and is only needed now

    differences = hidden_of(plan).plain(comparing.differences)
    new = {item.id: planned(item) for item in plan.items()}
    told: Sequence[ReportItem] = [report_item(known.get(id_, new[id_]), (), differences.get(id_, {})) for id_ in ids]
    ended = await journal.now()
    about = ReportPlan(source=plan.source, digest=plan.digest)
    return FleetReport(items=tuple(told), started_at=now, ended_at=ended, plan=about)


class _Comparing:
    """Compares clusters with what is wanted, many at once.

    Attributes:
        differences: What was found, by the item's id.
    """

    def __init__(self, eks: AsyncEksClient, seen: Seen, known: Mapping[str, Item], budgets: Budgets) -> None:
        self.differences: dict[str, dict[str, Any]] = {}
        self._eks = eks
        self._seen = seen
        self._known = known
        self._budgets = budgets

    async def compare(self, group: Group) -> None:
        """Compare one cluster and its pools."""
        wanted = group.wanted
        assert wanted is not None
        cluster_id = self._id_of(group, wanted)
        if cluster_id is None:
            self.differences.update({id_: dict(GONE) for id_ in group.item_ids})
            if (count := len(self._seen.of(wanted.name, wanted.vpc_id).ids)) > 1:
                self.differences[group.id] = {"there": {"wanted": 1, "found": count}}
            return
        try:
            async with self._budgets.read():
                found = (await self._eks.clusters.get(cluster_id)).data
            async with self._budgets.read():
                pools = (await self._eks.node_pools.list(cluster_id)).data
        except NotFound:
            self.differences.update({id_: dict(GONE) for id_ in group.item_ids})
            return
        except EksError as error:
            why = f"{type(error).__name__}: {error.message}"
            self.differences.update({id_: {NOT_COMPARED: why} for id_ in group.item_ids})
            return
        request = wanted.create_request(resolve=stood_in)  # no secret is shown, so none is needed
        self.differences[group.id] = {**self._whose(group.id, cluster_id), **noted(compare_cluster(request, found))}
        self._compare_pools(group, wanted, cluster_id, pools.node_pool)

    def _compare_pools(self, group: Group, wanted: WantedCluster, cluster_id: str, found: Sequence[NodePool]) -> None:
        seen, by_id = seen_pools(0.0, found, None), {pool.id: pool for pool in found}
        for id_, pool in zip(group.pool_ids, wanted.pools, strict=True):
            known = self._known.get(id_)
            sighted = seen.of(pool.name, cluster_id).ids
            pool_id = (None if known is None else own_id(known)) or (sighted[0] if len(sighted) == 1 else None)
            if pool_id is None or pool_id not in by_id:
                self.differences[id_] = {"there": {"wanted": 1, "found": len(sighted)}} if sighted else dict(GONE)
                continue
            compared: Mapping[str, Compared] = compare_pool(
                pool.create_request(cluster_id, resolve=stood_in), by_id[pool_id]
            )
            self.differences[id_] = {**self._whose(id_, pool_id), **noted(compared)}
        names = {pool.name for pool in wanted.pools}
        if unplanned := sorted(pool.name or pool.id for pool in found if pool.name not in names):
            self.differences[group.id]["unplanned"] = unplanned

    def _whose(self, item_id: str, id_: str) -> dict[str, Any]:
        return {} if may_be_of(self._known.get(item_id), id_) else dict(NOT_OURS)

    def _id_of(self, group: Group, wanted: WantedCluster) -> str | None:
        """Return the id of a cluster: the journal's, or that of the only one that has its natural key."""
        known = self._known.get(group.id)
        if known is not None and (cluster_id := own_id(known)) is not None:
            return cluster_id
        ids = self._seen.of(wanted.name, wanted.vpc_id).ids
        return ids[0] if len(ids) == 1 else None
