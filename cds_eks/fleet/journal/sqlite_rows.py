"""What a journal asks of SQLite."""

from __future__ import annotations

import json
import sqlite3
import sys
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import attrs

from cds_eks.fleet.items import AuditEntry, Heartbeat, Item
from cds_eks.fleet.journal.identity import Writer
from cds_eks.fleet.journal.operations import (
    Alive,
    Audit,
    Belong,
    Claim,
    Find,
    Now,
    Query,
    Release,
    Renew,
    Renewed,
    Stop,
)
from cds_eks.fleet.journal.rows import item_of
from cds_eks.fleet.journal.sqlite_schema import AUDIT_COLUMNS, ITEM_COLUMNS
from cds_eks.fleet.journal.stop_marks import ALL, mark_of, outdated

_ITEM = ", ".join(ITEM_COLUMNS)
_AUDIT = ", ".join(AUDIT_COLUMNS)
_AMONG = "(SELECT value FROM json_each(?))"  # any number of values in one parameter
_CLUSTER = "'cluster/' || vpc_id || '/' || cluster_name"  # see `cluster_item_id`
_LOAD = f"SELECT {_ITEM} FROM items WHERE id IN {_AMONG}"
_INSERT = f"INSERT INTO items ({_ITEM}) VALUES ({', '.join('?' * len(ITEM_COLUMNS))})"
_RECORD = f"INSERT INTO audit ({_AUDIT}) VALUES ({', '.join('?' * len(AUDIT_COLUMNS))})"
_ORDER = " ORDER BY position, id"
_CLAIMABLE = f"SELECT {_ITEM} FROM items WHERE state = ? AND (owner IS NULL OR lease_until <= ?){_ORDER} LIMIT ?"
# With `+` a column is in no index: what is looked for by id costs as much as there are ids, and not as there are items.
_CLAIMABLE_AMONG = (
    f"SELECT {_ITEM} FROM items WHERE id IN {_AMONG} AND +state IN {_AMONG} AND (+owner IS NULL OR lease_until <= ?)"
    f"{_ORDER} LIMIT ?"
)
_OFTEN_IN_ITEMS = ("kind", "vpc_id", "digest", "state", "owner")
_OFTEN_IN_AUDIT = ("item_id", "state", "action", "runner", "host", "user")
_RELEASE = "UPDATE items SET owner = NULL, lease_until = NULL WHERE owner = ?"
_ALIVE = "SELECT count(*) FROM runners WHERE seen + 3 * lease > ?"
_CONTROL = "SELECT value FROM control WHERE name = ?"
_STOPPED = "SELECT value FROM control WHERE name IN (?, ?) ORDER BY name LIMIT 1"
_RESUME = "DELETE FROM control WHERE name = ? OR (name > ? AND name < ?)"
_RELEASE_AMONG = f"UPDATE items SET owner = NULL, lease_until = NULL WHERE id IN {_AMONG} AND +owner = ?"


