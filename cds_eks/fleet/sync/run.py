"""A run, for code that blocks: an iterator of its events, and a report at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Self, TypeVar

from cds_eks.outcome.tracker import NOT_STARTED, observed_writes

if TYPE_CHECKING:
    from cds_eks.fleet.items import Item
    from cds_eks.fleet.report.fleet_report import FleetReport
    from cds_eks.fleet.run.events import Event
    from cds_eks.fleet.run.fleet_run import FleetRun as AsyncFleetRun
    from cds_eks.fleet.sync.journal import FleetJournal
    from cds_eks.sync.portal import Portal

T = TypeVar("T")

MOST_NAMED = 20
"""How many open creates a note names."""


class FleetRun:
    """A run: an iterator of its events, which nobody has to read, and a report at its end.

    It begins when it is iterated, or its report asked for, and goes on beside whoever iterates it. Ctrl-C while it is
    waited for stops it: it finishes the creates that are under way, within `FleetLimits.grace`, begins nothing new, and
    raises `KeyboardInterrupt`, whose note says what is open. A second Ctrl-C leaves at once; the journal knows what is
    open. Leaving the `with` of its journal stops it too.
    """

    def __init__(self, portal: Portal, run: AsyncFleetRun, journal: FleetJournal) -> None:
        self._portal = portal
        self._run = run
        self._journal = journal
        journal.used_by(run)
        self._unread: deque[Event] = deque()

    @property
    def runner(self) -> str:
        """Its name in the journal."""
        return self._run.runner

    @property
    def open_items(self) -> tuple[Item, ...]:
        """When it has ended: the items of which a create may have been carried out, and nobody knows yet."""
        return self._run.open_items

    @property
    def timed_out(self) -> bool:
        """Whether it was ended because its `timeout` had passed."""
        return self._run.timed_out

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or never began."""
        return self._run.is_over

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        """Return the next event when it has come."""
        if not self._unread:
            self._unread.extend(self._wait_for(self._next_events))
        if not self._unread:
            raise StopIteration
        return self._unread.popleft()

    def report(self) -> FleetReport:
        """Return what became of each item, when the run has ended.

        Raises:
            PlanError: The plan has faults.
            ConnectFailed: The service could not be reached when the run began: it has sent nothing.
            JournalError: The journal can't be read; `timed_out` says whether the run's time was over by then.
        """
        self._wait_for(self._end)
        return self._portal.call(self._run.report)

    def stop(self, reason: str = "stopped") -> None:
        """Begin nothing new, finish the creates that are under way, and end. Returns at once; any thread may call it.

        Args:
            reason: Why, for the report.
        """

        async def stop() -> None:
            self._run.stop(reason)

        self._portal.call(stop)

    async def _next_events(self) -> list[Event]:
        self._begin()
        return await self._run.next_events()

    async def _end(self) -> None:
        self._begin()
        await self._run.ended()

    def _begin(self) -> None:
        # It goes on in a copy of this call's context: without this the call would keep all that the run creates.
        observed_writes.set(None)
        self._run.begin()

    def _wait_for(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run an async call and return its result; stop the run if this thread is interrupted meanwhile."""
        self._run.was_asked_for = True
        try:
            return self._portal.call(start)
        except Exception:
            raise
        except BaseException as error:  # noqa: BLE001 - Ctrl-C, or what a signal handler raises; it is raised below
            interruption = error
        try:  # out of the handler, so that a second Ctrl-C is not told as one that came of the first
            _drop_note(interruption, NOT_STARTED)  # it is said of the call that waits, and would be read of the run
            if not self._run.has_begun:
                interruption.add_note("the fleet's run had not begun: it has sent nothing")
                raise interruption
            ended = "had ended" if self._run.is_over else "was stopped"
            if not self._run.is_over:
                self._end_after_interruption()
            interruption.add_note(_in_words(ended, self.open_items, is_known=self._run.is_open_known))
            raise interruption
        finally:
            del interruption  # its traceback holds this frame

    def _end_after_interruption(self) -> None:
        try:
            self.stop("it was interrupted")
            self._portal.call(self._run.ended)
        except BaseException:  # Ctrl-C again: nobody waits for it any more
            self._journal.not_used_by(self._run)
            raise


def _drop_note(error: BaseException, note: str) -> None:
    """Take a note off an exception again."""
    if note in (notes := getattr(error, "__notes__", [])):
        error.__notes__ = [each for each in notes if each != note]


def _in_words(ended: str, open_items: tuple[Item, ...], *, is_known: bool) -> str:
    """Return what a note says of a run and its open creates."""
    if not is_known:
        return (
            f"the fleet's run {ended}, and the journal could not say which creates are open: "
            "run it again with the same journal: it looks for them first"
        )
    if not open_items:
        return f"the fleet's run {ended}: nothing is open; run it again with the same journal to go on"
    named = [item.id for item in open_items[:MOST_NAMED]]
    more = [f"{len(open_items) - MOST_NAMED} more"] if len(open_items) > MOST_NAMED else []
    return (
        f"the fleet's run {ended}, and {len(open_items)} creates may or may not have been carried out: "
        f"{', '.join([*named, *more])}; run it again with the same journal: it looks for them first"
    )
