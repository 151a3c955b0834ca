"""In no second does the service see more than the account's rate, while runners join, die and freeze."""

from __future__ import annotations

import os
import signal
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path

import anyio
import attrs
import pytest

from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.run.limits import FleetLimits
from cds_eks.fleet.run.shared_rate import SharedRate
from cds_eks.fleet.runners.task import RunnerSummary, RunnerTask, run_task
from fleet.run import virtual_time
from fleet.run.world import World, in_world, plan_of
from fleet.runners.crowd import LIMITS, SETTLE, identity_of, launched, sendable_plan, serving
from support.eventually import EVENT_TIMEOUT

pytestmark = pytest.mark.long


def most_in_a_second(times: list[float]) -> int:
    times = sorted(times)
    return max(sum(at <= each < at + 1.0 for each in times) for at in times)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("seed", range(3))
def test_runners_that_join_leave_and_die_stay_below_the_rate_together_in_every_second(backend: str, seed: int) -> None:
    rate = 50.0
    plan = plan_of(90, 1)
    limits = FleetLimits(requests_per_second=rate, lease=6.0, batch=10, poll_interval=0.5, steps=False)

    async def body(world: World) -> None:

        async def one(joins: float, dies: float | None) -> None:
            await anyio.sleep(joins)
            async with world.client() as eks:
                run = world.provision(eks, plan, limits=limits)
                with anyio.move_on_after(1e9 if dies is None else dies):
                    await run.report()

        async with anyio.create_task_group() as group:
            for joins, dies in [(0.0, None), (0.1 * seed, 14.0), (2.0, 9.0 + seed), (5.5, None), (9.0, None)]:
                group.start_soon(one, joins, dies)
        world.assert_once(plan)
        times = [each.at for each in world.emulator.ledger.requests]
        assert len(times) > 5 * rate
        assert most_in_a_second(times) <= 1.1 * rate

    in_world(body, backend, seed=seed)


def test_a_runner_that_joins_others_begins_when_they_have_learned_of_it() -> None:
    async def body() -> float:
        rate = SharedRate(10.0, lease=6.0)
        rate.hold()
        began = anyio.current_time()
        rate.beat(2, began)
        with anyio.move_on_after(1.0) as waited:
            await rate.acquire()
        assert waited.cancelled_caught
        rate.beat(3, anyio.current_time())  # it keeps its place
        await rate.acquire()
        return anyio.current_time() - began

    assert virtual_time.run(body, "asyncio") == pytest.approx(3.0)


def test_a_runner_alone_begins_at_once_and_one_without_heartbeats_pauses_until_the_next() -> None:
    async def body() -> None:
        rate = SharedRate(10.0, lease=6.0)
        rate.hold()
        began = anyio.current_time()
        rate.beat(1, began)
        await rate.acquire()
        assert anyio.current_time() == began
        await anyio.sleep(4.0)  # more than half a lease: others may have come
        with anyio.move_on_after(1.0) as waited:
            await rate.acquire()
        assert waited.cancelled_caught
        rate.beat(1, anyio.current_time())
        await rate.acquire()
        assert anyio.current_time() - began == pytest.approx(5.0)

    virtual_time.run(body, "asyncio")


def test_a_runner_that_was_silent_for_a_whole_lease_joins_anew() -> None:
    async def body() -> float:
        rate = SharedRate(10.0, lease=6.0)
        rate.hold()
        rate.beat(2, anyio.current_time())
        await anyio.sleep(18.0)  # frozen for three leases: others have divided the rate without it
        began = anyio.current_time()
        rate.beat(2, began)
        await rate.acquire()
        return anyio.current_time() - began

    assert virtual_time.run(body, "asyncio") == pytest.approx(3.0)


def test_processes_that_join_and_are_killed_stay_below_the_rate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rate = 40.0
    plan = sendable_plan(30, 1)
    limits = attrs.evolve(LIMITS, requests_per_second=rate, lease=2.0, poll_interval=0.3, batch=5, create_timeout=2.0)
    with serving(monkeypatch) as service:
        task = RunnerTask(
            plan=plan,
            journal=str(tmp_path / "fleet.db"),
            identity=identity_of(tmp_path / "fleet.db"),
            client=service.client(),
            settings=Settings(settle=SETTLE, limits=limits),
            began=0.0,
        )

        def one() -> tuple[ProcessPoolExecutor, Future[RunnerSummary]]:
            pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
            return pool, pool.submit(run_task, task)

        earlier = {*active_children()}  # of other tests, perhaps
        first, lost = one()
        (killed,) = {*active_children()} - earlier
        service.until_created(2)
        others = [one(), one()]
        service.until_created(14)
        os.kill(killed.pid or 0, signal.SIGKILL)
        others.append(one())
        for pool, future in others:
            future.result(100)
            pool.shutdown()
        with pytest.raises(BrokenExecutor):
            lost.result(EVENT_TIMEOUT)
        first.shutdown()
        report = launched(service, plan, journal=task.journal)
        service.assert_once(plan, report)
        assert service.most_in_a_second() <= 1.1 * rate
