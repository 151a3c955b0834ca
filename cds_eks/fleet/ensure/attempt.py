"""One create: its intent is durable before anything leaves, and its outcome is written however it ends."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import attrs

from cds_eks._runtime import clocks
from cds_eks._runtime.logs import log
from cds_eks.errors import EksError
from cds_eks.fleet.ensure.outcomes import ids_of, state_after, told
from cds_eks.fleet.hidden import Hidden
from cds_eks.fleet.items import Change, Item
from cds_eks.fleet.journal.base import Journal, JournalClosed, JournalError, LeaseLost
from cds_eks.fleet.journal.steps import changed
from cds_eks.outcome.intent import Intent, intending
from cds_eks.wire import Response

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

Send = Callable[[float], Awaitable[Response[Any]]]
"""Makes the call, within so many seconds."""

PAUSES = (0.2, 5.0)
"""The first and the longest pause before the journal is tried again, in seconds."""


@attrs.frozen(kw_only=True)
class Attempt:
    """How a create has ended.

    Attributes:
        item: The item, as the journal has it afterwards.
        error: What it ended with, or None if it was accepted.
    """

    item: Item
    error: BaseException | None = None


@attrs.frozen(kw_only=True)
class Writer:
    """Writes what one runner learns.

    Args:
        journal: The journal.
        runner: The runner's name.
        lease: For how many seconds a claim is good.
        on_item: Is told of each item that was changed, with what it was before.
        hidden: What must not be written.

    Attributes:
        unwritten: What has happened, but is not in the journal, or may not be: each item as it is, by its id.
        cut_off: The creates that were cut off: the journal has them as open.
    """

    journal: Journal
    runner: str
    lease: float
    on_item: Callable[[Item, Item], None]
    hidden: Hidden = attrs.field(factory=Hidden)
    unwritten: dict[str, Item] = attrs.field(factory=dict, init=False)
    cut_off: dict[str, Item] = attrs.field(factory=dict, init=False)

    async def write(self, item: Item, **changes: Any) -> Item:
        """Write one change of an item, and return it as it is afterwards.

        Raises:
            JournalError: It could not be written, or the lease is lost.
        """
        [after] = await self.journal.write(self._change(item, changes))
        self.unwritten.pop(item.id, None)
        self.on_item(after, item)
        return after

    def _change(self, item: Item, changes: dict[str, Any]) -> Change:
        return self.hidden.change(Change(item_id=item.id, runner=self.runner, epoch=item.epoch, **changes))

    async def insist(self, item: Item, **changes: Any) -> Item:
        """Write what has happened already, as often as it takes: an outcome is never given up for a journal's failure.

        What could not be written when its writer was cut off, or the journal closed, is noted and logged.

        Raises:
            LeaseLost: The item is another runner's by now.
            JournalClosed: The journal was closed.
        """
        # What a request has named is not left to chance; of all else the service can be asked again.
        is_to_note = bool(changes.get("ids") or changes.get("request_id"))
        pause, longest = PAUSES
        try:
            while True:
                try:
                    return await self._write_ours(item, **changes)
                except (LeaseLost, JournalClosed):
                    raise
                except JournalError:
                    is_to_note = True
                await anyio.sleep(pause * (0.5 + 0.5 * random.random()))
                pause = min(pause * 2, longest)
        except BaseException as error:
            if isinstance(error, JournalClosed) or (is_to_note and not isinstance(error, Exception)):
                self._note_unwritten(item, changes)
            raise

    async def _write_ours(self, item: Item, **changes: Any) -> Item:
        """Write a change of an item whose lease may have ended while the journal was away, but is nobody else's."""
        try:
            return await self.write(item, **changes)
        except LeaseLost:
            if not await self._is_still_ours(item):
                raise
            return await self.write(item, **changes)

    def _note_unwritten(self, item: Item, changes: dict[str, Any]) -> None:
        """Note what is not in the journal, or may not be, and log it: nobody else knows of it."""
        after = changed(item, self._change(item, changes), item.changed_at)
        self.unwritten[item.id] = after
        log(
            logger,
            logging.ERROR,
            "journal",
            "may lack what has happened",
            item=item.id,
            state=after.state,
            ids=dict(after.ids),
            request_id=after.request_id,
        )

    def note_cut_off(self, item: Item, action: str) -> None:
        """Note a create that was cut off after its intent was written, and log it."""
        self.cut_off[item.id] = item
        log(logger, logging.WARNING, action, "was cut off, and may be carried out", item=item.id, state=item.state)

    async def _is_still_ours(self, item: Item) -> bool:
        """Renew a lease that has ended while the journal was away; return whether nobody else has the item."""
        beat = await self.journal.renew(self.runner, lease=self.lease)
        now = await self.journal.get(item.id)
        return item.id not in beat.lost and now is not None and (now.owner, now.epoch) == (self.runner, item.epoch)

    async def intend(self, item: Item, seconds: float, action: str, **facts: Any) -> Item:
        """Write the intent of a create, durably, or fail with nothing sent.

        Raises:
            JournalError: It could not be written; if it was all the same, that has been taken back.
        """
        try:
            return await self.write(item, state="sending", deadline=seconds, error={}, action=action, **facts)
        except LeaseLost:
            raise
        except JournalError:
            await self._take_back(item)
            raise

    async def _take_back(self, before: Item) -> None:
        """The answer of the journal was lost: if the intent is in it, nothing was sent of it, which is known here."""
        pause, longest = PAUSES
        while True:
            try:
                now = await self.journal.get(before.id)
                if now is not None and now.state == "sending" and now.epoch == before.epoch + 1:
                    await self.write(now, state=_back_to(before), error=dict(before.error or {}), action="not sent")
            except (LeaseLost, JournalClosed):
                return
            except JournalError:
                await anyio.sleep(pause)
                pause = min(pause * 2, longest)
            else:
                return


