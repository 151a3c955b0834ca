"""What SQLite's errors mean for a journal, and what to do about them."""

from __future__ import annotations

import sqlite3

from cds_eks.fleet.journal.base import JournalError, JournalGone, JournalUnavailable

_PASSING = {
    "SQLITE_BUSY": "another process has had it locked for too long: see which one uses it, and whether it hangs",
    "SQLITE_LOCKED": "another connection has had it locked for too long",
    "SQLITE_FULL": "the disk is full, or a quota is used up: make room; what is in the journal is unharmed",
    "SQLITE_IOERR": "the disk or the file system reports an error: look into the machine's log",
    "SQLITE_NOMEM": "there is no memory left",
}
_GONE = {
    "SQLITE_NOTADB": "is no SQLite database: choose another file; nothing was changed",
    "SQLITE_CORRUPT": (
        "is damaged: do not use it any more, and restore a backup or begin with a new file; "
        "what exists is then found by name, with adopt='matching'"
    ),
}
_LASTING = {
    "SQLITE_READONLY": "can't be written: give this user the right to write the file and its folder",
    "SQLITE_CANTOPEN": "can't be opened: see that the folder exists and that this user may write in it",
    "SQLITE_PERM": "may not be accessed: give this user the right to read and write it",
    "SQLITE_AUTH": "may not be accessed: give this user the right to read and write it",
    "SQLITE_PROTOCOL": "can't be locked: a journal must lie on a local disk, not on a network file system",
    "SQLITE_NOLFS": "has grown larger than the file system allows",
}


def translated(error: sqlite3.Error, where: str) -> JournalError:
    """Return SQLite's error as one of a journal, which names the file and says what to do."""
    name = getattr(error, "sqlite_errorname", None) or ""
    base = "_".join(name.split("_")[:2])  # SQLITE_IOERR_WRITE is a kind of SQLITE_IOERR
    if base in _PASSING:
        return JournalUnavailable(f"{where}: {_PASSING[base]} ({name})")
    if base in _GONE:
        return JournalGone(f"{where}: {_GONE[base]} ({name})")
    if base in _LASTING:
        return JournalError(f"{where}: {_LASTING[base]} ({name})")
    return JournalError(f"{where}: SQLite can't do what a journal needs: {error} ({name or type(error).__name__})")


def damaged(where: str, finding: str) -> JournalGone:
    """Return the error of a file whose check has found something."""
    return JournalGone(f"{where}: {_GONE['SQLITE_CORRUPT']} ({' '.join(finding.split())[:200]})")
