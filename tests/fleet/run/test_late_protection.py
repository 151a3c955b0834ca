"""What is protected while a run that deletes waits for its turn is not deleted."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import attrs
import pytest

from cds_eks.fleet.items import NewItem
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.destroy import destroy
from cds_eks.pipeline import Middleware, Send
from cds_eks.wire import RawResponse, Request
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, Fault, World, in_world, plan_of

PLAN = plan_of(8, 1)
SLOW = attrs.evolve(LIMITS, requests_per_second=0.5)


async def made(world: World, plan: Plan = PLAN) -> None:
    async with world.client() as eks:
        assert (await world.provision(eks, plan).report()).ok
    await anyio.sleep(200.0)


def protecting_with(world: World, items: Sequence[NewItem], *, after: int) -> Middleware:
    """Return a middleware that puts protected items into the journal once so many deletions have left."""

    async def protect(request: Request, send: Send) -> RawResponse:
        try:
            return await send(request)
        finally:
            if request.operation.name == "DeleteCluster" and world.count("DeleteCluster") == after:
                await world.journal.add(items)

    return protect


def with_another_pool(name: str) -> NewItem:
    """Return a protected pool that another plan has added to a cluster."""
    id_ = f"node_pool/vpc-1/{name}/other"
    return NewItem(id=id_, kind="node_pool", name="other", vpc_id="vpc-1", cluster_name=name, protect=True)


@BACKENDS
@pytest.mark.parametrize("by", ["cluster", "pool of another plan"])
def test_what_is_protected_while_its_deletion_waits_for_its_turn_stays(backend: str, by: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        protecting = plan_of(8, 1, protect=True).items()
        if by != "cluster":
            protecting = [with_another_pool(cluster.name) for cluster in PLAN.clusters]
        async with world.client(per_call=[protecting_with(world, protecting, after=2)]) as eks:
            report = await destroy(eks, PLAN, journal=world.journal, limits=SLOW).report()
            assert world.count("DeleteCluster") == 2
            clusters = [item for item in report.items if item.kind == "cluster"]
            stay = [item for item in clusters if item.state == "ready"]
            assert len(stay) == 6
            assert {(item.error or {}).get("class") for item in stay} == {"Protected"}
            assert not report.ok

    in_world(body, backend)


@BACKENDS
def test_what_is_protected_while_its_cluster_is_busy_stays(backend: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(1, 1)
        await made(world, plan)
        world.emulator.faults.add(Fault("status", "DeleteCluster", status=409, code="ResourceInUse"))
        protecting = plan_of(1, 1, protect=True).items()
        async with world.client(per_call=[protecting_with(world, protecting, after=3)]) as eks:
            report = await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()
        assert world.count("DeleteCluster") == 3
        assert world.journal.rows["cluster/vpc-1/gpu-001"].state == "ready"
        assert all(each.deleted_at is None for each in world.emulator.ledger.created("cluster"))
        assert [(item.error or {}).get("class") for item in report.failures] == ["Protected"]

    in_world(body, backend)


@BACKENDS
def test_a_deletion_that_may_have_been_carried_out_is_not_told_as_if_nothing_had_left(backend: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(1, 1)
        await made(world, plan)
        world.emulator.faults.add(Fault("hang_after_commit", "DeleteCluster", seconds=1000.0, count=1))
        async with world.client() as eks:
            with anyio.move_on_after(10.0):
                await destroy(eks, plan, journal=world.journal, limits=attrs.evolve(LIMITS, grace=1.0)).report()
            await world.journal.add(plan_of(1, 1, protect=True).items())
            assert not (await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()).ok
        assert world.journal.rows["cluster/vpc-1/gpu-001"].state == "deleting"

    in_world(body, backend)
