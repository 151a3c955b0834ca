"""The class of an error, as it is kept of an item, and whether an error that was kept may pass. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks import errors
from cds_eks.errors import creates


def kind_of(error: type[BaseException]) -> str:
    """Return the name under which the class of an error is kept: that an outcome is unknown is kept beside it."""
    return error.__name__.removeprefix("Ambiguous") or error.__name__


_TRANSIENT = (
    errors.TransportError, errors.ConnectFailed, errors.ConnectionLost, errors.DeadlineExceeded,
    errors.Throttled, errors.ServerFault, errors.WaitTimeout,
    errors.UnreadableResponse,  # mostly a proxy's page; its HTTP status is not kept
    # The next run looks for what these creates have made.
    creates.AmbiguousCreate, creates.AmbiguousAnswer, creates.AmbiguousConnectionLost,
    creates.AmbiguousDeadline, creates.AmbiguousServerFault, creates.AmbiguousTransport,
)  # fmt: skip
_MAY_PASS = frozenset(map(kind_of, _TRANSIENT))


def may_pass(state: str, error: Mapping[str, Any] | None) -> bool:
    """Whether the next run may succeed where an item has this error, though nobody changes anything.

    Args:
        state: The state of the item. What has failed is not tried again.
        error: What is kept of its error, or None.
    """
    return state != "failed" and error is not None and error.get("class") in _MAY_PASS
