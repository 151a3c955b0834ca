"""Opening a journal, by its path or address."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.sqlite import sqlite_journal
from cds_eks.fleet.journal.threaded import ThreadedJournal


@asynccontextmanager
async def open_journal(
    where: str | os.PathLike[str], *, timeout: float = 30.0, clock: Callable[[], float] | None = None
) -> AsyncIterator[Journal]:
    """Open a journal, and make it if it is not there.

    Args:
        where: The path of an SQLite file (`fleet.db`, or `sqlite:///fleet.db`), for one machine; or the address of a
            PostgreSQL database (`postgresql://user@host/database`), for any number of machines. Passwords are best left
            to PostgreSQL's own means (`PGPASSWORD`, `~/.pgpass`).
        timeout: For how many seconds to go on trying while the journal can't be reached (a locked file, a database that
            is away), until `JournalUnavailable` is raised.
        clock: For tests: an SQLite journal's clock, in seconds since the epoch.

    Raises:
        ConfigurationError: `where` names no kind of journal, or the extra `fleet-postgres` is not installed.
        JournalTooNew: A newer version of this package has written it.
        JournalError: It can't be opened, or it is no journal.
    """
    journal = _journal(where, timeout, clock)
    await journal.start()
    async with journal:
        yield journal


def _journal(where: str | os.PathLike[str], timeout: float, clock: Callable[[], float] | None) -> ThreadedJournal:
    if not isinstance(where, (str, os.PathLike)):
        raise ConfigurationError(f"a journal is opened by a path, or by postgresql://…, not by {type(where).__name__}")
    text = os.fspath(where)
    scheme, separator, rest = text.partition("://")
    if not separator:
        path = text
    elif scheme == "sqlite":
        path = rest.removeprefix("/")
    elif scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return _postgres(rest, timeout)
    else:
        raise ConfigurationError(f"no journal is of the kind {scheme}://: give a file's path, or postgresql://…")
    if path in ("", ":memory:"):
        raise ConfigurationError("a journal must outlive the process: give a file's path")
    return sqlite_journal(Path(path), timeout=timeout, clock=clock)


def _postgres(rest: str, timeout: float) -> ThreadedJournal:
    try:
        import psycopg  # noqa: F401 - SQLAlchemy loads it, but only when it connects

        from cds_eks.fleet.journal.postgres import postgres_journal
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sqlalchemy", "psycopg"):
            raise
        raise ConfigurationError(
            "a journal in PostgreSQL needs an extra of this package: pip install 'cds-eks[fleet-postgres]'"
        ) from error
    return postgres_journal(f"postgresql+psycopg://{rest}", timeout=timeout)
