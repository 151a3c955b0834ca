"""The life of one item in a run, as far as a cluster's and a node pool's have it in common: until it is there."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import anyio
import attrs

from cds_eks._runtime import passing_time
from cds_eks.errors import ConfigurationError, EksError
from cds_eks.fleet.ensure.decide import (
    CANDIDATES,
    FOUND,
    Action,
    Adopt,
    Consider,
    Create,
    Fail,
    Follow,
    Leave,
    Look,
    Recover,
    decide,
    found_text,
    noted_ids,
    own_id,
)
from cds_eks.fleet.ensure.outcomes import reason_of, told
from cds_eks.fleet.ensure.sighting import Sighting
from cds_eks.fleet.items import OPEN, Item
from cds_eks.fleet.journal.base import JournalError, LeaseLost
from cds_eks.fleet.run.call import Call
from cds_eks.fleet.run.context import Context
from cds_eks.fleet.run.read_failures import ReadFailures
from cds_eks.fleet.run.retrying import after_attempt
from cds_eks.fleet.run.wrong_ids import WRONG_ID, Shown, ShownAsAnother, reject_id


class ItemLife(abc.ABC):
    """Sees to one item.

    Args:
        context: What the run shares.
        item: The item, as the journal has it.
        group: The id of the cluster's item that it belongs to.

    Attributes:
        item: The item, as the journal has it by now.
        is_given_up: Whether no more is done about it in this run.
    """

    def __init__(self, context: Context, item: Item, group: str) -> None:
        self.item: Item = item
        self.is_given_up: bool = False
        self._context = context
        self._group = group
        self._seen: Sighting | None = None
        self._attempts = 0
        self._busy_since: float | None = None
        self._read_failures, self._has_look_failed = ReadFailures(), False
        self._adopt: Adopt = context.settings.adopt
        self._may_be_there = self._adopt != "never"  # as when an earlier journal was lost
        self._failure_kind, self._failure_ids = "TaskFailed", tuple[str, ...]()

    @abc.abstractmethod
    async def _look(self, newer_than: float | None) -> Sighting:
        """Look for it by its natural key, in a look that began later than a moment of the journal's clock."""

    @abc.abstractmethod
    async def _prepare(self) -> Call | None:
        """Return how it is created, or None if it is not to be; secrets are resolved here."""

    @abc.abstractmethod
    async def _consider(self, id: str) -> None:  # noqa: A002
        """Adopt what is there, or fail because it is not what is wanted."""

    async def _wait_until_idle(self) -> None:
        """Wait until its cluster may take a write again: only its tasks say so, and not all are known here."""
        await passing_time.sleep(self._context.poller.interval)

    async def settle(self) -> None:
        """See what became of an open create, and create nothing."""
        while self.item.state in OPEN and not self.is_given_up:
            action = self._decide()
            if isinstance(action, Create):
                self.item = await self._context.writer.insist(self.item, state="planned", action="not there")
            else:
                await self._do(action)

    async def ensure(self) -> bool:
        """Have it there; return whether it is, with its id known."""
        while not self.is_given_up:
            action = self._decide()
            if isinstance(action, Follow):
                return own_id(self.item) is not None
            await self._do(action)
        return False

    def _decide(self) -> Action:
        item, seen, settings = self.item, self._seen, self._context.settings
        rules = {"strict": settings.strict, "may_be_there": self._may_be_there}
        return decide(item, seen, settle=settings.settle, adopt=self._adopt, **rules)

    async def _do(self, action: Action) -> None:
        if isinstance(action, Look):
            await self._look_again()
        elif isinstance(action, (Recover, Consider)) and self._context.writer.hidden.is_in(action.id):
            await self.fail("UnreadableResponse", "it is listed under an id that holds a secret of the plan")
        elif isinstance(action, Recover):
            await self._recover(action.id)
        elif isinstance(action, Consider):
            await self._consider(action.id)
        elif isinstance(action, Create):
            await self._create(action.beside)
        elif isinstance(action, Fail):
            await self.fail(action.kind, action.message, action.ids, may_be_ours=action.may_be_ours)
        else:
            assert isinstance(action, (Follow, Leave))
            self.is_given_up = True
            if self.item.state == "deleting" and not self.item.error:
                words = "its deletion has begun and was not seen to its end: run destroy again, then provision"
                error = {"class": "BeingDeleted", "code": "", "message": words, "outcome": "unknown"}
                self.item = await self._context.writer.insist(self.item, state="deleting", error=error)

    async def _look_again(self) -> None:
        """Look once more. What can't be looked for is left as it is, and nothing new is created beside it."""
        newer_than = None if self._seen is None else self._seen.began
        try:
            if self._has_look_failed:  # nobody else may ask for a newer list than the one that failed
                newer_than = await self._context.journal.now()
            seen = await self._look(newer_than)
            await self._context.learn_ids_for(self.item, seen)
            self._seen = self._context.known_ids.unless_of_others(self.item, seen).after(self._seen)
            self._has_look_failed = False
            self._read_failures.succeeded()
        except EksError as error:
            self._has_look_failed = True
            if isinstance(error, JournalError) or not self._read_failures.are_too_many(error):
                await passing_time.sleep(self._context.poller.interval)
                return
            self.is_given_up = True
            if self.item.state in OPEN:
                self._context.gate.close(f"an open create can't be looked for: {reason_of(error)}")
            elif isinstance(error, ConfigurationError):  # such as that the client was closed
                self._context.gate.close(f"nothing can be asked for any more: {reason_of(error)}")
            self.item = await self._context.writer.insist(self.item, state=self.item.state, error=told(error))

    async def _recover(self, id: str) -> None:  # noqa: A002
        self.item = await self._context.writer.insist(
            self.item,
            state="accepted",
            ids=self._ids(id),
            origin="recovered",
            replicas=self._shown_replicas(id),
            error={},
            action="found",
        )

    def _shown_replicas(self, id: str) -> int | None:  # noqa: A002, ARG002 - a pool's look tells
        """Return how many nodes the latest look has shown what has an id to have, or None if it does not tell."""
        return None

    def _ids_when_ready(self) -> Mapping[str, str]:
        """Return the changes of its ids once it is ready."""
        return {}

    def _ids(self, id: str) -> dict[str, str]:  # noqa: A002
        return {"cluster_id" if self.item.kind == "cluster" else "node_pool_id": id}

    async def _create(self, beside: tuple[str, ...]) -> None:
        context = self._context
        if not await context.gate.may_create():
            self.is_given_up = True
            return
        try:
            call = await self._prepare()
        except EksError as error:
            await self.fail(type(error).__name__, error.message)
            return
        if call is None:
            self.is_given_up = True
            return
        try:
            if beside:
                call = call.beside(tuple(dict.fromkeys((*beside, *noted_ids(self.item, FOUND)))))
            done = await context.create(self._group, self.item, **attrs.asdict(call, recurse=False))
        except LeaseLost:
            raise
        except JournalError:
            await passing_time.sleep(context.poller.interval)
            return  # nothing was sent: it is decided anew when the journal is there again
        was_tried = done.item.epoch != self.item.epoch
        self.item = done.item
        if self.item.state == "accepted" and (other := context.known_ids.other_owner(self.item)) is not None:
            await self.reject_id(None, f"the answer names {own_id(self.item)}, which is that of {other}")
        await self._go_on(done.error, was_tried=was_tried)

    async def reject_id(self, shown: Shown | None, words: str) -> None:
        """Take the id that an answer has named for wrong; see `wrong_ids.reject_id`."""
        self._seen = None
        self.item = await reject_id(self._context, self.item, shown, words)

    async def _go_on(self, error: BaseException | None, *, was_tried: bool) -> None:
        """Go on after an attempt."""
        context = self._context
        self._attempts += was_tried
        next_ = after_attempt(self.item, error, attempts=self._attempts, most=context.settings.limits.attempts)
        if next_ == "busy" and not self._is_busy_for_too_long():
            self._attempts -= 1
            await self._wait_until_idle()
        elif next_ == "again" and context.gate.reason is None:
            await passing_time.sleep(context.poller.interval)
        elif next_ != "go on":
            self.is_given_up = True
            if isinstance(error, ConfigurationError):
                context.gate.close(f"nothing can be asked for any more: {reason_of(error)}")
            if self.item.state == "refused":
                context.on_failure()
        if self.item.state in OPEN:
            self._seen = None

    def _is_busy_for_too_long(self) -> bool:
        """Whether its cluster, which is busy now, has been so for as long as it may take to get ready."""
        now = anyio.current_time()
        if self._busy_since is None:
            self._busy_since = now
        return now - self._busy_since >= self._longest_wait()

    async def follow(self) -> bool:
        """Wait until it is ready; return whether it is."""
        try:
            return await self._follow()
        except ShownAsAnother as error:
            shown, words = error.shown, error.shown.words(self.item)
        if self.item.state == "accepted" and self.item.origin == "created":
            await self.reject_id(shown, words)
            return await self.ensure() and await self.follow()
        await self.fail(WRONG_ID, words, more={"outcome": "accepted"})
        return False

    async def _follow(self) -> bool:
        if self.item.state == "ready":
            return True
        context = self._context
        try:
            with anyio.move_on_after(self._longest_wait()):
                failure = await self._end()
                if failure is not None:
                    ids, more = self._failure_ids, {"outcome": "accepted"}
                    await self.fail(self._failure_kind, failure, ids, more, may_be_ours=bool(ids))
                    return False
                changes = self._ids_when_ready()
                self.item = await context.writer.insist(
                    self.item, state="ready", ids=changes, error={}, action="running"
                )
                return True
            error = {"class": "WaitTimeout", "code": "", "message": "it is not ready in time", "outcome": "accepted"}
        except LeaseLost:
            raise
        except EksError as failed:  # it can't be polled
            error = told(failed)
        self.is_given_up = True
        self.item = await context.writer.insist(self.item, state=self.item.state, error=error)
        return False

    @abc.abstractmethod
    def _longest_wait(self) -> float:
        """Return for how many seconds it may take to get ready."""

    @abc.abstractmethod
    async def _end(self) -> str | None:
        """Wait until it is ready, or has failed, and return what went wrong, if anything did."""

    async def fail(
        self,
        kind: str,
        message: str,
        ids: tuple[str, ...] = (),
        more: Mapping[str, Any] | None = None,
        *,
        may_be_ours: bool = False,
    ) -> None:
        """Write that it has failed; it is not seen to any more in this run.

        Args:
            kind: Why.
            message: The same in words.
            ids: The ids of what was found to have its natural key.
            more: More of the error.
            may_be_ours: Whether an open create may have made one of them; only then one of them may be ours later.
        """
        self.is_given_up = True
        error = {"class": kind, "code": "", "message": message, "outcome": "refused", **(more or {})}
        name = CANDIDATES if may_be_ours else FOUND
        known = noted_ids(self.item, name) if self.item.state != "deleted" else ()
        found = {name: found_text(tuple(dict.fromkeys((*ids, *known))))} if ids else {}
        self.item = await self._context.fail(self.item, error=error, ids=found, action=kind)
