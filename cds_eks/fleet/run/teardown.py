"""The life of one group in a run that deletes: only what the journal knows by its ids is deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import anyio

from cds_eks._runtime import passing_time
from cds_eks.errors import Conflict, EksError, NotFound, may_pass
from cds_eks.fleet.ensure.decide import CANDIDATES, attempt_ends, noted_ids, own_id
from cds_eks.fleet.ensure.outcomes import told
from cds_eks.fleet.items import Item, NewItem
from cds_eks.fleet.journal.base import JournalError, JournalGone, LeaseLost
from cds_eks.fleet.run.cluster_life import ClusterLife, shown_cluster
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.read_failures import ReadFailures
from cds_eks.fleet.run.wrong_ids import WRONG_ID
from cds_eks.models import ClusterDetail, ClusterSummary
from cds_eks.schema.status import is_leaving
from cds_eks.waiting.verdicts import judge_task

THERE = frozenset({"accepted", "ready", "failed", "deleting"})
"""States of what may be at the service under an id that is known."""

TAKEN_BACK = "to allow its deletion set `protect = false` in its cluster's entry of the plan, and carry the plan out"


class Teardown:
    """Deletes one cluster, and its pools with it.

    Args:
        context: What the run shares.
        group: The cluster with its pools.
        items: Its items, as the journal has them.
        include_adopted: Whether what was adopted or imported is deleted as well.
        protected: What of it the plan protects; the journal may not know that yet.
    """

    def __init__(
        self,
        context: Context,
        group: Group,
        items: Mapping[str, Item],
        *,
        include_adopted: bool,
        protected: Iterable[NewItem] = (),
    ) -> None:
        self._context = context
        self._group = group
        self._items = dict(items)
        self._include_adopted = include_adopted
        self._protected = tuple(protected)
        self._read_failures = ReadFailures()
        self._task_id = ""

    async def run(self, on_created: Callable[[], None]) -> None:
        """Delete the cluster, unless something forbids it, and wait until it is gone.

        Args:
            on_created: Is called when there is room for another one.
        """
        item = self._items[self._group.id]
        cluster_id = own_id(item)
        if item.state not in THERE or cluster_id is None:
            if item.state == "failed":
                await self._note_gone()
            return
        known, may_adopted = self._items.values(), self._include_adopted
        if (reason := refusal(known, include_adopted=may_adopted, protected=self._protected)) is not None:
            error = {"class": reason[0], "code": "", "message": reason[1], "outcome": "not_sent"}
            await self._write(item.id, state=item.state, error=error)
            return
        try:
            with anyio.move_on_after(self._context.settings.limits.cluster_timeout):
                if (cluster_id := await self._checked(cluster_id)) is None:
                    return
                is_gone = await self._delete(cluster_id)
                while is_gone is False and not (is_gone := await self._wait_until_gone(cluster_id)):
                    if is_gone is False:
                        return
                    is_gone = await self._delete(cluster_id)
                if is_gone:
                    await self._note_gone()
                return
            late = {"class": "WaitTimeout", "code": "", "message": "it was not gone in time", "outcome": "accepted"}
            await self._write(self._group.id, state="deleting", error=late)
        except LeaseLost:
            raise
        except EksError as error:
            await self._write(self._group.id, state=self._items[self._group.id].state, error=told(error))
        finally:
            on_created()

    async def _checked(self, cluster_id: str) -> str | None:
        """Return the id to delete by, if the service does not show another cluster under it; None for nothing.

        An answer may have named another's id: then its own is looked for by its name.
        """
        context, item = self._context, self._items[self._group.id]
        found: ClusterSummary | ClusterDetail | None = (await context.poller.look(None)).clusters.get(cluster_id)
        if found is None:
            with contextlib.suppress(NotFound):  # what that means is seen when it is deleted
                async with context.budgets.read():
                    found = (await context.eks.clusters.get(cluster_id)).data
        if found is None or not (shown := shown_cluster(found)).is_another(item):
            return cluster_id
        if item.state == "accepted" and item.origin == "created":
            life = ClusterLife(context, item)
            await life.reject_id(shown, shown.words(item))
            await life.settle()
            self._items[item.id] = life.item
            return own_id(life.item) if life.item.state == "accepted" else None
        error = {"class": WRONG_ID, "code": "", "message": shown.words(item), "outcome": "not_sent"}
        await self._write(item.id, state=item.state, error=error)
        return None

    async def _delete(self, cluster_id: str) -> bool | None:
        """Have the deletion accepted; return whether it is known that there is nothing to delete any more.

        None if it must not be deleted: others may have protected it while this run waited, for its turn or for a busy
        cluster. So that is looked at again right before each request.
        """
        context, before, is_noted = self._context, self._items[self._group.id].state, False
        while True:
            answer = None
            try:
                async with context.budgets.create():
                    if not is_noted:
                        await self._write(self._group.id, state="deleting", error={}, action="DeleteCluster")
                        is_noted = True
                    if (reason := await self._refused_by_now()) is not None:
                        error = {"class": reason[0], "code": "", "message": reason[1], "outcome": "not_sent"}
                        await self._write(self._group.id, state=before, error=error, action="not deleted")
                        return None
                    with context.in_flight.shielded(self._group.id):
                        answer = await context.eks.clusters.delete(cluster_id)
            except JournalError as error:
                if isinstance(error, LeaseLost | JournalGone):
                    raise
            except NotFound as error:
                before = "deleting"
                if error.code and await self._is_settled():
                    return True
            except EksError as error:
                if error.outcome in ("unknown", "accepted"):
                    before = "deleting"  # it may have been carried out
                if is_busy := isinstance(error, Conflict):
                    self._read_failures.succeeded()
                if not is_busy and not may_pass(error) and self._read_failures.are_too_many(error):
                    raise
            else:
                if answer is None:
                    raise LeaseLost(f"{self._group.id}: the deletion was cut off", outcome="unknown")
                self._task_id = answer.data.task_id
                more = {"ids": {"task_id": answer.data.task_id or ""}, "request_id": answer.request_id}
                await self._write(self._group.id, state="deleting", error={}, action="accepted", **more)
                return False
            await passing_time.sleep(context.poller.interval)

    async def _refused_by_now(self) -> tuple[str, str] | None:
        """Return why the cluster may not be deleted, by what the journal says now of it and of all its pools."""
        fresh = await self._context.journal.items(clusters=[self._group.id])
        return refusal(fresh, include_adopted=self._include_adopted, protected=self._protected)

    async def _wait_until_gone(self, cluster_id: str) -> bool | None:
        """Wait until a cluster whose deletion was accepted is gone, or is there to stay.

        None if nobody deletes it: a success that has named no task may be that of a proxy.
        """
        context, task_id = self._context, self._task_id
        shows_by = anyio.current_time() + context.settings.settle
        while True:
            async with passing_time.move_on_after(context.settings.limits.pool_fallback):
                while context.poller.state_of(cluster_id) is not None:
                    await context.poller.change_of(cluster_id)
            try:
                async with context.budgets.poll():
                    if task_id:
                        verdict = judge_task((await context.eks.tasks.get_status(task_id)).data)
                        if verdict.done:
                            return True
                        if verdict.failure is not None:
                            await self._fail(verdict.failure)
                            return False
                    else:
                        shown = (await context.eks.clusters.get(cluster_id)).data
                        is_late = anyio.current_time() > shows_by
                        if is_late and shown.cluster_status and not is_leaving(shown.cluster_status):
                            return None
                self._read_failures.succeeded()
            except NotFound as error:
                # Of its task nothing follows; and reads lag behind a create, so that for some time they say nothing.
                if not task_id and error.code and await self._is_settled():
                    return True
            except EksError as error:
                if self._read_failures.are_too_many(error):
                    raise
            await passing_time.sleep(context.poller.interval)

    async def _fail(self, reason: str) -> None:
        error = {"class": "TaskFailed", "code": "", "message": reason, "outcome": "accepted"}
        await self._write(self._group.id, state="failed", error=error)
        self._context.on_failure()

    async def _is_settled(self) -> bool:
        """Whether "not found" means "not there": not while its create may still be under way, or a list lag behind."""
        ends = attempt_ends(self._items[self._group.id]) + self._context.settings.settle
        return await self._context.journal.now() > ends

    async def _note_gone(self) -> None:
        """The cluster is gone, and its pools with it; unless its create has made others that are there."""
        others = await self._others()
        for item in list(self._items.values()):
            if item.id == self._group.id and others:
                words = f"{', '.join(others)} may be of the same create: see `orphans`; nothing of that was deleted"
                error = {"class": "DuplicateFound", "code": "", "message": words, "outcome": "accepted"}
                await self._write(item.id, state="failed", error=error, action="DuplicateFound")
            elif item.id == self._group.id or item.state in THERE:
                await self._write(item.id, state="deleted", error={}, action="gone")

    async def _others(self) -> list[str]:
        """Return the ids of what has the cluster's name, may be of its create, and may be there."""
        context, item = self._context, self._items[self._group.id]
        if not (ids := set(noted_ids(item, CANDIDATES)) - {own_id(item)}):
            return []
        found: dict[str, ClusterSummary | ClusterDetail] = dict((await context.poller.look(None)).clusters)
        for id_ in sorted(ids - found.keys()):  # a list may be wrong
            try:
                async with context.budgets.read():
                    found[id_] = (await context.eks.clusters.get(id_)).data
            except NotFound as error:
                if error.code:
                    ids.discard(id_)
            except EksError:
                continue
        return sorted(id_ for id_ in ids if id_ not in found or not is_leaving(found[id_].cluster_status))

    async def _write(self, item_id: str, **changes: Any) -> None:
        self._items[item_id] = await self._context.writer.insist(self._items[item_id], **changes)


def refusal(
    items: Iterable[Item], *, include_adopted: bool, protected: Iterable[NewItem] = ()
) -> tuple[str, str] | None:
    """Return why a cluster may not be deleted: the kind and the reason, or None.

    Args:
        items: The cluster and its pools, as the journal has them.
        include_adopted: Whether what was adopted or imported may be deleted.
        protected: What the plan protects.
    """
    known: tuple[Item, ...] = tuple(items)
    every: tuple[NewItem | Item, ...] = (*protected, *known)
    if (found := next((each for each in every if each.protect), None)) is not None:
        what = found.kind.replace("_", " ")
        return "Protected", f"{what} {found.name} is protected: {TAKEN_BACK}"
    for item in known:
        if item.origin in ("adopted", "imported") and not include_adopted:
            return "NotOurs", f"{item.kind} {item.name} was {item.origin}: see include_adopted="
    return None
