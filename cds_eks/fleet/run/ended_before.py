"""What had ended before a runner began, and what another one has ended since."""

from __future__ import annotations

from collections.abc import Iterable

from cds_eks.fleet.items import Item


class EndedBefore:
    """Which items are as they were when a runner began, whatever the journal's clock says by then.

    Args:
        items: The items, as the runner found them.
        since: What has changed since then counts as changed meanwhile: when its launch began, by the journal's clock.
        until: When they were read, by the same clock: a later time is from a clock that was set back since.
    """

    def __init__(self, items: Iterable[Item], *, since: float, until: float) -> None:
        self._seen = {item.id: (item.state, item.epoch, item.changed_at) for item in items}
        self._since = since
        self._until = until

    def __contains__(self, item: Item) -> bool:
        is_as_it_was = self._seen.get(item.id) == (item.state, item.epoch, item.changed_at)
        return is_as_it_was and not self._since <= item.changed_at <= self._until
