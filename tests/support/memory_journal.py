"""A journal in memory: for tests of what uses one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar, cast

import anyio.lowlevel
import attrs

from cds_eks.fleet.items import AuditEntry, Heartbeat, Item, cluster_item_id
from cds_eks.fleet.journal.identity import Writer, this_process
from cds_eks.fleet.journal.operations import (
    Alive,
    Audit,
    Belong,
    Claim,
    Find,
    Holdings,
    Now,
    Operation,
    Query,
    Release,
    Renew,
    Renewed,
    Stop,
)
from cds_eks.fleet.journal.steps import is_claimable
from cds_eks.fleet.journal.stop_marks import ALL, mark_of, outdated
from cds_eks.fleet.journal.threaded import JournalOfOperations
from cds_eks.fleet.journal.transaction import carry_out

T = TypeVar("T")


class ManualClock:
    """A clock that goes on when it is told to."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.time = now

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@attrs.define
class _Transaction:
    """The journal's tables, and what a transaction does to them; nothing of it can fail half-way."""

    now: float = 0.0
    writer: Writer = attrs.field(factory=this_process)
    items: dict[str, Item] = attrs.field(factory=dict)
    entries: list[AuditEntry] = attrs.field(factory=list)
    runners: dict[str, tuple[float, float]] = attrs.field(factory=dict)
    marks: dict[str, str] = attrs.field(factory=dict)
    noted: str | None = None

    def load(self, ids: Collection[str]) -> dict[str, Item]:
        return {each: self.items[each] for each in ids if each in self.items}

    def insert(self, items: Sequence[Item]) -> set[str]:
        new = {item.id: item for item in items if item.id not in self.items}
        self.items.update(new)
        return set(new)

    def save(self, items: Collection[Item], fields: tuple[str, ...]) -> None:
        for item in items:
            changes = {name: getattr(item, name) for name in fields}
            self.items[item.id] = attrs.evolve(self.items[item.id], **changes)

    def record(self, entries: Sequence[AuditEntry]) -> None:
        self.entries.extend(entries)

    def claim(self, operation: Claim) -> list[Item]:
        found = [item for item in self.found(operation.states, operation.ids) if is_claimable(item, self.now)]
        until = self.now + operation.lease
        claimed = [attrs.evolve(item, owner=operation.runner, lease_until=until) for item in found[: operation.limit]]
        self.save(claimed, ("owner", "lease_until"))
        return claimed

    def renew(self, operation: Renew) -> Renewed:
        self.runners[operation.runner] = self.now, operation.lease
        owned = [item for item in self.items.values() if item.owner == operation.runner]
        self.save([attrs.evolve(item, lease_until=self.now + operation.lease) for item in owned], ("lease_until",))
        stopped = self.marks.get(ALL) or self.marks.get(mark_of(operation.launch))
        heartbeat = Heartbeat(now=self.now, runners=self.alive(), stop=stopped)
        return Renewed(heartbeat, frozenset(item.id for item in owned))

    def release(self, operation: Release) -> None:
        chosen = self.items if operation.ids is None else self.load(operation.ids)
        owned = [item for item in chosen.values() if item.owner == operation.runner]
        self.save([attrs.evolve(item, owner=None, lease_until=None) for item in owned], ("owner", "lease_until"))
        if operation.ids is None:
            self.runners.pop(operation.runner, None)

    def belong(self, operation: Belong) -> tuple[str, bool]:
        is_new = self.noted is None or (operation.anew and self.noted != operation.service)
        self.noted = operation.service if is_new else self.noted
        return str(self.noted), is_new

    def service(self) -> str | None:
        return self.noted

    def identity(self) -> str:
        return f"{id(self):x}"

    def ids_in(self, states: Collection[str]) -> list[str]:
        return [item.id for item in self.found(states, None)]

    def alive(self) -> int:
        return sum(seen + 3 * lease > self.now for seen, lease in self.runners.values())

    def stop(self, operation: Stop) -> None:
        mark = mark_of(operation.launch)
        if operation.reason is not None:
            self.marks[mark] = operation.reason
            return
        oldest, newest = outdated(self.now)
        self.marks = {name: why for name, why in self.marks.items() if name != mark and not oldest < name < newest}

    def found(self, states: Collection[str] | None, ids: Collection[str] | None) -> list[Item]:
        chosen = self.items if ids is None else self.load(ids)
        found = [item for item in chosen.values() if states is None or item.state in states]
        return sorted(found, key=lambda item: (item.position, item.id))


class MemoryJournal(JournalOfOperations):
    """A journal of one process, which is forgotten with it.

    Args:
        clock: Its clock; a `ManualClock` for tests of leases.

    Attributes:
        unavailable: An error that each change raises while it is set, as when a database is away.
        is_closed: Whether it has been closed.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.unavailable: Exception | None = None
        self.is_closed = False
        self._clock = clock
        self._transaction = _Transaction()
        self._holdings = Holdings()

    async def change(self, operation: Operation[T]) -> T:
        await anyio.lowlevel.checkpoint()
        if self.unavailable is not None:
            raise self.unavailable
        self._transaction.now = self._clock()
        (result,) = carry_out([operation], self._transaction)
        if isinstance(result, Exception):
            raise result
        return cast("T", self._holdings.after(operation, result))

    async def read(self, query: Query[T]) -> T:
        await anyio.lowlevel.checkpoint()
        asked: Any = query
        found: Any = None
        match asked:
            case Find(states, ids, clusters):
                found = [
                    item
                    for item in self._transaction.found(states, ids)
                    if clusters is None or cluster_item_id(item.vpc_id, item.cluster_name) in clusters
                ]
            case Audit(item_id):
                found = [entry for entry in self._transaction.entries if item_id in (None, entry.item_id)]
            case Alive():
                self._transaction.now = self._clock()
                found = self._transaction.alive()
            case Now():
                found = self._clock()
        return cast("T", found)

    async def aclose(self) -> None:
        self.is_closed = True
