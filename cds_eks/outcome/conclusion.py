"""What an attempt's and a call's outcome is: the only functions that write one.

An error is raised with the outcome that its raiser knows. What the record of the call knows besides is weighed here,
and the result is written onto the record and onto the error that leaves the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from cds_eks.errors import Conflict, ConnectFailed, EksError
from cds_eks.outcome.record import CallRecord

E = TypeVar("E", bound=EksError)

SELF_CONFLICT = (
    "; an earlier attempt's answer was lost or told nothing for certain, so this is most likely its own doing"
)
"""Added to the message of a conflict in a write that was sent before."""


def success_response(record: CallRecord, *, request_id: str | None, answer: Mapping[str, Any] | None) -> None:
    """An attempt was answered with a success response."""
    record.answered(request_id, outcome="accepted")
    record.answer = answer


def error_response(record: CallRecord, error: EksError) -> None:
    """An attempt was answered with an error response, or with an answer that can't be read."""
    record.answered(error.request_id, outcome=error.outcome)


def no_response(record: CallRecord, error: EksError) -> None:
    """An attempt ended with an error in place of an answer.

    Backends mark the record themselves; this is for those, and for middlewares, that only raise.
    """
    if isinstance(error, ConnectFailed):
        record.mark_not_sent()
    else:
        call_raised(record, error)


def call_raised(record: CallRecord, error: EksError) -> None:
    """A call ended with an error: one of outcome `unknown` outweighs a success response, which may name nothing."""
    if error.outcome == "unknown":
        record.mark_sent()


def attempt_failed(error: EksError, record: CallRecord, *, is_create: bool) -> None:
    """Decide the outcome of a failed attempt, by which it is retried or not."""
    if is_create and record.outcome == "unknown":
        error.outcome = "unknown"  # the request was marked as sent, whatever the error says


def attempts_ended(error: EksError, record: CallRecord, *, action: str, is_write: bool) -> None:
    """Decide the outcome of a call whose last attempt failed: that of all its attempts together."""
    error.action = action
    error.outcome = record.outcome
    error.attempts = record.attempts  # this attempt ended, whatever others that a middleware made wait for
    error.previous = record.failures
    if is_write and isinstance(error, Conflict) and any(one.outcome == "unknown" for one in record.failures):
        error.message += SELF_CONFLICT
        error.args = (error.message,)


def call_stopped(error: E, record: CallRecord) -> E:
    """Decide the outcome of a call that was stopped while it ran, and return the error with all that is known."""
    error.request_id = record.request_id
    error.outcome = record.outcome
    return with_attempts(error, record)


def with_attempts(error: E, record: CallRecord) -> E:
    """Return an error with the attempts that were made, and the errors of the earlier ones."""
    error.attempts = record.attempts_made
    error.previous = record.failures
    return error
