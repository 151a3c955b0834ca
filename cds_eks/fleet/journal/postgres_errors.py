"""What PostgreSQL's errors mean for a journal, and what to do about them."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError

from cds_eks.fleet.journal.base import JournalError, JournalGone

_PASSING_CLASSES = (
    "08",  # connection exceptions
    "40",  # deadlocks, and transactions that can't be put in an order: to be done again
    "53",  # no disk, memory or connection left
    "57P",  # the administrator's shutdown, a crash, a start that is not finished
    "58",  # errors of its machine
)
_PASSING = ("25P03", "25P04", "55P03")  # it took too long, or another holds a lock for too long
_GONE = ("42P01", "3F000", "3D000")  # no such table, schema or database
_READ_ONLY = "25006"
_NOT_ALLOWED = "42501"
_REFUSALS = {
    "password authentication failed": "refuses the user or the password: see PGPASSWORD or ~/.pgpass",
    "no password supplied": "wants a password: see PGPASSWORD or ~/.pgpass",
    "no pg_hba.conf entry": "does not let this machine or user in: see its pg_hba.conf",
    "database": "has no such database: create it first (createdb)",
    "role": "has no such user",
}


def sqlstate(error: DBAPIError) -> str:
    """Return the database's code of an error, or an empty text."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def may_pass(error: DBAPIError) -> bool:
    """Whether the database is away, or busy: the same may be done a little later."""
    code = sqlstate(error)
    if code:
        return code.startswith(_PASSING_CLASSES) or code in _PASSING
    return error.connection_invalidated or (isinstance(error, OperationalError) and _refusal(error) is None)


def translated(error: DBAPIError, where: str) -> JournalError:
    """Return an error that does not pass as one of a journal, which names the database and says what to do."""
    code = sqlstate(error)
    if code == _READ_ONLY:
        return JournalError(f"{where}: can be read only: give the address of the primary server")
    if code == _NOT_ALLOWED:
        return JournalError(f"{where}: this user may not read and write the journal's tables, or create them")
    if (why := _refusal(error)) is not None:
        return JournalError(f"{where}: {why}", outcome="not_sent")
    if code in _GONE:
        return JournalGone(f"{where}: the journal's tables, or their database, are not there: {summary(error)}")
    return JournalError(f"{where}: PostgreSQL can't do what a journal needs: {summary(error)}")


def summary(error: DBAPIError) -> str:
    """Return the first line of an error, without statements and values."""
    lines = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines() or [type(error).__name__]
    return f"{lines[0][:200]}{f' ({code})' if (code := sqlstate(error)) else ''}"


def _refusal(error: DBAPIError) -> str | None:
    said = str(getattr(error, "orig", ""))
    if "FATAL" not in said:
        return None
    return next((why for sign, why in _REFUSALS.items() if sign in said and _is_lasting(sign, said)), None)


def _is_lasting(sign: str, said: str) -> bool:
    return sign not in ("database", "role") or "does not exist" in said
