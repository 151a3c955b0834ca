"""What a run is about: the job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from cds_eks.fleet.items import Item
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.runner import LifeOf


class Job(Protocol):
    """What a run does."""

    @property
    def goal(self) -> Literal["ready", "deleted"]:
        """The state that all items are to reach."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def life_of(self) -> LifeOf:
        """Returns what sees to one group."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def differing(self) -> Sequence[tuple[Item, str]]:
        """What another plan has asked for, as the journal has it, each with the digest of what is wanted now."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def complaint(self) -> str | None:
        """Why there is nothing to do though there should be, once `groups` was asked for; or None."""
        ...  # pragma: no cover - a protocol has no body

    async def groups(self, journal: Journal) -> Sequence[Group]:
        """Return the clusters that it is about, with their pools, all of which the journal has by then."""
        ...  # pragma: no cover - a protocol has no body

    def is_to_settle(self, item: Item) -> bool:
        """Whether an open item of the journal has to be settled before it begins."""
        ...  # pragma: no cover - a protocol has no body
