"""Runners in processes of this machine: killed, submitted twice, and what can't be sent to them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from cds_eks import errors, fleet
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.runners.client_settings import ClientSettings
from cds_eks.fleet.runners.task import RunnerSummary, RunnerTask, run_task
from fleet.journal.conftest import postgres_server as postgres_server
from fleet.run.world import plan_of
from fleet.runners.crowd import LIMITS, LOSSY, SETTLE, Service, freeze, identity_of, launched, sendable_plan, serving

pytestmark = pytest.mark.long

COUNT = 8
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with serving(monkeypatch, "--fault", LOSSY, speed=120.0) as found:
        yield found


@pytest.fixture
def earlier() -> set[BaseProcess]:
    """Processes that other tests have left."""
    return {*multiprocessing.active_children()}


def kill_a_child(service: Service, after: int, earlier: set[BaseProcess]) -> None:
    service.until_created(after)
    children = {*multiprocessing.active_children()} - earlier
    os.kill(children.pop().pid or 0, signal.SIGKILL)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_pool_of_processes_that_breaks_is_built_anew_and_nothing_is_made_twice_or_lost(
    service: Service, tmp_path: Path, earlier: set[BaseProcess], backend: str
) -> None:
    pools: list[Executor] = []

    def make() -> Executor:
        pools.append(ProcessPoolExecutor(2, mp_context=SPAWN))
        return pools[-1]

    report = launched(
        service,
        sendable_plan(COUNT),
        lambda: kill_a_child(service, 1, earlier),
        journal=tmp_path / "fleet.db",
        executor=make,
        runners=2,
        backend=backend,
    )
    service.assert_once(sendable_plan(COUNT), report)
    assert len(pools) == 2


def test_a_pool_of_the_callers_that_breaks_is_followed_by_one_of_our_own(
    service: Service, tmp_path: Path, earlier: set[BaseProcess]
) -> None:
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        report = launched(
            service,
            sendable_plan(COUNT),
            lambda: kill_a_child(service, 1, earlier),
            journal=tmp_path / "fleet.db",
            executor=pool,
            runners=2,
        )
        with pytest.raises(RuntimeError):
            pool.submit(int)
    service.assert_once(sendable_plan(COUNT), report)


def test_processes_that_are_all_frozen_are_replaced(
    service: Service, tmp_path: Path, earlier: set[BaseProcess]
) -> None:
    path = tmp_path / "fleet.db"
    frozen: list[BaseProcess] = []

    def freeze_all() -> None:
        service.until_created(1)
        frozen.extend({*multiprocessing.active_children()} - earlier)
        for child in frozen:
            freeze(child.pid or 0, path)

    report = launched(service, sendable_plan(COUNT), freeze_all, journal=path, runners=2)
    service.assert_once(sendable_plan(COUNT), report)
    assert len(frozen) == 2
    for child in frozen:
        child.join(30)  # which waits for ever for one that is frozen
        assert child.exitcode == -signal.SIGKILL


def test_runners_on_one_postgresql_share_the_work(
    service: Service, postgres_server: Any, earlier: set[BaseProcess]
) -> None:
    address, plan = postgres_server.new_database(), sendable_plan(COUNT)
    report = launched(service, plan, lambda: kill_a_child(service, 1, earlier), journal=address, runners=2)
    service.assert_once(sendable_plan(COUNT), report)
    workers = postgres_server.execute("SELECT count(DISTINCT pid) FROM fleet_audit WHERE state = 'sending'", address)
    assert workers[0][0] >= 2


def test_a_runner_submitted_twice_makes_nothing_twice(service: Service, tmp_path: Path) -> None:
    plan = sendable_plan(COUNT)
    task = RunnerTask(
        plan=plan,
        journal=str(tmp_path / "fleet.db"),
        identity=identity_of(tmp_path / "fleet.db"),
        client=service.client(),
        settings=Settings(settle=SETTLE, limits=LIMITS),
        began=0.0,
    )
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        twice = [pool.submit(run_task, task) for _ in range(2)]
        summaries: list[RunnerSummary] = [each.result(60) for each in twice]
    assert len({summary.runner for summary in summaries}) == 2
    report = launched(
        service, sendable_plan(COUNT), journal=tmp_path / "fleet.db"
    )  # in this process: it finds all of it done
    service.assert_once(plan, report)


def test_a_launch_that_is_cancelled_stops_all_runners_through_the_journal_and_is_resumed(
    service: Service, tmp_path: Path
) -> None:
    async def body() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(
                lambda: fleet.launch(
                    sendable_plan(COUNT),
                    journal=tmp_path / "fleet.db",
                    client=service.client(),
                    settle=SETTLE,
                    limits=LIMITS,
                    runners=2,
                )
            )
            await to_thread.run_sync(service.until_created, 1)
            group.cancel_scope.cancel()
        async with fleet.open_journal(tmp_path / "fleet.db") as journal:
            assert "stop" in [entry.action for entry in await journal.audit()]
            assert not [item for item in await journal.items() if item.owner is not None]
            assert (await journal.renew("another", lease=1.0)).stop is None  # all have ended: it was taken back
            await journal.release("another")

    anyio.run(body)
    made = service.created()
    assert made < 3 * COUNT
    report = launched(service, sendable_plan(COUNT), journal=tmp_path / "fleet.db", runners=2)
    service.assert_once(sendable_plan(COUNT), report)


def test_a_runner_that_finds_no_keys_where_it_runs_ends_the_launch_with_the_names_of_their_variables(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(service.client().credentials_env[1])  # type: ignore[index]
    with pytest.raises(errors.ConfigurationError, match="CDS_EKS_TEST_FLEET_KEY is not set"):
        launched(service, sendable_plan(COUNT), journal=tmp_path / "fleet.db", runners=2)
    assert service.ledger()["requests"] == []


def test_a_plan_with_inline_secrets_is_not_sent_anywhere(tmp_path: Path) -> None:
    async def body() -> None:
        await fleet.launch(plan_of(1), journal=tmp_path / "fleet.db", runners=2)

    with pytest.raises(errors.ConfigurationError, match="inline secret"):
        anyio.run(body)


def test_what_is_sent_holds_no_key_and_shows_no_address(service: Service, tmp_path: Path) -> None:
    task = RunnerTask(
        plan=sendable_plan(1),
        journal="postgresql://user:hunter2@host/fleet",
        identity="one",
        client=service.client(),
        settings=Settings(),
        began=0.0,
    )
    sent = pickle.dumps(task)
    for name in (*service.client().credentials_env, "CDS_EKS_TEST_FLEET_SECRET"):  # type: ignore[misc]
        assert os.environ[name].encode() not in sent
    assert "hunter2" not in repr(task)
    assert pickle.loads(sent) == task


@pytest.mark.parametrize("wrong", [("one",), ("AKIA/secret+", "x"), "NAME"])
def test_keys_in_place_of_their_names_are_refused_and_not_shown(wrong: Any) -> None:
    with pytest.raises(errors.ConfigurationError, match="names of two environment variables") as caught:
        ClientSettings(credentials_env=wrong)
    assert "secret+" not in str(caught.value)
