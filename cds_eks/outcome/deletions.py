"""The deletions of clusters that the service has accepted: a cluster not found afterwards is deleted, not mistyped."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol, TypeVar


class Answer(Protocol):
    """A `Response`."""

    @property
    def data(self) -> Any:
        """The answer's typed data."""


A = TypeVar("A", bound=Answer)

MOST = 10_000
"""The largest number that is stored; the oldest are discarded."""


class Deletions:
    """The tasks of accepted deletions, by the cluster's id."""

    def __init__(self) -> None:
        self._tasks: dict[str, str] = {}

    def note(self, cluster_id: str, task_id: str) -> None:
        """Store a deletion that was accepted."""
        self._tasks.pop(cluster_id, None)
        self._tasks[cluster_id] = task_id
        if len(self._tasks) > MOST:
            del self._tasks[next(iter(self._tasks))]

    async def record_accepted(self, call: Awaitable[A], request: Any) -> A:
        """Return a deletion's answer; store the deletion if it was accepted."""
        answer = await call
        self.note(request.cluster_id, getattr(answer.data, "task_id", ""))
        return answer

    def task_of(self, cluster_id: str) -> str | None:
        """Return the task of a deletion, empty if the service named none; None if none was accepted."""
        return self._tasks.get(cluster_id)
