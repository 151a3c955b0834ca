"""What can be asked of a journal, as plain values: they wait for the thread that carries them out."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import attrs

from cds_eks.fleet.items import AuditEntry, Change, Heartbeat, Item, NewItem, State

T_co = TypeVar("T_co", covariant=True)


class Operation(Generic[T_co]):
    """Something that changes the journal and gives a `T_co`."""

    __slots__ = ()


class Query(Generic[T_co]):
    """Something that reads the journal and gives a `T_co`."""

    __slots__ = ()


@attrs.frozen
class Add(Operation[None]):
    """See `Journal.add`."""

    items: tuple[NewItem, ...]


@attrs.frozen
class Unprotect(Operation[None]):
    """See `Journal.unprotect`."""

    ids: frozenset[str]


@attrs.frozen
class Write(Operation[list[Item]]):
    """See `Journal.write`."""

    changes: tuple[Change, ...]


@attrs.frozen(kw_only=True)
class Claim(Operation[list[Item]]):
    """See `Journal.claim`."""

    runner: str
    limit: int
    lease: float
    states: frozenset[State]
    ids: frozenset[str] | None


@attrs.frozen
class Renew(Operation[Heartbeat]):
    """See `Journal.renew`."""

    runner: str
    lease: float
    launch: str | None = None


@attrs.frozen
class Release(Operation[None]):
    """See `Journal.release`."""

    runner: str
    ids: frozenset[str] | None


@attrs.frozen
class Stop(Operation[None]):
    """See `Journal.stop`; with a launch, `JournalOfOperations.stop_launch`."""

    reason: str | None
    launch: str | None = None


@attrs.frozen
class Belong(Operation[str]):
    """See `Journal.belong_to`."""

    service: str
    anew: bool


@attrs.frozen
class Identify(Operation[str]):
    """See `Journal.identity`."""


@attrs.frozen
class Find(Query[list[Item]]):
    """See `Journal.items`."""

    states: frozenset[State] | None = None
    ids: frozenset[str] | None = None
    clusters: frozenset[str] | None = None


@attrs.frozen
class Audit(Query[list[AuditEntry]]):
    """See `Journal.audit`."""

    item_id: str | None


@attrs.frozen
class Alive(Query[int]):
    """See `Journal.runners`."""


@attrs.frozen
class Now(Query[float]):
    """See `Journal.now`."""


@attrs.frozen
class Renewed:
    """What a renewal found: the heartbeat, without what was lost, and the ids of what the runner owns."""

    heartbeat: Heartbeat
    owned: frozenset[str]


class Holdings:
    """What runners believe to hold, by what was claimed and released through one journal object."""

    def __init__(self) -> None:
        self._held: dict[str, set[str]] = {}

    def after(self, operation: Operation[Any], result: Any) -> Any:
        """Take note of what has been done, and return the result for the caller."""
        if isinstance(operation, Claim):
            self._held.setdefault(operation.runner, set()).update(item.id for item in result)
        elif isinstance(operation, Release):
            if operation.ids is None:
                self._held.pop(operation.runner, None)
            else:
                self._held.get(operation.runner, set()).difference_update(operation.ids)
        elif isinstance(operation, Renew):
            held = self._held.get(operation.runner, set())
            return attrs.evolve(result.heartbeat, lost=frozenset(held - result.owned))
        return result
