"""What waits raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.errors.base import EksError


def _few(value: Any) -> Any:
    """Return a list of ids in words, shortened if it is long."""
    shown = 10
    if not isinstance(value, tuple) or len(value) <= shown:
        return value
    return f"({', '.join(map(repr, value[:shown]))}, and {len(value) - shown} more)"


class _Waiting(EksError):
    """What a waiter raises: the ids that it was given, and the last state that it saw."""

    def __init__(
        self,
        message: str,
        *,
        ids: Mapping[str, Any],
        last: Any = None,
        status: str | None = None,
        action: str | None = None,
        request_id: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message, action=action, request_id=request_id, attempts=attempts, outcome="accepted")
        self.ids: dict[str, Any] = dict(ids)
        self.last = last
        self.status = status

    def _facts(self) -> dict[str, Any]:
        """Failed and pending ids are shown apart, and not once more as one list."""
        facts = super()._facts()
        if "failed_ids" in facts:
            mixed = ("cluster_ids", "task_ids", "node_pool_ids")
            facts = {name: _few(value) for name, value in facts.items() if name not in mixed and value != ()}
        return {"status": repr(self.status[:80]) if self.status else None, **facts}

    @property
    def task_id(self) -> str | None:
        """The task that was waited for."""
        return self.ids.get("task_id")

    @property
    def event_id(self) -> str | None:
        """The event that was waited for."""
        return self.ids.get("event_id")

    @property
    def cluster_id(self) -> str | None:
        """The cluster that was waited for."""
        return self.ids.get("cluster_id")

    @property
    def cluster_ids(self) -> tuple[str, ...]:
        """The clusters that failed, or that had not come up when time ran out."""
        return tuple(self.ids.get("cluster_ids", ()))

    @property
    def failed_ids(self) -> tuple[Any, ...]:
        """Of a wait for many things, those that failed; a node pool by the pair of its cluster's id and its own."""
        return tuple(self.ids.get("failed_ids", ()))

    @property
    def pending_ids(self) -> tuple[Any, ...]:
        """Of a wait for many things, those that had not ended when time ran out."""
        return tuple(self.ids.get("pending_ids", ()))

    @property
    def node_pool_id(self) -> str | None:
        """The node pool that was waited for."""
        return self.ids.get("node_pool_id")


class TaskFailed(_Waiting):
    """A waiter saw the task, event, cluster or node pool fail.

    Attributes:
        ids: The ids that the waiter was given, by name; each is an attribute as well (`task_id`, `cluster_id`, …).
        message: What the service said of the failure.
        last: The last state that was seen.
        status: Its status, as the service spelt it, or None.
    """


class WaitTimeout(_Waiting):
    """A waiter ran out of time; what it waited for may still come.

    Attributes:
        ids: The ids that the waiter was given, by name; each is an attribute as well (`task_id`, `cluster_id`, …).
        last: The last state that was seen, or None.
        status: Its status, as the service spelt it, or None.
    """
