"""When a create was intended: it is signed with that time, and not sent any more when its own time is up.

A process can be stopped between any two of its steps, for any time, and go on as if nothing had been. What it sends
then is refused by the service as too old, if it was signed with the time of the intent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import attrs


@attrs.frozen(kw_only=True)
class Intent:
    """When a create was intended.

    Attributes:
        at: The time to sign with, in seconds since the epoch by this machine's clock.
        until: No attempt may leave later than this, by `cds_eks._runtime.clocks.since_boot`.
    """

    at: float
    until: float


intended: ContextVar[Intent | None] = ContextVar("cds_eks_intent", default=None)
"""The intent of the creates that are called in this context."""


@contextmanager
def intending(intent: Intent) -> Iterator[None]:
    """Have the creates that are called within carry an intent."""
    token = intended.set(intent)
    try:
        yield
    finally:
        intended.reset(token)
