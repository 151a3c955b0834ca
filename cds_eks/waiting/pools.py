"""Waiting for node pools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

import attrs

from cds_eks.errors import NotFound
from cds_eks.models import NodePool
from cds_eks.waiting.intervals import PollInterval, check_interval, check_timeout
from cds_eks.waiting.polling import check_id, wait_for
from cds_eks.waiting.rounds import all_of, check_pools, check_replicas
from cds_eks.waiting.source import Source
from cds_eks.waiting.verdicts import Verdict, is_settled, judge_node_pool
from cds_eks.waiting.watch import UNSEEN, Watch

STEADY_POLLS = 7
"""For how many polls a pool must stay the same to count as settled at another number of nodes than was asked for."""


class PoolWaits(Source):
    """The waits of `eks.wait` for node pools."""

    async def node_pool_ready(
        self,
        cluster_id: str,
        node_pool_id: str,
        replicas: int | None = None,
        *,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[NodePool], Awaitable[None] | None] | None = None,
    ) -> NodePool:
        """Wait until a node pool has as many nodes as it is to have, all of them up.

        An autoscaler may keep more: a pool with more nodes than asked for is ready when all are up and seven polls have
        found it unchanged. Its cluster may be busy even so: see `idle`.

        Args:
            cluster_id: Id of the cluster.
            node_pool_id: Id of the node pool.
            replicas: How many nodes it is to have; None for what the pool itself says.
            timeout: How long to wait, in seconds; None for no limit.
            poll_interval: How long the pauses between polls are, in seconds, or a `PollInterval`; None for 1 s that
                grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with the node pool whenever it has changed.

        Returns:
            The node pool.

        Raises:
            TaskFailed: The node pool is in error, or for a minute has itself wanted fewer nodes than were asked for,
                all of them up; holds the ids.
            WaitTimeout: The time is up; holds the ids and the last state.
            NotFound: There is no such node pool or cluster any more, or a minute has passed and it was never seen:
                what was just created may not be found at first.
            EksError: A poll failed in another way that won't pass, such as `PermissionDenied`.
        """
        check_id("cluster_id", cluster_id)
        check_id("node_pool_id", node_pool_id)
        check_replicas(replicas)
        watch = self._watch_pool(cluster_id, node_pool_id, replicas, on_change)
        await wait_for(watch, self._poll_clock, timeout, poll_interval)
        return watch.state

    async def node_pools_ready(
        self,
        node_pools: Iterable[tuple[str, str]] | Mapping[tuple[str, str], int | None],
        *,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[NodePool], Awaitable[None] | None] | None = None,
    ) -> dict[tuple[str, str], NodePool]:
        """Wait until each of many node pools is ready or has failed, with at most ten polls at once.

        Args:
            node_pools: Pairs of a cluster's id and the id of a node pool of it; or a mapping of these to how many nodes
                the pool is to have, None for what the pool itself says.
            timeout: How long to wait for all of them, in seconds; None for no limit.
            poll_interval: How long the pauses between the polls of one pool are, in seconds, or a `PollInterval`; None
                for 1 s that grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with each node pool whenever it has changed.

        Returns:
            The node pools by pair of ids.

        Raises:
            TaskFailed: All have ended, some of them badly; `failed_ids` names those, `last` has all by pair of ids.
            WaitTimeout: The time is up; `pending_ids` names those that go on, `failed_ids` those that failed, `last`
                has all that were seen by pair of ids.
            EksError: A poll failed in a way that won't pass, such as `PermissionDenied`.
        """
        seconds, interval = check_timeout(timeout), check_interval(poll_interval)
        wanted = check_pools(node_pools)
        watches = {pair: self._watch_pool(*pair, replicas, on_change) for pair, replicas in wanted.items()}
        return await all_of(watches, self._poll_clock, seconds, interval, "node_pool_ids")

    def _watch_pool(
        self,
        cluster_id: str,
        node_pool_id: str,
        replicas: int | None,
        on_change: Callable[[NodePool], Awaitable[None] | None] | None = None,
    ) -> Watch[NodePool]:
        async def fetch() -> NodePool:
            answer = await self._fetch_node_pools(cluster_id, node_pool_id)
            for pool in answer.data.node_pool:
                if pool.id == node_pool_id:
                    return pool
            message = "the node pool is not among those of the cluster"
            raise NotFound(message, action="ListNodePools", request_id=answer.request_id)

        ids = {"cluster_id": cluster_id, "node_pool_id": node_pool_id}
        judge = _Judge(replicas, self._poll_clock.clock)
        return Watch(fetch, self._fit_to_show(judge), ids, clock=self._poll_clock.clock, on_change=on_change)


class _Judge:
    """Judges a pool poll after poll: what stays as it is has settled, with another number of nodes than was asked for.

    A pool that has been told of a new number may go on for a while as if it had not: that is why it takes several
    polls, and for fewer nodes a minute.
    """

    def __init__(self, replicas: int | None, clock: Callable[[], float]) -> None:
        self._replicas = replicas
        self._clock = clock
        self._last: NodePool | None = None
        self._since = 0.0
        self._polls = 0

    def __call__(self, pool: NodePool) -> Verdict:
        if self._last is None or pool != self._last:
            self._last, self._since, self._polls = pool, self._clock(), 0
        self._polls += 1
        verdict = judge_node_pool(pool, self._replicas)
        target = pool.replicas if self._replicas is None else self._replicas
        count = pool.available_node_count
        if verdict.has_ended or target is None or count is None or not is_settled(pool):
            return verdict
        if self._polls < STEADY_POLLS:
            return verdict
        if count > target:
            return attrs.evolve(verdict, done=True)
        if count == pool.replicas and self._clock() - self._since >= UNSEEN:
            failure = f"the node pool has settled at {count} nodes of itself, {target} were asked for"
            return attrs.evolve(verdict, failure=failure)
        return verdict
