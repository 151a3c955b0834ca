"""A launch that is interrupted stops its own runners; other launches and runs on the journal go on beside it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from anyio import to_thread

from cds_eks import fleet
from cds_eks.emulator import Emulator
from cds_eks.emulator.engine.clock import WallClock
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.runners.client_settings import ClientSettings
from cds_eks.fleet.runners.ending import INTERRUPTED
from cds_eks.fleet.runners.task import RunnerTask, run_task
from fleet.journal.conftest import postgres_server as postgres_server
from fleet.runners.crowd import KEYS, LIMITS, SECRET, TESTS, freeze, sendable_plan
from support.eventually import WAIT_TIMEOUT, until

PLAN = sendable_plan(6, 1)
SETTINGS: dict[str, Any] = {"settle": 0.1, "limits": attrs.evolve(LIMITS, lease=0.6, poll_interval=0.05, grace=20.0)}


@attrs.frozen
class World:
    """A service whose clusters take minutes until they are told to hurry, and a journal."""

    emulator: Emulator
    client: ClientSettings
    path: Path | str

    async def until_created(self, count: int) -> None:
        await to_thread.run_sync(until, lambda: len(self.emulator.ledger.created("cluster")) >= count)

    def hurry(self) -> None:
        clock = self.emulator.clock
        assert isinstance(clock, WallClock)
        clock.set_speed(3000.0)

    async def launch(self, executor: Any, **settings: Any) -> FleetReport:
        given = {"runners": 2, "client": self.client, **SETTINGS, **settings}
        return await fleet.launch(PLAN, journal=self.path, executor=executor, **given)

    def marks(self) -> list[str]:
        """Return the marks by which the journal tells runners to stop."""
        with closing(sqlite3.connect(self.path)) as connection:
            found = connection.execute("SELECT name FROM control WHERE name LIKE 'stop%' ORDER BY name")
            return [name for (name,) in found]

    def assert_once(self) -> None:
        made = [Counter(each.name for each in self.emulator.ledger.created(kind)) for kind in ("cluster", "node_pool")]
        assert made == [Counter(c.name for c in PLAN.clusters), Counter(p.name for c in PLAN.clusters for p in c.pools)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    emulator = Emulator()
    with emulator.serve() as url:
        monkeypatch.setenv(KEYS[0], emulator.credentials.access_key_id)
        monkeypatch.setenv(KEYS[1], emulator.credentials.secret_access_key)
        monkeypatch.setenv(SECRET, "Secret-12345")
        yield World(emulator, ClientSettings(endpoint=url, credentials_env=KEYS), tmp_path / "fleet.db")


class Threads(ThreadPoolExecutor):
    """Runs runners in threads, and notes them."""

    def __init__(self) -> None:
        super().__init__(4)
        self.taken: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.taken.append(super().submit(fn, *args, **kwargs))
        return self.taken[-1]

    def reasons(self) -> list[str | None]:
        """Return why the runners have stopped."""
        return [future.result(0).findings.stopped for future in self.taken]


@attrs.define
class Others:
    """What goes on beside a launch: another one, and a plain run."""

    launched: FleetReport | None = None
    ran: FleetReport | None = None

    async def launch(self, world: World) -> None:
        self.launched = await world.launch(Threads())

    async def run(self, world: World) -> None:
        async with world.client.client() as eks, fleet.open_journal(world.path) as journal:
            self.ran = await fleet.provision(eks, PLAN, journal=journal, **SETTINGS).report()


async def all_at_work(world: World, threads: Threads, others: Others, during: Callable[[Any, Any], Any]) -> None:
    """Begin a launch of two clusters, then another one and a run of all, and do something once all are at work.

    Args:
        world: Where.
        threads: Where the runners of the first launch run.
        others: The other launch and the run.
        during: Is given what the first launch can be cancelled by, and an event of its end.
    """
    ended = anyio.Event()

    async def first(scope: anyio.CancelScope) -> None:
        with scope:
            await world.launch(threads, only=["gpu-00[12]"])
        ended.set()

    async with anyio.create_task_group() as group:
        scope = anyio.CancelScope()
        group.start_soon(first, scope)
        await world.until_created(2)
        group.start_soon(others.launch, world)
        group.start_soon(others.run, world)
        await world.until_created(6)
        await during(scope, ended)


def test_another_launch_and_a_run_beside_one_that_is_interrupted_go_on_and_finish_everything(world: World) -> None:
    threads, others = Threads(), Others()

    async def interrupt(scope: anyio.CancelScope, ended: anyio.Event) -> None:
        scope.cancel()
        await ended.wait()
        assert scope.cancelled_caught
        assert threads.reasons() == [INTERRUPTED] * 2
        assert (others.launched, others.ran) == (None, None)
        world.hurry()

    anyio.run(all_at_work, world, threads, others, interrupt)
    for report in (others.launched, others.ran):
        assert report is not None
        assert (report.ok, report.stopped) == (True, None)
        assert {item.state for item in report.items} == {"ready"}
    world.assert_once()
    assert world.marks() == []


def test_what_stops_all_stops_every_launch_and_run(world: World) -> None:
    threads, others = Threads(), Others()

    async def stop(_: anyio.CancelScope, ended: anyio.Event) -> None:
        async with fleet.open_journal(world.path) as journal:
            await journal.stop("maintenance")
        await ended.wait()
        assert threads.reasons() == ["maintenance"] * 2

    anyio.run(all_at_work, world, threads, others, stop)
    for report in (others.launched, others.ran):
        assert report is not None
        assert (report.ok, report.stopped) == (False, "maintenance")
    assert world.marks() == ["stop"]
    world.hurry()
    assert anyio.run(partial(world.launch, Threads())).ok  # which takes it back
    world.assert_once()
    assert world.marks() == []


class Late(Threads):
    """Takes runners, and runs none until it is told to."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks: list[RunnerTask] = [*getattr(self, "tasks", []), *args]
        self.taken.append(Future())
        return self.taken[-1]


