"""One runner: settles what is open, claims clusters in batches, and sees to them until all are done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

import anyio

from cds_eks._runtime import passing_time
from cds_eks.fleet.items import Heartbeat, Item, State
from cds_eks.fleet.journal.base import Journal, JournalError, LeaseLost
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.ended_before import EndedBefore
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.holders import Holders
from cds_eks.fleet.run.leases import Leases
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.settling import settle_open

MOST_IDS = 500
"""How many ids are asked for in one claim."""

PER_BATCH = 8
"""Claims for each batch: each is made when there is room for such a part of it, or none has come for some time."""


class Life(Protocol):
    """Sees to one group."""

    async def run(self, on_created: Callable[[], None]) -> None:
        """Do all of it.

        Args:
            on_created: Is called, once or more often, when there is room for another one to be begun.
        """
        ...  # pragma: no cover - a protocol has no body


LifeOf = Callable[[Context, PoolWaits, Group, Mapping[str, Item]], Life]


class Job(Protocol):
    """What a runner does; see `cds_eks.fleet.run.job.Job`."""

    @property
    def goal(self) -> State:
        """The state that all items are to reach."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def life_of(self) -> LifeOf:
        """Returns what sees to one group."""
        ...  # pragma: no cover - a protocol has no body

    async def whole(self, journal: Journal, groups: Sequence[Group], clusters: Mapping[str, Item]) -> Sequence[Group]:
        """Return groups with all their pools, once their clusters are claimed."""
        ...  # pragma: no cover - a protocol has no body

    async def dropped(self, journal: Journal, settled: Collection[str]) -> Sequence[Group]:
        """Return what of the items that this run has settled is there, though the plan has it no more."""
        ...  # pragma: no cover - a protocol has no body


