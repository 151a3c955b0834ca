"""The tables of a journal in SQLite, and how an older file gets them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from cds_eks.fleet.journal.base import JournalError, JournalTooNew

APPLICATION_ID = 0x43445346  # "CDSF": how a journal's file is told from another program's database

ITEM_COLUMNS = (
    *("id", "kind", "name", "vpc_id", "cluster_name", "position", "digest", "replicas", "protect", "state", "epoch"),
    *("intent_at", "deadline", "ids", "origin", "request_id", "call_id", "error", "owner", "lease_until", "changed_at"),
)
AUDIT_COLUMNS = ("at", "item_id", "state", "epoch", "action", "request_id", "runner", "host", "pid", "user")

VERSION_1 = (
    """
    CREATE TABLE items (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, vpc_id TEXT NOT NULL, cluster_name TEXT NOT NULL,
        position INTEGER NOT NULL, digest TEXT NOT NULL, replicas INTEGER NOT NULL, protect INTEGER NOT NULL,
        state TEXT NOT NULL, epoch INTEGER NOT NULL, intent_at REAL, deadline REAL, ids TEXT NOT NULL, origin TEXT,
        request_id TEXT, call_id TEXT, error TEXT, owner TEXT, lease_until REAL, changed_at REAL NOT NULL
    )
    """,
    "CREATE INDEX items_in_order ON items (state, position, id)",
    "CREATE INDEX items_by_owner ON items (owner) WHERE owner IS NOT NULL",
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, item_id TEXT NOT NULL, state TEXT NOT NULL,
        epoch INTEGER NOT NULL, action TEXT NOT NULL, request_id TEXT, runner TEXT NOT NULL, host TEXT NOT NULL,
        pid INTEGER NOT NULL, user TEXT NOT NULL
    )
    """,
    "CREATE INDEX audit_of_item ON audit (item_id, seq)",
    """
    CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
    """,
    """
    CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
    """,
    "CREATE TABLE runners (runner TEXT PRIMARY KEY, seen REAL NOT NULL, lease REAL NOT NULL)",
    "CREATE TABLE control (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)
MIGRATIONS: Sequence[Sequence[str]] = (VERSION_1,)
"""What makes version n + 1 of version n, at index n; version 0 is an empty file. What was released never changes."""


def migrate(
    connection: sqlite3.Connection, where: str, now: float, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> None:
    """Bring a journal forward to the newest version, step by step, in one transaction.

    Raises:
        JournalTooNew: A newer version of this package has written it.
        JournalError: It is another program's database.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, where)
        if version > len(migrations):
            raise JournalTooNew(
                f"{where}: its format is {version}, this version of cds-eks knows up to {len(migrations)}: "
                "update cds-eks; nothing was changed",
                outcome="not_sent",
            )
        for reached, statements in enumerate(migrations[version:], version + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version (version, at) VALUES (?, ?)", (reached, now))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def mark(connection: sqlite3.Connection) -> None:
    """Make an empty file a journal's, of version 0."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, at REAL NOT NULL)")


def _version(connection: sqlite3.Connection, where: str) -> int:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise JournalError(
                f"{where}: is an SQLite database, but not a journal of cds-eks: choose another file; "
                "nothing was changed",
                outcome="not_sent",
            )
        mark(connection)
    found = connection.execute("SELECT max(version) FROM schema_version").fetchone()[0]
    return int(found or 0)
