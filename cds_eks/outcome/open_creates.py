"""Creates whose outcome is open: a client stores them until they are dismissed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from cds_eks._runtime.logs import log
from cds_eks.errors import AmbiguousCreate, EksError, Outcome
from cds_eks.errors.natural_key import WithNaturalKey

logger: logging.Logger = logging.getLogger("cds_eks.client")

MOST_OPEN = 10_000
"""The largest number that is stored; of more, the oldest are discarded."""


@attrs.frozen(kw_only=True)
class OpenCreate(WithNaturalKey):
    """A create that ended without an answer to its caller, though it may have been carried out, or was.

    Attributes:
        action: The operation.
        outcome: `unknown`, or `accepted` if the success response had come when the call ended.
        natural_key: The fields by which what may have been made can be found, by Python name.
        window: When it may have been made: before the first attempt and after the last, in UTC by this machine's clock.
        ids: The ids that any answer has named, by name.
        request_id: The service's id of the request, or None if no answer came.
        call_id: The id that the client gave the call; all its attempts carried it in the header `cds-request-id`.
        attempts: How many attempts were made.
        cause: The class name of the exception that ended the call, such as `CancelledError` or `ConnectionLost`.
    """

    action: str
    outcome: Outcome
    natural_key: Mapping[str, Any]
    window: tuple[datetime, datetime]
    ids: Mapping[str, Any]
    request_id: str | None
    call_id: str
    attempts: int
    cause: str

    def is_meant_by(self, error: EksError) -> bool:
        """Whether an error is that of this create."""
        if error.action != self.action:
            return False
        if isinstance(error, AmbiguousCreate):
            return (error.window, dict(error.natural_key)) == (self.window, dict(self.natural_key))
        return bool(self.ids) and error.ids == self.ids


OpenCreate.__module__ = "cds_eks.types"  # the public one, which pickles name


class OpenCreates:
    """Stores the open creates of a client, the oldest first; for any number of threads, signal handlers and finalizers.

    It has no lock, which a signal handler or a finalizer could find held: each operation on its dictionary is atomic.

    Args:
        most: How many are stored.
    """

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most = most
        self._by_call: dict[str, OpenCreate] = {}

    def all(self) -> tuple[OpenCreate, ...]:
        """Return those that are open now."""
        return tuple(self._by_call.copy().values())

    def add(self, create: OpenCreate) -> None:
        """Store one, in place of what was known of the same call before."""
        self._by_call[create.call_id] = create
        if len(self._by_call) > self._most:
            for oldest in list(self._by_call.copy())[: -self._most]:
                if (forgotten := self._by_call.pop(oldest, None)) is not None:
                    log(
                        logger,
                        logging.WARNING,
                        forgotten.action,
                        "is forgotten among the open creates, of which there are too many",
                        outcome=forgotten.outcome,
                        request_id=forgotten.request_id,
                    )

    def discard(self, call_id: str) -> bool:
        """Discard the create of a call; return whether it was there."""
        return self._by_call.pop(call_id, None) is not None

    def dismiss(self, what: OpenCreate | EksError) -> bool:
        """Discard a create, or that of an error; return whether it was there."""
        if isinstance(what, OpenCreate):
            return self.discard(what.call_id)
        return any(self.discard(create.call_id) for create in self.all() if create.is_meant_by(what))
