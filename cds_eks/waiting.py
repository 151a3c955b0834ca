"""Waiting for what the service does after it has answered. Knows no resource: it is handed what fetches a state.

A status that is not known is "still going on": it is never taken for success, nor for failure.
"""

from __future__ import annotations

import inspect
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import anyio
import attrs

from cds_eks.errors import (
    DeadlineExceeded,
    EksError,
    InvalidRequestError,
    NotFound,
    ServerFault,
    TaskFailed,
    Throttled,
    TransportError,
    UnreadableResponse,
    WaitTimeout,
)
from cds_eks.modeling import fields_of
from cds_eks.models import ClusterDetail, ClusterSummary, Event, NodePool, NodePoolList, TaskStatus
from cds_eks.wire import Response

T = TypeVar("T")

FIRST_INTERVAL = 1.0
LAST_INTERVAL = 15.0
GROWTH = 1.5
LOOKUPS_AT_ONCE = 10

UNSEEN = 60.0
"""For how many seconds a cluster that has not been seen yet may be unknown: reads may lag behind a create [I]."""

# What a poll may fail with and the wait goes on: the state is only not known for now.
_PASSING = (DeadlineExceeded, ServerFault, Throttled, TransportError, UnreadableResponse)


@attrs.frozen
class Verdict:
    """What a state means to a waiter: `done`, or failed with a `failure` in words; neither is "still going on"."""

    done: bool = False
    failure: str | None = None


GOING_ON = Verdict()
DONE = Verdict(done=True)


def judge_task(task: TaskStatus) -> Verdict:
    """Task status values [O]: `doing`, `finish`, `error`."""
    if task.task_status == "error":
        return Verdict(failure=task.task_msg or "the task failed")
    return DONE if task.task_status == "finish" else GOING_ON


def judge_event(event: Event) -> Verdict:
    """Event status values [O]: `success`, `failed`, `error`."""
    if event.event_status in ("failed", "error"):
        return Verdict(failure=event.event_status_display or f"the event ended with {event.event_status!r}")
    return DONE if event.event_status == "success" else GOING_ON


def judge_cluster(cluster: ClusterDetail | ClusterSummary) -> Verdict:
    """Cluster status values [O]: `running`, `error`; others are transitional."""
    if cluster.cluster_status == "error":
        return Verdict(failure=cluster.status_str or "the cluster is in error")
    return DONE if cluster.cluster_status == "running" else GOING_ON


def judge_node_pool(pool: NodePool | None, replicas: int | None) -> Verdict:
    """A pool is ready when just as many nodes as it is to have are there, and up."""
    if pool is None:
        return GOING_ON
    if pool.status in ("error", "failed"):
        return Verdict(failure=f"the node pool is in state {pool.status!r}")
    target = pool.replicas if replicas is None else replicas
    is_whole = pool.total_node_count is None or pool.total_node_count == target
    return DONE if target is not None and pool.available_node_count == target and is_whole else GOING_ON


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
        clock: Callable[[], float] = time.monotonic,
        dice: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._fetch_task = task
        self._fetch_event = event
        self._fetch_cluster = cluster
        self._fetch_clusters = clusters
        self._fetch_node_pools = node_pools
        self._clock = clock
        self._dice = dice
        self._sleep = sleep

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
                await _call(on_change, cluster)

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
                await _call(on_change, cluster)

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
                await _call(on_change, pool)

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
                    await _call(on_change, cluster)

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

    async def _poll(
        self,
        fetch: Callable[[], Awaitable[T]],
        judge: Callable[[T], Verdict],
        ids: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        timeout: float | None,
        on_change: Callable[[T], Awaitable[None] | None] | None,
    ) -> T:
        """Fetch a state until its judge says that it is done or has failed, or until the time is up."""
        if not callable(ids):
            _check_ids(ids)
        _check_timeout(timeout)
        ends = None if timeout is None else self._clock() + timeout
        last: T | None = None
        trouble: EksError | None = None
        interval = FIRST_INTERVAL
        with anyio.move_on_after(timeout):
            while True:
                try:
                    state = await fetch()
                except _PASSING as error:
                    trouble = error
                else:
                    trouble = None
                    if last is None or state != last:
                        last = state
                        await _call(on_change, state)
                    verdict = judge(state)
                    if verdict.done:
                        return state
                    if verdict.failure is not None:
                        raise TaskFailed(verdict.failure, ids=ids() if callable(ids) else ids, last=state)
                left = None if ends is None else ends - self._clock()
                if left is not None and left <= 0:
                    break
                pause = interval * (0.75 + 0.25 * self._dice())
                await self._sleep(pause if left is None else min(pause, left))
                interval = min(interval * GROWTH, LAST_INTERVAL)
        message = f"it did not end within {timeout:g} s"
        raise WaitTimeout(message, ids=ids() if callable(ids) else ids, last=last) from trouble


def _check_ids(ids: Mapping[str, Any]) -> None:
    for name, value in ids.items():
        if not isinstance(value, str) or not value:
            raise InvalidRequestError(name, "must be a text that is not empty")


def _check_many(cluster_ids: Iterable[str]) -> tuple[str, ...]:
    given = () if isinstance(cluster_ids, str) or not isinstance(cluster_ids, Iterable) else tuple(cluster_ids)
    if not given or not all(isinstance(cluster_id, str) and cluster_id for cluster_id in given):
        raise InvalidRequestError("cluster_ids", "must be a list of at least one id, each a text that is not empty")
    return tuple(dict.fromkeys(given))


def _check_timeout(timeout: object) -> None:
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0):
        raise InvalidRequestError("timeout", f"must be a number of seconds above 0, or None; got {timeout!r}")


async def _call(on_change: Callable[[T], Awaitable[None] | None] | None, state: T) -> None:
    if on_change is not None:
        result = on_change(state)
        if inspect.isawaitable(result):
            await result


def _summary(answer: Response[ClusterDetail]) -> ClusterSummary:
    detail = answer.data
    return ClusterSummary(**{field.name: getattr(detail, field.name) for field in fields_of(ClusterSummary)})
