"""What a journal does, whatever keeps it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from cds_eks.errors import EksError, Outcome
from cds_eks.fleet.items import AuditEntry, Change, Heartbeat, Item, NewItem, State

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport


class JournalError(EksError):
    """The journal can't be read or written: no create is begun until it can.

    Its `outcome` is `not_sent`, as a journal sends nothing to the service. Whether a change is in the journal is
    another question: see `JournalUnavailable`.
    """

    def __init__(self, message: str, *, outcome: Outcome = "not_sent") -> None:
        super().__init__(message, outcome=outcome)


class JournalTooNew(JournalError):
    """The journal was written by a newer version of this package."""


class JournalUnavailable(JournalError):
    """The journal can't be reached now (a database that is away, a lock that is not given up, a full disk).

    What was to be written may or may not be in it. A runner begins nothing new then, and writes
    outcomes as soon as it can: see `Writer.insist`.
    """


class JournalGone(JournalError):
    """The journal can't be used any more: its file was deleted, replaced or damaged, or its tables are gone.

    A run begins nothing new then, ends within `FleetLimits.grace`, and raises it. A runner of a launch raises it too if
    it finds another journal than that of the launch, or none, where it runs.

    Attributes:
        unwritten: The items of which the run knows more than the journal does, as they are: with the ids of what was
            made, for example.
        report: Of a run: the report, with those items.
    """

    unwritten: tuple[Item, ...] = ()
    report: FleetReport | None = None


class JournalClosed(JournalGone):
    """The journal was closed while it was in use."""


class LeaseLost(JournalError):
    """Another runner has the item by now, or its epoch is another one: this runner may write nothing of it.

    Attributes:
        item_id: The item.
    """

    item_id: str = ""


class Journal(Protocol):
    """The write-ahead truth of a fleet. Whatever returns from a method that changes something is durable.

    Its clock is that of what keeps it (the database's), so that the clocks of runners do not matter. Any number of
    tasks may use it at once; it is used from the event loop that opened it.

    A caller that is cancelled while its change is on its way leaves it whole or not at all; what a cancelled `claim`
    has claimed is released again.
    """

    async def add(self, items: Iterable[NewItem]) -> None:
        """Add the items of a plan, as `planned`.

        One that is there keeps its state and takes its position from the new plan; `protect` stays true once it is.
        Its digest and replicas are those of the new plan only if nothing was asked for yet, or nothing is there any
        more (`planned`, `refused`, `deleted`): else they tell what the service was asked for.
        """
        ...  # pragma: no cover - a protocol has no body

    async def unprotect(self, ids: Collection[str]) -> None:
        """Take back that these items must never be deleted."""
        ...  # pragma: no cover - a protocol has no body

    async def get(self, item_id: str) -> Item | None:
        """Return an item, or None."""
        ...  # pragma: no cover - a protocol has no body

    async def items(
        self,
        *,
        states: Collection[State] | None = None,
        ids: Collection[str] | None = None,
        clusters: Collection[str] | None = None,
    ) -> list[Item]:
        """Return the items in these states and with these ids, in the order of the plan; None for all.

        Args:
            states: Only items in one of these states.
            ids: Only these items.
            clusters: Only these clusters, by their items' ids, with all their pools.
        """
        ...  # pragma: no cover - a protocol has no body

    async def claim(
        self,
        runner: str,
        *,
        limit: int,
        lease: float,
        states: Collection[State],
        ids: Collection[str] | None = None,
    ) -> list[Item]:
        """Claim items that nobody holds (or whose lease has ended), in the order of the plan.

        Args:
            runner: Who claims them.
            limit: How many at the most.
            lease: For how long, in seconds of the journal's clock.
            states: Only items in one of these states.
            ids: Only these items; None for all.

        Returns:
            Those that were claimed, with their new lease.
        """
        ...  # pragma: no cover - a protocol has no body

    async def renew(self, runner: str, *, lease: float) -> Heartbeat:
        """Renew all leases of a runner, and say that it is alive.

        A lease that has ended is renewed too while nobody else has claimed the item in the meantime. What was claimed
        through this journal object and belongs to others by now is told as `lost` each time, until the runner releases
        it or claims it anew. A runner counts as alive until three of its lease times have passed without a renewal.
        """
        ...  # pragma: no cover - a protocol has no body

    async def release(self, runner: str, ids: Collection[str] | None = None) -> None:
        """Give items of a runner back; all of them, and the runner itself is gone, if `ids` is None."""
        ...  # pragma: no cover - a protocol has no body

    async def write(self, *changes: Change) -> list[Item]:
        """Write changes, all or none, and return the items as they are afterwards.

        The `deadline` of a `sending` counts from a moment after this was called: whoever measures it from before the
        call sends nothing after it.

        Raises:
            LeaseLost: The runner does not hold an item's lease any more, or the item's epoch is another one.
            ValueError: The new state can't follow the old one, there is no such item, or a field is not one that the
                journal keeps (see `cds_eks.fleet.journal.fields`).
            JournalUnavailable: The journal could not be reached for as long as it was told to try.
            JournalError: The journal can't be written.
        """
        ...  # pragma: no cover - a protocol has no body

    async def audit(self, item_id: str | None = None) -> list[AuditEntry]:
        """Return the audit, oldest first: of one item, or all."""
        ...  # pragma: no cover - a protocol has no body

    async def stop(self, reason: str | None) -> None:
        """Ask all runners to stop, those of each launch too, and say why; None takes it back."""
        ...  # pragma: no cover - a protocol has no body

    async def belong_to(self, service: str) -> str:
        """Note which service the journal is about, if that is not noted yet; return what is noted.

        What is noted stays so, unless the journal was opened with `rebind`: then the first call may change it, and
        no later one.

        Raises:
            ConfigurationError: It would be changed while creates are open: they would be made again elsewhere.
        """
        ...  # pragma: no cover - a protocol has no body

    async def identity(self) -> str:
        """Return what tells this journal from all others: random, and made when it is first asked for."""
        ...  # pragma: no cover - a protocol has no body

    async def runners(self) -> int:
        """Return how many runners are alive: see `renew`."""
        ...  # pragma: no cover - a protocol has no body

    async def now(self) -> float:
        """Return the journal's clock, in seconds since the epoch."""
        ...  # pragma: no cover - a protocol has no body

    async def aclose(self) -> None:
        """Write what is pending, and close it."""
        ...  # pragma: no cover - a protocol has no body

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
