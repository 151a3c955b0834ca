"""A journal in PostgreSQL: for any number of machines.

Its clock is the database's. Claims skip what another transaction is claiming (`FOR UPDATE SKIP LOCKED`); a write locks
its items, and sees their lease and epoch under the lock. The changes of all tasks that arrive during one transaction
are in the next.

A connection that is lost at a commit does not tell whether that was carried out. So each transaction leaves its number
in the row of its journal object (`fleet_writers`): when it is done again, that row says whether it has been done.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from cds_eks._runtime import clocks
from cds_eks._runtime.logs import log
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.base import JournalUnavailable
from cds_eks.fleet.journal.grouped import GroupWriter, QueryReader
from cds_eks.fleet.journal.identity import this_process
from cds_eks.fleet.journal.known import check_identity
from cds_eks.fleet.journal.operations import Operation, Query
from cds_eks.fleet.journal.postgres_errors import may_pass, summary, translated
from cds_eks.fleet.journal.postgres_rows import CLOCK, PostgresTransaction, answered, identity_in
from cds_eks.fleet.journal.postgres_schema import MIGRATIONS, has_table, migrate
from cds_eks.fleet.journal.threaded import ThreadedJournal
from cds_eks.fleet.journal.transaction import carry_out
from cds_eks.fleet.journal.worker import PATIENCE

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
NOT_CERTAIN = "what was to be written may or may not be in the journal"
NOTHING_BEGUN = "nothing was begun"
CONNECTING = {  # unless the address says otherwise; a server that is gone is noticed, one that is slow is not given up
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "application_name": "cds-eks fleet",
}
_SETTINGS = (
    "SET idle_in_transaction_session_timeout = '15s'",  # a runner that is frozen in a transaction does not stop others
    "SET lock_timeout = '20s'",
)
_BY_INDEX = (  # the tables grow from nothing within seconds: what the planner has seen of them is stale
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)
_BEGIN = text(
    "INSERT INTO fleet_writers (id, seq, at) VALUES (:id, :seq, clock_timestamp()) ON CONFLICT (id) DO UPDATE "
    f"SET seq = excluded.seq, at = excluded.at WHERE fleet_writers.seq < excluded.seq RETURNING {CLOCK}"
)
_FORGET = text("DELETE FROM fleet_writers WHERE id = :id OR at < clock_timestamp() - interval '30 days'")


class Database:
    """A journal's database, as one thread uses it: one connection, made anew when it is lost.

    Args:
        url: Its address.
        timeout: For how many seconds to go on trying while it is away.
        sleep: For tests.
    """

    def __init__(self, url: URL, *, timeout: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self.where: str = f"postgresql://{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"
        self._timeout = timeout
        self._sleep = sleep
        given = {name: value for name, value in CONNECTING.items() if name not in url.query}
        self.engine: Engine = create_engine(url, poolclass=NullPool, connect_args=given, hide_parameters=True)
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """Return the connection, made now if need be."""
        if self._connection is None:
            connection = self.engine.connect()
            try:
                with connection.begin():
                    for setting in (*_SETTINGS, *_BY_INDEX):
                        connection.execute(text(setting))
                    if connection.execute(text("SHOW synchronous_commit")).scalar_one() == "off":
                        connection.execute(text("SET synchronous_commit = on"))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def disconnect(self) -> None:
        """Drop the connection, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):  # it was lost
                connection.invalidate()
                connection.close()

    def persistently(self, work: Callable[[], T], *, what: str = NOT_CERTAIN) -> T:
        """Do work that needs the connection; do it again while the database is away.

        Args:
            work: The work.
            what: What is known of it if it was away for too long.

        Raises:
            JournalUnavailable: It was away for longer than `timeout`.
            JournalError: It can't be done.
        """
        give_up = None
        pause = FIRST_PAUSE
        while True:
            try:
                return work()
            except DBAPIError as error:
                self.disconnect()
                if not may_pass(error):
                    raise translated(error, self.where) from None
                now = clocks.monotonic()
                if give_up is None:
                    give_up = now + self._timeout
                    log(logger, logging.WARNING, "journal", "is away, and is tried again", reason=self.where)
                if now >= give_up:
                    raise self.unavailable(error, what) from None
                self._sleep(min(pause, give_up - now))
                pause = min(LONGEST_PAUSE, pause * 2)
            except BaseException:
                self.disconnect()
                raise

    def unavailable(self, error: DBAPIError, what: str) -> JournalUnavailable:
        """Return the error of a database that is away."""
        tried = f"tried for {self._timeout:g} s"
        return JournalUnavailable(
            f"{self.where}: can't be reached ({tried}): {summary(error)}: see that it runs; {what}",
            outcome="not_sent" if what == NOTHING_BEGUN else "unknown",
        )

    def open(self, migrations: Sequence[Sequence[str]], identity: str | None = None) -> None:
        """Bring the journal's tables forward; while the database is away, as at its machine's start, go on trying.

        Args:
            migrations: See `postgres_schema.MIGRATIONS`.
            identity: The identity that the journal must have already; None for any.

        Raises:
            JournalUnavailable: It was away for longer than `timeout`.
            JournalGone: It is another journal.
            JournalError: It is no place for a journal.
        """
        if identity is not None:
            self.persistently(lambda: self._check_identity(identity), what=NOTHING_BEGUN)
        self.persistently(lambda: migrate(self.engine, self.where, migrations), what=NOTHING_BEGUN)

    def _check_identity(self, wanted: str) -> None:
        with self.engine.connect() as connection:
            found = identity_in(connection) if has_table(connection, "fleet_control") else None
        check_identity(self.where, found, wanted)

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        with suppress(SQLAlchemyError):  # it was lost
            if connection is not None:
                connection.close()
        self.engine.dispose()


