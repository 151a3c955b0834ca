"""What a journal asks of PostgreSQL."""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import attrs
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    TextClause,
    any_,
    bindparam,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

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
from cds_eks.fleet.journal.postgres_schema import AUDIT_TYPES, ITEM_TYPES
from cds_eks.fleet.journal.rows import item_of
from cds_eks.fleet.journal.stop_marks import ALL, mark_of, outdated

_TYPES: Mapping[str, TypeEngine[Any]] = {
    "text": Text(),
    "bigint": BigInteger(),
    "boolean": Boolean(),
    "float8": Double(),
    "jsonb": JSONB(),
}


_ENTRY_NAMES = [name for name in AUDIT_TYPES if name != "user_name"]


def _columns(types: Mapping[str, str]) -> list[Column[Any]]:
    return [Column(name, _TYPES[kind]) for name, kind in types.items()]


METADATA = MetaData()
ITEMS = Table("fleet_items", METADATA, *_columns(ITEM_TYPES))
AUDIT = Table("fleet_audit", METADATA, Column("seq", BigInteger()), *_columns(AUDIT_TYPES))

CLOCK = "CAST(extract(epoch FROM clock_timestamp()) AS float8)"
_NOW = text(f"SELECT {CLOCK}")


def _rows_of(types: Mapping[str, str]) -> str:
    """Return the SQL that makes rows of one parameter, however many they are."""
    return (
        f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({', '.join(f'{name} {kind}' for name, kind in types.items())})"
    )


_INSERT = text(
    f"INSERT INTO fleet_items ({', '.join(ITEM_TYPES)}) SELECT {', '.join(f'r.{name}' for name in ITEM_TYPES)} "
    f"FROM {_rows_of(ITEM_TYPES)} ORDER BY r.id ON CONFLICT (id) DO NOTHING RETURNING id"
)


@functools.cache
def _save(names: tuple[str, ...]) -> TextClause:
    given = {name: ITEM_TYPES[name] for name in ("id", *names)}
    changes = ", ".join(f"{name} = r.{name}" for name in names)
    return text(f"UPDATE fleet_items SET {changes} FROM {_rows_of(given)} WHERE fleet_items.id = r.id")


_RECORD = text(
    f"INSERT INTO fleet_audit ({', '.join(AUDIT_TYPES)}) SELECT {', '.join(f'r.{name}' for name in AUDIT_TYPES)} "
    f"FROM {_rows_of({'n': 'bigint', **AUDIT_TYPES})} ORDER BY r.n"
)
_SEEN = text(
    "INSERT INTO fleet_runners (runner, seen, lease) VALUES (:runner, :now, :lease) "
    "ON CONFLICT (runner) DO UPDATE SET seen = excluded.seen, lease = excluded.lease"
)
_ALIVE = text(f"SELECT count(*) FROM fleet_runners WHERE seen + 3 * lease > {CLOCK}")
_ALIVE_AND_STOP = text(
    "SELECT (SELECT count(*) FROM fleet_runners WHERE seen + 3 * lease > :now), "
    "(SELECT value FROM fleet_control WHERE name IN (:all, :mark) ORDER BY name LIMIT 1)"
)
_STOP = text(
    "INSERT INTO fleet_control (name, value) VALUES (:mark, :reason) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_RESUME = text(
    "DELETE FROM fleet_control "
    'WHERE name = :mark OR (name COLLATE "C" > :oldest AND name COLLATE "C" < :newest)'  # byte by byte
)
_BELONG = text(
    "INSERT INTO fleet_control (name, value) VALUES ('service', :service) ON CONFLICT (name) DO UPDATE "
    "SET value = excluded.value WHERE :anew AND fleet_control.value <> excluded.value RETURNING value"
)
_SERVICE = text("SELECT value FROM fleet_control WHERE name = 'service'")
_IDENTIFY = text("INSERT INTO fleet_control (name, value) VALUES ('identity', :made) ON CONFLICT (name) DO NOTHING")
_IDENTITY = text("SELECT value FROM fleet_control WHERE name = 'identity'")
_GONE = text("DELETE FROM fleet_runners WHERE runner = :runner")
_AMONG_IDS = ITEMS.c.id == any_(bindparam("wanted_ids", type_=ARRAY(Text())))
_CLUSTER = literal("cluster/") + ITEMS.c.vpc_id + literal("/") + ITEMS.c.cluster_name  # see `cluster_item_id`
_OF_CLUSTERS = any_(bindparam("wanted_clusters", type_=ARRAY(Text()))) == _CLUSTER
_AMONG_STATES = ITEMS.c.state == any_(bindparam("wanted_states", type_=ARRAY(Text())))
_LOAD = select(ITEMS).where(_AMONG_IDS).order_by(ITEMS.c.id).with_for_update()  # all lock in the same order


