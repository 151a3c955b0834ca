"""`import_`: take clusters that are there into the journal, with their pools."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from cds_eks.errors import InvalidRequestError
from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.ensure.sighting import seen_clusters, seen_pools
from cds_eks.fleet.ensure.wanted import WantedCluster, WantedPlan
from cds_eks.fleet.hidden import Hidden, hidden_of
from cds_eks.fleet.items import Change, Item, State
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.processes import new_runner
from cds_eks.fleet.run.arguments import check_arguments
from cds_eks.fleet.run.cluster_life import shown_cluster
from cds_eks.fleet.run.group import Group, group_of
from cds_eks.fleet.run.limits import FleetLimits, checked_limits
from cds_eks.fleet.run.selection import selected
from cds_eks.fleet.run.service import check_service
from cds_eks.fleet.run.survey import diff
from cds_eks.models import ClusterSummary
from cds_eks.waiting.verdicts import judge_cluster, judge_node_pool

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient
    from cds_eks.fleet.report.fleet_report import FleetReport

FREE: frozenset[State] = frozenset({"planned", "refused", "deleted", "failed"})
"""States of items that nothing may be known to be there of; of a failed one there is if it has an id of its own."""


async def import_(
    eks: AsyncEksClient,
    plan: WantedPlan,
    *,
    journal: Journal,
    ids: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
) -> FleetReport:
    """Take clusters of a plan that somebody else has made into the journal, as `imported`, with their pools by name.

    Nothing is created or changed at the service. What the journal knows already stays as it is.

    Args:
        eks: The client.
        plan: The plan.
        journal: The journal.
        ids: The cluster's id by its name in the plan, where several have that name; the others are found by name.
        only: Names of clusters, or patterns; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        limits: How much is done at once, and for how long.

    Returns:
        The report, with the differences between what is there and the plan, as `diff` reports them.

    Raises:
        InvalidRequestError: An id in `ids` is not listed, or with another name or VPC than the plan's, or the name that
            it is given for is none of the plan's.
    """
    check_arguments(eks, plan, journal, limits)
    given, limits = dict(ids or {}), checked_limits(limits)
    groups = [group_of(cluster) for cluster in selected(plan.clusters, only, exclude)]
    await check_service(eks, journal)
    now = await journal.now()
    answer = await eks.clusters.list()
    listed = {cluster.cluster_id: cluster for cluster in answer.data}
    seen = seen_clusters(now, answer.data, answer.total_count)
    _check(given, {group.wanted.name: group.wanted for group in groups if group.wanted}, listed)
    runner, hidden = new_runner(), hidden_of(plan)
    wanted_ids = {id_ for group in groups for id_ in group.item_ids}
    await journal.add([item for item in plan.items() if item.id in wanted_ids])
    try:
        for group in groups:
            assert group.wanted is not None
            # One of which the list does not tell where it is may be another's of the same name.
            sighting = seen.of(*_key(group)).with_doubt()
            found = (given[group.wanted.name],) if group.wanted.name in given else sighting.ids
            if len(found) == 1 and not hidden.is_in(found[0]):
                await _Importing(eks, journal, runner, limits, hidden).take(group, found[0], listed[found[0]])
    finally:
        await journal.release(runner)
    return await diff(eks, plan, journal=journal, only=only, exclude=exclude, limits=limits)


def _key(group: Group) -> tuple[str, str]:
    assert group.wanted is not None
    return group.wanted.name, group.wanted.vpc_id


def _check(given: Mapping[str, str], names: Mapping[str, WantedCluster], listed: Mapping[str, ClusterSummary]) -> None:
    for name, id_ in given.items():
        if name not in names:
            raise InvalidRequestError("ids", f"{name!r} is none of the plan's clusters")
        if id_ not in listed:
            raise InvalidRequestError("ids", f"{id_!r} is not listed")
        shown, wanted = shown_cluster(listed[id_]), names[name]
        key = Item(id="", kind="cluster", name=name, vpc_id=wanted.vpc_id, cluster_name=name)
        if shown.is_another(key):
            raise InvalidRequestError("ids", shown.words(key))


class _Importing:
    """Takes one cluster after the other into the journal."""

    def __init__(self, eks: AsyncEksClient, journal: Journal, runner: str, limits: FleetLimits, hidden: Hidden) -> None:
        self._eks = eks
        self._journal = journal
        self._runner = runner
        self._limits = limits
        self._hidden = hidden

    async def take(self, group: Group, cluster_id: str, cluster: Any) -> None:
        """Take one cluster and its pools."""
        wanted = group.wanted
        assert wanted is not None
        ids = group.item_ids
        items = {
            item.id: item
            for item in await self._journal.claim(
                self._runner, limit=len(ids), lease=self._limits.lease, states=FREE, ids=ids
            )
            if item.state != "failed" or own_id(item) is None
        }
        changes: list[Change] = []
        if (item := items.get(group.id)) is not None:
            state: State = "ready" if judge_cluster(cluster).done else "accepted"
            changes.append(self._change(item, state, {"cluster_id": cluster_id}))
        else:
            known = await self._journal.get(group.id)
            if known is None or own_id(known) != cluster_id:
                return  # it is another one, or another runner has it
        pools = (await self._eks.node_pools.list(cluster_id)).data.node_pool
        by_id, seen = {pool.id: pool for pool in pools}, seen_pools(0.0, pools, None)
        for id_, pool in zip(group.pool_ids, wanted.pools, strict=True):
            found = seen.of(pool.name, cluster_id).ids
            if id_ in items and len(found) == 1:
                shown = by_id[found[0]]
                state = "ready" if judge_node_pool(shown, None).done else "accepted"
                pool_ids = {"cluster_id": cluster_id, "node_pool_id": found[0]}
                changes.append(self._change(items[id_], state, pool_ids, shown.replicas))
        if changes:
            await self._journal.write(*[self._hidden.change(change) for change in changes])
        await self._journal.release(self._runner, ids)

    def _change(self, item: Item, state: State, ids: Mapping[str, str], replicas: int | None = None) -> Change:
        return Change(
            item_id=item.id,
            runner=self._runner,
            epoch=item.epoch,
            state=state,
            ids=ids,
            origin="imported",
            replicas=replicas,
            error={},
            action="imported",
        )
