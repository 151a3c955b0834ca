"""A cluster takes one write at a time: its pools wait until it is idle, though not for ever."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.run.limits import FleetLimits
from fleet.run.backends import BACKENDS
from fleet.run.world import World, in_world, plan_of

LIMITS = FleetLimits(pool_timeout=600.0)


def pools(report: Any) -> list[tuple[str, str | None]]:
    return [(item.state, item.error and item.error["class"]) for item in report.items if item.kind == "node_pool"]


@BACKENDS
@pytest.mark.parametrize("stop_on_error", [False, True])
def test_a_pool_whose_cluster_stays_busy_is_given_up_in_its_time(backend: str, *, stop_on_error: bool) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("task_never_ends", "CreateNodePool", count=1, seconds=30.0))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(1, 3), limits=LIMITS, stop_on_error=stop_on_error)
            report = await run.report()
        assert pools(report) == [("ready", None), ("accepted", "WaitTimeout"), ("refused", "Conflict")]
        assert world.clock.now() - report.started_at < 300.0 + 2 * 600.0 + 60.0
        assert (report.stopped is not None) is stop_on_error
        assert sum(world.pools_made().values()) == 2

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("throttle", "ScalingNodePoolNum"), [("failed", "WaitTimeout"), ("failed", "WaitTimeout")]),
        (
            Fault("task_never_ends", "ScalingNodePoolNum", count=1, seconds=30.0),
            [("accepted", "WaitTimeout"), ("failed", "WaitTimeout")],
        ),
        (Fault("status", "ScalingNodePoolNum", status=400, code="InvalidParameter"), [("failed", "BadArgument")] * 2),
    ],
    ids=["throttled", "busy", "refused"],
)
def test_a_pool_that_can_not_be_scaled_is_failed_in_its_time(
    backend: str, fault: Fault, expected: list[tuple[str, str]]
) -> None:
    more = plan_of(1, 2, replicas=4)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 2)).report()
            world.emulator.faults.add(fault)
            report = await world.provision(eks, more, limits=LIMITS).report()
            assert pools(report) == expected
            took = world.clock.now() - report.started_at
            assert took < (60.0 if fault.kind == "status" else 2 * 600.0 + 120.0)  # what is refused for good: at once
            world.emulator.faults.clear()
            if fault.kind != "task_never_ends":  # nothing is under way: the next run does it
                report = await world.provision(eks, more, limits=LIMITS).report()
                assert report.ok, [(item.name, item.state, item.error) for item in report.items]

    in_world(body, backend)


@BACKENDS
def test_a_busy_cluster_is_waited_for(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 1)).report()
            row = world.journal.rows["cluster/vpc-1/gpu-001"]
            pool = world.journal.rows["node_pool/vpc-1/gpu-001/pool-0"]
            await eks.node_pools.scale(row.ids["cluster_id"], pool.ids["node_pool_id"], 3)  # somebody else's task
            before = world.count("CreateNodePool")
            report = await world.provision(eks, plan_of(1, 2, replicas=4), limits=LIMITS).report()
        assert report.ok
        assert world.count("CreateNodePool") - before == 1
        assert world.count("ScalingNodePoolNum") > 2  # refused while it was busy

    in_world(body, backend)
