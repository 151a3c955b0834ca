"""What else goes wrong around a run: an outage of the service, other people, quotas, clocks, odd plans."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import anyio
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.items import OPEN
from cds_eks.fleet.plan.model import Plan
from fleet.run.random_faults import faults_of
from fleet.run.world import World, in_world, plan_of

pytestmark = pytest.mark.long

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def states(report: Any, kind: str) -> Counter[str]:
    return Counter(item.state for item in report.items if item.kind == kind)


@BACKENDS
@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "*", status=503),
        Fault("status", "*", status=500, when="after"),
        Fault("status", "*", status=502, body="html", when="after"),
        Fault("throttle", "*"),
        Fault("hang_after_commit", "*"),
        Fault("reset_after_commit", "*"),
    ],
    ids=str,
)
@pytest.mark.parametrize("begins", [0.0, 30.0, 330.0])
def test_a_service_that_fails_all_requests_for_a_minute_doubles_and_loses_nothing(
    backend: str, fault: Fault, begins: float
) -> None:
    plan = plan_of(8, 2)

    async def body(world: World) -> None:
        async def outage() -> None:
            await anyio.sleep(begins)
            world.emulator.faults.add(fault)
            await anyio.sleep(60.0)
            world.emulator.faults.clear()

        async with world.client() as eks, anyio.create_task_group() as group:
            group.start_soon(outage)
            report = await world.provision(eks, plan).report()
            group.cancel_scope.cancel()
        assert not [item for item in world.journal.rows.values() if item.state in OPEN]
        if not report.ok:  # what has used up its attempts is told, and the next run does it
            async with world.client() as eks:
                report = await world.provision(eks, plan).report()
        assert report.ok, [(item.name, item.state, item.error) for item in report.items if item.state != "ready"]
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("moment", [20.0, 150.0, 290.0, 340.0, 450.0])
def test_clusters_that_somebody_deletes_in_mid_run_are_told_and_not_made_again(backend: str, moment: float) -> None:
    plan = plan_of(6, 3)

    async def body(world: World) -> None:
        deleted: list[str] = []

        async def delete() -> None:
            await anyio.sleep(moment)
            for name in ("gpu-001", "gpu-004"):
                [cluster] = [each for each in world.emulator._world.clusters.values() if each.name == name]
                async with world.client() as other:
                    while True:
                        try:
                            await other.clusters.delete(cluster.id)
                        except Exception:  # noqa: BLE001 - it is busy
                            await anyio.sleep(1.0)
                        else:
                            break
                deleted.append(cluster.id)

        async with world.client() as eks, anyio.create_task_group() as group:
            group.start_soon(delete)
            report = await world.provision(eks, plan).report()
        assert world.made("cluster") == Counter(dict.fromkeys([cluster.name for cluster in plan.clusters], 1))
        clusters = {item.name: item for item in report.items if item.kind == "cluster"}
        others = [item for item in report.items if item.cluster_name not in ("gpu-001", "gpu-004")]
        assert {item.state for item in others} == {"ready"}
        gone = [item for item in report.items if item.cluster_name in ("gpu-001", "gpu-004")]
        assert not [item for item in gone if item.state in OPEN]
        async with world.client() as eks:
            again = await world.provision(eks, plan).report()
        assert not again.ok
        assert len(world.emulator.ledger.created("cluster")) == 6
        states_again = {item.name: item.state for item in again.items if item.kind == "cluster"}
        assert {states_again["gpu-001"], states_again["gpu-004"]} == {"failed"}, clusters

    in_world(body, backend)


@BACKENDS
def test_a_quota_used_up_in_mid_run_fails_the_rest_and_the_next_run_goes_on(backend: str) -> None:
    plan = plan_of(12, 2)
    used_up = Fault("status", "CreateCluster", status=400, code="QuotaExceeded", skip=5)

    async def body(world: World) -> None:
        world.emulator.faults.add(used_up)
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
            assert states(report, "cluster")["ready"] == 5
            assert states(report, "cluster")["refused"] == 7
            assert states(report, "node_pool") == {"ready": 10, "planned": 14}
            assert world.count("CreateCluster") == 12  # none was asked for again
            world.emulator.faults.clear()
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_pools_that_fail_are_told_and_their_neighbours_are_made(backend: str) -> None:
    plan = plan_of(4, 4)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("task_fails", "CreateNodePool", skip=1, count=3, message="no hardware"))
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
            failed = [item for item in report.items if item.state == "failed"]
            assert len(failed) == 3
            assert {item.kind for item in failed} == {"node_pool"}
            assert all("no hardware" in str(item.error) for item in failed)
            assert states(report, "node_pool") == {"ready": 13, "failed": 3}
            made = len(world.emulator.ledger.created("node_pool"))
            await world.provision(eks, plan).report()
        assert len(world.emulator.ledger.created("node_pool")) == made == 16

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("jump", [3600.0, 200.0, -3600.0])
def test_clocks_that_jump_in_mid_run_double_nothing(backend: str, jump: float) -> None:
    plan = plan_of(6, 2)

    async def body(world: World) -> None:
        shift = 0.0
        inner = world.clock.now
        world.journal.clock = lambda: inner() + shift
        world.emulator.faults.add(Fault("hang_after_commit", "create", seconds=0.5, probability=0.4))

        async def jumps() -> None:
            nonlocal shift
            for at in (7.0, 290.0):
                await anyio.sleep(at)
                shift += jump

        async with world.client() as eks, anyio.create_task_group() as group:
            group.start_soon(jumps)
            report = await world.provision(eks, plan).report()
            group.cancel_scope.cancel()
            if not report.ok:
                report = await world.provision(eks, plan).report()
        world.assert_once(plan, report)

    in_world(body, backend)


def odd_plan(rand: random.Random) -> Plan:
    """Return clusters of the same names in several VPCs, with any number of pools, and names of every length."""
    base = plan_of(1, 1).to_dict()
    clusters: list[dict[str, Any]] = []
    for number in range(rand.randrange(1, 12)):
        name = rand.choice(["a", "A", "a-b", "x" * 26, f"gpu-{number}", "0", "no", "012"])
        vpc_id = rand.choice([f"vpc-{each}" for each in range(1, rand.choice([2, 8]))])
        if any((each["name"], each["vpc_id"]) == (name, vpc_id) for each in clusters):
            continue
        pools = rand.sample(["p", "P", "p-1", "y" * 26, "1", "a"], rand.randrange(1, 5))
        clusters.append(
            {
                "name": name,
                "vpc_id": vpc_id,
                "node_pools": [{"name": pool, "replicas": rand.randrange(0, 4)} for pool in pools],
            }
        )
    for part in (base["defaults"]["cluster"], base["defaults"]["node_pool"]):
        part.update({name: "a-key" for name in ("ak", "sk") if name in part})
    base["defaults"]["cluster"]["master_config"]["password"] = "Secret-12345"
    base["defaults"]["node_pool"]["node_config"]["password"] = "Secret-12345"
    return Plan.from_dict({**base, "clusters": clusters})


@pytest.mark.parametrize("seed", range(12))
def test_odd_plans_with_faults_are_carried_out_once(seed: int) -> None:
    rand = random.Random(f"odd {seed}")
    plan = odd_plan(rand)
    assert plan.check() == []

    async def body(world: World) -> None:
        for fault in faults_of(rand.choice([0.0, 0.2])):
            world.emulator.faults.add(fault)
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok, [(item.name, item.state, item.error) for item in report.items if item.state != "ready"]
        made = Counter((each.vpc_id, each.name) for each in world.emulator._world.clusters.values())
        assert made == Counter((cluster.vpc_id, cluster.name) for cluster in plan.clusters)
        pools = Counter(
            (each.vpc_id, each.name, pool.name)
            for each in world.emulator._world.clusters.values()
            for pool in each.pools.values()
        )
        assert pools == Counter((each.vpc_id, each.name, pool.name) for each in plan.clusters for pool in each.pools)
        world.assert_told(report)

    in_world(body, rand.choice(["asyncio", "trio"]), seed=seed)
