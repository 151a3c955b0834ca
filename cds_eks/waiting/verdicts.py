"""What the states of tasks, events, clusters and node pools mean to a wait. Pure.

The spelling of a status does not matter: `create_failed`, `Create-Failed` and `CREATEFAILED` are one. One with `error`
or `fail` in it is a failure. An unknown one is pending: it never counts as success, nor as failure.
"""

from __future__ import annotations

from typing import Any

import attrs

from cds_eks.models import ClusterDetail, ClusterEvent, ClusterSummary, Event, NodePool, TaskStatus
from cds_eks.redaction import Secrets, printable, redact
from cds_eks.schema.status import is_failure, normal

FINISHED = frozenset({"finish", "finished"})
"""Words for tasks: `finish` [O]."""

SUCCEEDED = frozenset({"success", "succeed", "succeeded"})
"""Words for events: `success` [O]."""

STEP_ENDED = FINISHED | SUCCEEDED | {"done", "complete", "completed", "skipped"}
"""Words for the steps of a cluster [I]."""

RUNNING = frozenset({"running"})
"""The word for clusters [O]."""

POOL_SETTLED = frozenset({"running", "active", "ready", "normal", "available"})
"""Words for node pools [I]."""

IN_PROGRESS = frozenset({"", "doing", "init", "new", "todo", "queued", "wait", "created", "start", "started"})
"""Words for pending states, beside all that end in `ing`; no warning is logged for these."""

_LONGEST_SHOWN = 80
_LONGEST_FAILURE = 1000


@attrs.frozen(kw_only=True)
class Verdict:
    """What a state means to a wait: `done`, or failed with a `failure` in words; neither is pending.

    Attributes:
        done: Whether the wait has ended well.
        failure: What went wrong, if it has ended badly.
        status: The status as the service gave it.
        detail: More about the state, for an error.
        unknown: The unknown status that counts as pending, if any.
    """

    done: bool = False
    failure: str | None = None
    status: str | None = None
    detail: str = ""
    unknown: str | None = None

    @property
    def words(self) -> str:
        """The state in words, for an error."""
        status = f"its last status was {shown(self.status)}" if self.status else "it showed no status"
        return f"{status} ({self.detail})" if self.detail else status

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.done or self.failure is not None


def without_secrets(verdict: Verdict, secrets: Secrets) -> Verdict:
    """Return a verdict in whose words no secret is: a service may repeat what it was sent in a status or a message."""
    changes: dict[str, Any] = {}
    for name in ("failure", "status", "detail", "unknown"):
        text = getattr(verdict, name)
        if not text:
            continue
        shown_text = redact(text, secrets, is_id=name in ("status", "unknown"))
        if "…" in shown_text:  # what was cut here to be shown, maybe in the middle of a secret
            *cut, rest = shown_text.split("…")
            shown_text = "…".join([*[redact(part, secrets, is_cut=True) for part in cut], rest])
        if shown_text != text:
            changes[name] = shown_text
    return attrs.evolve(verdict, **changes) if changes else verdict


def shown(status: str) -> str:
    """Return a status for people to read: in one line of bounded length."""
    return repr(status if len(status) <= _LONGEST_SHOWN else f"{status[:_LONGEST_SHOWN]}…")


def judge_task(task: TaskStatus) -> Verdict:
    """Task status values [O]: `doing`, `finish`, `error`."""
    return _judge(task.task_status, FINISHED, task.task_msg or f"the task failed{_with(task.task_status)}")


def judge_event(event: Event) -> Verdict:
    """Event status values [O]: `success`, `failed`, `error`."""
    return _judge(
        event.event_status,
        SUCCEEDED,
        event.event_status_display or f"the event ended with {shown(event.event_status or '')}",
    )


def judge_cluster(cluster: ClusterDetail | ClusterSummary) -> Verdict:
    """Cluster status values [O]: `running`, `error`; others are transitional."""
    text = cluster.status_str or ""
    if normal(text) in ("", normal(cluster.cluster_status)):  # it says no more than the status
        text = f"the cluster is in error{_with(cluster.cluster_status)}"
    return _judge(cluster.cluster_status, RUNNING, text)


def judge_node_pool(pool: NodePool, replicas: int | None) -> Verdict:
    """A pool is ready when just as many nodes as it is to have are there, and up.

    Args:
        pool: The pool.
        replicas: How many nodes it is to have; None for what the pool itself says.
    """
    target = pool.replicas if replicas is None else replicas
    up, total = _shown_count(pool.available_node_count), _shown_count(pool.total_node_count)
    detail = f"{up} nodes up of {total}, {_shown_count(target)} wanted"
    verdict = _judge(pool.status, POOL_SETTLED, f"the node pool is in state {shown(pool.status or '')}")
    is_ready = target is not None and pool.available_node_count == target and _has_all_nodes_up(pool)
    done = verdict.failure is None and is_ready
    return attrs.evolve(verdict, done=done, detail=detail, unknown=None if done else verdict.unknown)


def is_settled(pool: NodePool) -> bool:
    """Whether a pool is settled: all its nodes are up, and its status says of nothing under way."""
    at_rest = normal(pool.status) in POOL_SETTLED or not pool.status
    return at_rest and pool.available_node_count is not None and _has_all_nodes_up(pool)


def judge_idle(cluster: ClusterDetail, pools: list[NodePool], steps: list[ClusterEvent]) -> Verdict:
    """A cluster accepts the next operation when it is running and none of its pools and steps is pending [I]."""
    verdict = judge_cluster(cluster)
    if not verdict.done:
        return verdict
    parts = [(f"node pool {pool.id}", pool.status, POOL_SETTLED) for pool in pools]
    parts += [
        (f"step {shown(step.subtask_name or step.subtask_type or '')}", step.status, STEP_ENDED) for step in steps
    ]
    for name, status, well in parts:
        part = _judge(status, well, "failed")
        if status and not part.has_ended:
            return attrs.evolve(verdict, done=False, detail=f"{name} is {shown(status)}", unknown=part.unknown)
    return verdict


def _judge(status: str | None, well: frozenset[str], failure: str) -> Verdict:
    plain = normal(status)
    if is_failure(status):
        return Verdict(failure=printable(failure, _LONGEST_FAILURE), status=status)
    is_known = plain in well or plain in IN_PROGRESS or plain.endswith("ing")
    return Verdict(done=plain in well, status=status, unknown=None if is_known else status)


def _with(status: str | None) -> str:
    return "" if status is None or normal(status) == "error" else f" ({shown(status)})"


def _shown_count(number: int | None) -> str:
    return "?" if number is None else str(number)


def _has_all_nodes_up(pool: NodePool) -> bool:
    return pool.total_node_count is None or pool.total_node_count == pool.available_node_count