async def interrupted_before_it_begins(world: World, late: Late) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(partial(world.launch, late, limits=attrs.evolve(LIMITS, lease=0.1, grace=0.1)))
        await to_thread.run_sync(until, lambda: len(late.taken) == 2)
        group.cancel_scope.cancel()


def test_a_runner_of_an_interrupted_launch_that_begins_late_creates_nothing_even_after_the_next_launch(
    world: World,
) -> None:
    late = Late()
    world.hurry()
    anyio.run(interrupted_before_it_begins, world, late)
    mark = f"stop:{late.tasks[0].launch}"
    assert world.marks() == [mark]
    assert run_task(late.tasks[0]).findings.stopped == INTERRUPTED
    assert world.emulator.ledger.created("cluster") == []
    assert anyio.run(partial(world.launch, Threads(), only=["gpu-001"])).ok
    assert run_task(late.tasks[1]).findings.stopped == INTERRUPTED
    assert [each.name for each in world.emulator.ledger.created("cluster")] == ["gpu-001"]
    assert world.marks() == [mark]  # a copy of them may begin yet


def test_a_runner_of_a_launch_of_an_earlier_version_has_no_name_of_it_and_does_its_work(world: World) -> None:
    late = Late()
    world.hurry()
    anyio.run(interrupted_before_it_begins, world, late)
    state: Any = late.tasks[0].__getstate__()
    del state["launch"]
    earlier = RunnerTask.__new__(RunnerTask)
    earlier.__setstate__(state)  # type: ignore[attr-defined] # attrs makes it
    assert run_task(earlier).findings.stopped is None
    world.assert_once()


PROGRAM = """
import signal, sys
from cds_eks import fleet
from fleet.runners.test_interrupted_launches import KEYS, PLAN, SETTINGS

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    client = fleet.ClientSettings(endpoint=sys.argv[1], credentials_env=KEYS)
    try:
        report = fleet.sync.launch(
            PLAN, journal=sys.argv[2], runners=2, client=client, only=sys.argv[3:] or None, **SETTINGS
        )
    except KeyboardInterrupt:
        print("interrupted")
    else:
        print(report.ok, report.stopped)
"""


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_ctrl_c_to_the_program_of_one_launch_leaves_that_of_another_at_work(
    world: World, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    server: Any = request.getfixturevalue("postgres_server") if kind == "postgres" else None
    address = str(world.path) if server is None else server.new_database()
    (tmp_path / "launching.py").write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}

    def program(*only: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(tmp_path / "launching.py"), str(world.client.endpoint), address, *only]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    with program("gpu-00[12]") as interrupted, program("gpu-00[3456]") as other:
        try:
            until(lambda: len(world.emulator.ledger.created("cluster")) == 6, WAIT_TIMEOUT)
            interrupted.send_signal(signal.SIGINT)
            assert interrupted.communicate(timeout=WAIT_TIMEOUT)[0] == "interrupted\n"
            assert other.poll() is None
            world.hurry()
            assert other.communicate(timeout=WAIT_TIMEOUT)[0] == "True None\n"
        finally:
            interrupted.kill()
            other.kill()
    assert anyio.run(partial(attrs.evolve(world, path=address).launch, Threads())).ok
    world.assert_once()
    if server is None:
        assert world.marks() == []
    else:
        assert server.execute("SELECT name FROM fleet_control WHERE name LIKE 'stop%'", address) == []


class Processes(ProcessPoolExecutor):
    """Runs one runner in a process, and notes it."""

    def __init__(self) -> None:
        super().__init__(1, mp_context=multiprocessing.get_context("spawn"))
        self.taken: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(fn, *args, **kwargs)
        if fn is run_task:
            self.taken.append(future)
        return future


@pytest.mark.long
def test_a_runner_that_was_frozen_when_its_launch_was_interrupted_stops_when_it_is_woken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(TESTS.parent)]))
    limits = attrs.evolve(SETTINGS["limits"], grace=0.5)

    async def body(pool: Processes, others: Others) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(partial(world.launch, pool, runners=1, only=["gpu-00[12]"], limits=limits))
            await world.until_created(2)
            [child] = set(multiprocessing.active_children()) - earlier
            frozen = child.pid or 0
            await to_thread.run_sync(freeze, frozen, Path(world.path))
            group.cancel_scope.cancel()
        assert world.marks()
        async with anyio.create_task_group() as group:
            group.start_soon(others.launch, world)
            await world.until_created(6)
            os.kill(frozen, signal.SIGCONT)
            summary = await to_thread.run_sync(pool.taken[0].result, WAIT_TIMEOUT)
            assert summary.findings.stopped == INTERRUPTED
            world.hurry()

    earlier, others = set(multiprocessing.active_children()), Others()
    with Processes() as pool:
        anyio.run(body, pool, others)
    assert others.launched is not None
    assert (others.launched.ok, others.launched.stopped) == (True, None)
    world.assert_once()
