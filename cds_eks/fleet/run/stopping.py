"""Who is cancelled while waiting for a run stops it."""

from __future__ import annotations

from typing import Protocol

import anyio


class Stoppable(Protocol):
    """A run."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or never began."""
        ...  # pragma: no cover - a protocol has no body

    def stop(self, reason: str) -> None:
        """Begin nothing new, finish the creates that are under way, and end."""
        ...  # pragma: no cover - a protocol has no body

    async def ended(self) -> None:
        """Wait until it has ended."""
        ...  # pragma: no cover - a protocol has no body


class stopping:  # noqa: N801 - used like a function
    """Stops a run whose waiter is cancelled or interrupted, and waits for what is under way."""

    def __init__(self, run: Stoppable) -> None:
        self._run = run

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        if error is None or isinstance(error, Exception) or self._run.is_over:
            return
        self._run.stop("it was interrupted")
        with anyio.CancelScope(shield=True):
            await self._run.ended()
