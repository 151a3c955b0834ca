"""Waiting for many clusters, with one list request a poll."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import anyio

from cds_eks.errors import NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterDetail, ClusterSummary
from cds_eks.schema.shape import fields_of
from cds_eks.waiting.intervals import PollInterval, check_timeout
from cds_eks.waiting.polling import wait_for
from cds_eks.waiting.rounds import LOOKUPS_AT_ONCE, check_many, failure_of_many, listed, timeout_of_many
from cds_eks.waiting.source import Source
from cds_eks.waiting.verdicts import Verdict, judge_cluster
from cds_eks.waiting.watch import UNSEEN, Watch, call_back, check_callback, warn_of
from cds_eks.wire import Response


class ManyClusterWaits(Source):
    """The wait of `eks.wait` for many clusters."""

    async def clusters_running(
        self,
        cluster_ids: Iterable[str],
        *,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[ClusterSummary], Awaitable[None] | None] | None = None,
    ) -> dict[str, ClusterSummary]:
        """Wait until each of many clusters is running, in error or gone, with one list request a poll.

        Args:
            cluster_ids: Ids of the clusters.
            timeout: How long to wait, in seconds; None for no limit.
            poll_interval: How long the pauses between polls are, in seconds, or a `PollInterval`; None for 1 s that
                grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with each cluster whenever it has changed.

        Returns:
            The running clusters by id.

        Raises:
            TaskFailed: All have settled, some in error or gone, or never seen for a minute; `failed_ids` names those,
                `last` has all that were seen by id.
            WaitTimeout: The time is up; `pending_ids` names those that go on, `failed_ids` those that failed,
                `cluster_ids` both, and `last` has all that were seen by id.
            EksError: A poll failed in a way that won't pass, such as `PermissionDenied`.
        """
        wanted = check_many("cluster_ids", cluster_ids)
        seconds = check_timeout(timeout)

        async def fetch() -> dict[str, ClusterSummary]:
            listed = {cluster.cluster_id: cluster for cluster in (await self._fetch_clusters()).data}
            unlisted = [cluster_id for cluster_id in wanted if cluster_id not in listed]
            listed.update(await self._look_up(unlisted))
            return {cluster_id: listed[cluster_id] for cluster_id in wanted if cluster_id in listed}

        watch = _Clusters(wanted, fetch, self._fit_to_show(judge_cluster), self._poll_clock.clock, on_change)
        await wait_for(watch, self._poll_clock, seconds, poll_interval)
        return watch.state

    async def _look_up(self, cluster_ids: list[str]) -> dict[str, ClusterSummary]:
        """Fetch clusters that the list did not show (it may lag, or be cut); those not found are left out."""
        found: dict[str, ClusterSummary] = {}
        permits = anyio.CapacityLimiter(LOOKUPS_AT_ONCE)
        failures: list[Exception] = []

        async def look_up(cluster_id: str) -> None:
            async with permits:
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


class _Clusters(Watch[dict[str, ClusterSummary]]):
    """Many clusters as one thing that is waited for: its state are those found by a poll, by id."""

    def __init__(
        self,
        wanted: tuple[str, ...],
        fetch: Callable[[], Awaitable[dict[str, ClusterSummary]]],
        judge_one: Callable[[ClusterSummary], Verdict],
        clock: Callable[[], float],
        on_change: Callable[[ClusterSummary], Awaitable[None] | None] | None,
    ) -> None:
        super().__init__(fetch, self._judge_all, {}, clock=clock, on_change=self._report)
        check_callback("on_change", on_change)
        self._wanted = wanted
        self._judge_cluster = judge_one
        self._on_each = on_change
        self._now = clock
        self._unseen_until = clock() + UNSEEN
        self._seen: dict[str, ClusterSummary] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._warned: set[tuple[str, str]] = set()

    async def _report(self, clusters: dict[str, ClusterSummary]) -> None:
        for cluster_id, cluster in clusters.items():
            if self._seen.get(cluster_id) != cluster:
                self._seen[cluster_id] = cluster
                await call_back(self._on_each, cluster)

    def _judge_all(self, clusters: dict[str, ClusterSummary]) -> Verdict:
        for cluster_id in self._wanted:
            self._verdicts[cluster_id] = verdict = self._judge_one(cluster_id, clusters.get(cluster_id))
            if verdict.unknown is not None and (cluster_id, verdict.unknown) not in self._warned:
                self._warned.add((cluster_id, verdict.unknown))
                warn_of(verdict.unknown, f"cluster_id {cluster_id}")
        if not all(verdict.has_ended for verdict in self._verdicts.values()):
            return Verdict()
        failed = self._failed()
        return Verdict(failure=listed(failed)) if failed else Verdict(done=True)

    def _judge_one(self, cluster_id: str, cluster: ClusterSummary | None) -> Verdict:
        if cluster is not None:
            return self._judge_cluster(cluster)
        if cluster_id in self._seen:
            return Verdict(failure="it is gone", status=self._seen[cluster_id].cluster_status)
        return Verdict(failure="it was never seen") if self._now() >= self._unseen_until else Verdict()

    def _failed(self) -> dict[str, str]:
        return {id_: verdict.failure for id_, verdict in self._verdicts.items() if verdict.failure is not None}

    def failed(self, failure: str) -> TaskFailed:
        """Return the error of clusters that failed."""
        return failure_of_many(failure, list(self._failed()), self._seen, name="cluster_ids")

    def timed_out(self, timeout: float | None) -> WaitTimeout:
        """Return the error of a wait whose time is up."""
        pending = {}
        for id_ in self._wanted:
            verdict = self._verdicts.get(id_, Verdict())
            if not verdict.has_ended:
                pending[id_] = verdict.words if id_ in self._seen else "it was never seen"
        return timeout_of_many(
            self._wanted,
            self._failed(),
            pending,
            self._seen,
            name="cluster_ids",
            timeout=timeout,
            trouble=self.trouble,
        )


def _summary(answer: Response[ClusterDetail]) -> ClusterSummary:
    detail = answer.data
    return ClusterSummary(**{field.name: getattr(detail, field.name) for field in fields_of(ClusterSummary)})