class PostgresWrites:
    """The side of a journal that writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._id = str(uuid.uuid4())
        self._sequence = 0
        self._process = this_process()

    def commit(self, operations: Sequence[Operation[Any]]) -> list[Any]:
        """Carry out operations in one transaction, exactly once; what is returned is durable."""
        self._sequence += 1
        results: list[Any] = []

        def work() -> list[Any]:
            nonlocal results
            connection = self._database.connection()
            with connection.begin():
                now = connection.execute(_BEGIN, {"id": self._id, "seq": self._sequence}).scalar_one_or_none()
                if now is not None:  # else the try before has been committed, though nobody said so
                    results = carry_out(operations, PostgresTransaction(connection, now, self._process))
            return results

        return self._database.persistently(work)

    def close(self) -> None:
        """Forget this journal object in the database, and close the connection."""
        with suppress(SQLAlchemyError):  # it is away: the row is removed later by another
            connection = self._database.connection()
            with connection.begin():
                connection.execute(_FORGET, {"id": self._id})
        self._database.close()


class PostgresReads:
    """The side of a journal that reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def answer(self, query: Query[Any]) -> Any:
        """Answer a query."""

        def work() -> Any:
            connection = self._database.connection()
            with connection.begin():
                return answered(query, connection)

        return self._database.persistently(work)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def postgres_journal(
    address: str, *, timeout: float, migrations: Sequence[Sequence[str]] = MIGRATIONS, identity: str | None = None
) -> ThreadedJournal:
    """Return a journal in a database; it is to be started. With an identity it must be there, and have that."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            "a journal's address must be like postgresql://user@host:5432/database"
        ) from None  # it may hold a password

    def writer() -> GroupWriter:
        database = Database(url, timeout=timeout)
        database.open(migrations, identity)
        writes = PostgresWrites(database)
        return GroupWriter(writes.commit, writes.close)

    def reader() -> QueryReader:
        reads = PostgresReads(Database(url, timeout=timeout))
        return QueryReader(reads.answer, reads.close)

    name = f"cds-eks journal {url.database or 'postgresql'}"
    return ThreadedJournal(name, writer, reader, patience=timeout + PATIENCE)
