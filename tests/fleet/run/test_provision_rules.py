"""What a run does about what it finds, and what it does not do."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from cds_eks import errors
from cds_eks.emulator import Fault
from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.run.context import ANOTHER_PLAN
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.events import EventStream, ItemChanged, ItemDiffers, RunEnded, StoppedCreating
from cds_eks.fleet.run.limits import FleetLimits
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def of_clusters(report: Any) -> list[Any]:
    return [item for item in report.items if item.kind == "cluster"]


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


@BACKENDS
def test_scale_changes_the_number_of_nodes_in_place(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(2, 2)).report()
            more = plan_of(2, 2, replicas=4)
            report = await world.provision(eks, more).report()
        assert report.ok
        assert world.count("ScalingNodePoolNum") == 4
        assert (world.count("CreateCluster"), world.count("CreateNodePool")) == (2, 2)
        pools = [pool for cluster in world.emulator._world.clusters.values() for pool in cluster.pools.values()]
        assert {pool.replicas for pool in pools} == {4}
        assert {len(pool.nodes) for pool in pools} == {4}

    in_world(body, backend)


@BACKENDS
def test_a_second_run_of_a_plan_that_is_done_does_next_to_nothing(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(20, 2)).report()
            before = len(world.emulator.ledger.requests)
            report = await world.provision(eks, plan_of(20, 2)).report()
        assert report.ok
        assert len(world.emulator.ledger.requests) - before <= 2

    in_world(body, backend)


@BACKENDS
def test_what_somebody_has_deleted_is_told_and_not_made_again_unasked(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(3, 1)).report()
            id_ = world.journal.rows["cluster/vpc-1/gpu-002"].ids["cluster_id"]
            await eks.clusters.delete(id_)
            await anyio.sleep(200.0)
            report = await world.provision(eks, plan_of(3, 1)).report()
            clusters = of_clusters(report)
            assert [item.state for item in clusters] == ["ready", "failed", "ready"]
            assert clusters[1].error["class"] == "Gone"
            assert world.count("CreateCluster") == 3
            await destroy(eks, plan_of(3, 1), journal=world.journal, only=["gpu-002"]).report()
            assert (await world.provision(eks, plan_of(3, 1)).report()).ok
        assert world.made("cluster") == {"gpu-001": 1, "gpu-002": 2, "gpu-003": 1}

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("number", [0, 1])
def test_a_pool_that_somebody_has_deleted_is_told_by_the_next_run(backend: str, number: int) -> None:
    async def body(world: World) -> None:
        plan = plan_of(3, 2, replicas=3)  # as many as there are masters
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            cluster_id = world.journal.rows["cluster/vpc-1/gpu-002"].ids["cluster_id"]
            pool_id = world.journal.rows[f"node_pool/vpc-1/gpu-002/pool-{number}"].ids["node_pool_id"]
            await eks.node_pools.delete(cluster_id, pool_id)
            await anyio.sleep(200.0)
            for _ in range(2):
                lists, began = world.count("ListNodePools"), world.clock.now()
                report = await world.provision(eks, plan).report()
                (failed,) = report.failures
                assert (failed.cluster_name, failed.name) == ("gpu-002", f"pool-{number}")
                assert failed.error is not None
                assert failed.error["class"] == "Gone"
                assert world.count("ListNodePools") - lists == 1
                assert world.clock.now() - began < 60.0
        assert world.count("CreateNodePool") == 3

    in_world(body, backend)


@BACKENDS
def test_what_another_plan_has_asked_for_is_told_and_never_replaced(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(2, 1)).report()
            other = plan_of(2, 1, k8s_version="v1.31.0")
            for _ in range(2):  # nothing was done about it, so it is told again
                run = world.provision(eks, other)
                events = [event async for event in run if isinstance(event, ItemDiffers)]
                report = await run.report()
                assert [event.item.name for event in events] == ["gpu-001", "gpu-002"]
                told = {item.name: item.differences.get("plan") for item in of_clusters(report)}
                assert told == {"gpu-001": ANOTHER_PLAN, "gpu-002": ANOTHER_PLAN}
                assert report.ok
                [line] = [line for line in str(report).splitlines() if "another plan" in line]
                assert line == "Asked for by another plan before: 2 clusters; nothing was replaced, see fleet.diff"
            same = world.provision(eks, plan_of(2, 1))
            assert [event async for event in same if isinstance(event, ItemDiffers)] == []
        assert world.made("cluster") == {"gpu-001": 1, "gpu-002": 1}
        assert world.count("DeleteCluster") == 0

    in_world(body, backend)


@BACKENDS
def test_only_and_exclude_choose_clusters(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(12, 1), only=["gpu-00*"], exclude=["gpu-003"]).report()
            with pytest.raises(errors.ConfigurationError):
                world.provision(eks, plan_of(1, 1), only="gpu-001")
            with pytest.raises(errors.ConfigurationError):
                world.provision(eks, plan_of(1, 1), adopt="always")
        names = {item.name for item in of_clusters(report)}
        assert names == {f"gpu-{number:03d}" for number in (1, 2, 4, 5, 6, 7, 8, 9)} == set(world.made("cluster"))

    in_world(body, backend)


@BACKENDS
def test_a_plan_with_faults_is_refused_before_any_request(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            with pytest.raises(PlanError):
                await world.provision(eks, plan_of(1, 1, vpc_id=7)).report()
        assert world.emulator.ledger.requests == []

    in_world(body, backend)


@BACKENDS
def test_another_runner_that_asks_all_to_stop_is_heard(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_of(3, 1))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == "accepted":
                    await world.journal.stop("enough for today")
            report = await run.report()
        assert report.stopped == "enough for today"
        assert world.clock.now() < 1_760_000_000 + 60.0

    in_world(body, backend)


@BACKENDS
def test_who_is_cancelled_lets_creates_end_and_says_what_is_open(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=10.0))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(20, 1), limits=LIMITS.__class__(creates=4, grace=30.0))
            with anyio.move_on_after(5.0):
                await run.report()
            states = [item.state for item in world.journal.rows.values() if item.kind == "cluster"]
            assert states.count("accepted") == 4  # those under way were finished, and no other begun
            assert states.count("planned") == 16
            assert world.count("CreateCluster") == 4
            events = [event async for event in run]
        assert isinstance(events[-1], RunEnded)
        assert (events[-1].open, events[-1].reason) == ((), "it was interrupted")
        assert all(item.owner is None for item in world.journal.rows.values())

    in_world(body, backend)


@BACKENDS
def test_what_takes_longer_than_the_grace_is_cut_off_and_told_as_open(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=50.0))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(20, 1), limits=LIMITS.__class__(creates=4, grace=3.0))
            began = world.clock.now()
            with anyio.move_on_after(5.0):
                await run.report()
            assert world.clock.now() - began < 15.0
            events = [event async for event in run]
        assert isinstance(events[-1], RunEnded)
        assert len(events[-1].open) == 4
        assert {item.state for item in events[-1].open} == {"sending"}

    in_world(body, backend)


def test_events_that_nobody_reads_take_a_bounded_space() -> None:
    stream = EventStream(most=100)
    for number in range(1000):
        stream.put(StoppedCreating(reason=str(number)))
    assert stream.dropped == 900

    async def read() -> list[Any]:
        stream.end()
        found = []
        while (event := await stream.next()) is not None:
            found.append(event)
        return found

    events = anyio.run(read)
    assert [event.reason for event in events] == [str(number) for number in range(900, 1000)]
