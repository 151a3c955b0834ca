"""What is known so far of a call, while it runs and after it was cancelled."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from cds_eks.errors import EksError, Outcome
from cds_eks.outcome.intent import Intent
from cds_eks.redaction import NO_SECRETS, Secrets

_WEIGHT: tuple[Outcome, ...] = ("not_sent", "refused", "unknown", "accepted")
"""Of two attempts, the outcome further back is the call's."""

LONGEST_PARTIAL_BODY = 64 * 1024
"""How much of a truncated answer's body is stored, in bytes."""


class CallRecord:
    """What is known so far of one call; it outlives a cancellation.

    A middleware finds it as `request.record`.

    Attributes:
        attempts: How many attempts were begun.
        failures: The errors of the attempts that failed, oldest first.
        request_id: The service's id of the last answer, or None.
        answer: The service's success response by wire names, once it has come: it has the ids of what was made, also if
            the call is cancelled after that.
        arrived: The answer to this attempt as soon as a backend has it, before it can return it: if the call is
            cancelled in that moment, no caller receives it.
        clock_was_wrong: Whether this attempt was refused for its time and the signer's clock has been set since then.
        partial_bodies: The bodies of truncated answers, as far as they came: they may name what was made.
        deadline: When the call's time is up, on the deadline middleware's clock; None until it has set one.
        secrets: Texts that must never be shown, besides the request's own: those of keys used since the call began.
        total: How many seconds this call may take; None for the client's `Timeouts.total`.
        intent: When this create was intended, if it is to be signed with that time; None for all others.
        waits_for: The permit that the attempt waits for, in words; None when it is not queued.
        queued: For how many seconds its attempts have waited for their permits.
        observation: What the telemetry notes of this call; None if it is not observed.

    `may_have_left` and `did_not_leave` are the names that `mark_sent` and `mark_not_sent` had before; they go with 2.0.
    """

    __slots__ = (
        "_earlier",
        "_now",
        "answer",
        "arrived",
        "attempts",
        "clock_was_wrong",
        "deadline",
        "failures",
        "intent",
        "observation",
        "partial_bodies",
        "queued",
        "request_id",
        "secrets",
        "total",
        "waits_for",
    )

    def __init__(self) -> None:
        self.attempts: int = 0
        self.failures: tuple[EksError, ...] = ()
        self.partial_bodies: tuple[bytes, ...] = ()
        self.request_id: str | None = None
        self.answer: Mapping[str, Any] | None = None
        self.arrived: object = None
        self.clock_was_wrong: bool = False
        self.deadline: float | None = None
        self.secrets: Secrets = NO_SECRETS
        self.total: float | None = None
        self.intent: Intent | None = None
        self.waits_for: str | None = None
        self.queued: float = 0.0
        self.observation: Any = None
        self._earlier: Outcome = "not_sent"
        self._now: Outcome = "not_sent"

    def begin_attempt(self) -> None:
        """A new attempt starts: nothing of it has been sent yet."""
        if self._now != "not_sent":
            self.begin_send()
        self.arrived = None
        self.clock_was_wrong = False
        self.attempts += 1

    def begin_send(self) -> None:
        """The request is given to the backend; a middleware may do so several times in an attempt, to other hosts."""
        # A call that was accepted and is sent again all the same (by a middleware) may have been carried out.
        if self._now != "not_sent":
            self._earlier = "unknown" if self._now == "accepted" else self.outcome
            self._now = "not_sent"

    def mark_sent(self) -> None:
        """From now on the service may have seen the request. A backend calls this before it sends the first byte."""
        self._now = "unknown"

    def mark_not_sent(self) -> None:
        """It is certain that nothing was sent of what was last given to the backend."""
        self._now = "not_sent"

    def answered(self, request_id: str | None, *, outcome: Outcome) -> None:
        """The service's answer to this attempt is known."""
        self.request_id = request_id or self.request_id
        self._now = outcome

    def add_partial_body(self, content: bytes) -> None:
        """Store what came of a truncated answer's body; a backend calls this."""
        if content:
            self.partial_bodies += (content[:LONGEST_PARTIAL_BODY],)

    def may_have_left(self) -> None:
        """Do what `mark_sent` does. Deprecated since 1.0.0rc1 (2026-11-28); 2.0 may be without it."""
        _warn_of_rename("may_have_left", "mark_sent")
        self.mark_sent()

    def did_not_leave(self) -> None:
        """Do what `mark_not_sent` does. Deprecated since 1.0.0rc1 (2026-11-28); 2.0 may be without it."""
        _warn_of_rename("did_not_leave", "mark_not_sent")
        self.mark_not_sent()

    @property
    def attempts_made(self) -> int:
        """How many attempts have had their permit: one that is still queued has sent nothing."""
        return self.attempts if self.waits_for is None else max(0, self.attempts - 1)

    @property
    def outcome(self) -> Outcome:
        """The outcome of the call, as far as it is known now, all attempts together."""
        outcomes: tuple[Outcome, ...] = (self._earlier, self._now)
        return max(outcomes, key=_WEIGHT.index)

    def __repr__(self) -> str:
        return f"CallRecord(attempts={self.attempts}, outcome={self.outcome!r}, request_id={self.request_id!r})"


def _warn_of_rename(old: str, new: str) -> None:
    """Warn a backend of a method that has another name now."""
    words = f"CallRecord.{old} is deprecated since 1.0.0rc1 (2026-11-28): call {new}; version 2.0 may be without it"
    warnings.warn(words, DeprecationWarning, stacklevel=3)
