"""What is done in one transaction: many operations, of many tasks, committed together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any, Protocol

import attrs

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.items import OPEN, AuditEntry, Item, NewItem
from cds_eks.fleet.journal.base import LeaseLost
from cds_eks.fleet.journal.identity import Writer
from cds_eks.fleet.journal.operations import (
    Add,
    Belong,
    Claim,
    Identify,
    Operation,
    Release,
    Renew,
    Renewed,
    Stop,
    Unprotect,
    Write,
)
from cds_eks.fleet.journal.steps import planned, planned_again, stepped
from cds_eks.fleet.journal.stop_marks import ENTRY_OF_LAUNCH

PLANNED = ("position", "digest", "replicas", "protect")
"""The fields that a later plan changes."""

WRITTEN = (
    *("state", "epoch", "intent_at", "deadline", "ids", "origin", "request_id", "call_id", "error", "replicas"),
    *("digest", "changed_at"),
)
"""The fields that a write changes."""

MOST_NAMED = 20
"""How many items a message names."""


class Transaction(Protocol):
    """A transaction that has begun. What `load` returns can't be changed by others until it ends."""

    @property
    def now(self) -> float:
        """The journal's clock when it began."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def writer(self) -> Writer:
        """Who writes."""
        ...  # pragma: no cover - a protocol has no body

    def load(self, ids: Collection[str]) -> dict[str, Item]:
        """Return the items with these ids, as far as they are there."""
        ...  # pragma: no cover - a protocol has no body

    def insert(self, items: Sequence[Item]) -> set[str]:
        """Add items, but for those that are there, and return the ids of those that were added."""
        ...  # pragma: no cover - a protocol has no body

    def save(self, items: Collection[Item], fields: tuple[str, ...]) -> None:
        """Write these fields of items that are there."""
        ...  # pragma: no cover - a protocol has no body

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Append to the audit."""
        ...  # pragma: no cover - a protocol has no body

    def claim(self, operation: Claim) -> list[Item]:
        """Claim items."""
        ...  # pragma: no cover - a protocol has no body

    def renew(self, operation: Renew) -> Renewed:
        """Renew the leases of a runner."""
        ...  # pragma: no cover - a protocol has no body

    def release(self, operation: Release) -> None:
        """Give items back."""
        ...  # pragma: no cover - a protocol has no body

    def service(self) -> str | None:
        """Return which service is noted, or None."""
        ...  # pragma: no cover - a protocol has no body

    def belong(self, operation: Belong) -> tuple[str, bool]:
        """Note the service, unless one is noted; return what is noted, and whether that is new."""
        ...  # pragma: no cover - a protocol has no body

    def identity(self) -> str:
        """Return the journal's identity, made now unless it has one."""
        ...  # pragma: no cover - a protocol has no body

    def ids_in(self, states: Collection[str]) -> list[str]:
        """Return the ids of the items in these states, in order."""
        ...  # pragma: no cover - a protocol has no body

    def stop(self, operation: Stop) -> None:
        """Keep why runners are to stop, or that they need not; then marks of old launches are removed as well."""
        ...  # pragma: no cover - a protocol has no body


def carry_out(operations: Sequence[Operation[Any]], transaction: Transaction) -> list[Any]:
    """Carry out operations in their order; return for each its result, or the error it ends with.

    Those that end with an error have changed nothing; the others do not depend on them. Neighbouring writes are done
    together: the items of all are read at once, changed in memory, and written at once.
    """
    results: list[Any] = []
    for are_writes, group in groupby(operations, key=lambda operation: isinstance(operation, Write)):
        if are_writes:
            results += _write([each for each in group if isinstance(each, Write)], transaction)
        else:
            results += _others(group, transaction)
    return results


