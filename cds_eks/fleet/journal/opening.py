"""Opening a journal, by its path or address."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.sqlite import sqlite_journal
from cds_eks.fleet.journal.stop_marks import new_launch
from cds_eks.fleet.journal.threaded import JournalOfOperations, ThreadedJournal
from cds_eks.fleet.journal.users import end_users
from cds_eks.fleet.numbers import checked_seconds


@asynccontextmanager
async def open_journal(
    where: str | os.PathLike[str],
    *,
    timeout: float = 30.0,
    rebind: bool = False,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[Journal]:
    """Open a journal, and make it if it is not there.

    A run that is under way when it is closed is stopped first, as by Ctrl-C; unless Ctrl-C was pressed twice.

    Args:
        where: The path of an SQLite file (`fleet.db`, or `sqlite:///fleet.db`), for one machine; or the address of a
            PostgreSQL database (`postgresql://user@host/database`), for any number of machines. Passwords are best left
            to PostgreSQL's own means (`PGPASSWORD`, `~/.pgpass`).
        timeout: How many seconds to go on trying while the journal can't be reached (a locked file, a database that
            is away), until `JournalUnavailable` is raised.
        rebind: Whether the journal takes over the service that it is used with next, once, and unless creates are open.
            A journal is about the service at one endpoint, and refuses any other; this is for one whose endpoint has
            another name by now.
        clock: For tests: an SQLite journal's clock, in seconds since the epoch.

    Raises:
        ConfigurationError: `where` names no kind of journal, or the extra `fleet-postgres` is not installed.
        JournalTooNew: A newer version of this package has written it.
        JournalError: It can't be opened, or it is no journal.
    """
    journal = _journal(where, checked_seconds("timeout", timeout), clock)
    journal.rebind = rebind
    async with _started(journal):
        yield journal


@asynccontextmanager
async def open_journal_of_launch(where: str, *, timeout: float) -> AsyncIterator[JournalOfOperations]:
    """Open a journal as `open_journal` does, for a launch: it gives itself a name, and can then stop its own runners.

    Args:
        where: See `open_journal`.
        timeout: See `open_journal`.
    """
    journal = _journal(where, timeout, None)
    async with _started(journal):
        journal.launch = new_launch(await journal.now())
        yield journal


@asynccontextmanager
async def open_known_journal(
    where: str | os.PathLike[str], *, identity: str, launch: str | None = None, timeout: float = 30.0
) -> AsyncIterator[Journal]:
    """Open a journal that is there already, and no other: what is not there is not made.

    Args:
        where: See `open_journal`.
        identity: What `Journal.identity` has told of it.
        launch: The launch whose runner it is opened for, or None.
        timeout: See `open_journal`.

    Raises:
        JournalGone: It is not there, or another one is.
        JournalError: It can't be opened, or it is no journal.
    """
    journal = _journal(where, timeout, None, identity)
    journal.launch = launch
    async with _started(journal):
        yield journal


@asynccontextmanager
async def _started(journal: ThreadedJournal) -> AsyncIterator[None]:
    await journal.start()
    async with journal:
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await end_users(journal)


def _journal(
    where: str | os.PathLike[str], timeout: float, clock: Callable[[], float] | None, identity: str | None = None
) -> ThreadedJournal:
    if not isinstance(where, (str, os.PathLike)):
        raise ConfigurationError(f"a journal is opened by a path, or by postgresql://…, not by {type(where).__name__}")
    text = os.fspath(where)
    scheme, separator, rest = text.partition("://")
    if not separator:
        path = text
    elif scheme == "sqlite":
        path = rest.removeprefix("/")
    elif scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return _postgres(rest, timeout, identity)
    else:
        raise ConfigurationError(f"no journal is of the kind {scheme}://: give a file's path, or postgresql://…")
    if path in ("", ":memory:"):
        raise ConfigurationError("a journal must outlive the process: give a file's path")
    return sqlite_journal(Path(path), timeout=timeout, clock=clock, identity=identity)


def _postgres(rest: str, timeout: float, identity: str | None) -> ThreadedJournal:
    try:
        import psycopg  # noqa: F401 - SQLAlchemy loads it, but only when it connects

        from cds_eks.fleet.journal.postgres import postgres_journal
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sqlalchemy", "psycopg"):
            raise
        raise ConfigurationError(
            "a journal in PostgreSQL needs an extra of this package: pip install 'cds-eks[fleet-postgres]'"
        ) from error
    return postgres_journal(f"postgresql+psycopg://{rest}", timeout=timeout, identity=identity)
