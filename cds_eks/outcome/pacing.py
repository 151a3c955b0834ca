"""A rate limit for retries, where several calls share one that the client does not know of.

A caller with a rate limit of its own sees each call begin, but not its retries: so it lends the client its limit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

AcquireRate = Callable[[], Awaitable[None]]
"""Waits until the next request may begin."""

rate_of_retries: ContextVar[AcquireRate | None] = ContextVar("cds_eks_rate_of_retries", default=None)
"""What each further attempt of the calls in this context waits for."""


@contextmanager
def pacing_retries(acquire: AcquireRate) -> Iterator[None]:
    """Have each further attempt of the calls that are made within wait for the rate limit."""
    token = rate_of_retries.set(acquire)
    try:
        yield
    finally:
        rate_of_retries.reset(token)
