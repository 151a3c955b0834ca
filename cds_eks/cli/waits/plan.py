"""What is waited for after a write: decided by the description and by the answer. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from cds_eks.cli.description import Operation
from cds_eks.cli.options import Options, words_of_options

Kind = Literal["task", "event", "cluster", "cluster_deleted", "pool", "pool_deleted", "idle"]

NAMES: Mapping[Kind, tuple[str, str]] = {
    "task": ("task", "任务"),
    "event": ("event", "事件"),
    "cluster": ("cluster", "集群"),
    "cluster_deleted": ("deletion of cluster", "集群删除"),
    "pool": ("node pool", "节点池"),
    "pool_deleted": ("deletion of node pool", "节点池删除"),
    "idle": ("cluster", "集群"),
}
"""What each kind is called in English and in Chinese."""

KEYS: Mapping[Kind, str] = {
    "task": "task",
    "event": "event",
    "cluster": "cluster",
    "cluster_deleted": "deleted",
    "pool": "node_pool",
    "pool_deleted": "deleted",
    "idle": "cluster",
}
"""The key of the result that has what each kind came to."""

STATES: Mapping[Kind, tuple[str, ...]] = {
    "task": ("task.task_status",),
    "event": ("event.event_status",),
    "cluster": ("cluster.cluster_status",),
    "cluster_deleted": ("deleted",),
    "pool": ("node_pool.status", "node_pool.available_node_count"),
    "pool_deleted": ("deleted",),
    "idle": ("cluster.cluster_status",),
}
"""What tables and CSV show of it."""


class Wait(NamedTuple):
    """One thing to wait for.

    Attributes:
        kind: What it is.
        id: Its id.
        cluster_id: The cluster of a node pool.
        task_id: The task of a cluster's deletion.
        replicas: How many nodes a pool is to have; None for what the pool itself says.
        may_be_gone: Whether it is a success that a task that was there is gone: it was the task of a deletion.
    """

    kind: Kind
    id: str
    cluster_id: str = ""
    task_id: str = ""
    replicas: int | None = None
    may_be_gone: bool = False

    @property
    def ids(self) -> dict[str, str]:
        """Its ids by name, as the SDK's errors have them."""
        if self.kind in ("task", "event"):
            return {f"{self.kind}_id": self.id}
        if self.kind in ("pool", "pool_deleted"):
            return {"cluster_id": self.cluster_id, "node_pool_id": self.id}
        return {"cluster_id": self.id, **({"task_id": self.task_id} if self.task_id else {})}

    @property
    def shown(self) -> str:
        """Its id as `cds-eks wait` takes it: a node pool's comes after its cluster's."""
        return f"{self.cluster_id}/{self.id}" if self.cluster_id else self.id


class Pending(NamedTuple):
    """What a command waits for, for whoever is told that it does no more.

    Attributes:
        ids: All ids that are known.
        command: The command that goes on waiting.
        result: What the write has returned, with its request id; None if there was none.
    """

    ids: Mapping[str, Any]
    command: str
    result: Mapping[str, Any] | None = None


def waits_after(
    operation: Operation, given: Mapping[str, Any], result: Mapping[str, Any]
) -> tuple[tuple[Wait, ...], ...]:
    """Return what to wait for after a write, in stages: what is in one is waited for at once.

    Args:
        operation: The operation. Nothing is known of it but its description.
        given: What it was asked with.
        result: What it has answered.

    Returns:
        The task or event that the answer names; then what the operation made, changed or deleted, if it is a cluster or
        a node pool. Of an operation on a cluster that names no task, that the cluster is idle. Any other is done when
        it is answered: there is nothing to wait for.
    """
    cluster_id = result.get("cluster_id") or given.get("cluster_id") or ""
    pool_id = result.get("node_pool_id") or given.get("node_pool_id") or ""
    task_id = result.get("task_id") or ""
    is_deletion = operation.is_destructive
    own: tuple[Wait, ...] = ()
    if cluster_id and operation.id == "cluster_id" and operation.kind == "create":
        own = (Wait("cluster", cluster_id),)
    elif cluster_id and operation.id == "cluster_id" and is_deletion:
        return ((Wait("cluster_deleted", cluster_id, task_id=task_id),),)
    elif cluster_id and pool_id and {field.name for field in operation.fields if field.required} == {
        "cluster_id", "node_pool_id"
    } and is_deletion:  # fmt: skip
        own = (Wait("pool_deleted", pool_id, cluster_id),)
    elif cluster_id and pool_id and not is_deletion:
        own = (Wait("pool", pool_id, cluster_id, replicas=given.get("replicas")),)
    tasks: tuple[Wait, ...] = (Wait("task", task_id, may_be_gone=is_deletion),) if task_id else ()
    if event_id := result.get("event_id"):
        tasks += (Wait("event", event_id, may_be_gone=is_deletion),)
    if not tasks and not own and cluster_id and operation.group == "clusters":
        own = (Wait("idle", cluster_id),)
    # What is new has no state of before, so that its error counts at once. What was there may still show an old one.
    stages = (tasks + own,) if operation.kind == "create" else (tasks, own)
    return tuple(stage for stage in stages if stage)


def command_for(waits: Sequence[Wait], options: Options, poll_interval: float | None = None) -> str:
    """Return the command that goes on waiting for things of one kind."""
    first = waits[0]
    kind = first.kind.removesuffix("_deleted")
    words = ["cds-eks", "wait", kind, *(wait.shown for wait in waits)]
    if first.kind.endswith("_deleted"):
        words += ["--for", "deleted"]
    if first.replicas is not None:
        words += ["--replicas", str(first.replicas)]
    words += words_of_options(options)
    words += [] if poll_interval is None else ["--poll-interval", f"{poll_interval:g}s"]
    return shlex.join(words)