class PostgresTransaction:
    """A transaction that has begun."""

    def __init__(self, connection: Connection, now: float, writer: Writer) -> None:
        self._connection = connection
        self.now = now
        self.writer = writer

    def load(self, ids: Collection[str]) -> dict[str, Item]:
        """See `Transaction.load`."""
        if not ids:
            return {}
        return {row.id: _item(row) for row in self._connection.execute(_LOAD, {"wanted_ids": list(ids)})}

    def insert(self, items: Sequence[Item]) -> set[str]:
        """See `Transaction.insert`."""
        if not items:
            return set()
        return set(self._connection.execute(_INSERT, {"rows": _rows(items, ITEM_TYPES)}).scalars())

    def save(self, items: Collection[Item], fields: tuple[str, ...]) -> None:
        """See `Transaction.save`."""
        if items:
            self._connection.execute(_save(fields), {"rows": _rows(items, ("id", *fields))})

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """See `Transaction.record`."""
        if entries:
            rows = [
                {"n": n, "user_name": each.user, **{name: getattr(each, name) for name in _ENTRY_NAMES}}
                for n, each in enumerate(entries)
            ]
            self._connection.execute(_RECORD, {"rows": json.dumps(rows, ensure_ascii=False)})

    def claim(self, operation: Claim) -> list[Item]:
        """See `Transaction.claim`. Rows that another transaction is claiming now are left to it."""
        free = or_(ITEMS.c.owner.is_(None), ITEMS.c.lease_until <= self.now)
        found = _chosen(operation.states, operation.ids).where(free).limit(operation.limit)
        rows = self._connection.execute(
            found.with_for_update(skip_locked=True), _parameters(operation.states, operation.ids)
        )
        until = self.now + operation.lease
        claimed = [attrs.evolve(_item(row), owner=operation.runner, lease_until=until) for row in rows]
        claimed.sort(key=lambda item: (item.position, item.id))
        if claimed:
            self._connection.execute(
                update(ITEMS).where(_AMONG_IDS).values(owner=operation.runner, lease_until=until),
                {"wanted_ids": [item.id for item in claimed]},
            )
        return claimed

    def renew(self, operation: Renew) -> Renewed:
        """See `Transaction.renew`."""
        execute = self._connection.execute
        runner, lease = operation.runner, operation.lease
        execute(_SEEN, {"runner": runner, "now": self.now, "lease": lease})
        renewed = update(ITEMS).where(ITEMS.c.owner == runner).values(lease_until=self.now + lease)
        owned = frozenset(execute(renewed.returning(ITEMS.c.id)).scalars())
        marks = {"all": ALL, "mark": mark_of(operation.launch)}
        alive, reason = execute(_ALIVE_AND_STOP, {"now": self.now, **marks}).one()
        return Renewed(Heartbeat(now=self.now, runners=alive, stop=reason), owned)

    def release(self, operation: Release) -> None:
        """See `Transaction.release`."""
        released = update(ITEMS).where(ITEMS.c.owner == operation.runner).values(owner=None, lease_until=None)
        if operation.ids is None:
            self._connection.execute(released)
            self._connection.execute(_GONE, {"runner": operation.runner})
        elif operation.ids:
            self._connection.execute(released.where(_AMONG_IDS), {"wanted_ids": list(operation.ids)})

    def service(self) -> str | None:
        """See `Transaction.service`."""
        found = self._connection.execute(_SERVICE).scalar_one_or_none()
        return None if found is None else str(found)

    def identity(self) -> str:
        """See `Transaction.identity`."""
        if (known := identity_in(self._connection)) is None:
            self._connection.execute(_IDENTIFY, {"made": uuid.uuid4().hex})
            known = str(self._connection.execute(_IDENTITY).scalar_one())
        return known

    def ids_in(self, states: Collection[str]) -> list[str]:
        """See `Transaction.ids_in`."""
        found = select(ITEMS.c.id).where(_AMONG_STATES).order_by(ITEMS.c.position, ITEMS.c.id)
        return list(self._connection.execute(found, {"wanted_states": list(states)}).scalars())

    def belong(self, operation: Belong) -> tuple[str, bool]:
        """See `Transaction.belong`."""
        execute = self._connection.execute
        given = {"service": operation.service, "anew": operation.anew}
        if execute(_BELONG, given).scalar_one_or_none() is not None:
            return operation.service, True
        return str(execute(_SERVICE).scalar_one()), False

    def stop(self, operation: Stop) -> None:
        """See `Transaction.stop`."""
        mark = mark_of(operation.launch)
        if operation.reason is None:
            oldest, newest = outdated(self.now)
            self._connection.execute(_RESUME, {"mark": mark, "oldest": oldest, "newest": newest})
        else:
            self._connection.execute(_STOP, {"mark": mark, "reason": operation.reason})


