"""The number of nodes of one pool: a scale is written to the journal before it leaves, and looked for afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import anyio

from cds_eks._runtime import passing_time
from cds_eks.errors import EksError, may_pass
from cds_eks.fleet.ensure.decide import own_id
from cds_eks.fleet.ensure.outcomes import stops_all, told
from cds_eks.fleet.ensure.wanted import WantedPool
from cds_eks.fleet.items import SCALED_TO, Item
from cds_eks.fleet.journal.base import JournalError, JournalGone, LeaseLost
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.item_life import ItemLife
from cds_eks.fleet.run.pool_list import PoolList
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.read_failures import MOST_FAILURES
from cds_eks.models import NodePool
from cds_eks.schema.status import normal
from cds_eks.waiting.verdicts import POOL_SETTLED, judge_node_pool

ACTION = "ScalingNodePoolNum"


def scaled_to(item: Item) -> int | None:
    """Return the number that a scale has asked for whose end nobody has seen, or None if the number is certain."""
    text = item.ids.get(SCALED_TO, "")
    return int(text) if text.isdecimal() else None


def after_look(
    found: NodePool | None, *, wanted: int, asked: int, is_settled: bool
) -> Literal["there", "scale", "look again"]:
    """Decide what to do about a pool that a scale may have changed, or may still change.

    Args:
        found: The pool as a list shows it now, or None if it does not.
        wanted: How many nodes it is to have.
        asked: How many that scale has asked for.
        is_settled: Whether that scale can't be under way any more, and no list lags behind it.

    Returns:
        `there` if it has the number, or is on its way to it; `scale` if it has to be asked for; `look again` if a late
        scale to another number could still undo that.
    """
    if asked != wanted and not is_settled:
        return "look again"
    if found is None or found.replicas != wanted:
        return "scale"
    verdict = judge_node_pool(found, wanted)
    is_at_rest = verdict.failure is not None or normal(found.status) in POOL_SETTLED
    return "scale" if is_at_rest and not verdict.done else "there"


class ScaledPool(ItemLife):
    """A node pool that is brought to the number of nodes that the plan has.

    Args:
        context: What the run shares.
        item: The pool, as the journal has it.
        cluster: Its cluster, which is there.
        wanted: The pool, as the plan has it; None if it is in no plan.
        waits: What the waits for pools of this run have learned.
        pools: The pools of the cluster, as they were listed last; None for a list of its own.
    """

    item: Item
    is_given_up: bool

    def __init__(
        self,
        context: Context,
        item: Item,
        cluster: Item,
        *,
        wanted: WantedPool | None,
        waits: PoolWaits,
        pools: PoolList | None,
    ) -> None:
        super().__init__(context, item, cluster.id)
        cluster_id = own_id(cluster)
        assert cluster_id is not None
        self._cluster = cluster
        self._cluster_id = cluster_id
        self._wanted = wanted
        self._waits = waits
        self._list = pools or PoolList(context, cluster_id)
        self._pools: dict[str, NodePool] = {}

    def _longest_wait(self) -> float:
        return self._context.settings.limits.pool_timeout

    def _ids_when_ready(self) -> Mapping[str, str]:
        return {SCALED_TO: ""} if scaled_to(self.item) is not None else {}

    async def scale(self) -> None:
        """Have a pool that is there brought to the number of nodes that the plan has.

        While its number is not certain the service is asked for it, whatever the plan says.
        """
        wanted, asked = self._wanted, scaled_to(self.item)
        if wanted is None:  # nothing is asked for, but what was is looked for
            self.is_given_up = asked is not None and not await self._has(asked)
            return
        number, is_certain = wanted.replicas, asked is None
        if is_certain and self.item.replicas == number:
            return
        is_to_look, tries = not is_certain, 0
        while not (is_to_look and await self._has(number)) and not self.is_given_up:
            error = await self._scale_once(number)
            if error is None:
                return
            if not isinstance(error, JournalError):
                # What nobody knows to be a refusal may be that of a replay: the same number may be asked for again.
                is_to_look = error.outcome == "unknown"
                is_certain = is_certain and not is_to_look
                tries += is_to_look and not may_pass(error)
                may_be_tried = may_pass(error) or self._waits.is_busy(error) or (is_to_look and tries < MOST_FAILURES)
                if not may_be_tried or self._is_busy_for_too_long():
                    await self._note_refused(error, "WaitTimeout" if may_be_tried else "", is_certain=is_certain)
                    return
            await self._wait_until_idle()

    async def _note_refused(self, error: EksError, kind: str, *, is_certain: bool) -> None:
        await self.fail(kind or type(error).__name__, error.message, more={"outcome": error.outcome})
        if is_certain:  # all were refused: it has the number that it had
            self.item = await self._context.writer.insist(
                self.item, state="failed", ids={SCALED_TO: ""}, action="not scaled"
            )

    async def _has(self, number: int) -> bool:
        """Ask the service whether a pool whose number is not certain has it, or is on its way to it, by now."""
        context, limits = self._context, self._context.settings.limits
        asked, until = scaled_to(self.item), self.item.changed_at + limits.create_timeout + context.settings.settle
        while True:
            try:
                listed = await self._list.fresh()
                self._read_failures.succeeded()
            except EksError as error:
                if isinstance(error, LeaseLost | JournalGone):
                    raise
                if not isinstance(error, JournalError) and self._read_failures.are_too_many(error):
                    self.is_given_up = True
                    self.item = await context.writer.insist(self.item, state=self.item.state, error=told(error))
                    return False
            else:
                found = listed.pools.get(own_id(self.item) or "")
                is_settled = listed.began > until
                next_ = after_look(
                    found, wanted=number, asked=number if asked is None else asked, is_settled=is_settled
                )
                if next_ == "there":
                    self.item = await context.writer.insist(
                        self.item, state="accepted", replicas=number, error={}, action="found"
                    )
                if next_ != "look again":
                    return next_ == "there"
            await passing_time.sleep(context.poller.interval)

    async def _scale_once(self, number: int) -> EksError | None:
        """Write that it is scaled, and ask for it; return what that ended with.

        None if it was accepted, or no more may be asked for.
        """
        context, id_ = self._context, own_id(self.item)
        assert id_ is not None
        if not await context.gate.may_create():
            self._leave(number)
            return None
        failed: EksError | None = None
        async with context.budgets.create():
            if context.gate.reason is not None:
                self._leave(number)
                return None
            began, was_cut_off = anyio.current_time(), True
            with context.in_flight.shielded(self._group):
                failed = await self._sent(id_, number)
                was_cut_off = False
        if was_cut_off:
            raise LeaseLost(f"{self.item.id}: the scale was cut off; its number is not certain", outcome="unknown")
        context.budgets.note(failed, began)
        if failed is not None and (reason := stops_all(failed)) is not None:
            context.gate.close(reason)
        return failed

    async def _sent(self, id_: str, number: int) -> EksError | None:
        context = self._context
        intent = {SCALED_TO: str(number), "task_id": ""}  # the task of before tells nothing of this
        try:
            self.item = await context.writer.write(
                self.item, state="accepted", ids=intent, error={}, action=f"to be scaled to {number}"
            )
        except JournalError as error:
            if isinstance(error, LeaseLost | JournalGone):
                raise
            return error  # nothing was sent
        self._waits.expect(self._cluster_id, number - self.item.replicas)
        try:
            answer = await context.eks.node_pools.scale(
                self._cluster_id, id_, number, timeout=context.settings.limits.create_timeout
            )
        except EksError as error:
            return error
        self.item = await context.writer.insist(
            self.item,
            state="accepted",
            ids={"task_id": answer.data.task_id or ""},
            request_id=answer.request_id,
            replicas=number,
            action=ACTION,
        )
        return None

    def _leave(self, number: int) -> None:
        """No more is asked for in this run: tell that it is not scaled."""
        found = self.item.replicas
        self._context.differences.setdefault(self.item.id, {})["replicas"] = {"wanted": number, "found": found}
        self.is_given_up = scaled_to(self.item) is not None