class Runner:
    """One runner.

    Args:
        context: What the run shares.
        waits: What the waits for pools have learned.
        name: Its name in the journal.
        groups: The clusters of the plan, with their pools.
        job: What is to be done.
        ended_before: Tells what had ended before it began.
        stop: Ends the run; is told why.
    """

    def __init__(
        self,
        context: Context,
        waits: PoolWaits,
        name: str,
        groups: Sequence[Group],
        *,
        job: Job,
        ended_before: EndedBefore,
        stop: Callable[[str], None],
    ) -> None:
        limits = context.settings.limits
        self._context = context
        self._waits = waits
        self._name = name
        self._groups = {group.id: group for group in groups}
        self._pending = dict(self._groups)
        self._job = job
        self._ended_before = ended_before
        self._ended: frozenset[State] = frozenset({job.goal, "failed", "refused"})
        self._stop = stop
        self._leases = Leases(
            context.journal,
            name,
            lease=limits.lease,
            on_beat=self._on_beat,
            on_lost=self._on_lost,
            on_event=context.events.put,
        )
        self._holders = Holders(context.journal, name, context.events.put)
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._group_of = {item_id: group.id for group in groups for item_id in group.item_ids}
        self._being_created: set[str] = set()
        self._room = anyio.Event()

    @property
    def groups(self) -> tuple[Group, ...]:
        """The clusters of the plan, with all the pools that were seen to."""
        return tuple(self._groups.values())

    async def run(self, open_items: Sequence[Item]) -> None:
        """Do all of it."""
        self._context.budgets.rate.hold()
        async with anyio.create_task_group() as helpers:
            helpers.start_soon(self._leases.renew)
            try:
                if open_items or self._pending:
                    await self._context.poller.begin()
                helpers.start_soon(self._poll)
                async with anyio.create_task_group() as lives:
                    settled = await settle_open(self._context, self._leases, self._waits, self._holders, open_items)
                    await self._add_dropped(settled)
                    self._context.gate.open()
                    await self._claim_all(lives)
                helpers.cancel_scope.cancel()
            finally:
                with anyio.CancelScope(shield=True), anyio.move_on_after(self._context.settings.limits.grace):
                    await self._leases.end()

    async def _poll(self) -> None:
        with self._context.spans.polls():
            await self._context.poller.run()

    async def _add_dropped(self, settled: Collection[str]) -> None:
        """See also to what the creates have made that it has settled, and the plan has no more: nobody else would."""
        while True:
            try:
                found = await self._job.dropped(self._context.journal, settled)
            except JournalError:
                await anyio.sleep(self._context.poller.interval)
                continue
            self._pending |= {group.id: group for group in found}
            self._know(found)
            return

    def _know(self, groups: Iterable[Group]) -> None:
        """Take groups as they are now for those that are seen to."""
        for group in groups:
            self._groups[group.id] = group
            self._group_of |= dict.fromkeys(group.item_ids, group.id)

    async def _claim_all(self, lives: anyio.abc.TaskGroup) -> None:
        """Claim what is pending, as there is room, until all of it is done by this runner or another."""
        batch = self._context.settings.limits.batch
        usual = least = max(1, batch // PER_BATCH)
        while self._pending or self._scopes:
            room = batch - len(self._being_created)
            if room >= least and self._pending and await self._claim_some(room, lives):
                continue
            if not self._scopes and await self._look_for_holders():
                continue
            # Whether there is room again, or a lease has ended, or another runner is done.
            self._room = anyio.Event()
            async with passing_time.move_on_after(self._context.poller.interval) as waited:
                await self._room.wait()
            least = 1 if waited.cancelled_caught else usual

    async def _look_for_holders(self) -> bool:
        """There is nothing to do but wait for other runners: tell for whom; return whether one of them is gone."""
        waiting = list(self._pending.values())[:MOST_IDS]
        try:
            return await self._holders.look([id_ for group in waiting for id_ in group.item_ids])
        except JournalError:
            return False

    async def _claim_some(self, room: int, lives: anyio.abc.TaskGroup) -> list[Group]:
        """Claim some groups, each as a whole, and begin to see to them; return them."""
        taken: list[Group] = []
        try:
            waiting = list(self._pending.values())
            for at in range(0, len(waiting), MOST_IDS):
                asked = {group.id: group for group in waiting[at : at + MOST_IDS]}
                clusters = {item.id: item for item in await self._leases.claim(list(asked), room - len(taken))}
                if not clusters:
                    continue
                asked |= await self._whole([asked[id_] for id_ in clusters], clusters)
                pools = [pool_id for id_ in clusters for pool_id in asked[id_].pool_ids]
                items = {**clusters}
                if pools:
                    items |= {item.id: item for item in await self._leases.claim(pools, len(pools))}
                taken += [asked[id_] for id_ in clusters if await self._begin(asked[id_], items, lives)]
                if len(taken) >= room:
                    break
        except LeaseLost:
            pass
        except JournalError:
            pass  # it is tried again, and nothing new begins until it works
        return taken

    async def _whole(self, groups: Sequence[Group], clusters: Mapping[str, Item]) -> dict[str, Group]:
        """Return groups that are claimed with all their pools, by id."""
        whole = {group.id: group for group in await self._job.whole(self._context.journal, groups, clusters)}
        self._know(whole.values())
        return whole

    async def _begin(self, group: Group, items: Mapping[str, Item], lives: anyio.abc.TaskGroup) -> bool:
        """Begin to see to a group that is claimed; return whether it is this runner's to do."""
        own = {item_id: items[item_id] for item_id in group.item_ids if item_id in items}
        if len(own) < len(group.item_ids):
            await self._leases.release(list(own))  # another runner that has died still has a part of it
            return False
        self._context.known_ids.learn(own.values())  # another runner may have made a part of it
        for item in own.values():
            self._context.tell_difference(item)
        if all(self._is_done(item) for item in own.values()):
            del self._pending[group.id]  # another runner has done it since this one began
            await self._leases.release(group.item_ids)
            return True
        self._being_created.add(group.id)
        del self._pending[group.id]
        self._scopes[group.id] = scope = anyio.CancelScope()
        lives.start_soon(self._live, group, own, scope)
        return True

    def _is_done(self, item: Item) -> bool:
        """Whether another runner has done an item since this one began, under the same plan."""
        is_of_late = item.state in self._ended and item not in self._ended_before
        return is_of_late and self._context.is_as_asked(item)

    async def _live(self, group: Group, items: Mapping[str, Item], scope: anyio.CancelScope) -> None:
        life = self._job.life_of(self._context, self._waits, group, items)
        is_mine = True
        try:
            with self._context.spans.item(items[group.id]), scope:
                await life.run(partial(self._make_room, group.id))
        except* LeaseLost:
            is_mine = False
        finally:
            del self._scopes[group.id]
            self._make_room(group.id)
        if not is_mine or scope.cancelled_caught:
            self._pending[group.id] = group  # another runner has a part of it: until that one is done with it
        await self._leases.release(group.item_ids)

    def _make_room(self, group_id: str) -> None:
        """A group is created, or nothing more is done about that: another one can be begun."""
        self._being_created.discard(group_id)
        self._room.set()

    def _on_lost(self, item_id: str) -> None:
        """Stop all work on a group at once when the lease of a part of it is lost."""
        group_id = self._group_of.get(item_id)
        if group_id is not None and (scope := self._scopes.get(group_id)) is not None:
            scope.cancel()
            self._context.in_flight.cut(group_id)

    def _on_beat(self, beat: Heartbeat, began: float) -> None:
        self._context.budgets.rate.beat(beat.runners, began)
        if beat.stop is not None:
            self._stop(beat.stop)
