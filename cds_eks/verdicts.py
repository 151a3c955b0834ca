"""What the states of tasks, events, clusters and node pools mean to who waits for them. Pure.

A status that is not known is "still going on": it is never taken for success, nor for failure.
"""

from __future__ import annotations

import attrs

from cds_eks.models import ClusterDetail, ClusterSummary, Event, NodePool, TaskStatus


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
