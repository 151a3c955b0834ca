"""A launch whose `timeout` passes ends with a report, whatever its runners do, and the next one goes on."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from anyio import to_thread

from cds_eks import fleet
from cds_eks.fleet.journal.opening import open_known_journal
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.runners.ending import INTERRUPTED, OUT_OF_TIME
from cds_eks.fleet.runners.task import LEAST, RunnerTask, passed_since, within
from fleet.runners.crowd import LIMITS, Service, freeze, sendable_plan, serving
from support.eventually import until

TIMEOUT = 1.5


class Idle(Executor):
    """Takes everything, and has nobody to run it."""

    def __init__(self) -> None:
        self.taken: list[partial[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.taken.append(partial(fn, *args, **kwargs))
        return Future()


def stopped(path: Path, task: RunnerTask | None = None) -> str | None:
    """Return why the journal tells all runners to stop, or those of the launch of a task; or None."""

    async def body() -> str | None:
        opened = (
            fleet.open_journal(path)
            if task is None
            else open_known_journal(path, identity=task.identity, launch=task.launch)
        )
        async with opened as journal:
            return (await journal.renew("a-test", lease=1.0)).stop

    return anyio.run(body)


@pytest.mark.slow
def test_runners_end_when_the_time_of_their_launch_is_over_and_the_next_launch_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan, path = sendable_plan(4, 1), tmp_path / "fleet.db"
    with serving(monkeypatch, "--fault", "create:hang_after_commit:count=4:seconds=600") as service:

        def launched(**settings: Any) -> FleetReport:
            launch = fleet.sync.launch
            settings = {"client": service.client(), "limits": LIMITS, "settle": 0.5, **settings}
            return launch(plan, journal=path, runners=2, executor=lambda: ThreadPoolExecutor(2), **settings)

        limits = attrs.evolve(LIMITS, create_timeout=60.0, grace=0.2)
        report = launched(timeout=TIMEOUT, limits=limits)
        assert (report.ok, report.timed_out, report.stopped) == (False, True, OUT_OF_TIME)
        assert report.unknown  # the creates whose answers are still on their way
        assert TIMEOUT <= report.ended_at - report.started_at < TIMEOUT + LIMITS.lease + 10.0
        assert stopped(path) is None
        report = launched(timeout=600.0)
        assert (report.ok, report.timed_out, report.stopped) == (True, False, None)
        service.assert_once(plan, report)


def test_a_launch_whose_executor_runs_nothing_ends_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CDS_EKS_TEST_FLEET_SECRET", "Secret-12345")
    client = fleet.ClientSettings(endpoint="http://127.0.0.1:9", credentials_env=("HOME", "HOME"))
    limits = attrs.evolve(LIMITS, lease=0.1, grace=0.1)
    settings: dict[str, Any] = {"journal": tmp_path / "fleet.db", "client": client, "limits": limits}
    report = anyio.run(lambda: fleet.launch(sendable_plan(1), executor=Idle(), runners=2, timeout=0.1, **settings))
    assert (report.ok, report.timed_out, report.stopped) == (False, True, OUT_OF_TIME)
    assert report.counts["cluster"] == {"planned": 1}
    assert stopped(tmp_path / "fleet.db") is None  # else others' runs would end as well


class Holding(Idle):
    """Holds who submits until it is told to let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.begun.set()
        assert self.let_go.wait(60.0)
        self.futures.append(super().submit(fn, *args, **kwargs))
        return self.futures[-1]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("is_timed_out", [True, False])
def test_an_executor_that_holds_who_submits_holds_no_launch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backend: str, *, is_timed_out: bool
) -> None:
    monkeypatch.setenv("CDS_EKS_TEST_FLEET_SECRET", "Secret-12345")
    client = fleet.ClientSettings(endpoint="http://127.0.0.1:9", credentials_env=("HOME", "HOME"))
    limits = attrs.evolve(LIMITS, lease=0.1, grace=0.1)
    settings: dict[str, Any] = {"journal": tmp_path / "fleet.db", "client": client, "limits": limits, "runners": 2}
    holding = Holding()

    async def cancel(scope: anyio.CancelScope) -> None:
        await to_thread.run_sync(holding.begun.wait)
        if not is_timed_out:
            scope.cancel()

    async def body() -> FleetReport | None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cancel, tasks.cancel_scope)
            timeout = 0.1 if is_timed_out else None
            return await fleet.launch(sendable_plan(1), executor=holding, timeout=timeout, **settings)
        return None

    began = time.monotonic()
    try:
        report = anyio.run(body, backend=backend)
        assert time.monotonic() - began < 30.0
        assert not holding.futures
    finally:
        holding.let_go.set()
    if is_timed_out:
        assert report is not None
        assert (report.ok, report.timed_out, report.stopped) == (False, True, OUT_OF_TIME)
    until(lambda: bool(holding.futures) and holding.futures[0].cancelled())
    assert len(holding.futures) == 1
    # Who begins late, of a launch that was interrupted, is told to stop; the runs of others go on.
    assert stopped(tmp_path / "fleet.db", holding.taken[0].args[0]) == (None if is_timed_out else INTERRUPTED)
    assert stopped(tmp_path / "fleet.db") is None


