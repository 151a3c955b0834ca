"""What a later run of a plan does: scales, comparisons, selections, and how it is stopped."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from cds_eks import errors
from cds_eks.emulator import Fault
from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.run.context import ANOTHER_PLAN
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.event_stream import EventStream
from cds_eks.fleet.run.events import ItemChanged, ItemDiffers, RunEnded, StoppedCreating
from fleet.run.backends import BACKENDS
from fleet.run.clusters_in_reports import of_clusters
from fleet.run.world import LIMITS, World, in_world, plan_of


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
                assert world.count("ListNodePools") - lists == 2  # one list alone may be wrong
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
