"""Pools that are brought to another number of nodes: what was asked for is in the journal before it leaves."""

from __future__ import annotations

import anyio
import attrs
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.items import SCALED_TO
from cds_eks.fleet.run.pool_scale import after_look, scaled_to
from cds_eks.models import NodePool
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from fleet.run.world import LIMITS, World, in_world, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
POOL = "node_pool/vpc-1/gpu-001/pool-0"
SCALE = "ScalingNodePool"


def numbers(world: World) -> list[int]:
    """Return how many nodes the service has of each pool."""
    clusters = world.emulator._world.clusters.values()
    return [pool.replicas for cluster in clusters for pool in cluster.pools.values()]


async def cut_off_while_scaling(world: World, fault: Fault) -> None:
    """Have a pool of 2, and a run that was to scale it to 3 and has heard nothing of that."""
    async with world.client() as eks:
        assert (await world.provision(eks, plan_of(1, 1)).report()).ok
        world.emulator.faults.add(fault)
        with anyio.move_on_after(20.0):
            await world.provision(eks, plan_of(1, 1, replicas=3), limits=attrs.evolve(LIMITS, grace=5.0)).report()
    assert scaled_to(world.journal.rows[POOL]) == 3
    world.emulator.faults.clear()


@BACKENDS
@pytest.mark.parametrize("kind", ["hang_before_commit", "hang_after_commit"])
@pytest.mark.parametrize("replicas", [2, 3])
def test_a_number_that_is_not_certain_is_asked_for_by_the_next_run_whatever_its_plan(
    backend: str, kind: str, replicas: int
) -> None:
    async def body(world: World) -> None:
        await cut_off_while_scaling(world, Fault(kind, SCALE, seconds=1000.0, count=1))
        plan, began = plan_of(1, 1, replicas=replicas), world.clock.now()
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        assert numbers(world) == [replicas]
        assert world.clock.now() - began < 300.0
        row = world.journal.rows[POOL]
        assert (row.state, row.replicas, row.ids[SCALED_TO]) == ("ready", replicas, "")

    in_world(body, backend)


@BACKENDS
def test_a_scale_that_arrives_late_does_not_undo_that_of_a_later_plan(backend: str) -> None:
    async def body(world: World) -> None:
        await cut_off_while_scaling(world, Fault("late", SCALE, seconds=60.0, count=1))
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 1)).report()
        assert report.ok
        assert numbers(world) == [2]
        await anyio.sleep(1000.0)
        assert numbers(world) == [2]

    in_world(body, backend)


@BACKENDS
def test_a_scale_is_in_the_journal_before_it_leaves(backend: str) -> None:
    async def body(world: World) -> None:
        seen: list[tuple[str, int | None]] = []

        async def look(request: Request, send: Send) -> RawResponse:
            if request.operation.name == "ScalingNodePoolNum":
                row = world.journal.rows[POOL]
                seen.append((row.state, scaled_to(row)))
            return await send(request)

        async with world.client(per_call=[look]) as eks:
            assert (await world.provision(eks, plan_of(1, 1)).report()).ok
            assert SCALED_TO not in world.journal.rows[POOL].ids
            assert (await world.provision(eks, plan_of(1, 1, replicas=4)).report()).ok
        assert seen == [("accepted", 4)]

    in_world(body, backend)


@BACKENDS
def test_a_scale_whose_answers_are_lost_is_seen_by_what_the_service_shows(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, plan_of(1, 1, replicas=1)).report()).ok
            world.emulator.faults.add(Fault("status", SCALE, status=504, body="html", when="after", count=4))
            assert (await world.provision(eks, plan_of(1, 1, replicas=3)).report()).ok
        assert numbers(world) == [3]
        assert world.journal.rows[POOL].replicas == 3

    in_world(body, backend)


@BACKENDS
def test_a_scale_that_the_account_can_not_pay_stops_the_run(backend: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(20, 1, replicas=3)
        async with world.client() as eks:
            assert (await world.provision(eks, plan_of(20, 1)).report()).ok
            world.emulator.faults.add(Fault("status", SCALE, status=400, code="NotEnoughBalance"))
            report = await world.provision(eks, plan, limits=attrs.evolve(LIMITS, creates=2)).report()
            assert "NotEnoughBalance" in (report.stopped or "")
            assert world.count(SCALE) <= 2
            pools = [item for item in report.items if item.kind == "node_pool"]
            refused = [item for item in pools if item.state == "failed"]
            assert len(refused) == world.count(SCALE)
            # All others are told as what they are: there, with another number than the plan has.
            others = [item for item in pools if item.state == "ready"]
            assert len(others) == 20 - len(refused)
            assert all(item.differences["replicas"] == {"wanted": 3, "found": 2} for item in others)
            world.emulator.faults.clear()
            assert (await world.provision(eks, plan).report()).ok
        assert numbers(world) == [3] * 20

    in_world(body, backend)


@BACKENDS
def test_a_refused_scale_leaves_the_number_certain(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, plan_of(1, 1)).report()).ok
            world.emulator.faults.add(Fault("status", SCALE, status=400, code="InvalidParameter"))
            report = await world.provision(eks, plan_of(1, 1, replicas=3)).report()
            assert [item.state for item in report.items] == ["ready", "failed"]
            assert scaled_to(world.journal.rows[POOL]) is None
            await anyio.sleep(1.0)
            began = world.clock.now()
            assert (await world.provision(eks, plan_of(1, 1)).report()).ok
            assert world.clock.now() - began < 30.0

    in_world(body, backend)


def pool(replicas: int, status: str = "running", up: int | None = None) -> NodePool:
    count = replicas if up is None else up
    return NodePool(id="pool-1", replicas=replicas, status=status, available_node_count=count, total_node_count=count)


@pytest.mark.parametrize(
    ("found", "asked", "is_settled", "expected"),
    [
        (pool(2), 3, False, "look again"),  # a late one to 3 would undo what is done now
        (pool(2), 3, True, "there"),
        (pool(3), 3, True, "scale"),
        (pool(3), 2, False, "scale"),  # to ask for the same number again does no harm
        (pool(2), 2, False, "there"),
        (pool(2, "scaling", up=1), 2, False, "there"),
        (pool(2, "running", up=1), 2, False, "scale"),  # it is at rest, and has another number
        (None, 2, False, "scale"),
        (None, 3, False, "look again"),
        (None, 3, True, "scale"),
    ],
)
def test_what_follows_from_what_the_service_shows(
    found: NodePool | None,
    asked: int,
    is_settled: bool,
    expected: str,
) -> None:
    assert after_look(found, wanted=2, asked=asked, is_settled=is_settled) == expected
