"""What a run does about what it finds, and what it does not do."""

from __future__ import annotations

import anyio
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.run.events import StoppedCreating
from cds_eks.fleet.run.limits import FleetLimits
from fleet.run.backends import BACKENDS
from fleet.run.clusters_in_reports import of_clusters
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import World, in_world, open_cluster, plan_of


@BACKENDS
@pytest.mark.parametrize("is_open", [True, False])
def test_of_several_of_one_name_none_is_chosen_and_none_deleted(backend: str, *, is_open: bool) -> None:
    async def body(world: World) -> None:
        if is_open:
            open_cluster(world, "gpu-001")
        made = {world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1") for _ in range(2)}
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 1), adopt="matching").report()
        duplicate, other = of_clusters(report)
        assert duplicate.state == "failed"
        assert duplicate.error["class"] == "DuplicateFound"
        assert all(each in duplicate.error["message"] for each in made)
        assert set(duplicate.ids["candidate_id" if is_open else "found_id"].split(",")) == made
        assert other.state == "ready"
        assert world.count("DeleteCluster") == 0
        assert world.made("cluster") == {"gpu-002": 1}

    in_world(body, backend)


@BACKENDS
def test_with_the_journal_lost_the_same_plan_makes_nothing_again(backend: str) -> None:
    plan = plan_of(20, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            world.journal = MemoryJournal(world.clock.now)
            report = await world.provision(eks, plan, adopt="matching").report()
        assert report.ok, [item.error for item in report.items]
        assert (world.count("CreateCluster"), world.count("CreateNodePool")) == (20, 20)
        assert {item.origin for item in report.items} == {"adopted"}
        cluster = report.items[0]
        assert {"ak", "sk", "master_config.password", "master_config.specifics"} <= set(cluster.unseen)
        assert report.differing == ()

    in_world(body, backend)


@BACKENDS
def test_never_fails_what_is_there_already(backend: str) -> None:
    async def body(world: World) -> None:
        found = world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 1)).report()
        there, other = of_clusters(report)
        assert (there.state, there.error["class"]) == ("failed", "AlreadyExists")
        assert found in there.error["message"]
        assert other.state == "ready"

    in_world(body, backend)


@BACKENDS
def test_the_same_name_in_another_vpc_or_a_longer_one_is_another_cluster(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-2")
        world.emulator.add_cluster(name="gpu-0011", vpc_id="vpc-1")
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 1)).report()
        assert report.ok
        assert report.items[0].origin == "created"

    in_world(body, backend)


@BACKENDS
def test_what_differs_is_told_and_not_adopted(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 1)).report()
            world.journal = MemoryJournal(world.clock.now)
            report = await world.provision(eks, plan_of(1, 1, k8s_version="v1.26.15"), adopt="matching").report()
        [cluster] = of_clusters(report)
        assert (cluster.state, cluster.error["class"]) == ("failed", "Different")
        assert cluster.differences["k8s_version"] == {"wanted": "v1.26.15", "found": "v1.30.14"}
        assert world.count("CreateCluster") == 1

    in_world(body, backend)


@BACKENDS
def test_require_creates_nothing(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 1), adopt="require").report()
        assert {item.error["class"] for item in of_clusters(report)} == {"NotThere"}
        assert world.count("CreateCluster") == 0

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "CreateCluster", status=400, code="NotEnoughBalance"),
        Fault("status", "CreateCluster", status=200, code="InsufficientBalance"),
        Fault("status", "CreateCluster", status=403, code="AccessDenied"),
        Fault("status", "CreateCluster", status=403, code="InvalidAccessKeyId"),
    ],
    ids=lambda fault: str(fault.code),
)
def test_what_concerns_the_account_stops_new_creates_with_one_message(backend: str, fault: Fault) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("status", "CreateCluster", status=400, code="ArgMissing", count=1))
        async with world.client() as eks:
            await world.provision(eks, plan_of(3, 1)).report()
            world.emulator.faults.add(fault)
            before = world.count("CreateCluster")
            run = world.provision(eks, plan_of(60, 1), limits=FleetLimits(creates=4))
            events = [event async for event in run]
            report = await run.report()
        [stopped] = [event for event in events if isinstance(event, StoppedCreating)]
        assert str(fault.code) in stopped.reason
        assert report.stopped == stopped.reason
        assert world.count("CreateCluster") - before <= 4
        assert len([item for item in of_clusters(report) if item.state == "ready"]) == 2
        assert len([item for item in of_clusters(report) if item.state == "planned"]) >= 53

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("stop_on_error", [False, True])
def test_one_failure_stops_the_rest_only_if_that_was_asked_for(backend: str, *, stop_on_error: bool) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("status", "CreateCluster", status=400, code="InvalidParameter", count=1))
        limits = FleetLimits(creates=1)
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(10, 1), limits=limits, stop_on_error=stop_on_error).report()
        states = [item.state for item in of_clusters(report)]
        assert states.count("refused") == 1
        assert states.count("ready") == (0 if stop_on_error else 9)
        assert (report.stopped is not None) is stop_on_error

    in_world(body, backend)


