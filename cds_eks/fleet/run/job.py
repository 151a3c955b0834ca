"""What a run is about: the job."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from cds_eks.fleet.items import Item, NewItem
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.reporting import Reported
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
    def differing(self) -> Sequence[Item]:
        """What another plan has asked for, as the journal has it."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def asked(self) -> Mapping[str, NewItem]:
        """What the plan asks for, by the item's id, once `groups` has returned; empty if it is to be deleted."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def complaint(self) -> str | None:
        """Why there is nothing to do though there should be, once `groups` was asked for; or None."""
        ...  # pragma: no cover - a protocol has no body

    async def groups(self, journal: Journal) -> Sequence[Group]:
        """Return the clusters that it is about, with their pools, all of which the journal has by then."""
        ...  # pragma: no cover - a protocol has no body

    async def expected(self, journal: Reported) -> Sequence[Group]:
        """Return what `groups` would, for the report of a run that ended before; nothing is written."""
        ...  # pragma: no cover - a protocol has no body

    async def whole(self, journal: Journal, groups: Sequence[Group], clusters: Mapping[str, Item]) -> Sequence[Group]:
        """Return groups with all their pools, once nobody else can change which they are.

        Args:
            journal: The journal.
            groups: The groups.
            clusters: Their clusters by id, as they were claimed.
        """
        ...  # pragma: no cover - a protocol has no body

    async def dropped(self, journal: Journal, settled: Collection[str]) -> Sequence[Group]:
        """Return what of the items that this run has settled is there, though the plan has it no more."""
        ...  # pragma: no cover - a protocol has no body

    def is_to_settle(self, item: Item) -> bool:
        """Whether an open item of the journal has to be settled before it begins."""
        ...  # pragma: no cover - a protocol has no body
