"""What follows from the state of an item and what was seen of it. Pure: this is where nothing is created twice."""

from __future__ import annotations

import math
from typing import Literal

import attrs

from cds_eks.fleet.ensure.sighting import Sighting
from cds_eks.fleet.items import OPEN, Item

Adopt = Literal["never", "matching", "require"]

TIMESTAMP_WINDOW = 900.0
"""For how many seconds the service takes a request after the time it was signed with [I]."""


@attrs.frozen(kw_only=True)
class Create:
    """Write the intent, and create it.

    Attributes:
        beside: The ids of others that might be taken for it later, and are there before its first create.
    """

    beside: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Recover:
    """It is ours: a create whose answer was lost has made it."""

    id: str


@attrs.frozen(kw_only=True)
class Consider:
    """Somebody else's has its natural key: adopt it if it is as the plan wants it."""

    id: str


@attrs.frozen(kw_only=True)
class Look:
    """Nothing may be decided yet: look again.

    Attributes:
        after: A look that decides begins later than this, by the journal's clock.
    """

    after: float


@attrs.frozen(kw_only=True)
class Follow:
    """It is there, and its ids are known: see that it gets ready."""


@attrs.frozen(kw_only=True)
class Leave:
    """Nothing is to be done about it in this run."""


@attrs.frozen(kw_only=True)
class Fail:
    """It can't be had.

    Attributes:
        kind: Why: several have its natural key, it is there already, or it is not there though it must be.
        message: The same in words.
        ids: The ids of those that were found.
        may_be_ours: Whether an open create may have made one of them.
    """

    kind: Literal["DuplicateFound", "AlreadyExists", "NotThere"]
    message: str
    ids: tuple[str, ...] = ()
    may_be_ours: bool = False


Action = Create | Recover | Consider | Look | Follow | Leave | Fail

FOUND = "found_id"
"""The name in an item's ids of those that have its natural key and are not ours, with commas in between."""

CANDIDATES = "candidate_id"
"""The same of several that had its natural key when a create was open: it may have made any of them."""

DOUBTED = "doubted_id"
"""The name of the id that the answer of its create has named, and that is not its own by what the service shows.

Something was made, so that it is not created again: the service may show our own by another name than was asked for.
"""

LONGEST_FOUND = 300


def own_id(item: Item) -> str | None:
    """Return the id of what an item is, or None if it is not known."""
    return item.ids.get("cluster_id" if item.kind == "cluster" else "node_pool_id") or None


def noted_ids(item: Item, name: str) -> tuple[str, ...]:
    """Return the ids that an item has under `FOUND` or `CANDIDATES`."""
    return tuple(filter(None, item.ids.get(name, "").split(",")))


def may_be_of(item: Item | None, id_: str) -> bool:
    """Whether what the service shows under an id is what an item is, or may be what an open create of it has made.

    What is called as an item and is neither is somebody else's: no run takes it over unless that is said.

    Args:
        item: The item, or None if the journal does not know it.
        id_: The id that the service shows.
    """
    if item is None:
        return False
    if own_id(item) == id_:
        return True
    is_open = item.state in OPEN or (item.state == "failed" and id_ in noted_ids(item, CANDIDATES))
    return is_open and id_ not in noted_ids(item, FOUND)


def attempt_ends(item: Item) -> float:
    """Return until when the latest create of an item may have left, by the journal's clock.

    A create that is known to have ended (`unknown` is written by who made it, once it has) can't leave afterwards. One
    of which nobody wrote how it ended may leave until its deadline.
    """
    deadline = item.deadline if item.deadline is not None else (item.intent_at or 0.0)
    return min(deadline, item.changed_at) if item.state == "unknown" else deadline


def settled_after(item: Item, *, settle: float, strict: bool) -> float:
    """Return from when on "not listed" means "not made", by the journal's clock.

    Args:
        item: An open item.
        settle: For how many seconds a request may still be under way, or a list lag behind.
        strict: Whether it must also be too old for the service, if somebody should still hold it.
    """
    ends = attempt_ends(item) + settle
    if strict:
        ends = max(ends, (item.intent_at or 0.0) + TIMESTAMP_WINDOW)
    return ends


def found_text(ids: tuple[str, ...]) -> str:
    """Return ids as an item has them under `FOUND`: as many whole ones as there is room for."""
    text = ""
    for each in ids:
        if len(longer := f"{text},{each}" if text else each) > LONGEST_FOUND:
            break
        text = longer
    return text


def decide(
    item: Item,
    seen: Sighting | None,
    *,
    settle: float,
    adopt: Adopt = "never",
    strict: bool = False,
    may_be_there: bool = False,
) -> Action:
    """Decide what to do about an item.

    Args:
        item: The item, as the journal has it.
        seen: What was seen of its natural key, or None if nobody has looked.
        settle: See `settled_after`.
        adopt: What to do about somebody else's of the same natural key.
        strict: See `settled_after`.
        may_be_there: Whether it may well be there though nothing is known of it: then one list alone is not believed.
    """
    if item.state == "deleting":
        return Leave()
    if item.state in OPEN:
        return _decide_open(item, seen, settle=settle, strict=strict)
    if item.state in ("accepted", "ready") or (item.state == "failed" and own_id(item)):
        return Follow()
    return _decide_new(item, seen, adopt, settle, may_be_there=may_be_there)


