"""What an error of a create means to its item, and to all that have not been created yet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.errors import AuthenticationError, EksError, PermissionDenied, QuotaExceeded, ServiceError, Throttled
from cds_eks.fleet.error_kinds import kind_of
from cds_eks.fleet.items import State
from cds_eks.redaction import printable

_BALANCE = ("notenoughbalance", "insufficientbalance", "account.arrearage")
_OWN_FAULT = ("requestexpired",)
"""Codes of a refusal for the time of one request, which says nothing of the key."""

LONGEST_MESSAGE = 500
LONGEST_ID = 300


def told(error: BaseException, kind: str | None = None) -> dict[str, Any]:
    """Return what the journal keeps of an error; texts of the SDK's errors have no secrets.

    Args:
        error: The error.
        kind: What to call it; None for the name of its class.
    """
    if not isinstance(error, EksError):
        # What others raise may say anything.
        return {"class": kind or type(error).__name__, "code": "", "message": "", "outcome": "unknown"}
    return {
        "class": kind or kind_of(type(error)),
        "code": getattr(error, "code", "") or "",
        "message": error.message[:LONGEST_MESSAGE],
        "outcome": error.outcome,
    }


def ids_of(error: EksError) -> dict[str, str]:
    """Return the ids that an answer has named, as the journal keeps them."""
    return {
        name: value
        for name, value in error.ids.items()
        if name.endswith("_id") and isinstance(value, str) and 0 < len(value) <= LONGEST_ID
    }


def state_after(error: BaseException, result_id: str) -> State:
    """Return the state of an item whose create has ended in an error.

    Args:
        error: The error. One that is not the SDK's says nothing of what has left.
        result_id: What the id of the thing is called among those that an answer names.
    """
    if not isinstance(error, EksError):
        return "unknown"
    if error.outcome == "not_sent":
        return "planned"
    if error.outcome == "refused":
        return "refused" if _has_reason(error) else "unknown"
    return "accepted" if error.outcome == "accepted" and ids_of(error).get(result_id) else "unknown"


def _has_reason(error: EksError) -> bool:
    """Whether a refusal is the service's own: an answer without any reason may be a proxy's to what was carried out.

    Throttling needs none: it comes before anything is done.
    """
    is_bare = isinstance(error, ServiceError) and error.http_status >= 400 and not error.code
    return not is_bare or isinstance(error, Throttled)


def stops_all(error: BaseException) -> str | None:
    """Return why no further create can succeed, or None if it is only this one that was refused."""
    if not isinstance(error, EksError) or error.outcome != "refused":
        return None
    code = str(getattr(error, "code", "")).strip().lower()
    is_balance = isinstance(error, QuotaExceeded) and (
        code in _BALANCE or "balance" in code or getattr(error, "http_status", 0) == 402
    )
    is_key = isinstance(error, (AuthenticationError, PermissionDenied)) and code not in _OWN_FAULT
    if not is_balance and not is_key:
        return None
    return reason_of(error)


def reason_of(error: EksError) -> str:
    """Return an error as the reason for which a run stops: with its code, and where to look, if it says so."""
    code = str(getattr(error, "code", "")).strip()
    reason = f"{type(error).__name__}: {printable(error.message, LONGEST_MESSAGE)}" + (f" [{code}]" if code else "")
    return f"{reason}; {error.hint}" if isinstance(error, AuthenticationError) else reason


def summary(error: Mapping[str, Any]) -> str:
    """Return what the journal keeps of an error, in one line."""
    return ": ".join(str(error[name]) for name in ("class", "code", "message") if error.get(name))
