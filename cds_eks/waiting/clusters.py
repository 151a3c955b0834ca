"""Waiting for one cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from cds_eks.errors import NotFound
from cds_eks.models import ClusterDetail, ClusterEvent
from cds_eks.schema.status import is_failure, is_leaving
from cds_eks.waiting.intervals import PollInterval
from cds_eks.waiting.polling import check_id, wait_for
from cds_eks.waiting.source import Source
from cds_eks.waiting.steps import Steps
from cds_eks.waiting.verdicts import Verdict, judge_cluster, judge_idle, judge_task
from cds_eks.waiting.watch import Watch, check_callback, reworded


class ClusterWaits(Source):
    """The waits of `eks.wait` for one cluster."""

    async def cluster_running(
        self,
        cluster_id: str,
        *,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[ClusterDetail], Awaitable[None] | None] | None = None,
        on_step: Callable[[ClusterEvent], Awaitable[None] | None] | None = None,
    ) -> ClusterDetail:
        """Wait until a cluster is running. It may be busy even so, but for its creation: see `idle`.

        Args:
            cluster_id: Id of the cluster.
            timeout: How long to wait, in seconds; None for no limit.
            poll_interval: How long the pauses between polls are, in seconds, or a `PollInterval`; None for 1 s that
                grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with the cluster whenever it has changed.
            on_step: Called with each step that the service takes on the cluster, when it appears and when it changes.

        Returns:
            The running cluster.

        Raises:
            TaskFailed: The cluster is in error; holds its id.
            WaitTimeout: The time is up; holds the id and the last state.
            NotFound: There is no such cluster any more, or a minute has passed and it was never seen: what was just
                created may not be found at first.
            EksError: A poll failed in another way that won't pass, such as `PermissionDenied`.
        """
        check_id("cluster_id", cluster_id)
        check_callback("on_step", on_step)
        on_poll = None if on_step is None else Steps(lambda: self._fetch_steps(cluster_id), on_step)
        watch = self._watch_cluster(cluster_id, on_change, on_poll)
        await wait_for(watch, self._poll_clock, timeout, poll_interval)
        return watch.state

    async def cluster_deleted(
        self,
        cluster_id: str,
        *,
        task_id: str | None = None,
        missing_ok: bool = False,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[ClusterDetail], Awaitable[None] | None] | None = None,
    ) -> None:
        """Wait until the service no longer knows a cluster.

        A cluster that is not found at the first look is gone if this client has had its deletion accepted, or if the
        deletion's `task_id` is given. Else the id may be mistyped, which is an error unless `missing_ok` is set.

        Args:
            cluster_id: Id of the cluster.
            task_id: Id of the deletion's task; when left out, that of the deletion that this client has made, if any.
                It is asked for while the cluster does not look as if it was being deleted.
            missing_ok: Whether a cluster that was never seen counts as deleted.
            timeout: How long to wait, in seconds; None for no limit.
            poll_interval: How long the pauses between polls are, in seconds, or a `PollInterval`; None for 1 s that
                grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with the cluster whenever it has changed.

        Raises:
            TaskFailed: The deletion failed: its task did, or the cluster got into error on the way, or is running
                again. Holds its id.
            NotFound: There is no such cluster, and nothing says that there was one.
            WaitTimeout: The time is up; holds the id and the last state.
            EksError: A poll failed in another way that won't pass, such as `PermissionDenied`.
        """
        check_id("cluster_id", cluster_id)
        accepted = task_id is not None or self._deletions.task_of(cluster_id) is not None
        task_id = self._deletions.task_of(cluster_id) if task_id is None else check_id("task_id", task_id)
        refusal: Verdict | None = None
        was_leaving = False
        was_well = False

        async def fetch() -> ClusterDetail:
            nonlocal refusal
            cluster = (await self._fetch_cluster(cluster_id)).data
            if task_id and not is_leaving(cluster.cluster_status):
                refusal = await self._failure_of(task_id)
            return cluster

        def judge(cluster: ClusterDetail) -> Verdict:
            nonlocal was_leaving, was_well
            verdict = judge_cluster(cluster)
            failure = refusal.failure if refusal is not None else None
            if failure is None and verdict.failure is not None and was_well:
                # A cluster in error is just what one deletes: that only says something once it was in another state.
                failure = verdict.failure
            if failure is None and verdict.done and was_leaving:
                failure = "it is running again: it was not deleted"
            was_leaving = was_leaving or is_leaving(cluster.cluster_status)
            was_well = was_well or not is_failure(cluster.cluster_status)
            unknown = None if is_leaving(verdict.status) else verdict.unknown
            return attrs.evolve(verdict, done=False, failure=failure, unknown=unknown)

        def missing(error: NotFound, was_seen: bool) -> Verdict:
            if was_seen or accepted or missing_ok:
                return Verdict(done=True)
            words = "it was never seen by this wait; if it is known to have been deleted, pass missing_ok=True"
            raise reworded(error, words)

        ids = {"cluster_id": cluster_id}
        watch = Watch(
            fetch, self._fit_to_show(judge), ids, clock=self._poll_clock.clock, on_change=on_change, missing=missing
        )
        await wait_for(watch, self._poll_clock, timeout, poll_interval)

    async def idle(
        self,
        cluster_id: str,
        *,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[ClusterDetail], Awaitable[None] | None] | None = None,
    ) -> ClusterDetail:
        """Wait until a cluster takes the next operation: what to do when one was refused with `Conflict`.

        That is when it is running and neither a node pool nor a step of it (`clusters.list_events`) is under way [I].

        Args:
            cluster_id: Id of the cluster.
            timeout: How long to wait, in seconds; None for no limit.
            poll_interval: How long the pauses between polls are, in seconds, or a `PollInterval`; None for 1 s that
                grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with the cluster whenever it has changed.

        Returns:
            The cluster.

        Raises:
            TaskFailed: The cluster is in error; holds its id.
            WaitTimeout: The time is up; holds the id and the last state, and says what is under way.
            NotFound: There is no such cluster any more, or a minute has passed and it was never seen.
            EksError: A poll failed in another way that won't pass, such as `PermissionDenied`.
        """
        check_id("cluster_id", cluster_id)
        found: Verdict = Verdict()

        async def fetch() -> ClusterDetail:
            nonlocal found
            cluster = (await self._fetch_cluster(cluster_id)).data
            found = judge_cluster(cluster)
            if found.done:
                pools = (await self._fetch_node_pools(cluster_id, None)).data.node_pool
                steps = (await self._fetch_steps(cluster_id)).data
                found = judge_idle(cluster, pools, steps)
            return cluster

        ids = {"cluster_id": cluster_id}
        watch = Watch(fetch, self._fit_to_show(lambda _: found), ids, clock=self._poll_clock.clock, on_change=on_change)
        await wait_for(watch, self._poll_clock, timeout, poll_interval)
        return watch.state

    def _watch_cluster(
        self,
        cluster_id: str,
        on_change: Callable[[ClusterDetail], Awaitable[None] | None] | None = None,
        on_poll: Steps | None = None,
    ) -> Watch[ClusterDetail]:
        async def fetch() -> ClusterDetail:
            return (await self._fetch_cluster(cluster_id)).data

        ids = {"cluster_id": cluster_id}
        return Watch(
            fetch,
            self._fit_to_show(judge_cluster),
            ids,
            clock=self._poll_clock.clock,
            on_change=on_change,
            on_poll=on_poll,
        )

    async def _failure_of(self, task_id: str) -> Verdict | None:
        """Return what the failure of a task means; None if it has not failed, or is not known."""
        try:
            verdict = judge_task((await self._fetch_task(task_id)).data)
        except NotFound:
            return None
        return verdict if verdict.failure is not None else None
