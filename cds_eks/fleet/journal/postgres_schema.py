"""The tables of a journal in PostgreSQL, and how an older database gets them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text

from cds_eks.fleet.journal.base import JournalTooNew

ONE_AT_A_TIME = 0x4344534653  # the key of the advisory lock under which tables are made

ITEM_TYPES = {
    "id": "text",
    "kind": "text",
    "name": "text",
    "vpc_id": "text",
    "cluster_name": "text",
    "position": "bigint",
    "digest": "text",
    "replicas": "bigint",
    "protect": "boolean",
    "state": "text",
    "epoch": "bigint",
    "intent_at": "float8",
    "deadline": "float8",
    "ids": "jsonb",
    "origin": "text",
    "request_id": "text",
    "call_id": "text",
    "error": "jsonb",
    "owner": "text",
    "lease_until": "float8",
    "changed_at": "float8",
}
AUDIT_TYPES = {
    "at": "float8",
    "item_id": "text",
    "state": "text",
    "epoch": "bigint",
    "action": "text",
    "request_id": "text",
    "runner": "text",
    "host": "text",
    "pid": "bigint",
    "user_name": "text",
}

VERSION_1 = (
    """
    CREATE TABLE fleet_items (
        id text PRIMARY KEY, kind text NOT NULL, name text NOT NULL, vpc_id text NOT NULL, cluster_name text NOT NULL,
        position bigint NOT NULL, digest text NOT NULL, replicas bigint NOT NULL, protect boolean NOT NULL,
        state text NOT NULL, epoch bigint NOT NULL, intent_at float8, deadline float8, ids jsonb NOT NULL, origin text,
        request_id text, call_id text, error jsonb, owner text, lease_until float8, changed_at float8 NOT NULL
    )
    """,
    "CREATE INDEX fleet_items_in_order ON fleet_items (state, position)",
    "CREATE INDEX fleet_items_by_owner ON fleet_items (owner) WHERE owner IS NOT NULL",
    """
    CREATE TABLE fleet_audit (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at float8 NOT NULL, item_id text NOT NULL,
        state text NOT NULL, epoch bigint NOT NULL, action text NOT NULL, request_id text, runner text NOT NULL,
        host text NOT NULL, pid bigint NOT NULL, user_name text NOT NULL
    )
    """,
    "CREATE INDEX fleet_audit_of_item ON fleet_audit (item_id, seq)",
    """
    CREATE FUNCTION fleet_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$
    """,
    """
    CREATE TRIGGER fleet_audit_keeps_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON fleet_audit
    FOR EACH STATEMENT EXECUTE FUNCTION fleet_audit_refuse()
    """,
    "CREATE TABLE fleet_runners (runner text PRIMARY KEY, seen float8 NOT NULL, lease float8 NOT NULL)",
    "CREATE TABLE fleet_control (name text PRIMARY KEY, value text NOT NULL)",
    "CREATE TABLE fleet_writers (id text PRIMARY KEY, seq bigint NOT NULL, at timestamptz NOT NULL)",
    "COMMENT ON TABLE fleet_writers IS 'the latest transaction of each open journal: was it committed?'",
)
MIGRATIONS: Sequence[Sequence[str]] = (VERSION_1,)
"""What makes version n + 1 of version n, at index n; version 0 has no table. What was released never changes."""


def migrate(engine: Engine, where: str, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring a journal forward to the newest version, step by step, in one transaction.

    A user who may not create tables can use a journal that is up to date.

    Raises:
        JournalTooNew: A newer version of this package has written it.
    """
    with engine.connect() as connection:
        if _version(connection, where, len(migrations)) == len(migrations):
            return
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
        connection.execute(
            text(
                "CREATE TABLE IF NOT EXISTS fleet_schema_version "
                "(version bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())"
            )
        )
        version = _version(connection, where, len(migrations))
        for reached, statements in enumerate(migrations[version:], version + 1):
            for statement in statements:
                connection.execute(text(statement))
            connection.execute(text("INSERT INTO fleet_schema_version (version) VALUES (:n)"), {"n": reached})


def has_table(connection: Connection, name: str) -> bool:
    """Return whether a table is there."""
    return bool(connection.execute(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": name}).scalar_one())


def _version(connection: Connection, where: str, known: int) -> int:
    if not has_table(connection, "fleet_schema_version"):
        return 0
    version = int(connection.execute(text("SELECT max(version) FROM fleet_schema_version")).scalar_one() or 0)
    if version > known:
        raise JournalTooNew(
            f"{where}: its format is {version}, this version of cds-eks knows up to {known}: update cds-eks; "
            "nothing was changed",
            outcome="not_sent",
        )
    return version
