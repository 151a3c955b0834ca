"""What a run is about: the job, which clusters are meant, and the runner's name."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, Protocol

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.ensure.wanted import WantedCluster
from cds_eks.fleet.items import Item, NewItem
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.runner import LifeOf

if TYPE_CHECKING:
    pass


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

    async def groups(self, journal: Journal) -> Sequence[Group]:
        """Return the clusters that it is about, with their pools, all of which the journal has by then."""
        ...  # pragma: no cover - a protocol has no body

    async def whole(self, journal: Journal, groups: Sequence[Group], clusters: Mapping[str, Item]) -> Sequence[Group]:
        """Return groups with all their pools, once nobody else can change which they are.

        Args:
            journal: The journal.
            groups: The groups.
            clusters: Their clusters by id, as they were claimed.
        """
        ...  # pragma: no cover - a protocol has no body

    def is_to_settle(self, item: Item) -> bool:
        """Whether an open item of the journal has to be settled before it begins."""
        ...  # pragma: no cover - a protocol has no body


def new_runner() -> str:
    """Return a name that no other runner has: it says where it runs, for people."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def selected(
    clusters: Iterable[WantedCluster], only: Collection[str], exclude: Collection[str]
) -> tuple[WantedCluster, ...]:
    """Return the clusters that are meant, by names or patterns."""
    for name, patterns in (("only", only), ("exclude", exclude)):
        if isinstance(patterns, str):
            raise ConfigurationError(f"{name} must be a collection of names, not one text")

    def is_any_of(cluster: WantedCluster, patterns: Collection[str]) -> bool:
        return any(fnmatchcase(cluster.name, pattern) for pattern in patterns)

    return tuple(
        cluster for cluster in clusters if (not only or is_any_of(cluster, only)) and not is_any_of(cluster, exclude)
    )
