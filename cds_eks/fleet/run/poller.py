"""One poller for all clusters of a run: a list serves everybody who waits for a cluster, or looks for one."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import anyio
import attrs

from cds_eks._runtime import passing_time
from cds_eks._runtime.logs import log
from cds_eks.errors import ConnectFailed, EksError
from cds_eks.fleet.ensure.outcomes import reason_of
from cds_eks.fleet.ensure.sighting import Seen, Sighting, is_blank_list, placed, seen_clusters
from cds_eks.fleet.journal.base import Journal, JournalError
from cds_eks.fleet.run.limits import Budgets
from cds_eks.fleet.run.read_failures import ReadFailures
from cds_eks.models import ClusterSummary

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

MOST_LISTS = 4
"""Of so many VPCs at the most, each is listed for itself; of more, all clusters of the account are listed at once."""

LONGEST_PAUSE = 3
"""The pause between two rounds, in intervals, while nobody waits for something that may come soon."""


@attrs.frozen(kw_only=True)
class Round:
    """What one round of lists has shown.

    Attributes:
        began: When it began, by the journal's clock.
        clusters: All clusters that were listed, by id.
        listed: All entries of its lists.
        is_whole: Whether no list was cut short, so that what is not listed was not there.
        is_blank: Whether any of its lists had neither entries nor their number.
    """

    began: float
    clusters: Mapping[str, ClusterSummary]
    listed: Sequence[ClusterSummary]
    is_whole: bool
    is_blank: bool = False

    @functools.cached_property
    def seen(self) -> Seen | None:
        """All clusters by name, for those that look for one; None if it is not whole."""
        if not self.is_whole:
            return None
        return seen_clusters(self.began, self.listed, None, is_blank=self.is_blank)


class Poller:
    """Lists the clusters while somebody waits for one, at most once an interval, and less often if all can wait.

    Args:
        eks: The client.
        journal: Whose clock says when a round began.
        budgets: What may be done at once.
        vpc_ids: The VPCs in question.
        interval: The pause between two rounds, in seconds.
        on_hopeless: Is told why no round can succeed.

    Attributes:
        rounds: How many rounds there were.
        lists: How many lists were asked for.
        has_misled: Whether a cluster was running with other nodes than were counted on: then they announce nothing.
    """

    def __init__(
        self,
        eks: AsyncEksClient,
        journal: Journal,
        budgets: Budgets,
        *,
        vpc_ids: Collection[str],
        interval: float,
        on_hopeless: Callable[[str], None],
    ) -> None:
        self.rounds: int = 0
        self.lists: int = 0
        self.has_misled: bool = False
        self.latest: Round | None = None
        self.interval = interval
        self._eks = eks
        self._journal = journal
        self._budgets = budgets
        self._vpc_ids: tuple[str | None, ...] = tuple(sorted(set(vpc_ids)))
        if len(self._vpc_ids) > MOST_LISTS:
            self._vpc_ids = (None,)
        self._on_hopeless = on_hopeless
        self._wanted = anyio.Event()
        self._next = anyio.Event()
        self._watchers: dict[str, anyio.Event] = {}
        self._patient: set[str] = set()
        self._hurry = anyio.Event()
        self._waiting = 0
        self._read_failures = ReadFailures()

    async def begin(self) -> None:
        """List for the first time, before anything else is sent; what fails in another way is tried again by `run`.

        Raises:
            ConnectFailed: The service can't be reached: nothing was sent.
        """
        try:
            await self._try_to_poll()
        except ConnectFailed:
            raise
        except EksError as error:
            self._failed(error)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await self._pause()
            if not self._waiting and not self._watchers:
                self._wanted = anyio.Event()
                await self._wanted.wait()
            try:
                await self._try_to_poll()
            except EksError as error:
                self._failed(error)

    async def _pause(self) -> None:
        """Pause between two rounds: for longer while all who wait can, but not longer than they can."""
        await passing_time.sleep(self.interval)
        if self._watchers and not self._waiting and self._patient >= self._watchers.keys():
            self._hurry = anyio.Event()
            async with passing_time.move_on_after((LONGEST_PAUSE - 1) * self.interval):
                await self._hurry.wait()

    async def _try_to_poll(self) -> None:
        with contextlib.suppress(JournalError):  # it is tried again in the next round
            await self._poll()
            self._read_failures.succeeded()

    def _failed(self, error: EksError) -> None:
        log(logger, logging.INFO, "ListClusters", "failed in a round of polls", error=type(error).__name__)
        if self._read_failures.are_too_many(error):
            self._on_hopeless(f"the clusters can't be listed: {reason_of(error)}")

    async def look(self, newer_than: float | None) -> Round:
        """Return a round that began later than a moment of the journal's clock; None for the latest one."""
        while self.latest is None or (newer_than is not None and self.latest.began <= newer_than):
            self._waiting += 1
            self._wanted.set()
            self._hurry.set()
            try:
                await self._next.wait()
            finally:
                self._waiting -= 1
        return self.latest

    async def look_for(self, name: str, vpc_id: str, newer_than: float | None) -> Sighting:
        """Look for a cluster by its exact name and VPC, in a look that began later than a moment.

        A round that was cut short, or does not tell where what has the name is, is looked at together with a list of
        the VPC and of this name: what either shows may be it.

        Raises:
            IncompleteList: Even the list of this name was cut short.
        """
        found = await self.look(newer_than)
        if found.seen is not None and not (seen := found.seen.of(name, vpc_id)).unplaced:
            return seen
        async with self._budgets.read():
            began = await self._journal.now()
            answer = await self._eks.clusters.list(keyword=name, vpc_id=vpc_id)
        named = seen_clusters(began, answer.data, answer.total_count)
        ids = {each.cluster_id for each in answer.data}
        entries = [*placed(answer.data, vpc_id), *(each for each in found.listed if each.cluster_id not in ids)]
        return seen_clusters(found.began, entries, None, is_blank=named.is_blank).of(name, vpc_id).with_doubt()

    def state_of(self, cluster_id: str) -> ClusterSummary | None:
        """Return what the latest round has shown of a cluster."""
        return None if self.latest is None else self.latest.clusters.get(cluster_id)

    async def change_of(self, cluster_id: str, *, can_wait: bool = False) -> ClusterSummary | None:
        """Wait until a round shows something else of a cluster, and return that; None if it is not listed any more.

        Args:
            cluster_id: The cluster.
            can_wait: Whether what is waited for is some way off, so that it may be seen a little later.
        """
        event = self._watchers.get(cluster_id)
        if event is None:
            event = self._watchers[cluster_id] = anyio.Event()
            if can_wait:
                self._patient.add(cluster_id)
        if not can_wait:
            self._patient.discard(cluster_id)
            self._hurry.set()
        self._wanted.set()
        try:
            await event.wait()
        finally:
            if not event.statistics().tasks_waiting and self._watchers.get(cluster_id) is event:
                del self._watchers[cluster_id]
                self._patient.discard(cluster_id)
        return self.state_of(cluster_id)

    async def _poll(self) -> None:
        began = await self._journal.now()
        entries: list[ClusterSummary] = []
        is_whole, is_blank = True, False
        for vpc_id in self._vpc_ids:
            async with self._budgets.poll():
                answer = await self._eks.clusters.list(vpc_id=vpc_id)
            self.lists += 1
            entries += placed(answer.data, vpc_id)
            is_blank = is_blank or is_blank_list(answer.data, answer.total_count)
            is_whole = is_whole and not (answer.total_count is not None and answer.total_count > len(answer.data))
        before = self.latest
        by_id = {each.cluster_id: each for each in entries}
        self.latest = Round(began=began, clusters=by_id, listed=entries, is_whole=is_whole, is_blank=is_blank)
        self.rounds += 1
        waiting, self._next = self._next, anyio.Event()
        waiting.set()
        self._wake_watchers(before)

    def _wake_watchers(self, before: Round | None) -> None:
        assert self.latest is not None
        for cluster_id in list(self._watchers):
            now = self.latest.clusters.get(cluster_id)
            earlier = None if before is None else before.clusters.get(cluster_id)
            if _visible(now) != _visible(earlier):
                self._patient.discard(cluster_id)
                self._watchers.pop(cluster_id).set()


def _visible(cluster: ClusterSummary | None) -> object:
    return (
        None if cluster is None else (cluster.cluster_status, cluster.status_str, cluster.node_sum, cluster.update_time)
    )
