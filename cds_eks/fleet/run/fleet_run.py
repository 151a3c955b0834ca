"""A run: an async iterator of its events, and a report at its end."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

import anyio

from cds_eks._runtime import background
from cds_eks.fleet.ensure.attempt import Writer
from cds_eks.fleet.ensure.wanted import WantedPlan
from cds_eks.fleet.hidden import Hidden, hiding
from cds_eks.fleet.items import OPEN, Item
from cds_eks.fleet.journal.base import Journal, JournalGone
from cds_eks.fleet.journal.processes import new_runner
from cds_eks.fleet.journal.users import add_user
from cds_eks.fleet.report.data import Moment
from cds_eks.fleet.run.context import Context, Settings
from cds_eks.fleet.run.ended_before import EndedBefore
from cds_eks.fleet.run.ending import Ending, read_within_limit
from cds_eks.fleet.run.event_stream import EventStream
from cds_eks.fleet.run.events import Event, ItemChanged, RunEnded, RunStarted, StoppedCreating
from cds_eks.fleet.run.gate import Gate, InFlight
from cds_eks.fleet.run.gone import single, told_gone
from cds_eks.fleet.run.group import Group
from cds_eks.fleet.run.job import Job
from cds_eks.fleet.run.poller import Poller
from cds_eks.fleet.run.pool_waits import PoolWaits
from cds_eks.fleet.run.reporting import Findings, Reported, report_of, without_secrets
from cds_eks.fleet.run.run_journal import watched
from cds_eks.fleet.run.runner import Runner
from cds_eks.fleet.run.service import check_service
from cds_eks.fleet.run.spans import spans_of
from cds_eks.fleet.run.stopping import stopping
from cds_eks.fleet.run.watching import watch_service
from cds_eks.fleet.run.wrong_ids import KnownIds

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient
    from cds_eks.fleet.report.fleet_report import FleetReport


class FleetRun:
    """A run: an async iterator of its events, which nobody has to read, and a report at its end.

    One task at a time reads the events; any number may await the report. It goes on beside the task that iterates it.
    A cancellation, or Ctrl-C, of a task that waits for it stops it: it finishes the creates that are under way, within
    `FleetLimits.grace`, and begins nothing new. A second cancellation ends it at once; the journal knows what is open.

    Attributes:
        runner: Its name in the journal.
        open_items: When it has ended: the items of which a create may have been carried out, and nobody knows yet.
        is_open_known: Whether `open_items` is what the journal says; not if that was out of reach at the end.
        has_begun: Whether it was iterated, or its report awaited.
        was_asked_for: The same, even if it could not begin then. One that never was causes a warning.
    """

    def __init__(
        self,
        eks: AsyncEksClient,
        plan: WantedPlan,
        journal: Journal,
        settings: Settings,
        job: Job,
        *,
        began: float | None = None,
    ) -> None:
        self.runner: str = new_runner()
        self.open_items: tuple[Item, ...] = ()
        self.is_open_known: bool = False
        self.has_begun: bool = False
        self.was_asked_for: bool = False
        self.poller: Poller
        self.waits: PoolWaits
        self._eks = eks
        self._plan, self._journal, self._settings, self._job = plan, journal, settings, job
        self._groups: tuple[Group, ...] = ()
        self._hidden, self._spans = Hidden(), spans_of(eks, job.goal)
        self._events = EventStream(self._hidden, on_event=self._spans.note)
        self._in_flight, self._known_ids = InFlight(), KnownIds()
        self._differences: dict[str, dict[str, Any]] = {}
        self._steps: dict[str, tuple[Moment, ...]] = {}
        self._has_ended, self._ending = anyio.Event(), Ending(self._in_flight, settings)
        self._failure: BaseException | None = None
        self._gone: JournalGone | None = None
        self._times = (began or 0.0, 0.0)

    def __del__(self) -> None:
        if not getattr(self, "was_asked_for", True):
            message = "a fleet's run was made and never carried out: ask for its report(), or iterate it"
            warnings.warn(message, RuntimeWarning, stacklevel=2, source=self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Return the next event when it has come."""
        self.begin()
        async with stopping(self):
            event = await self._events.next()
        if event is None:
            self._raise_failure()
            raise StopAsyncIteration
        return event

    async def next_events(self) -> list[Event]:
        """Return all events that have come, at least one; none if the run has ended. To be cancelled stops nothing."""
        self.begin()
        if not (events := await self._events.next_all()):
            self._raise_failure()
        return events

    async def report(self) -> FleetReport:
        """Return what became of each item, when the run has ended.

        Raises:
            PlanError: The plan has faults.
            JournalGone: The journal was deleted, replaced, damaged or closed meanwhile. The error has the report.
            ConnectFailed: The service could not be reached when the run began: it has sent nothing.
            JournalError: The journal can't be read; `timed_out` says whether the run's time was over by then.
        """
        await self.findings()
        return await (read_within_limit(self._report) if self.timed_out else self._report())

    async def _report(self, journal: Reported | None = None) -> FleetReport:
        journal, found = journal or self._journal, self._findings()
        return await report_of(
            journal,
            self._groups or await self._job.expected(journal),  # it may have ended before it knew
            plan=self._plan,
            times=self._times,
            stopped=found.stopped,
            timed_out=found.timed_out,
            differences=found.differences,
            steps=found.steps,
            goal=self._job.goal,
            unwritten=self._writer.unwritten,
        )

    async def findings(self) -> Findings:
        """Return what this run has found out beside the journal, when it has ended; it raises as `report` does."""
        self.begin()
        async with stopping(self):
            await self._has_ended.wait()
        self._raise_failure()
        return self._findings()

    def _findings(self) -> Findings:
        found = Findings(
            stopped=self._ending.reason, timed_out=self.timed_out, differences=self._differences, steps=self._steps
        )
        return without_secrets(found, self._hidden)

    def stop(self, reason: str = "stopped") -> None:
        """Begin nothing new, finish the creates that are under way, and end."""
        self._ending.stop(reason)

    async def ended(self) -> None:
        """Wait until the run has ended."""
        await self._has_ended.wait()

    @property
    def timed_out(self) -> bool:
        """Whether it was ended because its `timeout` had passed."""
        return self._ending.is_timed_out

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or never began."""
        return not self.has_begun or self._has_ended.is_set()

    def begin(self) -> None:
        """Begin it, if that was not done. It goes on by itself."""
        self.was_asked_for = True
        if not self.has_begun:
            self.has_begun = True
            add_user(self._journal, self)
            self._watched = watched(self._journal, self._on_gone)
            self._writer = Writer(
                journal=self._watched,
                runner=self.runner,
                lease=self._settings.limits.lease,
                on_item=self._on_item,
                hidden=self._hidden,
            )
            background.start(lambda: self._spans.around(self._run, self.runner, lambda: self._failure))

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _run(self) -> None:
        began = anyio.current_time()
        try:
            with hiding(self._plan, self._hidden):
                async with anyio.create_task_group() as watched_tasks:
                    with anyio.CancelScope() as scope:
                        watched_tasks.start_soon(self._ending.watch, scope)
                        try:
                            await self._carry_out()
                        finally:
                            self._ending.is_over()
                    watched_tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True), anyio.move_on_after(self._settings.limits.grace):
                self.open_items = tuple(await self._watched.items(states=OPEN))
                self.is_open_known = True
                now = await self._watched.now()
                self._times = (self._times[0] or now - (anyio.current_time() - began), now)
        except Exception as error:  # noqa: BLE001 - it is raised where the run is waited for
            self._failure = single(error)
        finally:
            if self._gone is not None:
                self._failure = await told_gone(self._gone, self._writer, self._journal, self._report, self._settings)
            self._events.put(RunEnded(open=self.open_items, reason=self._ending.reason))
            self._events.end()
            self._has_ended.set()

    def _on_gone(self, error: JournalGone) -> None:
        """Begin nothing new: what can't be written must not happen."""
        if self._gone is None:
            self._gone = error
            self.stop(f"{type(error).__name__}: {error.message}")
            self._events.put(StoppedCreating(reason=self._ending.reason or ""))

    async def _check_first(self) -> None:
        """Raise what keeps it from being carried out at all."""

    async def _carry_out(self) -> None:
        await self._check_first()
        await check_service(self._eks, self._watched)
        now = await self._watched.now()
        began = self._times[0] or now
        self._times = (began, now)
        self._groups = tuple(await self._job.groups(self._watched))
        self._ending.note(self._job.complaint)
        known = await self._watched.items()
        open_items = [item for item in known if item.state in OPEN and self._job.is_to_settle(item)]
        count = sum(len(group.item_ids) for group in self._groups)
        self._events.put(RunStarted(runner=self.runner, items=count, open=len(open_items)))
        self._known_ids = KnownIds(known)
        context = self._context(open_items)
        for item in self._job.differing:
            context.tell_difference(item)
        runner = Runner(
            context,
            self.waits,
            self.runner,
            self._groups,
            job=self._job,
            ended_before=EndedBefore(known, since=began, until=await self._watched.now()),
            stop=self.stop,
        )
        del known
        try:
            await runner.run(open_items)
        finally:
            self._groups = runner.groups

    def _context(self, open_items: Iterable[Item]) -> Context:
        budgets, self.poller, self.waits = watch_service(
            self._eks,
            self._watched,
            self._settings.limits,
            groups=self._groups,
            open_items=open_items,
            on_event=self._events.put,
            on_hopeless=self.stop,
        )
        return Context(
            eks=self._eks,
            journal=self._watched,
            writer=self._writer,
            settings=self._settings,
            budgets=budgets,
            poller=self.poller,
            gate=Gate(self._on_closed),
            in_flight=self._in_flight,
            events=self._events,
            differences=self._differences,
            steps=self._steps,
            asked=self._job.asked,
            known_ids=self._known_ids,
            spans=self._spans,
        )

    def _on_item(self, item: Item, before: Item) -> None:
        self._known_ids.note(item)
        self._events.put(ItemChanged(item=item, before=before))

    def _on_closed(self, reason: str) -> None:
        self._ending.note(reason)
        self._events.put(StoppedCreating(reason=reason))
