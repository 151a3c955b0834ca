"""What all waits are given: how to fetch states, and the clock."""

from __future__ import annotations

import random as randomness
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cds_eks._runtime import passing_time
from cds_eks.models import (
    ClusterDetail,
    ClusterEvent,
    ClusterSummary,
    Event,
    NodePoolList,
    TaskStatus,
)
from cds_eks.outcome.deletions import Deletions
from cds_eks.redaction import NO_SECRETS, Secrets
from cds_eks.waiting.polling import PollClock
from cds_eks.waiting.verdicts import Verdict, without_secrets
from cds_eks.wire import Response

T = TypeVar("T")


class Source:
    """Fetches states.

    Args:
        task: Fetches a task.
        event: Fetches an event.
        cluster: Fetches a cluster.
        clusters: Lists the clusters.
        node_pools: Lists one node pool of a cluster, or all for None.
        steps: Lists the steps that were taken on a cluster.
        deletions: The deletions that are known to have been accepted.
        secrets: Returns the texts that must never be shown.
        clock: Monotonic seconds.
        random: Returns a number from 0 (included) to 1.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        *,
        task: Callable[[str], Awaitable[Response[TaskStatus]]],
        event: Callable[[str], Awaitable[Response[Event]]],
        cluster: Callable[[str], Awaitable[Response[ClusterDetail]]],
        clusters: Callable[[], Awaitable[Response[list[ClusterSummary]]]],
        node_pools: Callable[[str, str | None], Awaitable[Response[NodePoolList]]],
        steps: Callable[[str], Awaitable[Response[list[ClusterEvent]]]],
        deletions: Deletions | None = None,
        secrets: Callable[[], Secrets] = lambda: NO_SECRETS,
        clock: Callable[[], float] = passing_time.now,
        random: Callable[[], float] = randomness.random,
        sleep: Callable[[float], Awaitable[None]] = passing_time.sleep,
    ) -> None:
        self._fetch_task = task
        self._fetch_event = event
        self._fetch_cluster = cluster
        self._fetch_clusters = clusters
        self._fetch_node_pools = node_pools
        self._fetch_steps = steps
        self._deletions = deletions or Deletions()
        self._secrets = secrets
        self._poll_clock = PollClock(clock=clock, random=random, sleep=sleep)

    def _fit_to_show(self, judge: Callable[[T], Verdict]) -> Callable[[T], Verdict]:
        """Return a judge whose words have no secret."""
        return lambda state: without_secrets(judge(state), self._secrets())
