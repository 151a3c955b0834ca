"""One runner, as it is sent to another process: a function and a value, both of which can be pickled."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import anyio
import attrs

from cds_eks._runtime import clocks
from cds_eks.fleet.ensure.wanted import WantedPlan
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.opening import open_known_journal
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.run.fleet_run import FleetRun
from cds_eks.fleet.run.provision import ProvisionJob
from cds_eks.fleet.run.reporting import Findings
from cds_eks.fleet.run.selection import selected
from cds_eks.fleet.run.spans import joined
from cds_eks.fleet.runners.client_settings import ClientSettings

LEAST = 1e-9
"""The time, in seconds, of a runner that begins when the time of its launch is over: it ends at once."""


@attrs.frozen(kw_only=True)
class RunnerTask:
    """What a runner is to do. All runners of a launch get the same.

    Attributes:
        plan: The plan, with its secrets by reference.
        journal: The journal's path or address.
        identity: The journal's identity: a runner opens no other, and makes none.
        journal_timeout: How many seconds to go on trying while the journal can't be reached.
        client: How it makes its client.
        settings: What was asked for.
        only: Names or patterns of the clusters that are meant; None for all.
        exclude: Names or patterns of clusters that are left alone.
        began: When the launch began, by the journal's clock: what has ended since then is not done again.
        began_since_boot: The same, by the clock of the one machine that all of them are on, which nobody can set; None
            if they are on several.
        trace: What tells of the trace that the launch is in; empty if it is in none.
        launch: The name of the launch, by which the journal tells its runners to stop; None for what all are told only.
    """

    plan: WantedPlan = attrs.field(repr=False)
    journal: str = attrs.field(repr=False)  # it may hold a password
    identity: str
    journal_timeout: float = 30.0
    client: ClientSettings
    settings: Settings
    only: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    began: float
    began_since_boot: float | None = None
    trace: Mapping[str, str] = attrs.field(factory=dict)
    launch: str | None = None


@attrs.frozen(kw_only=True)
class RunnerSummary:
    """What a runner hands back; all else is in the journal.

    Attributes:
        runner: Its name in the journal; no other has it, not even the same task submitted twice.
        host: The machine's name.
        pid: The process's id.
        findings: What it has found out that is not in the journal.
    """

    runner: str
    host: str
    pid: int
    findings: Findings


def within(settings: Settings, *, passed: float) -> Settings:
    """Return the settings of a runner of a launch that began some seconds ago: its time is that of the launch."""
    if settings.timeout is None:
        return settings
    return attrs.evolve(settings, timeout=max(settings.timeout - passed, LEAST))


async def passed_since(task: RunnerTask, journal: Journal) -> float:
    """Return how many seconds ago the launch of a runner began."""
    if task.began_since_boot is not None:
        return clocks.since_boot() - task.began_since_boot
    return await journal.now() - task.began


def run_task(task: RunnerTask) -> RunnerSummary:
    """Be one runner, in an event loop of its own, until all of the plan is done or it is told to stop.

    It may be called any number of times, at once or one after the other: the journal decides who does what.
    """
    return anyio.run(_run, task)


async def _run(task: RunnerTask) -> RunnerSummary:
    job = ProvisionJob(task.plan, selected(task.plan.clusters, task.only, task.exclude))
    launch = getattr(task, "launch", None)  # one of an earlier version has no name
    opened = open_known_journal(task.journal, identity=task.identity, launch=launch, timeout=task.journal_timeout)
    async with task.client.client() as eks, opened as journal:
        settings = within(task.settings, passed=await passed_since(task, journal))
        run = FleetRun(eks, task.plan, journal, settings, job, began=task.began)
        with joined(eks, task.trace):
            findings = await run.findings()
    return RunnerSummary(runner=run.runner, host=socket.gethostname(), pid=os.getpid(), findings=findings)
