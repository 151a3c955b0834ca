"""The waits of `eks.wait`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from cds_eks.errors import InvalidRequestError
from cds_eks.waiting.clusters import ClusterWaits
from cds_eks.waiting.intervals import PollInterval, check_interval, check_timeout
from cds_eks.waiting.many_clusters import ManyClusterWaits
from cds_eks.waiting.pools import PoolWaits
from cds_eks.waiting.rounds import Done, Kind, check_many, check_pools, rounds
from cds_eks.waiting.tasks import TaskWaits
from cds_eks.waiting.watch import Watch


class Waiters(TaskWaits, ClusterWaits, PoolWaits, ManyClusterWaits):
    """The waits of `eks.wait`.

    Each polls at once, then after pauses that grow from 1 s to 15 s unless `poll_interval` says otherwise, each
    shortened by up to a quarter so that waits part. A poll that fails in a way that may pass (no connection,
    throttling, a fault of the server) does not end the wait. The spelling of a status does not matter; an unknown one
    is pending, and logged once as a warning by the logger `cds_eks.waiting`.
    """

    def each(
        self,
        task_ids: Iterable[str] = (),
        *,
        event_ids: Iterable[str] = (),
        cluster_ids: Iterable[str] = (),
        node_pools: Iterable[tuple[str, str]] | Mapping[tuple[str, str], int | None] = (),
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
    ) -> AsyncIterator[Done]:
        """Wait for many things at once, and yield each as it ends, with at most ten polls at once.

        Nothing is polled while the caller deals with what was yielded, and the time goes on.

        Args:
            task_ids: Ids of tasks that are to finish.
            event_ids: Ids of events that are to succeed.
            cluster_ids: Ids of clusters that are to run.
            node_pools: Node pools that are to be ready, as `node_pools_ready` takes them.
            timeout: How long to wait for all of them, in seconds; None for no limit.
            poll_interval: How long the pauses between the polls of one thing are, in seconds, or a `PollInterval`; None
                for 1 s that grows to 15 s. Each is shortened by up to a quarter.

        Returns:
            An iterator of `Done`, one for each. Whatever goes wrong with one of them, be it that the time is up, is in
            its `error`, and the others go on.

        Raises:
            InvalidRequestError: An argument can't be used.
        """
        seconds, interval = check_timeout(timeout), check_interval(poll_interval)
        kinds: dict[Watch[Any], Kind] = {}
        for id_ in check_many("task_ids", task_ids, may_be_empty=True):
            kinds[self._watch_task(id_)] = "task"
        for id_ in check_many("event_ids", event_ids, may_be_empty=True):
            kinds[self._watch_event(id_)] = "event"
        for id_ in check_many("cluster_ids", cluster_ids, may_be_empty=True):
            kinds[self._watch_cluster(id_)] = "cluster"
        for pair, replicas in check_pools(node_pools, may_be_empty=True).items():
            kinds[self._watch_pool(*pair, replicas)] = "node_pool"
        if not kinds:
            raise InvalidRequestError("task_ids", "there is nothing to wait for: give at least one id")
        return self._each(kinds, seconds, interval)

    async def _each(
        self, kinds: Mapping[Watch[Any], Kind], timeout: float | None, interval: PollInterval
    ) -> AsyncIterator[Done]:
        async with aclosing(rounds(list(kinds), self._poll_clock, timeout, interval)) as walk:
            async for ended in walk:
                for watch in ended:
                    id_ = list(watch.ids.values())[-1]  # a node pool's own comes after its cluster's
                    yield Done(kind=kinds[watch], id=id_, ids=watch.ids, state=watch.last, error=watch.error)
