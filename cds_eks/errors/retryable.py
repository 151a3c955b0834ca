"""Which errors may pass: what the retries and the waits go by."""

from __future__ import annotations

from cds_eks.errors.creates import AmbiguousCreate
from cds_eks.errors.service import ServerFault, Throttled
from cds_eks.errors.transport import DeadlineExceeded, TransportError, UnreadableResponse


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later: what the retries and the waits of this package go by.

    It is so of lost and failed connections, of throttling, of the service's own faults, of proxies' pages that come in
    their place, and of a call whose time ran out. It is never said of an `AmbiguousCreate`: to send that again may
    create a second one, and so it has to be looked for first.
    """
    if isinstance(error, AmbiguousCreate):
        return False
    if isinstance(error, UnreadableResponse):
        return error.http_status < 300 or error.http_status >= 500 or error.http_status == ANSWER_TIMED_OUT
    return isinstance(error, (TransportError, Throttled, ServerFault, DeadlineExceeded))


ANSWER_TIMED_OUT = 408
"""The HTTP status of a gateway that gave up: as good as a lost answer."""