@BACKENDS
def test_a_cluster_that_the_service_fails_to_build_is_failed_and_its_pools_are_not_made(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("task_fails", "CreateCluster", count=1, seconds=30.0))
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 2)).report()
        failed = [item for item in report.items if item.state == "failed"]
        assert [item.kind for item in failed] == ["cluster"]
        assert (failed[0].error or {})["class"] == "TaskFailed"
        assert world.count("CreateNodePool") == 1

    in_world(body, backend)


@BACKENDS
def test_what_does_not_get_ready_in_time_is_given_up_and_told(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("task_never_ends", "CreateCluster", count=1, seconds=30.0))
        limits = FleetLimits(cluster_timeout=1000.0)
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 1), limits=limits).report()
        late = [item for item in report.items if item.error]
        assert [(item.state, (item.error or {})["class"]) for item in late] == [("accepted", "WaitTimeout")]
        assert [item.state for item in of_clusters(report)].count("ready") == 1

    in_world(body, backend)


@BACKENDS
def test_a_lost_lease_stops_all_work_on_its_item_at_once(backend: str) -> None:
    """Another runner takes a cluster over while the answer to its create is on its way."""
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=40.0, count=1))
        journal = world.journal
        async with world.client() as eks, anyio.create_task_group() as group:
            run = world.provision(eks, plan, limits=FleetLimits(lease=9.0, poll_interval=5.0))
            group.start_soon(run.report)
            await anyio.sleep(1.0)
            taken = next(item for item in journal.rows.values() if item.state == "sending")
            journal.seed(
                **{
                    **{name: getattr(taken, name) for name in ("id", "kind", "name", "vpc_id", "cluster_name")},
                    **{name: getattr(taken, name) for name in ("state", "epoch", "intent_at", "deadline", "position")},
                },
                owner="another",
                lease_until=world.clock.now() + 10_000.0,
            )
            journal.lost[run.runner] = {taken.id}
            written = len(journal.entries)
            await anyio.sleep(200.0)
            mine = [entry for entry in journal.entries[written:] if entry.item_id == taken.id]
            assert mine == []
            assert journal.rows[taken.id].state == "sending"
            assert world.made("cluster")[taken.name] == 1
            run.stop()
        assert world.count("CreateCluster") == 2

    in_world(body, backend)


@BACKENDS
def test_two_runners_on_one_plan_make_everything_once(backend: str) -> None:
    plan = plan_of(30, 2)

    async def body(world: World) -> None:
        for fault in (
            Fault("reset_after_commit", "create", probability=0.1),
            Fault("lag", "read", seconds=10.0, probability=0.1),
            Fault("late", "create", seconds=20.0, probability=0.1),
        ):
            world.emulator.faults.add(fault)
        reports = []
        limits = FleetLimits(batch=5, poll_interval=5.0)

        async def one() -> None:
            async with world.client() as eks:
                run = world.provision(eks, plan, limits=limits)
                reports.append(await run.report())

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            group.start_soon(one)
        assert all(report.ok for report in reports)
        for report in reports:
            world.assert_once(plan, report)
        assert len({entry.runner for entry in world.journal.entries if entry.runner}) == 2

    in_world(body, backend)
