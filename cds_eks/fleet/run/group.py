"""A cluster with its node pools: what a runner claims, and sees to from beginning to end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping

import attrs

from cds_eks.errors import EksError
from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.ensure.wanted import WantedCluster
from cds_eks.fleet.items import FIRST_POOL, Item, cluster_item_id, pool_item_id
from cds_eks.fleet.run.cluster_life import ClusterLife
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.pool_life import MADE_WITH_CLUSTER, PoolLife
from cds_eks.fleet.run.pool_list import PoolList
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.steps import tell_steps
from cds_eks.models import NodePool


@attrs.frozen(kw_only=True)
class Group:
    """A cluster of the plan with its pools, by their ids in the journal.

    Attributes:
        wanted: The cluster, as the plan has it; None if no plan has it any more.
        vpc_id: Its VPC.
        id: The id of the cluster's item.
        pool_ids: The ids of its pools' items, in order.
    """

    wanted: WantedCluster | None
    vpc_id: str
    id: str
    pool_ids: tuple[str, ...]

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The ids of all its items."""
        return (self.id, *self.pool_ids)


def group_of(wanted: WantedCluster) -> Group:
    """Return the group of a cluster of a plan."""
    pools = tuple(pool_item_id(wanted.vpc_id, wanted.name, pool.name) for pool in wanted.pools)
    return Group(wanted=wanted, vpc_id=wanted.vpc_id, id=cluster_item_id(wanted.vpc_id, wanted.name), pool_ids=pools)


def nodes_of(group: Group, pools: Iterable[Item]) -> int | None:
    """Return how many nodes a cluster has with these pools, masters among them; None if its plan does not say."""
    masters: int | None = getattr(group.wanted, "masters", None)
    return None if masters is None else masters + sum(pool.replicas for pool in pools)


class GroupLife:
    """Sees to one group.

    Args:
        context: What the run shares.
        waits: What the waits for pools have learned.
        group: The group.
        items: Its items, as the journal has them.
    """

    def __init__(self, context: Context, waits: PoolWaits, group: Group, items: Mapping[str, Item]) -> None:
        self._context = context
        self._waits = waits
        self._group = group
        self._items = dict(items)

    async def run(self, on_created: Callable[[], None]) -> None:
        """See to the cluster, then to its pools, one after the other: it takes one write at a time.

        Args:
            on_created: Is called when its cluster is there, or nothing more is done about that.
        """
        cluster = ClusterLife(self._context, self._items[self._group.id], self._group.wanted)
        try:
            is_there = await cluster.ensure()
        finally:
            on_created()
        was_ready = cluster.item.state == "ready"
        if not is_there or not await cluster.follow():
            await self._note_first_pool(cluster.item)
            return
        cluster_id = own_id(cluster.item)
        assert cluster_id is not None
        pools = PoolList(self._context, cluster_id)
        shown = await self._shown_pools(cluster.item)
        wanted = {pool.name: pool for pool in (self._group.wanted.pools if self._group.wanted else ())}
        made_with = self._made_with(cluster.item)
        for id_ in self._group.pool_ids:
            item = self._items[id_]
            pool = PoolLife(
                self._context,
                item,
                cluster.item,
                wanted=wanted.get(item.name),
                waits=self._waits,
                made_with_cluster=self._shown_by(cluster.item) if id_ == made_with else None,
                pools=pools,
            )
            with self._context.spans.item(item):
                if not await pool.ensure() or not await pool.is_still_there(shown):
                    continue
                await pool.scale()
                if not pool.is_given_up:
                    await pool.follow()
        if not was_ready and self._context.settings.limits.steps:
            await tell_steps(self._context, cluster.item)

    def _made_with(self, cluster: Item) -> str | None:
        """Return the id of the pool's item that went with a cluster.

        Of a journal that does not say which one did it was the plan's first.
        """
        return cluster.ids.get(FIRST_POOL) or next(iter(self._group.pool_ids), None)

    async def _note_first_pool(self, cluster: Item) -> None:
        """Note of the pool that was made with a cluster which has failed that it is there, with its id."""
        context, item = self._context, self._items.get(self._made_with(cluster) or "")
        cluster_id, is_ours = own_id(cluster), cluster.origin in ("created", "recovered")
        if cluster.state != "failed" or cluster_id is None or not is_ours or item is None or own_id(item) is not None:
            return
        try:
            listed = await PoolList(context, cluster_id).fresh()
            ids = () if listed.seen is None else listed.seen.of(item.name, cluster_id).ids
        except EksError:
            return  # that it is not there is not said by what fails
        if len(ids) == 1 and not context.writer.hidden.is_in(ids[0]):
            self._items[item.id] = await context.writer.insist(
                item,
                state="accepted",
                ids={"node_pool_id": ids[0], "cluster_id": cluster_id},
                origin=cluster.origin,
                replicas=listed.pools[ids[0]].replicas,
                error={},
                action=MADE_WITH_CLUSTER,
            )

    async def _shown_pools(self, cluster: Item) -> Mapping[str, NodePool] | None:
        """Return the pools of a cluster, if one of them had ended before this run and may not be there any more.

        A cluster that is listed with just as many nodes as its masters and pools have is not asked. (If the service
        should not count masters, each is asked once.) None if nobody has looked, or they can't be seen now.
        """
        cluster_id = own_id(cluster)
        pools = [self._items[id_] for id_ in self._group.pool_ids]
        if cluster_id is None or all(pool.state not in ("ready", "failed") for pool in pools):
            return None
        listed, expected = self._context.poller.state_of(cluster_id), nodes_of(self._group, pools)
        has_failed = any(pool.state == "failed" for pool in pools)
        if listed is not None and expected is not None and listed.node_sum == expected and not has_failed:
            return None
        with contextlib.suppress(EksError):  # that they are gone is not said by what fails
            async with self._context.budgets.poll():
                answer = await self._context.eks.node_pools.list(cluster_id)
            return {pool.id: pool for pool in answer.data.node_pool}
        return None

    def _shown_by(self, cluster: Item) -> float | None:
        """Return until when a list may not show the first pool, if it was made with its cluster."""
        if cluster.origin not in ("created", "recovered") or own_id(cluster) is None:
            return None
        return max(cluster.changed_at, cluster.deadline or 0.0) + self._context.settings.settle