def identity_in(connection: Connection) -> str | None:
    """Return the identity of a journal, or None if it has none yet."""
    found = connection.execute(_IDENTITY).scalar_one_or_none()
    return None if found is None else str(found)


def answered(query: Query[Any], connection: Connection) -> Any:
    """Answer a query."""
    match query:
        case Find(states, ids, clusters):
            rows, parameters = _chosen(states, ids), _parameters(states, ids)
            if clusters is not None:
                rows, parameters = rows.where(_OF_CLUSTERS), {**parameters, "wanted_clusters": list(clusters)}
            return [_item(row) for row in connection.execute(rows, parameters)]
        case Audit(item_id):
            entries = select(AUDIT).order_by(AUDIT.c.seq)
            if item_id is not None:
                entries = entries.where(AUDIT.c.item_id == item_id)
            return [_entry(row) for row in connection.execute(entries)]
        case Alive():
            return connection.execute(_ALIVE).scalar_one()
        case Now():
            return connection.execute(_NOW).scalar_one()
    raise TypeError(f"no journal answers {type(query).__name__}")


def _chosen(states: Collection[str] | None, ids: Collection[str] | None) -> Select[Any]:
    query = select(ITEMS).order_by(ITEMS.c.position, ITEMS.c.id)
    if states is not None:
        query = query.where(_AMONG_STATES)
    return query if ids is None else query.where(_AMONG_IDS)


def _parameters(states: Iterable[str] | None, ids: Iterable[str] | None) -> dict[str, list[str]]:
    given = {"wanted_states": states, "wanted_ids": ids}
    return {name: list(values) for name, values in given.items() if values is not None}


def _rows(items: Iterable[Item], names: Iterable[str]) -> str:
    return json.dumps([{name: getattr(item, name) for name in names} for item in items], ensure_ascii=False)


def _item(row: Row[Any]) -> Item:
    return item_of(dict(zip(ITEM_TYPES, row, strict=True)))


def _entry(row: Row[Any]) -> AuditEntry:
    values = dict(zip(("seq", *AUDIT_TYPES), row, strict=True))
    del values["seq"]
    return AuditEntry(user=values.pop("user_name"), **values)
