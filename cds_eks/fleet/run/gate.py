"""Whether anything new may be created now: not before what is open is settled, and not once it is known to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio


class Gate:
    """What each create has to pass.

    Args:
        on_closed: Is told once why no more creates are made.

    Attributes:
        reason: Why no more creates are made, or None.
    """

    def __init__(self, on_closed: Callable[[str], None]) -> None:
        self.reason: str | None = None
        self._on_closed = on_closed
        self._settled = anyio.Event()

    def open(self) -> None:
        """All open items are settled: new ones may be created."""
        self._settled.set()

    def close(self, reason: str) -> None:
        """Make no more creates. Only the first reason is told."""
        if self.reason is None:
            self.reason = reason
            self._on_closed(reason)
        self._settled.set()

    async def may_create(self) -> bool:
        """Wait until open items are settled, and return whether a create may be made."""
        await self._settled.wait()
        return self.reason is None


class InFlight:
    """What is under way and must not be cut off by a cancellation, as long as there is time."""

    def __init__(self) -> None:
        self._scopes: dict[anyio.CancelScope, str] = {}
        self._is_over = False

    @contextmanager
    def shielded(self, group: str) -> Iterator[anyio.CancelScope]:
        """Shield what is done within from cancellations, until `cut` is called.

        Args:
            group: The id of the cluster that it is about.
        """
        with anyio.CancelScope(shield=True) as scope:
            if self._is_over:
                scope.cancel()
            self._scopes[scope] = group
            try:
                yield scope
            finally:
                del self._scopes[scope]

    def cut(self, group: str | None = None) -> None:
        """Cut off what is under way for a cluster; everything, for good, if none is named."""
        self._is_over = self._is_over or group is None
        for scope, its_group in list(self._scopes.items()):
            if group in (None, its_group):
                scope.cancel()
