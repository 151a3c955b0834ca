"""What to do after a create of this run that made nothing: pure."""

from __future__ import annotations

from typing import Literal

from cds_eks.errors import Conflict, EksError, may_pass
from cds_eks.fleet.items import Item

Next = Literal["go on", "again", "busy", "give up"]


def after_attempt(item: Item, error: BaseException | None, *, attempts: int, most: int) -> Next:
    """Decide how an item goes on after an attempt.

    Args:
        item: The item afterwards.
        error: What the attempt ended with, or None.
        attempts: How many the item has had in this run, those not counted that found its cluster busy.
        most: How many it may have.

    Returns:
        `go on` with what its state says; create it `again` after a pause; the same when its cluster is not `busy` any
        more; or `give up` for this run.
    """
    if item.state not in ("planned", "refused"):
        return "go on"
    if isinstance(error, Conflict) and item.kind == "node_pool":
        return "busy"
    if attempts >= most:
        return "give up"
    if item.state == "planned":
        return "again"
    return "again" if isinstance(error, EksError) and may_pass(error) else "give up"
