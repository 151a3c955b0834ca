"""What a run tells while it goes on: typed events, which nobody has to read."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from cds_eks.fleet.item_words import clean, in_words
from cds_eks.fleet.items import Item


@attrs.frozen(kw_only=True)
class Event:
    """Something that has happened in a run."""


@attrs.frozen(kw_only=True)
class RunStarted(Event):
    """The run has read the journal, and begins.

    Attributes:
        runner: Its name in the journal.
        items: How many items it is about.
        open: How many creates of the journal are open: they are settled before anything new is created.
    """

    runner: str
    items: int
    open: int

    def __str__(self) -> str:
        return f"run of {self.items} items begins as {self.runner}, {self.open} creates are open"


@attrs.frozen(kw_only=True)
class ItemChanged(Event):
    """An item has changed in the journal.

    Attributes:
        item: As it is now.
        before: As it was.
    """

    item: Item
    before: Item

    def __str__(self) -> str:
        return f"{self.item}, was {self.before.state}" if self.item.state != self.before.state else str(self.item)


@attrs.frozen(kw_only=True)
class ItemDiffers(Event):
    """An item was asked for by another plan than this one: it is never replaced. `diff` shows how it differs.

    Nodes of a pool that scales are no difference, nor is another number of them, which is changed in place.

    Attributes:
        item: The item, with the digest of what was asked for.
        wanted: The digest of what this plan asks for.
    """

    item: Item
    wanted: str

    def __str__(self) -> str:
        return f"{in_words(self.item)} was asked for by another plan; it is not replaced, see fleet.diff"


@attrs.frozen(kw_only=True)
class Step(Event):
    """The service has taken a step on a cluster.

    Attributes:
        item: The cluster.
        name: What the service calls the step.
        status: Its status, in the service's words.
        started: When it began, in the service's words.
        elapsed: How long it took, in the service's words.
    """

    item: Item
    name: str
    status: str = ""
    started: str = ""
    elapsed: str = ""

    def __str__(self) -> str:
        said = clean(" ".join(text for text in (self.name, self.status, self.elapsed) if text))
        return f"{in_words(self.item)}, step: {said}"


@attrs.frozen(kw_only=True)
class StoppedCreating(Event):
    """No more creates are made in this run; what is there already is still seen to.

    Attributes:
        reason: Why, such as that the account's balance is spent.
    """

    reason: str

    def __str__(self) -> str:
        return f"no more creates: {clean(self.reason)}"


@attrs.frozen(kw_only=True)
class WaitingForLease(Event):
    """Nothing is to be done but what another runner holds, by a lease: it is waited for, as it may be at work.

    Attributes:
        holder: The other runner's name in the journal.
        where: Its machine and process: `host:pid`.
        until: When its lease ends unless it is renewed, by the journal's clock, in seconds since the epoch.
        items: How many items it holds of those that are waited for.
    """

    holder: str
    where: str
    until: float
    items: int

    def __str__(self) -> str:
        until = datetime.fromtimestamp(self.until, UTC).strftime("%H:%M:%S")
        return f"waiting for {self.items} items that the runner at {clean(self.where)} holds until {until} UTC"


@attrs.frozen(kw_only=True)
class ServiceAway(Event):
    """No request has had a usable answer for some time. The run waits for the service; this event is repeated.

    Attributes:
        endpoint: Where the service is.
        seconds: For how long it has not answered.
        error: What the latest request ended with, such as that a connection was refused.
    """

    endpoint: str
    seconds: float
    error: str

    def __str__(self) -> str:
        why = clean(self.error)
        return f"{clean(self.endpoint)} has not answered for {self.seconds:.0f} s ({why}); it is tried again and again"


@attrs.frozen(kw_only=True)
class ServiceBack(Event):
    """The service answers again, after a `ServiceAway`.

    Attributes:
        endpoint: Where the service is.
        seconds: For how long it had not answered.
    """

    endpoint: str
    seconds: float

    def __str__(self) -> str:
        return f"{clean(self.endpoint)} answers again, after {self.seconds:.0f} s"


@attrs.frozen(kw_only=True)
class JournalAway(Event):
    """The journal can't be written: nothing new is created until it can. This event is repeated.

    Attributes:
        seconds: For how long it could not be written.
        error: Why: such as that the disk is full, with the file, or that the database is away.
    """

    seconds: float
    error: str

    def __str__(self) -> str:
        return f"the journal can't be written, for {self.seconds:.0f} s; nothing new is created: {clean(self.error)}"


@attrs.frozen(kw_only=True)
class JournalBack(Event):
    """The journal can be written again, after a `JournalAway`.

    Attributes:
        seconds: For how long it could not be written.
    """

    seconds: float

    def __str__(self) -> str:
        return f"the journal can be written again, after {self.seconds:.0f} s"


@attrs.frozen(kw_only=True)
class RunEnded(Event):
    """The run has ended.

    Attributes:
        open: The items of which a create may have been carried out, and nobody knows yet.
        reason: Why it ended before all was done, or None.
    """

    open: tuple[Item, ...] = ()
    reason: str | None = None

    def __str__(self) -> str:
        why = "" if self.reason is None else f": {clean(self.reason)}"
        return f"run has ended, {len(self.open)} creates are open{why}"
