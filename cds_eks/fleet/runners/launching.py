"""`launch`: many runners of one plan, on any executor."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from cds_eks._runtime import clocks
from cds_eks._runtime.private_names import is_importing_main
from cds_eks.client.telemetry import telemetry_of
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.ensure.decide import Adopt
from cds_eks.fleet.ensure.wanted import WantedPlan
from cds_eks.fleet.items import Item
from cds_eks.fleet.journal.base import Journal, JournalError, JournalGone
from cds_eks.fleet.journal.opening import open_journal_of_launch
from cds_eks.fleet.numbers import checked_seconds
from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.report.data import Moment
from cds_eks.fleet.run.arguments import check_kind, check_limits, check_plan
from cds_eks.fleet.run.ending import read_within_limit
from cds_eks.fleet.run.fleet_run import FleetRun
from cds_eks.fleet.run.gone import UnwrittenOnly, told_of_all
from cds_eks.fleet.run.group import Group, group_of
from cds_eks.fleet.run.limits import FleetLimits, checked_limits
from cds_eks.fleet.run.provision import ProvisionJob, checked_settings
from cds_eks.fleet.run.reporting import Reported, report_of
from cds_eks.fleet.run.selection import selected
from cds_eks.fleet.run.spans import launch_span
from cds_eks.fleet.runners.client_settings import ClientSettings
from cds_eks.fleet.runners.crew import Crew
from cds_eks.fleet.runners.ending import OUT_OF_TIME, carry_out
from cds_eks.fleet.runners.pool import NO_GUARD, RunnerPool
from cds_eks.fleet.runners.task import RunnerTask

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport

NO_ADDRESS = "journal must be a path or an address here, not {}: each runner opens it: give its path, or postgresql://…"
NO_SETTINGS = "client must be ClientSettings, not {}: each runner makes one of its own, as fleet.ClientSettings(…) says"


async def launch(
    plan: WantedPlan,
    *,
    journal: str | os.PathLike[str],
    executor: Executor | Callable[[], Executor] | None = None,
    runners: int = 1,
    client: ClientSettings | None = None,
    settle: float = 60.0,
    adopt: Adopt = "never",
    only: Collection[str] | None = None,
    exclude: Collection[str] = (),
    limits: FleetLimits | None = None,
    stop_on_error: bool = False,
    strict: bool = False,
    journal_timeout: float = 30.0,
    start_timeout: float = 600.0,
    timeout: float | None = None,
) -> FleetReport:
    """Carry a plan out with any number of runners, each of which does what `provision` does.

    The journal is their queue: each claims clusters by lease, so that a runner that is lost, frozen, or submitted twice
    makes nothing twice and loses nothing. Lost runners are replaced, and a broken pool of processes is
    built anew. One process is enough for one machine: more of them pay off on more machines.

    With Dask (extra `dask`): `executor=client.get_executor(pure=False)`.

    Args:
        plan: The plan; each runner resolves its secrets where it runs.
        journal: The journal's path, for one machine, or its PostgreSQL address.
        executor: Where the runners run; or a function that makes it, and makes it anew if it breaks; None for this
            process, or for processes of this machine if there are to be several runners.
        runners: How many runners to start.
        client: How each runner makes its client.
        settle: See `provision`.
        adopt: See `provision`.
        only: Names or patterns of clusters; all others are left alone. None for all.
        exclude: Names or patterns of clusters that are left alone.
        limits: What one runner does at once; only `requests_per_second` is for all of them together.
        stop_on_error: A runner creates nothing more once an item of its own has failed.
        strict: See `provision`.
        journal_timeout: How many seconds to go on trying while the journal can't be reached.
        start_timeout: How many seconds to wait while no runner shows in the journal that it has begun. The log
            warns of it after three leases.
        timeout: How many seconds the runners may take, all together; None for no limit. Then all of them end as if
            the launch was interrupted, and the report has `timed_out`. The same call again goes on.

    Returns:
        One report on all of it. If the task that waits for it is cancelled, it stops the runners of this launch, and no
        others, through the journal, and waits until they have ended.

    Raises:
        PlanError: The plan has faults; nothing was submitted.
        ConfigurationError: A runner can't work where it runs, or can't be sent there.
        ConnectFailed: The service could not be reached when the runners began: nothing was sent.
        RunnersLost: Runners are lost again and again, or none begins. The journal knows what is open: launch again.
        JournalGone: The journal was deleted or replaced meanwhile, or is another one where a runner runs. All runners
            have ended by then, or are being stopped.
        JournalError: The journal can't be read.
    """
    if isinstance(runners, bool) or not isinstance(runners, int) or runners < 1:
        raise ConfigurationError("runners must be a whole number of at least 1")
    if is_importing_main():
        raise SystemExit(NO_GUARD)  # in words: nobody could catch it, and a traceback would be one of many
    check_plan(plan)
    check_limits(limits)
    check_kind(journal, (str, os.PathLike), NO_ADDRESS)
    check_kind(client, (ClientSettings, type(None)), NO_SETTINGS)
    settings = checked_settings(
        settle=settle,
        adopt=adopt,
        stop_on_error=stop_on_error,
        strict=strict,
        limits=checked_limits(limits),
        timeout=timeout,
    )
    checked_seconds("journal_timeout", journal_timeout)
    checked_seconds("start_timeout", start_timeout)
    wanted = selected(plan.clusters, only, exclude)
    if faults := plan.check():
        raise PlanError(faults)
    client = (client or ClientSettings()).resolved()
    where = _absolute(journal)
    async with open_journal_of_launch(where, timeout=journal_timeout) as opened:
        await opened.stop(None)
        if executor is None and runners == 1:
            async with client.client() as eks:
                return await FleetRun(eks, plan, opened, settings, ProvisionJob(plan, wanted)).report()
        with launch_span(telemetry_of(client.telemetry), runners) as trace:
            task = RunnerTask(
                plan=plan,
                journal=where,
                identity=await opened.identity(),
                journal_timeout=journal_timeout,
                client=client,
                settings=settings,
                only=None if only is None else tuple(only),
                exclude=tuple(exclude),
                began=await opened.now(),
                began_since_boot=clocks.since_boot() if getattr(opened, "is_on_one_machine", False) else None,
                trace=trace,
                launch=opened.launch,
            )
            _check_that_it_can_be_sent(task)
            groups = tuple(group_of(cluster) for cluster in wanted)
            ids = [id_ for group in groups for id_ in group.item_ids]
            pool = RunnerPool(executor, runners=runners)
            crew = Crew(pool, task, runners=runners, journal=opened, item_ids=ids, start_timeout=start_timeout)
            try:
                is_timed_out = await carry_out(crew, pool, opened, task.settings)
            except JournalGone as error:
                raise await _told_gone(error, task, groups, opened, crew) from error
            stopped = OUT_OF_TIME if is_timed_out else None

            async def report() -> FleetReport:
                ended = await opened.now()
                return await _report(task, groups, opened, crew, ended=ended, stopped=stopped, timed_out=is_timed_out)

            return await (read_within_limit(report) if is_timed_out else report())


async def _told_gone(
    error: JournalGone, task: RunnerTask, groups: tuple[Group, ...], journal: Journal, crew: Crew
) -> JournalGone:
    """Return the error of a launch that had to end, with what all runners know, and a report of that."""
    told = told_of_all(error, crew.gone)
    known = {item.id: item for item in told.unwritten}
    with anyio.CancelScope(shield=True), anyio.move_on_after(task.settings.limits.grace):
        try:  # a file that was deleted can still be read
            ended = await journal.now()
            told.report = await _report(task, groups, journal, crew, ended=ended, stopped=told.message, unwritten=known)
        except JournalError:
            read = UnwrittenOnly(told.unwritten)
            told.report = await _report(task, groups, read, crew, ended=task.began, stopped=told.message)
    return told


async def _report(
    task: RunnerTask,
    groups: tuple[Group, ...],
    journal: Reported,
    crew: Crew,
    *,
    ended: float,
    stopped: str | None = None,
    unwritten: Mapping[str, Item] | None = None,
    timed_out: bool = False,
) -> FleetReport:
    """Return one report on what all runners have done."""
    differences: dict[str, Any] = {}
    steps: dict[str, Collection[Moment]] = {}
    for summary in crew.summaries:
        differences.update(summary.findings.differences)
        steps.update(summary.findings.steps)
    reasons = [stopped if timed_out else None, *(summary.findings.stopped for summary in crew.summaries)]
    return await report_of(
        journal,
        groups,
        plan=task.plan,
        times=(task.began, ended),
        stopped=next((reason for reason in reasons if reason is not None), stopped),
        differences=differences,
        steps={id_: tuple(moments) for id_, moments in steps.items()},
        unwritten=unwritten,
        timed_out=timed_out,
    )


def _absolute(journal: str | os.PathLike[str]) -> str:
    """Return a journal's path or address, as it is understood in any folder."""
    text = os.fspath(journal)
    return text if "://" in text else str(Path(text).absolute())


def _check_that_it_can_be_sent(task: RunnerTask) -> None:
    try:
        pickle.dumps(task)
    except Exception as error:
        raise ConfigurationError(f"a runner can't be sent to another process: {error}") from error
