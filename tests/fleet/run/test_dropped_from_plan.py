"""What was made, and has no run that goes on with it: dropped from the plan, or with a cluster that has failed."""

from __future__ import annotations

import anyio
import attrs

from cds_eks.fleet.items import OPEN
from cds_eks.fleet.run.events import ItemChanged
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, Fault, World, in_world, open_cluster, plan_of

SHORT = attrs.evolve(LIMITS, grace=1.0)


async def cut_off(world: World, action: str, name: str, *, clusters: int, pools: int) -> None:
    """Have a run cut off while the last create of its kind is carried out, and its answer does not come."""
    async with world.client() as eks:
        if clusters > 1:
            assert (await world.provision(eks, plan_of(clusters - 1, pools)).report()).ok
        world.emulator.faults.add(Fault("hang_after_commit", action, seconds=1000.0, count=1))
        with anyio.CancelScope() as scope:
            async for event in world.provision(eks, plan_of(clusters, pools), limits=SHORT):
                if isinstance(event, ItemChanged) and (event.item.name, event.item.state) == (name, "sending"):
                    await anyio.sleep(2.0)
                    scope.cancel()
    await anyio.sleep(60.0)
    assert name in {item.name for item in world.journal.rows.values() if item.state in OPEN}


@BACKENDS
def test_a_cluster_that_is_dropped_while_its_create_is_open_is_seen_to_with_its_first_pool(backend: str) -> None:
    async def body(world: World) -> None:
        await cut_off(world, "CreateCluster", "gpu-002", clusters=2, pools=2)
        assert world.made("cluster") == {"gpu-001": 1, "gpu-002": 1}
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 2)).report()
            assert report.ok
            world.assert_told(report)
            assert {item.name for item in report.items if item.cluster_name == "gpu-002"} == {"gpu-002", "pool-0"}
            [dropped] = [item for item in world.journal.rows.values() if item.name == "gpu-002"]
            assert (dropped.state, dropped.origin) == ("ready", "recovered")
            # It is left alone from then on.
            report = await world.provision(eks, plan_of(1, 2)).report()
            assert report.ok
            assert {item.cluster_name for item in report.items} == {"gpu-001"}
        assert world.pools_made() == {("gpu-001", "pool-0"): 1, ("gpu-001", "pool-1"): 1, ("gpu-002", "pool-0"): 1}

    in_world(body, backend)


@BACKENDS
def test_a_pool_that_is_dropped_while_its_create_is_open_is_seen_to(backend: str) -> None:
    async def body(world: World) -> None:
        await cut_off(world, "CreateNodePool", "pool-1", clusters=1, pools=2)
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 1)).report()
        assert report.ok
        world.assert_told(report)
        assert world.journal.rows["node_pool/vpc-1/gpu-001/pool-1"].state == "ready"
        assert world.count("CreateNodePool") == 1

    in_world(body, backend)


@BACKENDS
def test_what_only_leaves_out_is_settled_and_left_alone(backend: str) -> None:
    async def body(world: World) -> None:
        await cut_off(world, "CreateCluster", "gpu-002", clusters=2, pools=1)
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 1), only=["gpu-001"]).report()
        [left_out] = {"gpu-001", "gpu-002"} - {item.cluster_name for item in report.items}
        assert left_out == "gpu-002"
        assert world.journal.rows["cluster/vpc-1/gpu-002"].state == "accepted"

    in_world(body, backend)


@BACKENDS
def test_what_another_runner_settles_is_left_to_that_one(backend: str) -> None:
    async def body(world: World) -> None:
        now = world.clock.now()
        item = open_cluster(world, "another-plan", owner="a living one", lease_until=now + 100.0)
        async with world.client() as eks:
            made = (await eks.clusters.create(plan_of(1, 1).clusters[0].create_request())).data.cluster_id

            async def settles() -> None:
                await anyio.sleep(20.0)
                world.journal.rows[item.id] = attrs.evolve(item, state="accepted", ids={"cluster_id": made})

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(settles)
                report = await world.provision(eks, plan_of(1, 1, name="own-{index}")).report()
        assert report.ok
        assert {each.cluster_name for each in report.items} == {"own-1"}

    in_world(body, backend)


@BACKENDS
def test_the_first_pool_of_a_cluster_that_has_failed_is_told_with_its_id(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("task_fails", "CreateCluster", count=1, seconds=30.0))
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 2)).report()
        assert not report.ok
        world.assert_told(report)
        [failed] = [item.name for item in report.items if item.kind == "cluster" and item.state == "failed"]
        pools = [item for item in report.items if item.cluster_name == failed and item.kind == "node_pool"]
        assert [(pool.state, pool.origin) for pool in pools] == [("accepted", "created"), ("planned", None)]

    in_world(body, backend)