class SqliteTransaction:
    """A transaction that has begun with `BEGIN IMMEDIATE`: nobody else writes until it ends."""

    def __init__(self, connection: sqlite3.Connection, now: float, writer: Writer) -> None:
        self._connection = connection
        self.now = now
        self.writer = writer

    def load(self, ids: Collection[str]) -> dict[str, Item]:
        """See `Transaction.load`."""
        if not ids:
            return {}
        rows = self._connection.execute(_LOAD, (json.dumps(list(ids)),))
        return {row[0]: _item(row) for row in rows}

    def insert(self, items: Sequence[Item]) -> set[str]:
        """See `Transaction.insert`."""
        there = self.load([item.id for item in items])
        new = [item for item in items if item.id not in there]
        self._connection.executemany(_INSERT, (_row(item, ITEM_COLUMNS) for item in new))
        return {item.id for item in new}

    def save(self, items: Collection[Item], fields: tuple[str, ...]) -> None:
        """See `Transaction.save`."""
        changes = ", ".join(f"{name} = ?" for name in fields)
        rows = (_row(item, (*fields, "id")) for item in items)
        self._connection.executemany(f"UPDATE items SET {changes} WHERE id = ?", rows)

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """See `Transaction.record`."""
        self._connection.executemany(_RECORD, ([getattr(each, name) for name in AUDIT_COLUMNS] for each in entries))

    def claim(self, operation: Claim) -> list[Item]:
        """See `Transaction.claim`."""
        execute, limit = self._connection.execute, operation.limit
        if operation.ids is None:  # state by state, each is in the order of an index
            rows = [row for state in operation.states for row in execute(_CLAIMABLE, (state, self.now, limit))]
        else:
            among = (json.dumps(list(operation.ids)), json.dumps(list(operation.states)))
            rows = execute(_CLAIMABLE_AMONG, (*among, self.now, limit)).fetchall()
        found = sorted(map(_item, rows), key=lambda item: (item.position, item.id))
        until = self.now + operation.lease
        claimed = [attrs.evolve(item, owner=operation.runner, lease_until=until) for item in found[:limit]]
        self._connection.executemany(
            "UPDATE items SET owner = ?, lease_until = ? WHERE id = ?",
            [(operation.runner, until, item.id) for item in claimed],
        )
        return claimed

    def renew(self, operation: Renew) -> Renewed:
        """See `Transaction.renew`."""
        execute = self._connection.execute
        runner, lease = operation.runner, operation.lease
        execute("INSERT OR REPLACE INTO runners (runner, seen, lease) VALUES (?, ?, ?)", (runner, self.now, lease))
        execute("UPDATE items SET lease_until = ? WHERE owner = ?", (self.now + lease, runner))
        owned = frozenset(row[0] for row in execute("SELECT id FROM items WHERE owner = ?", (runner,)))
        alive = execute(_ALIVE, (self.now,)).fetchone()[0]
        stopped = execute(_STOPPED, (ALL, mark_of(operation.launch))).fetchone()
        return Renewed(Heartbeat(now=self.now, runners=alive, stop=stopped and stopped[0]), owned)

    def release(self, operation: Release) -> None:
        """See `Transaction.release`."""
        runner = operation.runner
        if operation.ids is not None:
            self._connection.execute(_RELEASE_AMONG, (json.dumps(list(operation.ids)), runner))
            return
        self._connection.execute(_RELEASE, (runner,))
        self._connection.execute("DELETE FROM runners WHERE runner = ?", (runner,))

    def service(self) -> str | None:
        """See `Transaction.service`."""
        return _control(self._connection, "service")

    def identity(self) -> str:
        """See `Transaction.identity`."""
        if (known := identity_in(self._connection)) is not None:
            return known
        made = uuid.uuid4().hex
        self._connection.execute("INSERT INTO control (name, value) VALUES ('identity', ?)", (made,))
        return made

    def ids_in(self, states: Collection[str]) -> list[str]:
        """See `Transaction.ids_in`."""
        found = f"SELECT id FROM items WHERE state IN {_AMONG}{_ORDER}"
        return [row[0] for row in self._connection.execute(found, (json.dumps(sorted(states)),))]

    def belong(self, operation: Belong) -> tuple[str, bool]:
        """See `Transaction.belong`."""
        noted = self.service()
        if noted is not None and (noted == operation.service or not operation.anew):
            return noted, False
        self._connection.execute(
            "INSERT OR REPLACE INTO control (name, value) VALUES ('service', ?)", (operation.service,)
        )
        return operation.service, True

    def stop(self, operation: Stop) -> None:
        """See `Transaction.stop`."""
        execute, mark = self._connection.execute, mark_of(operation.launch)
        if operation.reason is None:
            execute(_RESUME, (mark, *outdated(self.now)))
        else:
            execute("INSERT OR REPLACE INTO control (name, value) VALUES (?, ?)", (mark, operation.reason))


def identity_in(connection: sqlite3.Connection) -> str | None:
    """Return the identity of a journal, or None if it has none yet."""
    return _control(connection, "identity")


def _control(connection: sqlite3.Connection, name: str) -> str | None:
    found = connection.execute(_CONTROL, (name,)).fetchone()
    return None if found is None else str(found[0])


def answered(query: Query[Any], connection: sqlite3.Connection, clock: Callable[[], float]) -> Any:
    """Answer a query."""
    match query:
        case Find(states, ids, clusters):
            given = {"state": states, "id": ids, _CLUSTER: clusters}
            chosen = {column: json.dumps(sorted(values)) for column, values in given.items() if values is not None}
            where = " AND ".join(f"{column} IN {_AMONG}" for column in chosen) or "1"
            rows = connection.execute(f"SELECT {_ITEM} FROM items WHERE {where}{_ORDER}", tuple(chosen.values()))
            return [_item(row) for row in rows]
        case Audit(item_id):
            where, one = ("", ()) if item_id is None else ("WHERE item_id = ?", (item_id,))
            rows = connection.execute(f"SELECT {_AUDIT} FROM audit {where} ORDER BY seq", one)
            return [AuditEntry(**_shared(dict(zip(AUDIT_COLUMNS, row, strict=True)), _OFTEN_IN_AUDIT)) for row in rows]
        case Alive():
            return connection.execute(_ALIVE, (clock(),)).fetchone()[0]
        case Now():
            return clock()
    raise TypeError(f"no journal answers {type(query).__name__}")


def _row(item: Item, names: Iterable[str]) -> list[Any]:
    values = (getattr(item, name) for name in names)
    return [json.dumps(each, ensure_ascii=False) if isinstance(each, dict) else each for each in values]


def _shared(values: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Have texts that many rows have in memory once: SQLite makes each anew."""
    for name in names:
        if values[name] is not None:
            values[name] = sys.intern(str(values[name]))
    return values


def _item(row: Sequence[Any]) -> Item:
    values = _shared(dict(zip(ITEM_COLUMNS, row, strict=True)), _OFTEN_IN_ITEMS)
    return item_of(values)