def _back_to(before: Item) -> Any:
    """Return the state of an item whose intent was not carried out: an earlier create stays as open as it was."""
    return "unknown" if before.state in ("sending", "unknown") else "planned"


async def attempt(
    writer: Writer,
    item: Item,
    send: Send,
    *,
    seconds: float,
    action: str,
    result_id: str,
    replicas: int | None,
    digest: str | None = None,
    ids: Mapping[str, str] | None = None,
) -> Attempt:
    """Create an item once: write its intent, send, write the outcome.

    If it is cut off at any point after the intent, the journal keeps `sending`, which is settled like an unknown one.

    Args:
        writer: Writes to the journal.
        item: The item, of which it is decided that it may be created.
        send: Makes the call.
        seconds: For how long the create may be sent.
        action: The operation's name.
        result_id: What the id of the thing is called among those that an answer names.
        replicas: How many nodes are asked for, to be kept with the intent.
        digest: The digest of what is asked for, to be kept with the intent.
        ids: What its ids are to tell from the intent on, to be kept with that.

    Raises:
        LeaseLost: The item is another runner's by now.
        JournalError: The intent could not be written: nothing was sent.
    """
    # Both clocks are read before the intent is written, so that the service and the sender judge by no later time.
    intent = Intent(at=clocks.wall(), until=clocks.since_boot() + seconds)
    began = anyio.current_time()
    item = await writer.intend(item, seconds, action, digest=digest, replicas=replicas, ids=ids or {})
    left = seconds - (anyio.current_time() - began)
    if left <= 0:
        return Attempt(item=await writer.insist(item, state="planned", action="not sent"))
    try:
        with intending(intent):
            answer = await send(left)
    except Exception as error:  # noqa: BLE001 - whatever it is, the item's state has to be written
        return Attempt(item=await _written(writer, item, error, action, result_id), error=error)
    except BaseException:
        writer.note_cut_off(item, action)
        raise
    told_ids = {name: getattr(answer.data, name, "") for name in (result_id, "task_id")}
    after = await writer.insist(
        item,
        state="accepted",
        ids={name: value for name, value in told_ids.items() if value},
        origin="created",
        request_id=answer.request_id,
        action=action,
    )
    return Attempt(item=after)


async def _written(writer: Writer, item: Item, error: Exception, action: str, result_id: str) -> Item:
    state = state_after(error, result_id)
    known: dict[str, Any] = {}
    if isinstance(error, EksError):
        known = {"ids": ids_of(error), "request_id": error.request_id, "call_id": error.call_id}
    origin = "created" if state == "accepted" else None
    noted = {**told(error), "outcome": "unknown"} if state == "unknown" else told(error)
    return await writer.insist(item, state=state, origin=origin, error=noted, action=action, **known)
