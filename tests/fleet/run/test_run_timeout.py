"""A run whose `timeout` passes ends in order, whatever it waits for: nothing is made twice, nothing made is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import attrs
import pytest

from cds_eks import errors, fleet
from cds_eks.emulator import Fault
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.ending import OUT_OF_TIME
from cds_eks.fleet.run.events import Event, RunEnded, ServiceAway
from fleet.run.test_outage import away_while
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
GRACE = LIMITS.grace
CLUSTER = "cluster/vpc-1/gpu-001"


async def ended(run: Any) -> tuple[FleetReport, list[Event], float]:
    """Return the report of a run, its events, and how long it took."""
    began = anyio.current_time()
    events = [event async for event in run]
    return await run.report(), events, anyio.current_time() - began


@BACKENDS
@pytest.mark.parametrize("job", ["provision", "destroy"])
def test_a_run_does_not_wait_for_a_service_that_is_away_longer_than_its_timeout(backend: str, job: str) -> None:
    plan = plan_of(3, 2)

    async def body(world: World) -> None:
        began, is_back = 0.0, False
        if job == "destroy":
            async with world.client() as eks:
                await world.provision(eks, plan).report()
        else:
            world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=1.0))
        states = {item.state for item in world.journal.rows.values()}
        is_away = away_while(lambda: not is_back and anyio.current_time() - began >= 0.5)
        async with world.client(per_attempt=[is_away]) as eks:
            settings: Any = {"journal": world.journal, "limits": LIMITS, "timeout": 300.0}
            run = destroy(eks, plan, **settings) if job == "destroy" else world.provision(eks, plan, timeout=300.0)
            began = anyio.current_time()
            report, seen, took = await ended(run)
            sent = len(world.emulator.ledger.requests)
            await anyio.sleep(1000.0)
            assert len(world.emulator.ledger.requests) == sent  # nothing goes on
            assert 300.0 <= took <= 300.0 + GRACE
            assert [event for event in seen if isinstance(event, ServiceAway)]
            assert seen[-1] == RunEnded(open=run.open_items, reason=OUT_OF_TIME)
            assert (report.ok, report.timed_out, report.stopped) == (False, True, OUT_OF_TIME)
            assert run.timed_out
            assert OUT_OF_TIME in str(report)
            assert {item.state for item in report.items} != states
            assert all(item.owner is None for item in world.journal.rows.values())
            is_back = True
            report = await (destroy(eks, plan, **settings) if job == "destroy" else world.provision(eks, plan)).report()
        assert (report.ok, report.timed_out, report.stopped) == (True, False, None)
        assert world.made("cluster") == {cluster.name: 1 for cluster in plan.clusters}

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("fault", ["hang_after_commit", "hang_before_commit"])
def test_a_create_whose_answer_is_lost_when_the_time_is_over_is_made_once_by_the_next_run(
    backend: str, fault: Any
) -> None:
    plan = plan_of(3, 2)

    async def body(world: World) -> None:
        limits = attrs.evolve(LIMITS, grace=5.0)
        world.emulator.faults.add(Fault(fault, "CreateCluster", count=3, seconds=500.0))
        async with world.client() as eks:
            report, _, took = await ended(world.provision(eks, plan, limits=limits, timeout=10.0))
            assert 15.0 <= took <= 15.5  # until the time for what is under way is over too
            assert report.timed_out
            assert report.counts["cluster"] == {"sending": 3}
            assert [item.name for item in report.unknown] == [cluster.name for cluster in plan.clusters]
            assert world.count("CreateCluster") == 3
            report, _, _ = await ended(world.provision(eks, plan, limits=limits))
        assert report.ok
        assert not report.timed_out
        world.assert_once(plan, report)
        expected = {"recovered"} if fault == "hang_after_commit" else {"created"}
        assert {item.origin for item in report.items if item.kind == "cluster"} == expected

    in_world(body, backend)


@BACKENDS
def test_a_create_that_is_answered_within_the_grace_is_written_as_it_is_known(backend: str) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", count=2, seconds=20.0))
        async with world.client() as eks:
            report, _, took = await ended(world.provision(eks, plan, timeout=10.0))
            assert 20.0 <= took < 10.0 + GRACE
            assert report.counts["cluster"] == {"accepted": 2}
            told = {item.ids["cluster_id"] for item in report.items if item.kind == "cluster"}
            assert told == {each.id for each in world.emulator.ledger.created("cluster")}
            report, _, _ = await ended(world.provision(eks, plan))
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_of_two_runners_on_one_journal_only_the_one_whose_time_is_over_ends(backend: str) -> None:
    plan = plan_of(8, 2)

    async def body(world: World) -> None:
        limits = attrs.evolve(LIMITS, batch=4, grace=5.0)
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", count=8, seconds=500.0))
        reports: dict[str, FleetReport] = {}

        async def carried_out(name: str, **settings: Any) -> None:
            async with world.client() as eks:
                reports[name], _, _ = await ended(world.provision(eks, plan, limits=limits, **settings))

        async with anyio.create_task_group() as group:
            group.start_soon(lambda: carried_out("short", timeout=10.0))
            group.start_soon(lambda: carried_out("long"))
        assert (reports["short"].timed_out, reports["short"].ok) == (True, False)
        assert reports["short"].unknown  # which the other one has settled since
        assert (reports["long"].timed_out, reports["long"].ok) == (False, True)
        world.assert_once(plan, reports["long"])

    in_world(body, backend)


@BACKENDS
def test_a_run_that_waits_for_another_runner_s_lease_ends_too(backend: str) -> None:
    async def body(world: World) -> None:
        until = world.clock.now() + 10_000.0
        open_cluster(world, "gpu-001", owner="another", lease_until=until)
        async with world.client() as eks:
            report, _, took = await ended(world.provision(eks, plan_of(1, 1), timeout=60.0))
        assert 60.0 <= took <= 60.0 + GRACE
        assert report.timed_out
        assert world.journal.rows[CLUSTER].owner == "another"
        assert world.count("CreateCluster") == 0

    in_world(body, backend)


@BACKENDS
def test_a_run_ends_though_the_journal_is_away_and_the_error_says_so(backend: str) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", count=2, seconds=20.0))
        async with world.client() as eks:
            run = world.provision(eks, plan, timeout=120.0)
            began = anyio.current_time()
            async with anyio.create_task_group() as group:

                async def go_away() -> None:
                    await anyio.sleep(10.0)
                    world.journal.is_away = True

                group.start_soon(go_away)
                with pytest.raises(JournalError, match="the journal is away"):
                    await run.report()
            assert 120.0 <= anyio.current_time() - began <= 120.0 + 2 * GRACE
            assert run.timed_out
            assert not run.is_open_known
            world.journal.is_away = False
            assert {row.state for row in world.journal.rows.values() if row.kind == "cluster"} == {"sending"}
            report, _, _ = await ended(world.provision(eks, plan))
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_a_run_that_is_done_in_time_knows_nothing_of_its_timeout(backend: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(1, 1)
        async with world.client() as eks:
            report, events, _ = await ended(world.provision(eks, plan, timeout=10_000.0))
        assert (report.ok, report.timed_out, report.stopped) == (True, False, None)
        assert events[-1] == RunEnded(open=(), reason=None)

    in_world(body, backend)


@BACKENDS
def test_who_stops_a_run_first_is_told_as_the_reason(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=15.0))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(1, 1), timeout=5.0)
            run.begin()
            await anyio.sleep(1.0)
            run.stop("a test")
            report = await run.report()
        assert (report.timed_out, report.stopped) == (False, "a test")

    in_world(body, backend)


NO_TIMEOUTS = [float("nan"), float("inf"), 0, 0.0, -1.0, 10**400, "60", True]


@pytest.mark.parametrize("value", NO_TIMEOUTS, ids=lambda value: str(value)[:8])
@pytest.mark.parametrize("verb", ["provision", "destroy", "launch"])
def test_a_timeout_that_makes_no_sense_is_refused_before_anything_is_sent(verb: str, value: Any, tmp_path: Any) -> None:
    async def body(world: World) -> None:
        plan = plan_of(1, 1)
        make: Callable[..., Any] = fleet.provision if verb == "provision" else destroy
        async with world.client() as eks:

            async def begin() -> None:
                if verb == "launch":
                    await fleet.launch(plan, journal=tmp_path / "fleet.db", timeout=value)
                make(eks, plan, journal=world.journal, timeout=value)

            with pytest.raises(errors.ConfigurationError, match="timeout must be a number of seconds above 0, or None"):
                await begin()
        assert not world.emulator.ledger.requests
        assert not world.journal.rows
        assert not list(tmp_path.iterdir())

    in_world(body, "asyncio")