def _others(operations: Iterator[Operation[Any]], transaction: Transaction) -> Iterator[Any]:
    for operation in operations:
        match operation:
            case Add(items):
                _add(items, transaction)
                yield None
            case Unprotect(ids):
                _unprotect(ids, transaction)
                yield None
            case Claim():
                yield transaction.claim(operation)
            case Renew():
                yield transaction.renew(operation)
            case Release():
                transaction.release(operation)
                yield None
            case Belong() if (why := _not_rebound(operation, transaction)) is not None:
                yield ConfigurationError(why)
            case Identify():
                yield transaction.identity()
            case Belong():
                noted, is_new = transaction.belong(operation)
                if is_new:
                    entry = transaction.writer.entry_of_all(at=transaction.now, action=f"belongs to {noted}"[:300])
                    transaction.record([entry])
                yield noted
            case Stop(reason, launch):
                transaction.stop(operation)
                if reason is not None or launch is None:  # that a launch has ended is nothing that anybody has changed
                    transaction.record([_entry_of_stop(reason, launch, transaction)])
                yield None
            case _:
                raise TypeError(f"no journal does {type(operation).__name__}")


def _entry_of_stop(reason: str | None, launch: str | None, transaction: Transaction) -> AuditEntry:
    return transaction.writer.entry_of_all(
        at=transaction.now,
        action="stop" if reason is not None else "resume",
        runner="" if launch is None else ENTRY_OF_LAUNCH.format(launch),
    )


def _not_rebound(operation: Belong, transaction: Transaction) -> str | None:
    """Return why a journal can't be about another service now, or None: there what is open would be made again."""
    if not operation.anew or (noted := transaction.service()) in (None, operation.service):
        return None
    if not (ids := transaction.ids_in(OPEN)):
        return None
    more = [f"{len(ids) - MOST_NAMED} more"] if len(ids) > MOST_NAMED else []
    named = ", ".join([*ids[:MOST_NAMED], *more])
    return (
        f"the journal belongs to the service at {noted}, where creates are open: {named}; at {operation.service} they "
        "would be made again. Carry the plan out there first, which settles them, and rebind "
        "then; or, if that name is gone, begin with a new journal and adopt='matching'"
    )


def _add(new: Sequence[NewItem], transaction: Transaction) -> None:
    now, writer = transaction.now, transaction.writer
    by_id = {each.id: each for each in new}
    items = {each.id: planned(each, now) for each in by_id.values()}
    added = transaction.insert([items[each] for each in sorted(items)])
    known = transaction.load(items.keys() - added)
    again = {each.id: planned_again(each, by_id[each.id]) for each in known.values()}
    transaction.save([each for each in again.values() if each != known[each.id]], PLANNED)
    transaction.record(
        [
            writer.entry_of(each, at=now, action="add", request_id=None, runner="")
            for each in items.values()
            if each.id in added
        ]
    )


def _unprotect(ids: Collection[str], transaction: Transaction) -> None:
    found = transaction.load(ids).values()
    freed = [attrs.evolve(item, protect=False) for item in sorted(found, key=lambda item: item.id) if item.protect]
    transaction.save(freed, PLANNED)
    entry_of, now = transaction.writer.entry_of, transaction.now
    transaction.record([entry_of(each, at=now, action="unprotect", request_id=None, runner="") for each in freed])


def _write(operations: Sequence[Write], transaction: Transaction) -> list[Any]:
    now, writer = transaction.now, transaction.writer
    items = transaction.load({change.item_id for operation in operations for change in operation.changes})
    results: list[Any] = []
    changed: dict[str, Item] = {}
    entries: list[AuditEntry] = []
    for operation in operations:
        staged: dict[str, Item] = {}
        told: list[AuditEntry] = []
        after: list[Item] = []
        try:
            for change in operation.changes:
                item = stepped(staged.get(change.item_id, items.get(change.item_id)), change, now)
                staged[item.id] = item
                after.append(item)
                told.append(
                    writer.entry_of(
                        item, at=now, action=change.action, request_id=change.request_id, runner=change.runner
                    )
                )
        except (LeaseLost, ValueError) as error:
            results.append(error)
        else:
            items.update(staged)
            changed.update(staged)
            entries += told
            results.append(after)
    if changed:
        transaction.save(changed.values(), WRITTEN)
        transaction.record(entries)
    return results
