"""Items and changes that are short to write."""

from __future__ import annotations

from typing import Any

from cds_eks.fleet.items import STATES, Change, Item, NewItem, State, cluster_item_id, pool_item_id
from cds_eks.fleet.journal.base import Journal

LEASE = 30.0


def cluster(number: int, **more: Any) -> NewItem:
    name = f"gpu-{number:03d}"
    given = {"position": number, "digest": "sha256:1", "replicas": 2, **more}
    return NewItem(id=cluster_item_id("vpc", name), kind="cluster", name=name, vpc_id="vpc", cluster_name=name, **given)


def pool(number: int, name: str, **more: Any) -> NewItem:
    of = f"gpu-{number:03d}"
    return NewItem(id=pool_item_id("vpc", of, name), kind="node_pool", name=name, vpc_id="vpc", cluster_name=of, **more)


def to(item: Item, state: State, **more: Any) -> Change:
    """Return the change of an item to a state, by whoever owns it."""
    known = {"item_id": item.id, "runner": item.owner or "", "epoch": item.epoch}
    return Change(state=state, **{**known, **more})


async def claimed(journal: Journal, runner: str = "a", limit: int = 100) -> list[Item]:
    return await journal.claim(runner, limit=limit, lease=LEASE, states=STATES)
