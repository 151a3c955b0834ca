"""What all parts of a run share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
import attrs

from cds_eks.errors import EksError
from cds_eks.fleet.ensure.attempt import Attempt, Send, Writer, attempt
from cds_eks.fleet.ensure.decide import Adopt
from cds_eks.fleet.ensure.outcomes import stops_all
from cds_eks.fleet.ensure.sighting import Sighting
from cds_eks.fleet.items import Item, NewItem
from cds_eks.fleet.journal.base import Journal, LeaseLost
from cds_eks.fleet.numbers import checked_seconds, checked_timeout
from cds_eks.fleet.report.data import Moment
from cds_eks.fleet.run.event_stream import EventStream
from cds_eks.fleet.run.events import ItemDiffers
from cds_eks.fleet.run.gate import Gate, InFlight
from cds_eks.fleet.run.limits import Budgets, FleetLimits, checked_limits
from cds_eks.fleet.run.poller import Poller
from cds_eks.fleet.run.spans import NO_SPANS, RunSpans
from cds_eks.fleet.run.wrong_ids import KnownIds

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient


ANOTHER_PLAN = "another plan has asked for it; nothing was replaced, and fleet.diff shows how it differs"
"""The difference of what was asked for otherwise before."""


def _seconds(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    checked_seconds(field.name, value)


def _timeout(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    checked_timeout(field.name, value)


def _limits(_: Any, __: attrs.Attribute[Any], value: FleetLimits) -> None:
    checked_limits(value)


@attrs.frozen(kw_only=True)
class Settings:
    """What a run was asked for. A number that makes no sense is a `ConfigurationError`, before anything is sent.

    Attributes:
        settle: For how many seconds a request may still be under way, or a list lag behind; 0 if neither ever is.
        adopt: What to do about somebody else's of the same natural key.
        stop_on_error: Whether the first failure keeps all else from being created.
        strict: Whether a second create also waits until the first is too old for the service.
        limits: How much is done at once.
        timeout: For how many seconds the run may go on; None for no limit.
    """

    settle: float = attrs.field(default=60.0, validator=_seconds)
    adopt: Adopt = "never"
    stop_on_error: bool = False
    strict: bool = False
    limits: FleetLimits = attrs.field(default=FleetLimits(), validator=_limits)
    timeout: float | None = attrs.field(default=None, validator=_timeout)


@attrs.frozen(kw_only=True)
class Context:
    """What all parts of a run share.

    Attributes:
        eks: The client.
        journal: The journal.
        writer: Writes for this runner.
        settings: What was asked for.
        budgets: What may be done at once.
        poller: The poller of all clusters.
        gate: Whether anything new may be created.
        in_flight: What must not be cut off.
        events: Where events go.
        differences: What a comparison has shown, by the item's id.
        steps: What the service did on each cluster, by the item's id.
        asked: What the plan asks for, by the item's id; empty if it is to be deleted.
        known_ids: Which item an id of the service belongs to.
        spans: The run's spans.
    """

    eks: AsyncEksClient
    journal: Journal
    writer: Writer
    settings: Settings
    budgets: Budgets
    poller: Poller
    gate: Gate
    in_flight: InFlight
    events: EventStream
    differences: dict[str, dict[str, Any]]
    steps: dict[str, tuple[Moment, ...]]
    asked: Mapping[str, NewItem] = attrs.field(factory=dict)
    known_ids: KnownIds = attrs.field(factory=KnownIds)
    spans: RunSpans = NO_SPANS

    def is_as_asked(self, item: Item) -> bool:
        """Whether an item was asked for as this plan has it, and not as another one."""
        asked = self.asked.get(item.id)
        is_same_size = asked is None or item.kind == "cluster" or item.replicas == asked.replicas
        return is_same_size and not self.differs(item)

    def differs(self, item: Item) -> bool:
        """Whether what the service was asked for differs from what the plan has: it is told, and never replaced."""
        asked = self.asked.get(item.id)
        return asked is not None and item.digest not in ("", asked.digest)

    def tell_difference(self, item: Item) -> None:
        """Tell that another plan has asked for an item, once."""
        if self.differs(item) and "plan" not in self.differences.get(item.id, {}):
            wanted = self.asked[item.id].digest
            self.differences[item.id] = {"plan": ANOTHER_PLAN}
            self.events.put(ItemDiffers(item=item, wanted=wanted))

    async def fail(self, item: Item, **changes: Any) -> Item:
        """Write that an item has failed, and stop creating if that was asked for."""
        after = await self.writer.insist(item, state="failed", **changes)
        self.on_failure()
        return after

    async def create(
        self,
        group: str,
        item: Item,
        send: Send,
        *,
        action: str,
        result_id: str,
        replicas: int,
        ids: Mapping[str, str] | None = None,
    ) -> Attempt:
        """Create an item once, if nothing speaks against it by then.

        Args:
            group: The id of the cluster that it is about.
            item: The item.
            send: Makes the call.
            action: The operation's name.
            result_id: What the id of the thing is called.
            replicas: How many nodes are asked for.
            ids: What is kept with the intent: what else it makes, and what is there beside it.

        Returns:
            How it ended; the item as it was if creating has been stopped meanwhile.

        Raises:
            LeaseLost: The item is another runner's by now, or the create was cut off.
            JournalError: The intent could not be written: nothing was sent.
        """
        async with self.budgets.create():
            if self.gate.reason is not None:
                return Attempt(item=item)
            done: Attempt | None = None
            began = anyio.current_time()
            with self.in_flight.shielded(group):
                done = await attempt(
                    self.writer,
                    item,
                    send,
                    seconds=self.settings.limits.create_timeout,
                    action=action,
                    result_id=result_id,
                    replicas=replicas,
                    digest=self.asked[item.id].digest if item.id in self.asked else None,
                    ids=ids,
                )
        if done is not None and done.item.epoch != item.epoch:
            self.budgets.note(done.error, began)
        if done is None:
            raise LeaseLost(f"{item.id}: the create was cut off; the journal has it as open", outcome="unknown")
        if isinstance(done.error, EksError):
            self.eks.dismiss(done.error)  # the journal has it, and the run settles it: nobody else has to look for it
        if done.error is not None and (reason := stops_all(done.error)) is not None:
            self.gate.close(reason)
        return done

    async def learn_ids_for(self, item: Item, seen: Sighting) -> None:
        """Learn from the journal what other runners have made, if a list shows what may be that, and is not sure.

        All clusters that one list is for learn once. The pools of a cluster are seen to by one runner.
        """
        if item.kind != "cluster" or not (seen.nameless or seen.similar):
            return
        async with self.known_ids.learning:
            if self.known_ids.learned_at > seen.began:
                return
            began = await self.journal.now()
            self.known_ids.learn(item for item in await self.journal.items() if item.owner != self.writer.runner)
            self.known_ids.learned_at = began

    def on_failure(self) -> None:
        """Stop creating if the first failure is to do so."""
        if self.settings.stop_on_error:
            self.gate.close("an item has failed, and stop_on_error is set")
