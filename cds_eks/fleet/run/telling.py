"""What people are told while a run goes on: its events in words, and how far its items are. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from cds_eks.fleet.items import Item, Kind, State
from cds_eks.fleet.run.events import Event, ItemChanged, RunEnded, RunStarted, Step

TITLES: Mapping[Kind, str] = {"cluster": "clusters", "node_pool": "node pools"}
LEFT_ALONE = frozenset({"Protected", "NotOurs"})
"""Kinds of errors of what is not to be deleted."""

Counted: TypeAlias = State | Literal["created"]
_ID: Mapping[Kind, str] = {"cluster": "cluster_id", "node_pool": "node_pool_id"}


class Tally:
    """How many clusters and pools are created, and how many in each state; it costs the same however many there are.

    Args:
        items: What the run is about, as the journal has it before the run.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: dict[str, Item] = {}
        self._counts: Counter[tuple[Kind, Counted]] = Counter()
        for item in items:
            self._put(item)

    def see(self, event: Event) -> None:
        """Count what an event tells."""
        if isinstance(event, ItemChanged):
            self._put(event.item)

    def count(self, kind: Kind, what: Counted) -> int:
        """Return how many of a kind are in a state, or have an id: are `created`."""
        return self._counts[kind, what]

    def _put(self, item: Item) -> None:
        if (before := self._items.get(item.id)) is not None:
            self._counts.subtract(_counted(before))
        self._items[item.id] = item
        self._counts.update(_counted(item))


def _counted(item: Item) -> list[tuple[Kind, Counted]]:
    found: list[tuple[Kind, Counted]] = [(item.kind, item.state)]
    return [*found, (item.kind, "created")] if _ID[item.kind] in item.ids else found


def told(event: Event) -> str | None:
    """Return what is notable about an event, in one line; None if nothing is."""
    match event:
        case RunStarted(open=count):
            return f"{count} creates of an earlier run are open: they are looked for first" if count else None
        case ItemChanged(item=item, before=before):
            return _change(item, before)
        case Step() | RunEnded():
            return None
    return str(event)


def name_of(item: Item) -> str:
    """Return the name of an item as people know it: `gpu-001`, or `gpu-001/workers`."""
    return item.name if item.kind == "cluster" else f"{item.cluster_name}/{item.name}"


def _change(item: Item, before: Item) -> str | None:
    name = name_of(item)
    error = item.error or {}
    why = error.get("message") or error.get("class") or ""
    if item.state == before.state:
        is_news = error.get("class") in LEFT_ALONE and item.error != before.error
        return f"{name}: it is left alone: {why}" if is_news else None
    if item.state == "unknown":
        return f"{name}: nobody knows yet whether it was created; looking for it"
    if item.state == "accepted" and before.state == "unknown":
        return f"{name}: it was created after all ({item.origin})"
    if item.state in ("planned", "sending") and before.state == "unknown":
        return f"{name}: it was not created; once more"
    if item.state in ("failed", "refused"):
        return f"{name}: {item.state}: {why}"
    return None
