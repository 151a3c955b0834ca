"""Writes that end without an answer: what is known is noted on the error and logged, and open creates are stored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from cds_eks._runtime import clocks
from cds_eks._runtime.logs import log
from cds_eks.errors import AmbiguousCreate, EksError, Outcome
from cds_eks.errors.creates import ambiguous
from cds_eks.errors.natural_key import natural_key_text
from cds_eks.outcome.open_creates import OpenCreate, OpenCreates
from cds_eks.outcome.record import CallRecord

logger: logging.Logger = logging.getLogger("cds_eks.client")

CALL_ID = "cds-request-id"
"""The header with the id of a call; the service's own client sends it as well [O]."""

NOT_STARTED = "the call had not begun: nothing was sent"

_IN_WORDS: dict[Outcome, str] = {
    "not_sent": "was not sent",
    "refused": "was refused",
    "accepted": "was carried out",
    "unknown": "may or may not have been carried out",
}


class WriteOutcomeTracker:
    """What is known of one write when it ends.

    A cancellation or Ctrl-C may come at any moment and on two threads at once, so each method can be called again; it
    uses what is known by then.

    Args:
        action: The operation's documented name.
        record: What is known of the call.
        call_id: The id of the call.
        is_create: Whether it is a create; such a one is stored while its outcome is open.
        natural_key: Returns the fields by which what a create may have made can be found.
        ids_known: Returns the ids that all answers to the call have named so far.
        open_creates: Stores creates whose outcome is open.
    """

    def __init__(
        self,
        action: str,
        record: CallRecord,
        call_id: str,
        *,
        is_create: bool,
        natural_key: Callable[[], dict[str, Any]],
        ids_known: Callable[[], Mapping[str, Any]],
        open_creates: OpenCreates,
    ) -> None:
        self._action = action
        self._record = record
        self._call_id = call_id
        self._is_create = is_create
        self._natural_key = natural_key
        self._ids_known = ids_known
        self._open_creates = open_creates
        self._began = clocks.wall()
        self._logged: Outcome | None = None
        self._named: dict[str, Any] = {}

    def natural_key(self) -> dict[str, Any]:
        """Return the fields by which what a create may have made can be found."""
        return self._natural_key() if self._is_create else {}

    def window(self) -> tuple[datetime, datetime]:
        """Return the time from its start until now, in which it may have been carried out."""
        return datetime.fromtimestamp(self._began, UTC), datetime.fromtimestamp(max(self._began, clocks.wall()), UTC)

    def interrupted(self, error: BaseException) -> None:
        """The call was interrupted: note what is known on the exception, and store a create whose outcome is open."""
        error.add_note(self._note())
        self.store_open_create(error)

    def failed(self, error: EksError) -> AmbiguousCreate | None:
        """The call ended with an error of ours: return it as an `AmbiguousCreate` if the outcome is open."""
        window = self.window()
        self.store_open_create(error, window)
        if not self._is_create or error.outcome != "unknown":
            return None
        return ambiguous(error, natural_key=self.natural_key(), window=window)

    def store_open_create(self, error: BaseException, window: tuple[datetime, datetime] | None = None) -> None:
        """The call ended with an error: store a create whose outcome is open.

        Args:
            error: What ended it.
            window: When it may have been carried out; None for the time until now.
        """
        if not self._is_create:
            return
        if isinstance(error, EksError):
            self._named |= error.ids  # a middleware's own answer, which is on no record, may name some
        record, call_id = self._record, self._call_id
        outcome = record.outcome
        if outcome in ("not_sent", "refused"):
            self._open_creates.discard(call_id)
            return
        create = OpenCreate(
            action=self._action,
            outcome=outcome,
            natural_key=self.natural_key(),
            window=self.window() if window is None else window,
            ids=self._ids(),
            request_id=record.request_id,
            call_id=call_id,
            attempts=record.attempts_made,
            cause=type(error).__name__,
        )
        self._open_creates.add(create)
        if self._logged != outcome:
            self._logged = outcome
            log(
                logger,
                # What a fleet's run has intended it settles itself, and tells of it by its name.
                logging.WARNING if record.intent is None else logging.INFO,
                create.action,
                "ended, and its outcome is unknown",
                error=create.cause,
                outcome=outcome,
                request_id=create.request_id,
                call_id=create.call_id,
                attempts=create.attempts,
            )

    def _ids(self) -> dict[str, Any]:
        """Return the ids that any answer has named."""
        return {**self._named, **self._ids_known()}

    def _note(self) -> str:
        record = self._record
        outcome = record.outcome
        facts = {
            **self._ids(),
            "request_id": record.request_id,
            "attempts": record.attempts_made or None,
            "outcome": outcome,
        }
        if outcome == "unknown":
            facts["look_for"] = natural_key_text(self.natural_key()) or None
            facts["call_id"] = None if record.request_id else self._call_id
        known = ", ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
        is_open = self._is_create and outcome in ("accepted", "unknown")
        more = "; it is among the client's `open_creates`" if is_open else ""
        return f"{self._action} {_IN_WORDS[outcome]} [{known}]{more}"


observed_writes: ContextVar[list[WriteOutcomeTracker] | None] = ContextVar("observed_writes", default=None)
"""Collects the `WriteOutcomeTracker` of each write that a call makes, for the thread that waits for the call."""
