"""What a run leaves when it is left, or a deletion is cut short: the program ends, and the next run is told."""

from __future__ import annotations

from typing import Any

import anyio
import attrs
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.items import Item
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.events import ItemChanged
from fleet.run.world import LIMITS, World, in_world, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
CLUSTER = "cluster/vpc-1/gpu-001"
POOL = "node_pool/vpc-1/gpu-001/pool-1"


@BACKENDS
@pytest.mark.parametrize("stops", [False, True])
def test_a_program_that_leaves_its_run_ends_though_creates_are_under_way(backend: str, *, stops: bool) -> None:
    """What is shielded is cut off when the event loop ends; it went on for ever, as the journal was closed by then."""
    worlds: list[World] = []

    async def body(world: World) -> None:
        worlds.append(world)
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=50.0))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(3, 2))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == "sending":
                    break
            if stops:
                run.stop("a test")
                await anyio.sleep(0.1)
        world.journal.is_away = True

    in_world(body, backend)
    states = {item.state for item in worlds[0].journal.rows.values() if item.kind == "cluster"}
    assert "sending" in states
    assert states <= {"sending", "planned"}


@BACKENDS
def test_what_an_interrupted_destroy_has_left_is_told_and_needs_another(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            run = destroy(eks, plan, journal=world.journal, limits=LIMITS)
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == "deleting":
                    run.stop("a test")
            await anyio.sleep(1000.0)
            for _ in range(2):
                report = await world.provision(eks, plan).report()
                cluster = report.items[0]
                assert not report.ok
                assert (cluster.state, (cluster.error or {})["class"]) == ("deleting", "BeingDeleted")
                assert "destroy" in (cluster.error or {})["message"]
            report = await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()
            assert [item.state for item in report.items] == ["deleted", "deleted"]
            report = await world.provision(eks, plan).report()
        assert report.ok, report.failures
        assert [item.error for item in report.items] == [None, None]

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("origin", ["created", "adopted"])
def test_a_pool_that_is_added_before_its_cluster_is_claimed_is_seen_by_a_destroy(backend: str, origin: Any) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 1)).report()
            claim = world.journal.claim

            async def added_before(*args: Any, **settings: Any) -> list[Item]:
                if POOL not in world.journal.rows:
                    known = world.journal.rows["node_pool/vpc-1/gpu-001/pool-0"]
                    world.journal.rows[POOL] = attrs.evolve(known, id=POOL, name="pool-1", origin=origin)
                return await claim(*args, **settings)

            world.journal.claim = added_before  # type: ignore[method-assign]
            report = await destroy(eks, plan_of(1, 1), journal=world.journal, limits=LIMITS).report()
        states = {item.state for item in world.journal.rows.values()}
        if origin == "created":
            assert (states, world.count("DeleteCluster")) == ({"deleted"}, 1)
            assert len(report.items) == 3
        else:
            assert (states, world.count("DeleteCluster")) == ({"ready"}, 0)
            assert (report.items[0].error or {})["class"] == "NotOurs"
        assert not [item for item in world.journal.rows.values() if item.owner]

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("count", [1, 4, 5])
def test_a_scaling_that_was_refused_as_a_replay_is_tried_again(backend: str, count: int) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 1)).report()
            world.emulator.faults.add(Fault("replay", "ScalingNodePool", count=count))
            report = await world.provision(eks, plan_of(1, 1, replicas=3)).report()
            assert report.ok == (count < 5)
            assert anyio.current_time() < 1000.0  # what can't be scaled is not waited for
            await anyio.sleep(1.0)
            report = await world.provision(eks, plan_of(1, 1, replicas=3)).report()
        assert report.ok, report.failures
        assert [item.replicas for item in report.items] == [report.items[0].replicas, 3]

    in_world(body, backend)
