"""A service whose states are set, and a clock, for the tests of waits."""

from __future__ import annotations

from cds_eks import errors
from cds_eks.errors import EksError

PASSING = [
    errors.ConnectionLost("lost"),
    errors.ConnectFailed("refused"),
    errors.TransportError("odd"),
    errors.Throttled("slow down"),
    errors.ServerFault("oops", http_status=500),
    errors.UnreadableResponse("a page", http_status=502),
    errors.UnreadableResponse("a page", http_status=408),
    errors.UnreadableResponse("half a body", http_status=200),
    errors.DeadlineExceeded("late"),
]


def by_class(error: EksError) -> str:
    return type(error).__name__
