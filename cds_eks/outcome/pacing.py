"""Whose turn it is to be sent again, where several calls share a rate that the client does not know of.

Who shares a rate sees each call begin, but not that the client sends it again: so it lends the client its queue.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Turn = Callable[[], Awaitable[None]]
"""Waits until the next request may begin."""

retry_turn: ContextVar[Turn | None] = ContextVar("cds_eks_retry_turn", default=None)
"""What each further attempt of the calls in this context waits for."""


@contextmanager
def pacing_retries(turn: Turn) -> Iterator[None]:
    """Have each further attempt of the calls that are made within wait for its turn."""
    token = retry_turn.set(turn)
    try:
        yield
    finally:
        retry_turn.reset(token)
