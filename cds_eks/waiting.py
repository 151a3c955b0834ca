"""Waiting for what the service does after it has answered. Knows no resource: it is handed what fetches a state."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import anyio

from cds_eks import clocks
from cds_eks.errors import (
    InvalidRequestError,
    NotFound,
    WaitTimeout,
)
from cds_eks.modeling import fields_of
from cds_eks.models import ClusterDetail, ClusterSummary, Event, NodePool, NodePoolList, TaskStatus
from cds_eks.polling import Poll, call_back
from cds_eks.verdicts import DONE, GOING_ON, Verdict, judge_cluster, judge_event, judge_node_pool, judge_task
from cds_eks.wire import Response

T = TypeVar("T")

LOOKUPS_AT_ONCE = 10

UNSEEN = 60.0
"""For how many seconds a cluster that has not been seen yet may be unknown: reads may lag behind a create [I]."""


class Waiters:
    """The waits of `eks.wait`.

    Each polls at once, then after pauses that grow from 1 s to 15 s, each shortened by up to a quarter so that waits
    part. A poll that fails in a way that may pass (no connection, throttling, a fault of the server) does not end the
    wait.

    Args:
        task: Fetches a task.
        event: Fetches an event.
        cluster: Fetches a cluster.
        clusters: Lists the clusters.
        node_pools: Lists one node pool of a cluster.
        clock: Monotonic seconds.
        dice: Returns a number from 0 (included) to 1.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        *,
        task: Callable[[str], Awaitable[Response[TaskStatus]]],
        event: Callable[[str], Awaitable[Response[Event]]],
        cluster: Callable[[str], Awaitable[Response[ClusterDetail]]],
        clusters: Callable[[], Awaitable[Response[list[ClusterSummary]]]],
        node_pools: Callable[[str, str], Awaitable[Response[NodePoolList]]],
        clock: Callable[[], float] = clocks.monotonic,
        dice: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._fetch_task = task
        self._fetch_event = event
        self._fetch_cluster = cluster
        self._fetch_clusters = clusters
        self._fetch_node_pools = node_pools
        self._clock = clock
        self._poll = Poll(clock=clock, dice=dice, sleep=sleep)

    async def task(
        self,
        task_id: str,
        *,
        timeout: float | None = 3600.0,
        on_change: Callable[[TaskStatus], Awaitable[None] | None] | None = None,
    ) -> TaskStatus:
        """Wait until a task has finished.

        Args:
            task_id: Id of the task.
            timeout: How long to wait, in seconds; None for no limit.
            on_change: Called with the task whenever it has changed.

        Returns:
            The finished task.

        Raises:
            TaskFailed: The task failed; holds its id and the service's message.
            WaitTimeout: The time is up; holds the id and the last state.
            EksError: A poll failed in a way that won't pass, such as `NotFound`.
        """

        async def fetch() -> TaskStatus:
            return (await self._fetch_task(task_id)).data

        return await self._poll(fetch, judge_task, {"task_id": task_id}, timeout, on_change)

    async def event(
        self,
        event_id: str,
        *,
        timeout: float | None = 3600.0,
        on_change: Callable[[Event], Awaitable[None] | None] | None = None,
    ) -> Event:
        """Wait until an event has succeeded.

        Args:
            event_id: Id of the event.
            timeout: How long to wait, in seconds; None for no limit.
            on_change: Called with the event whenever it has changed.

        Returns:
            The event.

        Raises:
            TaskFailed: The event failed; holds its id and the service's message.
            WaitTimeout: The time is up; holds the id and the last state.
            EksError: A poll failed in a way that won't pass, such as `NotFound`.
        """

        async def fetch() -> Event:
            return (await self._fetch_event(event_id)).data

        return await self._poll(fetch, judge_event, {"event_id": event_id}, timeout, on_change)

    async def cluster_running(
        self,
        cluster_id: str,
        *,
        timeout: float | None = 3600.0,
        on_change: Callable[[ClusterDetail], Awaitable[None] | None] | None = None,
    ) -> ClusterDetail:
        """Wait until a cluster is running.

        Args:
            cluster_id: Id of the cluster.
            timeout: How long to wait, in seconds; None for no limit.
            on_change: Called with the cluster whenever it has changed.

        Returns:
            The running cluster.

        Raises:
            TaskFailed: The cluster is in error; holds its id.
            WaitTimeout: The time is up; holds the id and the last state.
            NotFound: There is no such cluster any more, or a minute has passed and it was never seen: what was just
                created may not be found at first.
            EksError: A poll failed in another way that won't pass, such as `PermissionDenied`.
        """
        gives_up = self._clock() + UNSEEN
        is_seen = False

        async def fetch() -> ClusterDetail | None:
            nonlocal is_seen
            try:
                cluster = (await self._fetch_cluster(cluster_id)).data
            except NotFound:
                if is_seen or self._clock() >= gives_up:
                    raise
                return None
            is_seen = True
            return cluster

        def judge(cluster: ClusterDetail | None) -> Verdict:
            return GOING_ON if cluster is None else judge_cluster(cluster)

        async def report(cluster: ClusterDetail | None) -> None:
            if cluster is not None:
                await call_back(on_change, cluster)

        cluster = await self._poll(fetch, judge, {"cluster_id": cluster_id}, timeout, report)
        assert cluster is not None  # which is going on
        return cluster

    async def cluster_deleted(
        self,
        cluster_id: str,
        *,
        timeout: float | None = 3600.0,
        on_change: Callable[[ClusterDetail], Awaitable[None] | None] | None = None,
    ) -> None:
        """Wait until the service no longer knows a cluster.

        Args:
            cluster_id: Id of the cluster.
            timeout: How long to wait, in seconds; None for no limit.
            on_change: Called with the cluster whenever it has changed.

        Raises:
            TaskFailed: The cluster got into error on the way; holds its id.
            WaitTimeout: The time is up; holds the id and the last state.
            EksError: A poll failed in a way that won't pass, such as `PermissionDenied`.
        """

        async def fetch() -> ClusterDetail | None:
            try:
                return (await self._fetch_cluster(cluster_id)).data
            except NotFound:
                return None

        seen: set[str | None] = set()

        def judge(cluster: ClusterDetail | None) -> Verdict:
            if cluster is None:
                return DONE
            seen.add(cluster.cluster_status)
            # A cluster in error is just what one deletes: that only says something once it was in another state.
            return GOING_ON if seen == {"error"} else Verdict(failure=judge_cluster(cluster).failure)

        async def report(cluster: ClusterDetail | None) -> None:
            if cluster is not None:
                await call_back(on_change, cluster)

        await self._poll(fetch, judge, {"cluster_id": cluster_id}, timeout, report)

    async def node_pool_ready(
        self,
        cluster_id: str,
        node_pool_id: str,
        replicas: int | None = None,
        *,
        timeout: float | None = 3600.0,
        on_change: Callable[[NodePool], Awaitable[None] | None] | None = None,
    ) -> NodePool:
        """Wait until a node pool has just as many nodes as it is to have, all of them up.

        Args:
            cluster_id: Id of the cluster.
            node_pool_id: Id of the node pool.
            replicas: How many nodes it is to have; None for what the pool itself says.
            timeout: How long to wait, in seconds; None for no limit.
            on_change: Called with the node pool whenever it has changed.

        Returns:
            The node pool.

        Raises:
            TaskFailed: The node pool is in error; holds the ids.
            WaitTimeout: The time is up; holds the ids and the last state.
            EksError: A poll failed in a way that won't pass, such as `NotFound`.
        """

        async def fetch() -> NodePool | None:
            pools = (await self._fetch_node_pools(cluster_id, node_pool_id)).data.node_pool
            return next((pool for pool in pools if pool.id == node_pool_id), None)

        async def report(pool: NodePool | None) -> None:
            if pool is not None:
                await call_back(on_change, pool)

        if replicas is not None and (isinstance(replicas, bool) or not isinstance(replicas, int) or replicas < 0):
            raise InvalidRequestError("replicas", f"must be a whole number of at least 0, or None; got {replicas!r}")
        ids = {"cluster_id": cluster_id, "node_pool_id": node_pool_id}
        pool = await self._poll(fetch, lambda pool: judge_node_pool(pool, replicas), ids, timeout, report)
        assert pool is not None  # a pool that is not there is never ready
        return pool

    async def clusters_running(
        self,
        cluster_ids: Iterable[str],
        *,
        timeout: float | None = 3600.0,
        on_change: Callable[[ClusterSummary], Awaitable[None] | None] | None = None,
    ) -> dict[str, ClusterSummary]:
        """Wait until each of many clusters is running or in error, with one list request a poll.

        Args:
            cluster_ids: Ids of the clusters.
            timeout: How long to wait, in seconds; None for no limit.
            on_change: Called with each cluster whenever it has changed.

        Returns:
            The running clusters by id.

        Raises:
            TaskFailed: All have settled, some in error; `cluster_ids` names those, `last` has all by id.
            WaitTimeout: The time is up; `cluster_ids` names those not running, `last` has all that were seen by id.
            EksError: A poll failed in a way that won't pass, such as `PermissionDenied`.
        """
        wanted = _check_many(cluster_ids)
        seen: dict[str, ClusterSummary] = {}

        async def fetch() -> dict[str, ClusterSummary]:
            listed = {cluster.cluster_id: cluster for cluster in (await self._fetch_clusters()).data}
            unlisted = [cluster_id for cluster_id in wanted if cluster_id not in listed]
            listed.update(await self._look_up(unlisted))
            return {cluster_id: listed[cluster_id] for cluster_id in wanted if cluster_id in listed}

        async def report(clusters: dict[str, ClusterSummary]) -> None:
            for cluster_id, cluster in clusters.items():
                if seen.get(cluster_id) != cluster:
                    seen[cluster_id] = cluster
                    await call_back(on_change, cluster)

        def judge(clusters: dict[str, ClusterSummary]) -> Verdict:
            verdicts = {cluster_id: judge_cluster(cluster) for cluster_id, cluster in clusters.items()}
            if len(verdicts) < len(wanted) or GOING_ON in verdicts.values():
                return GOING_ON
            failed = [f"{cluster_id}: {verdict.failure}" for cluster_id, verdict in verdicts.items() if verdict.failure]
            return Verdict(failure="; ".join(failed)) if failed else DONE

        def not_running() -> dict[str, Any]:
            return {"cluster_ids": tuple(id_ for id_ in wanted if id_ not in seen or not judge_cluster(seen[id_]).done)}

        try:
            return await self._poll(fetch, judge, not_running, timeout, report)
        except WaitTimeout as error:
            error.last = dict(seen)  # the last poll alone may have found fewer
            raise

    async def _look_up(self, cluster_ids: list[str]) -> dict[str, ClusterSummary]:
        """Fetch clusters that the list did not show (it may lag, or be cut); those not found are left out."""
        found: dict[str, ClusterSummary] = {}
        places = anyio.CapacityLimiter(LOOKUPS_AT_ONCE)
        failures: list[Exception] = []

        async def look_up(cluster_id: str) -> None:
            async with places:
                try:
                    found[cluster_id] = _summary(await self._fetch_cluster(cluster_id))
                except NotFound:
                    pass
                except Exception as error:  # noqa: BLE001 - raised below, not wrapped in the group's own
                    failures.append(error)
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for cluster_id in cluster_ids:
                group.start_soon(look_up, cluster_id)
        if failures:
            raise failures[0]
        return found


def _check_many(cluster_ids: Iterable[str]) -> tuple[str, ...]:
    given = () if isinstance(cluster_ids, str) or not isinstance(cluster_ids, Iterable) else tuple(cluster_ids)
    if not given or not all(isinstance(cluster_id, str) and cluster_id for cluster_id in given):
        raise InvalidRequestError("cluster_ids", "must be a list of at least one id, each a text that is not empty")
    return tuple(dict.fromkeys(given))


def _summary(answer: Response[ClusterDetail]) -> ClusterSummary:
    detail = answer.data
    return ClusterSummary(**{field.name: getattr(detail, field.name) for field in fields_of(ClusterSummary)})