def _decide_open(item: Item, seen: Sighting | None, *, settle: float, strict: bool) -> Action:
    after = settled_after(item, settle=settle, strict=strict)
    if seen is None:
        return Look(after=after)
    told, others = own_id(item), set(noted_ids(item, FOUND))
    if told in seen.ids and len(seen.ids) == 1:
        return Recover(id=seen.ids[0])
    if told in (*seen.nameless, *seen.similar) and told is not None and not seen.ids:
        return Recover(id=told)
    ids = tuple(dict.fromkeys((*((told,) if told and seen.ids else ()), *seen.ids)))
    if len(ids) > 1:
        return _duplicate(item, ids, may_be_ours=True)
    if ids and ids[0] not in others:
        return Recover(id=ids[0])
    if seen.began <= after or seen.is_leaving:
        return Look(after=max(after, seen.began))
    if item.ids.get(DOUBTED):
        return Leave()
    if ids:
        return _there_already(ids)
    if seen.nameless:
        return _nameless(seen, settle, may_be_ours=True)
    if seen.similar:
        return listed_alike(seen.similar)
    return Create() if seen.is_absent(after) else Look(after=seen.began)  # one list alone may be wrong


def _decide_new(item: Item, seen: Sighting | None, adopt: Adopt, settle: float, *, may_be_there: bool) -> Action:
    if seen is None:
        return Look(after=0.0)
    if item.state == "deleted" and own_id(item) in seen.ids and seen.began <= item.changed_at + settle:
        return Look(after=max(item.changed_at, seen.began))  # a list that shows what was deleted lags behind
    candidates = set(noted_ids(item, CANDIDATES)) if item.state == "failed" else set()
    if len(seen.ids) > 1:
        return _duplicate(item, seen.ids, may_be_ours=bool(candidates))
    if seen.ids:
        if seen.ids[0] in candidates - set(noted_ids(item, FOUND)):
            return Recover(id=seen.ids[0])  # an open create may have made it; somebody has deleted the others
        return _there_already(seen.ids) if adopt == "never" else Consider(id=seen.ids[0])
    if seen.nameless:
        return _nameless(seen, settle, may_be_ours=bool(candidates))
    after = max(item.changed_at, attempt_ends(item)) + settle
    if candidates and (seen.began <= after or seen.is_leaving):
        return Look(after=max(after, seen.began))  # the lists that have shown them may lag behind those that do not
    if candidates and seen.similar:
        return listed_alike(seen.similar)
    if may_be_there and seen.similar and seen.began <= (seen.similar_since or seen.began) + settle:
        return Look(after=seen.began)  # it may be what is to be adopted, and one list has its name wrong
    needs_two = candidates or (may_be_there and not (seen.similar or seen.leaving))
    if needs_two and not seen.is_absent(after if candidates else -math.inf):
        return Look(after=seen.began)  # one list alone may be wrong
    if adopt == "require":
        return Fail(kind="NotThere", message="there is none of this name to adopt")
    # Only before its first create: later on any of them may be what that has made.
    return Create(beside=seen.similar if item.intent_at is None else ())


def _there_already(ids: tuple[str, ...]) -> Fail:
    return Fail(kind="AlreadyExists", message=f"there is one of this name already, {ids[0]}: see adopt=", ids=ids)


def _nameless(seen: Sighting, settle: float, *, may_be_ours: bool) -> Look | Fail:
    """Return what is done about what may be it: nothing is created beside it, and its name is given time to come."""
    since, ids = seen.nameless_since, seen.nameless
    if since is not None and seen.began <= since + settle:
        return Look(after=max(since + settle, seen.began))
    words = f"what may be it is listed without its name or its place, {', '.join(ids)}: nothing was created beside it"
    return Fail(kind="AlreadyExists", message=words, ids=ids, may_be_ours=may_be_ours)


def listed_alike(ids: tuple[str, ...]) -> Fail:
    """Return what is done about what may be it, and does not have just its name: nothing, nor is another created."""
    why = "what may be it is listed with its name in another case, or without it while it is deleted"
    words = f"{why}, {', '.join(ids)}: nothing was created beside it"
    return Fail(kind="AlreadyExists", message=words, ids=ids, may_be_ours=True)


def _duplicate(item: Item, ids: tuple[str, ...], *, may_be_ours: bool) -> Fail:
    where = f"in {item.vpc_id}" if item.kind == "cluster" else f"in cluster {item.cluster_name}"
    words = f"{len(ids)} are called {item.name!r} {where}: {', '.join(ids)}; none was chosen, and none deleted"
    return Fail(kind="DuplicateFound", message=words, ids=ids, may_be_ours=may_be_ours)