def test_the_time_of_a_runner_is_what_is_left_of_that_of_its_launch() -> None:
    assert within(Settings(timeout=60.0), passed=20.0).timeout == 40.0
    assert within(Settings(timeout=60.0), passed=80.0).timeout == LEAST
    assert within(Settings(), passed=80.0).timeout is None


@pytest.mark.slow
def test_a_launch_whose_time_is_over_ends_no_run_of_others_and_its_late_runners_send_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan, path, idle = sendable_plan(2, 1), tmp_path / "fleet.db", Idle()
    limits = attrs.evolve(LIMITS, lease=0.2, grace=0.2)

    async def body(service: Service) -> tuple[FleetReport, FleetReport]:
        settings: dict[str, Any] = {"settle": 0.5, "limits": limits}
        async with service.client().client() as eks, fleet.open_journal(path) as journal:
            others = fleet.provision(eks, plan, journal=journal, **settings)
            others.begin()
            launch = partial(fleet.launch, plan, journal=path, client=service.client(), **settings)
            launched = await launch(executor=idle, runners=2, timeout=0.1)
            return launched, await others.report()

    with serving(monkeypatch, speed=100.0) as service:
        launched, others = anyio.run(body, service)
        assert (launched.timed_out, launched.stopped) == (True, OUT_OF_TIME)
        assert (others.ok, others.stopped) == (True, None)
        service.assert_once(plan, others)
        sent = len(service.ledger()["requests"])
        assert len(idle.taken) == 2
        for runner in idle.taken:
            assert runner().findings.timed_out
        assert len(service.ledger()["requests"]) == sent


def test_the_time_of_a_runner_is_none_of_a_clock_that_is_set_while_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, idle = tmp_path / "fleet.db", Idle()
    monkeypatch.setenv("CDS_EKS_TEST_FLEET_SECRET", "Secret-12345")
    client = fleet.ClientSettings(endpoint="http://127.0.0.1:9", credentials_env=("HOME", "HOME"))
    limits = attrs.evolve(LIMITS, lease=0.1, grace=0.1)
    settings: dict[str, Any] = {"journal": path, "client": client, "limits": limits}
    anyio.run(lambda: fleet.launch(sendable_plan(1), executor=idle, runners=2, timeout=0.1, **settings))
    task = idle.taken[0].args[0]

    async def passed() -> float:
        async with fleet.open_journal(path, clock=lambda: task.began - 3600.0) as journal:
            assert await journal.now() < task.began
            return await passed_since(task, journal)

    assert 0.1 <= anyio.run(passed) < 60.0


@pytest.mark.long
def test_processes_that_are_frozen_when_the_time_is_over_are_killed_and_keep_no_program_from_ending(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan, path = sendable_plan(4, 1), tmp_path / "fleet.db"
    with serving(monkeypatch, "--fault", "create:hang_after_commit:count=4:seconds=600") as service:
        settings: dict[str, Any] = {"client": service.client(), "settle": 0.5, "journal": path}
        limits = attrs.evolve(LIMITS, create_timeout=60.0, grace=0.2, lease=6.0)  # they are not missed before
        earlier = set(active_children())

        def launched() -> FleetReport:
            return fleet.sync.launch(plan, runners=2, timeout=15.0, limits=limits, **settings)  # for both to begin

        with ThreadPoolExecutor(1) as thread:
            launching = thread.submit(launched)
            service.until_created(1)
            runners = set(active_children()) - earlier
            for runner in runners:
                freeze(runner.pid or 0, path)
            report = launching.result(60)
        assert len(runners) == 2
        assert (report.timed_out, report.stopped) == (True, OUT_OF_TIME)
        for runner in runners:
            runner.join(30)  # which waits for ever for one that is frozen
            assert runner.exitcode == -signal.SIGKILL
        report = fleet.sync.launch(plan, limits=LIMITS, **settings)
        assert report.ok
        service.assert_once(plan, report)
