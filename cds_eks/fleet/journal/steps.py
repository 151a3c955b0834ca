"""How items change: pure functions, the same whatever keeps the journal."""

from __future__ import annotations

import attrs

from cds_eks.fleet.items import Change, Item, NewItem, State, may_follow
from cds_eks.fleet.journal.base import LeaseLost
from cds_eks.fleet.journal.fields import checked_error, checked_ids, checked_text

NOT_ASKED_FOR: frozenset[State] = frozenset({"planned", "refused", "deleted"})
"""The service has nothing of an item in these: what a new plan asks for takes the place of what the old one did."""


def planned(new: NewItem, now: float = 0.0) -> Item:
    """Return the item as it is when a plan has just added it."""
    return Item(**attrs.asdict(new), changed_at=now)


def planned_again(item: Item, new: NewItem) -> Item:
    """Return an item that a plan has added before, with what a later plan says of it."""
    protect = item.protect or new.protect
    if item.state in NOT_ASKED_FOR:
        return attrs.evolve(item, position=new.position, protect=protect, digest=new.digest, replicas=new.replicas)
    return attrs.evolve(item, position=new.position, protect=protect)


def is_claimable(item: Item, now: float) -> bool:
    """Whether nobody holds an item's lease."""
    return item.owner is None or item.lease_until is None or item.lease_until <= now


def stepped(item: Item | None, change: Change, now: float) -> Item:
    """Return an item as it is after a change.

    Raises:
        LeaseLost: The writer may not write it.
        ValueError: The change makes no sense.
    """
    if item is None:
        raise ValueError(f"there is no item {change.item_id!r} in the journal")
    if item.owner != change.runner:
        raise lease_lost(item, f"its lease is that of {item.owner!r}" if item.owner else "its lease was given back")
    if is_claimable(item, now):
        raise lease_lost(item, "its lease has ended")
    if item.epoch != change.epoch:
        raise lease_lost(item, f"its epoch is {item.epoch}, and not {change.epoch}")
    if not may_follow(change.state, item.state):
        raise ValueError(f"{item.id}: {change.state!r} can't follow {item.state!r}")
    if item.state == "deleted" and change.state != "deleted":  # what is known of the old one is not of the new one
        item = attrs.evolve(item, ids={}, origin=None, request_id=None, call_id=None, error=None)
    sends = change.state == "sending"
    ids = checked_ids(change.ids)
    return attrs.evolve(
        item,
        state=change.state,
        epoch=item.epoch + sends,
        digest=item.digest if change.digest is None else checked_text("digest", change.digest) or "",
        intent_at=now if sends else item.intent_at,
        deadline=(None if change.deadline is None else now + change.deadline) if sends else item.deadline,
        ids={**item.ids, **ids} if ids else dict(item.ids),
        origin=item.origin if change.origin is None else change.origin,
        request_id=item.request_id if change.request_id is None else checked_text("request_id", change.request_id),
        call_id=item.call_id if change.call_id is None else checked_text("call_id", change.call_id),
        error=item.error if change.error is None else checked_error(change.error),
        replicas=item.replicas if change.replicas is None else change.replicas,
        changed_at=now,
    )


def lease_lost(item: Item, why: str) -> LeaseLost:
    """Return the error of a runner that may not write an item."""
    error = LeaseLost(f"{item.id}: nothing was written, {why}", outcome="not_sent")
    error.item_id = item.id
    return error
