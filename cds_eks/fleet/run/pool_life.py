"""The life of one node pool in a run: until it is ready, or it is known why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks._runtime import passing_time
from cds_eks.errors import EksError
from cds_eks.fleet.ensure.compare import REPLICAS, Compared, compare_pool, different, noted
from cds_eks.fleet.ensure.decide import Action, Create, Look, listed_alike, own_id
from cds_eks.fleet.ensure.sighting import Sighting
from cds_eks.fleet.ensure.wanted import WantedPool
from cds_eks.fleet.items import OPEN, Item
from cds_eks.fleet.run.call import Call
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.pool_list import PoolList
from cds_eks.fleet.run.pool_scale import ScaledPool
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.requests import request_of
from cds_eks.fleet.run.wrong_ids import Shown, ShownAsAnother
from cds_eks.models import NodePool
from cds_eks.waiting.verdicts import judge_node_pool
from cds_eks.wire import Response

MADE_WITH_CLUSTER = "made with its cluster"
"""What the audit says of a first pool when it is first seen."""


class PoolLife(ScaledPool):
    """Sees to one node pool.

    Args:
        context: What the run shares.
        item: The pool, as the journal has it.
        cluster: Its cluster, which is there.
        wanted: The pool, as the plan has it; None if it is in no plan, and only an open create is to be settled.
        waits: What the waits for pools of this run have learned.
        made_with_cluster: Until when a list may not show it though it is there, by the journal's clock, if it was made
            with the cluster; None if it was not.
        pools: The pools of the cluster, as they were listed last; None for a list of its own.
    """

    def __init__(
        self,
        context: Context,
        item: Item,
        cluster: Item,
        *,
        wanted: WantedPool | None = None,
        waits: PoolWaits,
        made_with_cluster: float | None = None,
        pools: PoolList | None = None,
    ) -> None:
        super().__init__(context, item, cluster, wanted=wanted, waits=waits, pools=pools)
        self._made_with_cluster = made_with_cluster
        self._may_be_there = self._may_be_there and cluster.origin not in ("created", "recovered")

    async def _end(self) -> str | None:
        id_ = own_id(self.item)
        assert id_ is not None
        replicas, task_id, shown = self.item.replicas, self.item.ids.get("task_id"), self._pools.get(id_)
        failure = await self._waits.end_of(self._cluster_id, id_, task_id, replicas, shown)
        if failure is None and self._context.known_ids.is_contested("node_pool", id_):
            await self._check_by_name(id_)
        return failure

    async def _check_by_name(self, id_: str) -> None:
        """Wait until a list shows it by its id or by its name: two answers have named the same id."""
        while True:
            listed = await self._list.fresh()
            named = () if listed.seen is None else listed.seen.of(self.item.name, self._cluster_id).ids
            if id_ in named:
                return
            if named:
                found = listed.pools.get(id_)
                raise ShownAsAnother(Shown(id=id_, name="another's" if found is None else found.name))
            await passing_time.sleep(self._context.poller.interval)

    async def is_still_there(self, shown: Mapping[str, NodePool] | None) -> bool:
        """Whether a pool that was ready, or had failed, before this run is there and in order, as far as that is seen.

        Args:
            shown: The pools of its cluster by id, or None if nobody has looked.
        """
        id_, context = own_id(self.item), self._context
        if shown is None or id_ is None or self.item.state not in ("ready", "failed") or self._seen is not None:
            return True
        failure: str | None
        if (found := shown.get(id_)) is not None and (entry := Shown(id=id_, name=found.name)).is_another(self.item):
            failure = entry.words(self.item)
        elif found is not None:
            failure = judge_node_pool(found, self.item.replicas).failure
        else:
            was_ready, now = self.item.state == "ready", await context.journal.now()
            may_lag = was_ready and now <= self.item.changed_at + context.settings.settle
            failure = None if may_lag or not await self._is_absent(id_) else "it is not there any more"
        if failure is not None:
            await self.fail("TaskFailed" if found is not None else "Gone", failure, more={"outcome": "accepted"})
        return failure is None

    async def _is_absent(self, id_: str) -> bool:
        """Whether one more list lacks it as well: one alone may be wrong."""
        await passing_time.sleep(self._context.poller.interval)
        try:
            listed = await self._list.fresh()
        except EksError:
            return False
        is_blank = listed.seen is not None and listed.seen.is_blank
        return not is_blank and id_ not in listed.pools

    def _decide(self) -> Action:
        until = self._made_with_cluster
        if until is not None:
            self._adopt = "matching"  # what is there is ours
        action = super()._decide()
        if isinstance(action, Create) and until is not None and self._seen is not None:
            if self._seen.began <= until:
                return Look(after=until)  # its cluster was made with it: not listed yet is not "not there"
            if self._seen.similar:
                return listed_alike(self._seen.similar)
            if not self._seen.is_absent(until):
                return Look(after=self._seen.began)
        return action

    async def _look(self, newer_than: float | None) -> Sighting:
        if newer_than is None and self.item.state not in OPEN:
            listed = await self._list.recent()
        else:
            if newer_than is not None:
                await passing_time.sleep(self._context.poller.interval)
            listed = await self._list.fresh()
        if listed.seen is None:
            return Sighting(began=listed.began)
        self._pools = listed.pools
        return listed.seen.of(self.item.name, self._cluster_id)

    def _shown_replicas(self, id: str) -> int | None:  # noqa: A002
        found = self._pools.get(id)
        return None if found is None else found.replicas

    def _ids(self, id: str) -> dict[str, str]:  # noqa: A002
        return {"node_pool_id": id, "cluster_id": self._cluster_id}

    async def _prepare(self) -> Call | None:
        wanted, eks = self._wanted, self._context.eks
        if wanted is None:
            return None
        request = await request_of(wanted, lambda: wanted.create_request(self._cluster_id))

        async def send(seconds: float) -> Response[Any]:
            self._waits.expect(self._cluster_id, wanted.replicas)
            return await eks.node_pools.create(request, timeout=seconds)

        return Call(send=send, action="CreateNodePool", result_id="node_pool_id", replicas=wanted.replicas)

    async def _consider(self, id: str) -> None:  # noqa: A002
        """Take what is there: ours, if it was made with a cluster of ours; else adopt it, if it is as it should be."""
        context, found = self._context, self._pools.get(id)
        if self._made_with_cluster is not None:
            origin = self._cluster.origin
        else:
            origin = "adopted"
            try:
                compared = await self._compared(found)
            except EksError as error:
                await self.fail(type(error).__name__, error.message)
                return
            context.differences[self.item.id] = noted(compared)
            if unlike := different(compared, but=(REPLICAS,)):
                words = f"{id} has this name, but differs in {', '.join(sorted(unlike))}: it was not adopted"
                await self.fail("Different", words, (id,))
                return
        self.item: Item = await context.writer.insist(
            self.item,
            state="accepted",
            ids=self._ids(id),
            origin=origin,
            replicas=self._shown_replicas(id),
            error={},
            action=MADE_WITH_CLUSTER if self._made_with_cluster is not None else "adopted",
        )

    async def _compared(self, found: NodePool | None) -> dict[str, Compared]:
        wanted = self._wanted
        if wanted is None or found is None:
            return {}
        return compare_pool(await request_of(wanted, lambda: wanted.create_request(self._cluster_id)), found)
