"""Clocks, and what tests put there beforehand."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import cds_eks.emulator
from cds_eks._runtime import clocks
from cds_eks.emulator import Emulator, ManualClock, WallClock
from cds_eks.emulator.protocol.hardware import Hardware
from support.emulator_world import world_of

from .caller import Caller

pytestmark = pytest.mark.anyio


def test_the_wall_clock_starts_now_and_runs_at_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [100.0]
    monkeypatch.setattr(clocks, "monotonic", lambda: ticks[0])
    clock = WallClock(60)
    assert abs(clock.now() - time.time()) < 5
    before = clock.now()
    ticks[0] += 2
    assert clock.now() - before == pytest.approx(120)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_must_make_sense(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Emulator(speed=speed)


def test_a_speed_is_that_of_the_default_clock() -> None:
    assert isinstance(Emulator(speed=60).clock, WallClock)
    with pytest.raises(ValueError, match="speed"):
        Emulator(speed=60, clock=ManualClock())


def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock(start=10)
    assert clock.now() == clock.now() == 10
    clock.advance(0.5)
    assert clock.now() == 10.5
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


async def test_a_clock_that_goes_back_changes_nothing() -> None:
    class Unsteady:
        time = 100.0

        def now(self) -> float:
            return self.time

    clock = Unsteady()
    emulator = Emulator(clock=clock)
    clock.time = 50
    emulator.add_cluster()
    assert world_of(emulator).now == 100


async def test_what_is_added_is_there_at_once(call: Caller) -> None:
    emulator = call.emulator
    cluster_id = emulator.add_cluster(workers=2, k8s_version="v1.26.15", product="Optimized M6,8,16,0")
    pool_id = emulator.add_node_pool(cluster_id)
    node_id = emulator.add_node(cluster_id)
    ecs_id = emulator.add_machine()
    netcard_id = emulator.add_network_interface(ecs_id=ecs_id)
    task_id = emulator.add_task(status="error", message="no machines left")
    event_id = emulator.add_event(status="failed")
    group_id = emulator.add_scaling_group(node_pool_id=pool_id, min_size=0, max_size=3)

    cluster = await call("GetCluster", ClusterId=cluster_id)
    assert (cluster["ClusterStatus"], cluster["ClusterName"], cluster["NodeSum"]) == ("running", "cluster-1", 7)
    assert cluster["K8sVersion"] == "v1.26.15"
    names = [pool["Name"] for pool in (await call("ListNodePool", ClusterId=cluster_id))["NodePool"]]
    assert names == ["node-pool-1", "node-pool-2"]
    nodes = await call("ListNodes", ClusterId=cluster_id, Status="Ready")
    assert [(node["NodeId"], node["Cpu"]) for node in nodes][-1] == (node_id, 8)
    assert await call("IsAttachedECS", NetcardId=netcard_id) == {"Attached": True}
    task = await call("TaskStatus", TaskId=task_id)
    assert (task["TaskStatus"], task["TaskMsg"]) == ("error", "no machines left")
    assert (await call("QueryEventStatus", EventId=event_id))["EventStatus"] == "failed"
    assert (await call("DescribeScalingGroup", ScalingGroupId=group_id))["MaxSize"] == 3
    assert emulator.ledger.resources == []
    assert repr(emulator) == "Emulator(clusters=1, ledger=Ledger(requests=7, resources=0))"


ADD_TAKEN: list[Callable[[Emulator], str]] = [
    lambda emulator: emulator.add_cluster("c"),
    lambda emulator: emulator.add_node_pool("c", "p"),
    lambda emulator: emulator.add_node("c", "n"),
    lambda emulator: emulator.add_machine("n"),
]
ADD_TO_NOTHING: list[Callable[[Emulator], str]] = [
    lambda emulator: emulator.add_node_pool("x"),
    lambda emulator: emulator.add_node("c", node_pool_id="x"),
    lambda emulator: emulator.add_scaling_group(node_pool_id="x"),
    lambda emulator: emulator.add_network_interface(ecs_id="x"),
]


@pytest.mark.parametrize("number", range(4))
def test_ids_that_are_taken_or_not_there(emulator: Emulator, number: int) -> None:
    emulator.add_cluster("c")
    emulator.add_node_pool("c", "p")
    emulator.add_node("c", "n")
    with pytest.raises(ValueError, match="already"):
        ADD_TAKEN[number](emulator)
    with pytest.raises(KeyError):
        ADD_TO_NOTHING[number](emulator)


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ("Optimized M6,2,4,0", ("Optimized M6", 2, 4, 0)),
        ("CPU Compute C11.32c64g", ("CPU Compute C11", 32, 64, 0)),
        ("Inference gch c8 nr4.16c64g1gpu", ("Inference gch c8 nr4", 16, 64, 1)),
        ("Inference gbm c6 nr44.128c1024g8gpu", ("Inference gbm c6 nr44", 128, 1024, 8)),
        ("something new", ("something new", 2, 4, 0)),
        ("", ("", 2, 4, 0)),
    ],
)
def test_hardware_is_read_from_a_products_name(product: str, expected: tuple[str, int, int, int]) -> None:
    hardware = Hardware.of(product)
    assert (hardware.family, hardware.cpu, hardware.ram, hardware.gpu) == expected
    assert bool(hardware.gpu_type) == bool(hardware.gpu)


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="Emulation"):
        getattr(cds_eks.emulator, "Emulation")  # noqa: B009
    assert all(hasattr(cds_eks.emulator, name) for name in cds_eks.emulator.__all__)
