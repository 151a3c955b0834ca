"""Whether the id that an answer has named is that of the item: answers get mixed up, and what a list shows tells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import anyio
import attrs

from cds_eks.fleet.ensure.decide import DOUBTED, FOUND, found_text, noted_ids, own_id
from cds_eks.fleet.ensure.sighting import Sighting
from cds_eks.fleet.items import Item, Kind

if TYPE_CHECKING:
    from cds_eks.fleet.run.context import Context

OLD = 86_400.0
"""What was there so many seconds before a create was intended is not what it made, whatever the service's time zone."""

WRONG_ID = "WrongId"
"""The class of the error of what is not believed."""


@attrs.frozen(kw_only=True)
class Shown:
    """What the service shows under an id.

    Attributes:
        id: The id.
        name: Its name, or None if that is not told.
        place: The VPC of a cluster, or the cluster of a pool; None if that is not told.
        created: When it was made, or None if that is not known.
    """

    id: str
    name: str | None
    place: str | None = None
    created: datetime | None = None

    def is_another(self, item: Item) -> bool:
        """Whether this is not an item, for certain."""
        place = item.vpc_id if item.kind == "cluster" else item.ids.get("cluster_id")
        return _differ(self.name, item.name) or _differ(self.place, place)

    def words(self, item: Item) -> str:
        """Say why it is not an item."""
        where = f" in {self.place}" if self.place else ""
        return f"{self.id} is shown as {self.name!r}{where}, which is not {item.name!r}"


def _differ(shown: str | None, asked: str | None) -> bool:
    return bool(shown and asked) and str(shown).strip().casefold() != str(asked).strip().casefold()


class ShownAsAnother(Exception):
    """The service shows something else under the id of an item.

    Attributes:
        shown: What it shows.
    """

    def __init__(self, shown: Shown) -> None:
        super().__init__(shown.id)
        self.shown = shown


class KnownIds:
    """Which item an id of the service belongs to, as far as the journal and this run know.

    Args:
        items: The items of the journal.

    Attributes:
        learned_at: When the journal was last asked for what others have made, by its clock.
        learning: Is held while it is asked.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.learned_at: float = -math.inf
        self.learning: anyio.Lock = anyio.Lock()
        self._owners: dict[tuple[Kind, str], str] = {}
        self._contested: set[tuple[Kind, str]] = set()
        self.learn(items)

    def learn(self, items: Iterable[Item]) -> None:
        """Note the ids of items."""
        for item in items:
            self.note(item)

    def note(self, item: Item) -> None:
        """Note the id of an item; the first that has one keeps it."""
        if (id_ := own_id(item)) is not None and self._owners.setdefault((item.kind, id_), item.id) != item.id:
            self._contested.add((item.kind, id_))

    def forget(self, item: Item) -> None:
        """An item's id is not its own."""
        key = (item.kind, own_id(item) or "")
        if self._owners.get(key) == item.id:
            del self._owners[key]

    def owner_of(self, kind: Kind, id_: str) -> str | None:
        """Return the id of the item that an id of the service belongs to, or None."""
        return self._owners.get((kind, id_))

    def is_contested(self, kind: Kind, id_: str) -> bool:
        """Whether answers have named an id for several items, so that any of them may be wrong."""
        return (kind, id_) in self._contested

    def other_owner(self, item: Item) -> str | None:
        """Return the other item that an item's id belongs to, or None."""
        owner = self.owner_of(item.kind, own_id(item) or "")
        return None if owner == item.id else owner

    def unless_of_others(self, item: Item, seen: Sighting) -> Sighting:
        """Return what was seen of an item's natural key, without what may be it only as long as nobody knows it.

        What belongs to an item that is called the same but for the case may be shown with this one's name by mistake.
        """
        owners = {id_: self.owner_of(item.kind, id_) for id_ in (*seen.ids, *seen.nameless, *seen.similar)}
        others = {id_: owner for id_, owner in owners.items() if owner not in (None, item.id)}
        known = {id_ for id_ in others if not self.is_contested(item.kind, id_)}
        foreign = ({*seen.similar} & {*noted_ids(item, FOUND)}) - {own_id(item)}
        alike = {id_ for id_, owner in others.items() if owner and owner.casefold() == item.id.casefold()}
        return seen.without(known | foreign).only_alike(alike)


async def reject_id(context: Context, item: Item, shown: Shown | None, words: str) -> Item:
    """Take the id that an answer has named for wrong: what was made is looked for by its natural key.

    Args:
        context: What the run shares.
        item: The item.
        shown: What the service shows under that id, or None if it was not asked.
        words: Why, for people.
    """
    is_known = context.known_ids.other_owner(item) is not None
    context.known_ids.forget(item)
    message = f"{words}: it is looked for by its name"
    error = {"class": WRONG_ID, "code": "", "message": message, "outcome": "unknown"}
    ids = ids_without(item, shown, is_known=is_known)
    return await context.writer.insist(item, state="unknown", ids=ids, error=error, action="not believed")


def ids_without(item: Item, shown: Shown | None, *, is_known: bool) -> Mapping[str, str]:
    """Return the changes of an item's ids when the one that an answer has named is not believed.

    Args:
        item: The item.
        shown: What the service shows under that id; None if that was not asked.
        is_known: Whether the id is known to be another item's.
    """
    ids = {"cluster_id" if item.kind == "cluster" else "node_pool_id": "", "task_id": ""}
    if shown is None:
        return ids  # it may be this one's after all, and the other's answer was wrong
    ids[FOUND] = found_text(tuple(dict.fromkeys((shown.id, *noted_ids(item, FOUND)))))
    is_old = shown.created is not None and shown.created.timestamp() < (item.intent_at or 0.0) - OLD
    if not is_known and not is_old:
        ids[DOUBTED] = shown.id
    return ids
