"""Waiting for node pools: each is asked for only when its cluster's number of nodes says that it may be ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from cds_eks._runtime import passing_time
from cds_eks.errors import Conflict, EksError, NotFound
from cds_eks.fleet.run.limits import Budgets
from cds_eks.fleet.run.poller import Poller
from cds_eks.fleet.run.read_failures import ReadFailures
from cds_eks.models import NodePool
from cds_eks.waiting.verdicts import Verdict, judge_node_pool, judge_task

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient

EARLY = 0.9
"""The first poll comes when this part of the time has passed that pools have needed until now."""

FIRST_PAUSE = 3
"""The first pause between two polls of a pool, in rounds of the list. A list that shows a change ends it."""

GROWTH = 1.5
"""By what the pause between two polls of a pool grows, if nothing says that it may be ready."""


class PoolWaits:
    """What the waits for the pools of a run share.

    Args:
        eks: The client.
        budgets: What may be done at once.
        poller: Shows how many nodes each cluster has.
        fallback: After how many seconds a pool is asked for whatever its cluster shows.

    Attributes:
        polls: How often a pool or its task was asked for.
    """

    def __init__(self, eks: AsyncEksClient, budgets: Budgets, poller: Poller, *, fallback: float) -> None:
        self.polls: int = 0
        self._eks = eks
        self._budgets = budgets
        self._poller = poller
        self._fallback = fallback
        self._targets: dict[str, int] = {}
        self._typical = 0.0

    def expect(self, cluster_id: str, nodes: int) -> None:
        """Expect so many more nodes in a cluster than it has now, before its newest pool can be ready."""
        cluster = self._poller.state_of(cluster_id)
        self._targets.pop(cluster_id, None)
        if cluster is not None and cluster.node_sum is not None and nodes > 0:
            self._targets[cluster_id] = cluster.node_sum + nodes

    @staticmethod
    def is_busy(error: EksError) -> bool:
        """Whether a write was refused because the cluster takes one at a time."""
        return isinstance(error, Conflict) and error.outcome == "refused"

    async def end_of(
        self, cluster_id: str, node_pool_id: str, task_id: str | None, replicas: int, shown: NodePool | None
    ) -> str | None:
        """Wait until a pool is ready, or has failed.

        Args:
            cluster_id: Its cluster.
            node_pool_id: Its id.
            task_id: The task of what is done about it, if it is known: that ends last, and frees the cluster.
            replicas: How many nodes it is to have.
            shown: The pool as it was listed last, if it was.

        Returns:
            What went wrong, or None if it is ready.
        """
        if task_id is None and shown is not None and (verdict := judge_node_pool(shown, replicas)).has_ended:
            return verdict.failure
        failures = ReadFailures()
        full_at = await self._until_full(cluster_id) if cluster_id in self._targets else None
        pause = FIRST_PAUSE * self._poller.interval
        if full_at is not None:
            await self._until_changed(cluster_id, max(pause, self._typical * EARLY), can_wait=True)
        while True:
            verdict = await self._poll(cluster_id, node_pool_id, task_id, replicas, failures)
            if verdict.has_ended:
                self._targets.pop(cluster_id, None)
                if full_at is not None and verdict.done:
                    self._learn(anyio.current_time() - full_at)
                return verdict.failure
            if full_at is None and cluster_id in self._targets:
                full_at = await self._until_full(cluster_id)
            else:
                await self._until_changed(cluster_id, pause)
                pause = min(pause * GROWTH, max(self._fallback, pause))

    async def _until_changed(self, cluster_id: str, seconds: float, *, can_wait: bool = False) -> None:
        """Wait until a list shows a change of a cluster, such as the end of its task, but not for longer."""
        async with passing_time.move_on_after(seconds):
            await self._poller.change_of(cluster_id, can_wait=can_wait)

    async def _until_full(self, cluster_id: str) -> float | None:
        """Wait until a cluster shows all its nodes; return when, or None if it did not for some time."""
        async with passing_time.move_on_after(self._fallback):
            while True:
                cluster = self._poller.state_of(cluster_id)
                if cluster is None or cluster.node_sum is None:
                    await self._poller.change_of(cluster_id)
                    continue
                if cluster.node_sum >= self._targets.get(cluster_id, 0):
                    return anyio.current_time()
                await self._poller.change_of(cluster_id)
        return None

    async def _poll(
        self, cluster_id: str, node_pool_id: str, task_id: str | None, replicas: int, failures: ReadFailures
    ) -> Verdict:
        self.polls += 1
        try:
            async with self._budgets.poll():
                if task_id:
                    return judge_task((await self._eks.tasks.get_status(task_id)).data)
                answer = await self._eks.node_pools.list(cluster_id, node_pool_id=node_pool_id)
        except NotFound:
            return Verdict()  # reads lag; that it is gone is not said by one of them
        except EksError as error:
            if failures.are_too_many(error):
                raise
            return Verdict()
        found = next((pool for pool in answer.data.node_pool if pool.id == node_pool_id), None)
        return Verdict() if found is None else judge_node_pool(found, replicas)

    def _learn(self, seconds: float) -> None:
        """Remember how long pools take once all their nodes are listed: the shortest of late counts most."""
        self._typical = seconds if not self._typical else min(seconds, (self._typical * 3 + seconds) / 4)
