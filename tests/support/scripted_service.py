"""A service whose answers are a script, for tests of the waits; time, random numbers and sleep are the test's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio.lowlevel

from cds_eks.models import ClusterDetail, ClusterEvent, ClusterSummary, Event, NodePool, NodePoolList, TaskStatus
from cds_eks.outcome.deletions import Deletions
from cds_eks.waiting import Waiters
from cds_eks.wire import Response

MOST_POLLS = 500


class ScriptedService:
    """A service that answers by a script, poll after poll (the last for ever), and time that passes in pauses.

    A test may set `fetch_task`, `fetch_cluster`, `fetch_clusters`, `fetch_steps`, `random` and `pause` to its own.
    """

    def __init__(self, *script: Any, chance: float = 0.5, poll_takes: float = 0.0) -> None:
        self.script = script
        self.now = 1000.0
        self.polls: list[float] = []
        self.asked: list[Any] = []
        self.pauses: list[float] = []
        self.poll_takes = poll_takes
        self.lookups: list[str] = []
        self.details: dict[str, Any] = {}
        self.steps: list[Any] = []
        self.deletions = Deletions()
        self.fetch_task: Callable[[str], Awaitable[Response[Any]]] = self.answer
        self.fetch_cluster: Callable[[str], Awaitable[Response[Any]]] = self.look_up
        self.fetch_clusters: Callable[[], Awaitable[Response[Any]]] = self.answer
        self.fetch_steps: Callable[[str], Awaitable[Response[Any]]] = self.list_steps
        self.random: Callable[[], float] = lambda: chance
        self.pause: Callable[[float], Awaitable[None]] = self.sleep
        self.wait = Waiters(
            task=lambda task_id: self.fetch_task(task_id),
            event=self.answer,
            cluster=lambda cluster_id: self.fetch_cluster(cluster_id),
            clusters=lambda: self.fetch_clusters(),
            node_pools=self.answer,
            steps=lambda cluster_id: self.fetch_steps(cluster_id),
            deletions=self.deletions,
            clock=lambda: self.now,
            random=lambda: self.random(),
            sleep=lambda seconds: self.pause(seconds),
        )

    async def answer(self, *asked: str | None) -> Response[Any]:
        self.asked.append(asked)
        self.polls.append(self.now)
        assert len(self.polls) < MOST_POLLS, "the wait does not end"
        await anyio.lowlevel.checkpoint()
        self.now += self.poll_takes
        state = self.script[min(len(self.polls), len(self.script)) - 1]
        if isinstance(state, BaseException):
            raise state
        return Response(data=state)

    async def list_steps(self, cluster_id: str) -> Response[list[ClusterEvent]]:
        """GetClusterEvents: what `steps` says, call after call (the last for ever)."""
        await anyio.lowlevel.checkpoint()
        state = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0] if self.steps else []
        if isinstance(state, BaseException):
            raise state
        return Response(data=state)

    async def look_up(self, cluster_id: str) -> Response[ClusterDetail]:
        """GetCluster: from the script, or by id where `details` is filled."""
        if not self.details:
            return await self.answer(cluster_id)
        self.lookups.append(cluster_id)
        await anyio.lowlevel.checkpoint()
        state = self.details[cluster_id]
        if isinstance(state, BaseException):
            raise state
        return Response(data=state)

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.pauses.append(seconds)
        self.now += seconds
        await anyio.lowlevel.checkpoint()


def task(status: str | None, msg: str | None = None) -> TaskStatus:
    return TaskStatus(task_id="t-1", task_status=status, task_msg=msg)


def event(status: str | None, display: str | None = None) -> Event:
    return Event(event_id="e-1", event_status=status, event_status_display=display)


def cluster(status: str | None, text: str | None = None, cluster_id: str = "c-1") -> ClusterDetail:
    return ClusterDetail(cluster_id=cluster_id, cluster_status=status, status_str=text)


def summary(cluster_id: str, status: str | None, text: str | None = None) -> ClusterSummary:
    return ClusterSummary(cluster_id=cluster_id, cluster_status=status, status_str=text)


def pools(*found: NodePool) -> NodePoolList:
    return NodePoolList(total=len(found), node_pool=list(found))


def pool(
    available: int | None,
    total: int | None,
    replicas: int | None = 3,
    *,
    status: str | None = None,
    pool_id: str = "p-1",
) -> NodePoolList:
    return pools(
        NodePool(id=pool_id, available_node_count=available, total_node_count=total, replicas=replicas, status=status)
    )


def listed(**statuses: str | None) -> list[ClusterSummary]:
    return [summary(cluster_id, status) for cluster_id, status in statuses.items()]
