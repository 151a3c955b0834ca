"""A journal in one SQLite file: for one machine, and any number of processes on it.

It is written with a write-ahead log and `synchronous=FULL`: a commit returns when it is on the disk. One commit costs a
wait for the disk, so that the changes of all tasks that arrive during one are in the next.

All who use the file are on one machine. Its clock begins as that machine's wall clock, and is not set with that while
anything is open or claimed: see `sqlite_clock`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cds_eks._runtime import clocks
from cds_eks.fleet.journal.base import JournalError, JournalGone
from cds_eks.fleet.journal.grouped import GroupWriter, QueryReader
from cds_eks.fleet.journal.identity import this_process
from cds_eks.fleet.journal.known import check_identity
from cds_eks.fleet.journal.operations import Operation, Query
from cds_eks.fleet.journal.sqlite_clock import Clock, JournalClock
from cds_eks.fleet.journal.sqlite_creation import make_file
from cds_eks.fleet.journal.sqlite_errors import damaged, translated
from cds_eks.fleet.journal.sqlite_rows import SqliteTransaction, answered, identity_in
from cds_eks.fleet.journal.sqlite_schema import MIGRATIONS, migrate
from cds_eks.fleet.journal.threaded import ThreadedJournal
from cds_eks.fleet.journal.transaction import carry_out
from cds_eks.fleet.journal.worker import PATIENCE

T = TypeVar("T")

PAUSE = 0.01


class SqliteFile:
    """A journal's file, opened for writing by one thread.

    Args:
        path: Where it is; it is made, for its user alone, if it is not there and no identity is given.
        timeout: How long to wait for another process that has it locked, in seconds.
        clock: A clock to go by, for tests; else see `sqlite_clock`.
        migrations: See `sqlite_schema.MIGRATIONS`.
        identity: The identity that it must have; None for any.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout: float,
        clock: Clock | None,
        migrations: Sequence[Sequence[str]] = MIGRATIONS,
        identity: str | None = None,
    ) -> None:
        self._path = path
        self._timeout = timeout
        self._clock = JournalClock(clock)
        self._process = this_process()
        make_file(path, is_known=identity is not None)
        self.connection: sqlite3.Connection = connect(path, timeout)
        try:
            persistently(lambda: self._prepare(migrations, identity), timeout)
        except sqlite3.Error as error:
            self.connection.close()
            raise translated(error, str(path)) from error
        except BaseException:
            self.connection.close()
            raise
        self._log = Path(f"{os.path.realpath(path)}-wal")  # beside the file itself, which a link may name
        self._inodes = self._found()

    def _prepare(self, migrations: Sequence[Sequence[str]], identity: str | None) -> None:
        execute = self.connection.execute
        # Before anything is written to another's file:
        has_control = bool(execute("SELECT count(*) FROM sqlite_master WHERE name = 'control'").fetchone()[0])
        if identity is not None:
            check_identity(str(self._path), identity_in(self.connection) if has_control else None, identity)
        migrate(self.connection, str(self._path), self._clock.wall(), migrations)
        if (mode := execute("PRAGMA journal_mode = WAL").fetchone()[0]) != "wal":
            raise JournalError(
                f"{self._path}: has no write-ahead log here ({mode}): a journal must lie on a local disk"
            )
        execute("PRAGMA synchronous = FULL")
        self._clock.anchor(self.connection)
        if (found := execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise damaged(str(self._path), found)

    def commit(self, operations: Sequence[Operation[Any]]) -> list[Any]:
        """Carry out operations in one transaction; what is returned is on the disk."""
        self._check_same_file()
        execute = self.connection.execute
        try:
            persistently(lambda: execute("BEGIN IMMEDIATE"), self._timeout)
            try:
                now = self._clock.now(self.connection)
                results = carry_out(operations, SqliteTransaction(self.connection, now, self._process))
                execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # SQLite has rolled back by itself after some errors
                    execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise translated(error, str(self._path)) from error
        return results

    def _check_same_file(self) -> None:
        """See that what is written is what the next run will find."""
        if self._found() != self._inodes:
            raise JournalGone(
                f"{self._path}: it, or its log (-wal), was deleted or replaced while it was in use: nothing more is "
                "written to it; put the file back, or begin with a new one and adopt='matching'"
            )

    def _found(self) -> tuple[tuple[int, int] | None, ...]:
        """Return what tells the file, and its log, from others. The log stays while this connection is open."""
        return _inode(self._path), _inode(self._log)

    def close(self) -> None:
        """Close it; its log is merged into it."""
        self.connection.close()


class SqliteReads:
    """A journal's file, opened for reading by one thread. Reads never wait for what is being written."""

    def __init__(self, path: Path, *, timeout: float, clock: Clock | None) -> None:
        self._path = path
        self._timeout = timeout
        self._clock = JournalClock(clock)
        self._connection = connect(path, timeout)

    def answer(self, query: Query[Any]) -> Any:
        """Answer a query."""
        try:
            return persistently(lambda: answered(query, self._connection, self._now), self._timeout)
        except sqlite3.Error as error:
            raise translated(error, str(self._path)) from error

    def _now(self) -> float:
        return self._clock.now(self._connection)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def sqlite_journal(
    path: Path, *, timeout: float, clock: Clock | None = None, identity: str | None = None
) -> ThreadedJournal:
    """Return a journal in a file; it is to be started. With an identity it must be there, and have that."""

    def writer() -> GroupWriter:
        file = SqliteFile(path, timeout=timeout, clock=clock, identity=identity)
        return GroupWriter(file.commit, file.close)

    def reader() -> QueryReader:
        file = SqliteReads(path, timeout=timeout, clock=clock)
        return QueryReader(file.answer, file.close)

    return ThreadedJournal(
        f"cds-eks journal {path.name}", writer, reader, is_on_one_machine=True, patience=timeout + PATIENCE
    )


def persistently(work: Callable[[], T], timeout: float) -> T:
    """Do work again while the file is busy.

    SQLite waits for a lock by itself (its busy timeout), but not for one that it needs to turn the write-ahead log on,
    to recover after a crash, or that another process has while it closes the file as the last one.
    """
    give_up = clocks.monotonic() + timeout
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or clocks.monotonic() >= give_up:
                raise
        time.sleep(PAUSE)


def connect(path: Path, timeout: float) -> sqlite3.Connection:
    """Connect to a file that is there."""
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise translated(error, str(path)) from error


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
