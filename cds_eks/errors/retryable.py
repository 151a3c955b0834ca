"""Which errors are transient: the one rule of the retries, the waits and the look-ups."""

from __future__ import annotations

from cds_eks.errors.creates import AmbiguousCreate
from cds_eks.errors.service import ServerFault, Throttled
from cds_eks.errors.transport import DeadlineExceeded, TransportError, UnreadableResponse


def may_pass(error: BaseException) -> bool:
    """Whether an error is transient: the same request may succeed a moment later. Retries and waits use it.

    That is so of lost and failed connections, throttling, the service's own faults, proxies' pages that come in their
    place, and a call whose time ran out. It is never so of an `AmbiguousCreate`: sent again, it may create a second
    one, so what it made has to be looked for first.
    """
    if isinstance(error, AmbiguousCreate):
        return False
    if isinstance(error, UnreadableResponse):
        return error.http_status < 300 or error.http_status >= 500 or error.http_status == ANSWER_TIMED_OUT
    return isinstance(error, (TransportError, Throttled, ServerFault, DeadlineExceeded))


ANSWER_TIMED_OUT = 408
"""The HTTP status of a gateway that gave up: the same as a lost answer."""
