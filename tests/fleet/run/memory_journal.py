"""A journal in memory, by the rules that all journals share, with a test's clock and failures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from types import TracebackType
from typing import Any, Self

import anyio
import anyio.lowlevel
import attrs

from cds_eks.fleet.items import AuditEntry, Change, Heartbeat, Item, NewItem, State, cluster_item_id
from cds_eks.fleet.journal.base import JournalError, LeaseLost
from cds_eks.fleet.journal.steps import is_claimable, planned, planned_again, stepped


class MemoryJournal:
    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.rows: dict[str, Item] = {}
        self.entries: list[AuditEntry] = []
        self.alive: dict[str, float] = {}
        self.stopped: str | None = None
        self.service = ""
        self.before_write: Callable[[Change], Any] = lambda _change: None
        self.after_write: Callable[[Change], Any] = lambda _change: None
        self.is_away = False
        self.slow: Callable[[Change], float] = lambda _change: 0.0
        """For how many seconds the answer to a change is on its way."""
        self.lost: dict[str, set[str]] = {}

    def seed(self, **fields: Any) -> Item:
        """Put an item there, as an earlier run has left it."""
        item = Item(**{"changed_at": self.clock(), **fields})
        self.rows[item.id] = item
        return item

    async def _begin(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.is_away:
            raise JournalError("the journal is away")

    async def add(self, items: Iterable[NewItem]) -> None:
        await self._begin()
        for new in items:
            if new.id in self.rows:
                self.rows[new.id] = planned_again(self.rows[new.id], new)
            else:
                self.rows[new.id] = planned(new, self.clock())
                self._record(self.rows[new.id], "add", "")

    async def unprotect(self, ids: Collection[str]) -> None:
        await self._begin()
        for id_ in ids:
            self.rows[id_] = attrs.evolve(self.rows[id_], protect=False)
            self._record(self.rows[id_], "unprotect", "")

    async def get(self, item_id: str) -> Item | None:
        await self._begin()
        return self.rows.get(item_id)

    async def items(
        self,
        *,
        states: Collection[State] | None = None,
        ids: Collection[str] | None = None,
        clusters: Collection[str] | None = None,
    ) -> list[Item]:
        await self._begin()
        wanted = None if ids is None else set(ids)
        found = [
            item
            for item in self.rows.values()
            if (states is None or item.state in states) and (wanted is None or item.id in wanted)
            if clusters is None or cluster_item_id(item.vpc_id, item.cluster_name) in clusters
        ]
        return sorted(found, key=lambda item: item.position)

    async def claim(
        self,
        runner: str,
        *,
        limit: int,
        lease: float,
        states: Collection[State],
        ids: Collection[str] | None = None,
    ) -> list[Item]:
        await self._begin()
        now, wanted = self.clock(), None if ids is None else set(ids)
        self.alive[runner] = now + 3 * lease
        found: list[Item] = []
        for item in sorted(self.rows.values(), key=lambda item: item.position):
            if len(found) >= limit:
                break
            is_free = is_claimable(item, now) or item.owner == runner
            if is_free and item.state in states and (wanted is None or item.id in wanted):
                if item.owner not in (None, runner):
                    self.lost.setdefault(str(item.owner), set()).add(item.id)
                self.lost.get(runner, set()).discard(item.id)
                self.rows[item.id] = attrs.evolve(item, owner=runner, lease_until=now + lease)
                found.append(self.rows[item.id])
        return found

    async def renew(self, runner: str, *, lease: float) -> Heartbeat:
        await self._begin()
        now = self.clock()
        self.alive[runner] = now + 3 * lease
        for item in self.rows.values():
            if item.owner == runner:
                self.rows[item.id] = attrs.evolve(item, lease_until=now + lease)
        runners = sum(until > now for until in self.alive.values())
        return Heartbeat(now=now, runners=runners, lost=frozenset(self.lost.get(runner, set())), stop=self.stopped)

    async def release(self, runner: str, ids: Collection[str] | None = None) -> None:
        await self._begin()
        if ids is None:
            self.alive.pop(runner, None)
        for item in list(self.rows.values()):
            if item.owner == runner and (ids is None or item.id in ids):
                self.rows[item.id] = attrs.evolve(item, owner=None, lease_until=None)
        self.lost[runner] = set() if ids is None else self.lost.get(runner, set()) - set(ids)

    async def write(self, *changes: Change) -> list[Item]:
        await self._begin()
        staged: dict[str, Item] = {}
        for change in changes:
            self.before_write(change)
            staged[change.item_id] = stepped(
                staged.get(change.item_id, self.rows.get(change.item_id)), change, self.clock()
            )
        self.rows.update(staged)
        for change in changes:
            self._record(self.rows[change.item_id], change.action, change.runner)
            self.after_write(change)
        if (seconds := max(self.slow(change) for change in changes)) > 0:
            await anyio.sleep(seconds)
        return [staged[change.item_id] for change in changes]

    async def audit(self, item_id: str | None = None) -> list[AuditEntry]:
        return [entry for entry in self.entries if item_id in (None, entry.item_id)]

    async def stop(self, reason: str | None) -> None:
        self.stopped = reason

    async def belong_to(self, service: str) -> str:
        await self._begin()
        self.service = self.service or service
        return self.service

    async def identity(self) -> str:
        await self._begin()
        return "this one"

    async def runners(self) -> int:
        await self._begin()
        return sum(until > self.clock() for until in self.alive.values())

    async def now(self) -> float:
        await self._begin()
        return self.clock()

    async def aclose(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def _record(self, item: Item, action: str, runner: str) -> None:
        self.entries.append(
            AuditEntry(
                at=self.clock(),
                item_id=item.id,
                state=item.state,
                epoch=item.epoch,
                action=action,
                request_id=item.request_id,
                runner=runner,
                host="here",
                pid=1,
                user="tester",
            )
        )


__all__ = ["LeaseLost", "MemoryJournal"]
