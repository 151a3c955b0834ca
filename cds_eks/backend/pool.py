"""The pool of connections that both backends have: how many there may be, which are idle, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

import anyio.lowlevel

from cds_eks._runtime import clocks
from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend.headers import idle_seconds
from cds_eks.backend.request_head import time_left
from cds_eks.config import Limits
from cds_eks.pipeline import OutOfTime
from cds_eks.wire import Kind, Request


class Pooled(Protocol):
    """A connection that can be used again."""

    def is_reusable(self, request: Request) -> bool:
        """Whether it leads where a request goes, and nothing is known to have come on it since the last answer."""
        ...  # pragma: no cover - a protocol has no body

    def close(self) -> object:
        """Close it at once."""
        ...  # pragma: no cover - a protocol has no body


C = TypeVar("C", bound=Pooled)


class ConnectionPool(Generic[C]):
    """The connections of a backend.

    Idle ones form a stack, so that few are in use and the rest expires. What is in use is not in here: a call has it to
    itself, and puts it back or closes it.

    Args:
        limits: How many connections, and how long they may be idle.
        has_queue: Whether requests wait here for a connection; not below `LimitRate`, which has let no more through.

    Attributes:
        has_queue: Whether requests wait here.
        permits: One is held for as long as a connection is in use, if so.
        idle: The idle connections, the last used one last, each with the time until which it may be used, on
            `clocks.since_boot`: that counts the time that a machine sleeps, when no timer fires.
        is_closed: Whether none is to become idle any more.
    """

    def __init__(self, limits: Limits, *, has_queue: bool = True) -> None:
        self.has_queue: bool = has_queue
        self.permits: FairSemaphore = FairSemaphore(limits.max_connections if has_queue else None)
        self.max_connections: int = limits.max_connections
        self.keepalive_expiry: float = limits.keepalive_expiry
        self.idle: dict[C, float] = {}
        self.is_closed: bool = False

    async def wait_for_permit(self, request: Request) -> None:
        """Wait for a permit, when there was none at once.

        Raises:
            OutOfTime: The request's deadline has passed.
        """
        is_read = request.operation.kind is Kind.READ
        if not await self.permits.acquire(is_read=is_read, seconds=time_left(request)):
            await anyio.lowlevel.checkpoint()  # a cancellation of the caller's in the same round comes first
            raise OutOfTime

    def take(self, request: Request) -> C | None:
        """Return the connection that was used last, or None if none can be used; close those that can't."""
        while self.idle:
            connection, until = self.idle.popitem()
            if clocks.since_boot() <= until and connection.is_reusable(request):
                return connection
            connection.close()
        return None

    def put(self, connection: C, headers: Mapping[str, str]) -> float:
        """Put a connection back.

        Args:
            connection: The connection, which can be used again.
            headers: Those of the last answer.

        Returns:
            For how many seconds it may be idle; 0 if it may not, and is to be closed.
        """
        seconds = idle_seconds(headers, self.keepalive_expiry) if "keep-alive" in headers else self.keepalive_expiry
        if self.is_closed or seconds <= 0 or len(self.idle) >= self.max_connections:
            return 0
        self.idle[connection] = clocks.since_boot() + seconds
        return seconds

    def close_expired(self) -> None:
        """Close the connection that was idle for longest, if its time is up."""
        for connection, until in self.idle.items():
            if clocks.since_boot() > until:
                del self.idle[connection]
                connection.close()
            return

    def close(self) -> bool:
        """Close all idle connections; return whether there were any."""
        self.is_closed = True
        had_any = bool(self.idle)
        while self.idle:
            self.idle.popitem()[0].close()
        return had_any

    def abandon_idle(self) -> None:
        """Let go of all idle connections without closing them: somebody else does, or they are another process's."""
        self.is_closed = True
        self.idle = {}
