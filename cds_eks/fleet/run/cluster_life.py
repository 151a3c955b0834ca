"""The life of one cluster in a run: until it is running, or it is known why not."""

from __future__ import annotations

import contextlib
import math
from typing import Any

from cds_eks._runtime import passing_time
from cds_eks.errors import EksError, NotFound
from cds_eks.fleet.ensure.compare import compare_cluster, different, noted
from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.ensure.sighting import Sighting
from cds_eks.fleet.ensure.wanted import WantedCluster
from cds_eks.fleet.items import FIRST_POOL, Item, pool_item_id
from cds_eks.fleet.run.call import Call
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.item_life import ItemLife
from cds_eks.fleet.run.requests import request_of
from cds_eks.fleet.run.wrong_ids import Shown, ShownAsAnother
from cds_eks.models import ClusterDetail, ClusterSummary
from cds_eks.schema.status import is_leaving
from cds_eks.waiting.verdicts import judge_cluster
from cds_eks.wire import Response

RECHECK_ROUNDS = 6
"""After so many rounds in which a list did not show a cluster it is asked for by its id."""


def shown_cluster(cluster: ClusterSummary | ClusterDetail) -> Shown:
    """Return what the service shows under the id of a cluster."""
    return Shown(id=cluster.cluster_id, name=cluster.cluster_name, place=cluster.vpc_id, created=cluster.created_at)


class ClusterLife(ItemLife):
    """Sees to one cluster.

    Args:
        context: What the run shares.
        item: The cluster, as the journal has it.
        wanted: The same, as the plan has it; None if it is in no plan, and only an open create is to be settled.
    """

    def __init__(self, context: Context, item: Item, wanted: WantedCluster | None = None) -> None:
        super().__init__(context, item, item.id)
        self._wanted = wanted

    async def _follow(self) -> bool:
        """Wait until the cluster is running; one that was ready before is looked for in the latest list only."""
        cluster_id = own_id(self.item)
        if self.item.state != "ready" or cluster_id is None:
            return await super()._follow()
        cluster = (await self._context.poller.look(None)).clusters.get(cluster_id)
        self._check(cluster)
        kind, failure = "TaskFailed", None if cluster is None else judge_cluster(cluster).failure
        if cluster is not None and is_leaving(cluster.cluster_status):
            kind, failure = "Gone", "it is being deleted, not by this journal"
        elif cluster is None:
            with contextlib.suppress(EksError):
                kind, failure = "Gone", "it is not there any more" if await self._is_gone(cluster_id) else None
        if failure is not None:
            await self.fail(kind, failure, more={"outcome": "accepted"})
        return failure is None

    def _longest_wait(self) -> float:
        return self._context.settings.limits.cluster_timeout

    async def _end(self) -> str | None:
        """Wait until the cluster is running, in error, or gone for certain."""
        cluster_id, poller = own_id(self.item), self._context.poller
        assert cluster_id is not None
        while True:
            cluster = poller.state_of(cluster_id)
            self._check(cluster)
            if cluster is None:
                if await self._is_gone(cluster_id):
                    return "it is not there any more"
                if poller.state_of(cluster_id) is not None:
                    continue  # a round has shown it meanwhile: that change is not told once more
            elif (verdict := judge_cluster(cluster)).has_ended:
                if verdict.done and self._lacks_nodes(cluster):
                    poller.has_misled = True
                return verdict.failure or self._told_others(cluster_id)
            # One that lacks nodes is not running yet: it is not looked at so often.
            can_wait = cluster is not None and not poller.has_misled and self._lacks_nodes(cluster)
            async with passing_time.move_on_after(
                math.inf if cluster is not None else RECHECK_ROUNDS * poller.interval
            ):
                await poller.change_of(cluster_id, can_wait=can_wait)

    def _check(self, cluster: ClusterSummary | ClusterDetail | None) -> None:
        """Refuse to go on with what the service shows as another cluster."""
        if cluster is not None and (shown := shown_cluster(cluster)).is_another(self.item):
            raise ShownAsAnother(shown)

    def _told_others(self, cluster_id: str) -> str | None:
        """Say so if the list that shows it running shows others that have its name: a create was carried out twice."""
        latest = self._context.poller.latest
        if latest is None or latest.seen is None:
            return None
        seen = latest.seen.of(self.item.name, self.item.vpc_id).with_doubt()
        others = [id_ for id_ in seen.ids if id_ != cluster_id]
        if not others:
            return None
        self._failure_kind, self._failure_ids = "DuplicateFound", tuple(others)
        return f"it has the id {cluster_id}, and others have its name: {', '.join(others)}; nothing was deleted"

    def _lacks_nodes(self, cluster: ClusterSummary) -> bool:
        """Whether a cluster shows fewer nodes than it has when it is running; not if that can't be told."""
        masters = getattr(self._wanted, "masters", None)
        if self._wanted is None or masters is None or cluster.node_sum is None:
            return False
        return cluster.node_sum < int(masters) + sum(pool.replicas for pool in self._wanted.pools[:1])

    async def _is_gone(self, cluster_id: str) -> bool:
        """Whether a cluster that is not listed is not there. Lists and reads lag behind a create for some time."""
        context = self._context
        now = await context.journal.now()
        if now <= max(self.item.changed_at, self.item.deadline or 0.0) + context.settings.settle:
            return False
        try:
            async with context.budgets.poll():
                found = await context.eks.clusters.get(cluster_id)
            self._read_failures.succeeded()
            self._check(found.data)
        except NotFound as error:
            return bool(error.code)
        except EksError as error:
            if self._read_failures.are_too_many(error):
                raise
        return False

    async def _look(self, newer_than: float | None) -> Sighting:
        return await self._context.poller.look_for(self.item.name, self.item.vpc_id, newer_than)

    async def _prepare(self) -> Call | None:
        if self._wanted is None:
            return None
        request, eks = await request_of(self._wanted, self._wanted.create_request), self._context.eks

        async def send(seconds: float) -> Response[Any]:
            return await eks.clusters.create(request, timeout=seconds)

        replicas = sum(pool.replicas for pool in self._wanted.pools[:1])
        first = {FIRST_POOL: pool_item_id(self.item.vpc_id, self.item.name, self._wanted.pools[0].name)}
        return Call(send=send, action="CreateCluster", result_id="cluster_id", replicas=replicas, ids=first)

    async def _consider(self, id: str) -> None:  # noqa: A002
        context = self._context
        if self._wanted is None:
            self.is_given_up = True
            return
        try:
            request = await request_of(self._wanted, self._wanted.create_request)
            async with context.budgets.read():
                found = (await context.eks.clusters.get(id)).data
        except EksError as error:
            if self._read_failures.are_too_many(error):
                await self.fail(type(error).__name__, error.message)
            else:
                await passing_time.sleep(context.poller.interval)
            return
        compared = compare_cluster(request, found)
        context.differences[self.item.id] = noted(compared)
        if unlike := different(compared):
            words = f"{id} has this name, but differs in {', '.join(sorted(unlike))}: it was not adopted"
            await self.fail("Different", words, (id,))
            return
        self.item: Item = await context.writer.insist(
            self.item, state="accepted", ids=self._ids(id), origin="adopted", error={}, action="adopted"
        )
