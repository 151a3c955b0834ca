"""How often clusters are listed while a run waits for them, and how soon it sees what it waits for."""

from __future__ import annotations

import anyio
import pytest

from cds_eks.fleet.plan.specs import ClusterSpec
from cds_eks.fleet.run.limits import Budgets, FleetLimits
from cds_eks.fleet.run.poller import LONGEST_PAUSE, Poller
from cds_eks.pipeline import Send
from cds_eks.wire import Kind, RawResponse, Request
from fleet.run.world import World, in_world, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
INTERVAL = FleetLimits().poll_interval
CREATION = 300.0
"""How long the emulator takes for a cluster."""


def latest(world: World, since: float = 0.0) -> float:
    """Return by how many seconds at the most a cluster was seen running later than it was."""
    made = {each.name: each.created_at for each in world.emulator.ledger.created("cluster") if each.created_at >= since}
    entries = [entry for entry in world.journal.entries if entry.state == "ready" and "/gpu-" in entry.item_id]
    seen = {entry.item_id.rpartition("/")[2]: entry.at for entry in entries if entry.item_id.startswith("cluster/")}
    return max(seen[name] - at - CREATION for name, at in made.items())


@BACKENDS
def test_a_fleet_at_the_default_interval_costs_at_most_fifty_lists_and_is_seen_ready_within_it(backend: str) -> None:
    """A list serves all, so that of a thousand clusters this is 5% of one poll each."""
    plan = plan_of(20, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            report = await world.provision(eks, plan, limits=FleetLimits()).report()
        world.assert_once(plan, report)
        assert world.count("ListClusters") + world.count("GetCluster") <= 50
        assert latest(world) <= INTERVAL + 1.0

    in_world(body, backend)


@BACKENDS
def test_nodes_that_announce_nothing_are_not_waited_for_twice(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClusterSpec, "masters", 30)  # no cluster ever shows so many

    async def body(world: World) -> None:
        creates = 0

        async def second_later(request: Request, send: Send) -> RawResponse:
            nonlocal creates
            creates += request.operation.kind is Kind.CREATE
            if request.operation.kind is Kind.CREATE and creates == 2:
                await anyio.sleep(CREATION + 100.0)
            return await send(request)

        async with world.client(per_call=[second_later]) as eks:
            run = world.provision(eks, plan_of(2, 1), limits=FleetLimits(create_timeout=1000.0))
            assert (await run.report()).ok
        first, second = (each.created_at for each in world.emulator.ledger.created("cluster"))
        assert second >= first + CREATION
        assert run.poller.has_misled
        assert latest(world) <= LONGEST_PAUSE * INTERVAL + 1.0
        assert latest(world, second) <= INTERVAL + 1.0

    in_world(body, backend)


@BACKENDS
def test_who_can_not_wait_ends_the_longer_pause(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks, anyio.create_task_group() as group:
            poller = Poller(
                eks,
                world.journal,
                Budgets(FleetLimits()),
                vpc_ids=["vpc-1"],
                interval=INTERVAL,
                on_hopeless=pytest.fail,
            )
            group.start_soon(poller.run)

            async def watch(cluster_id: str, *, can_wait: bool) -> None:
                await poller.change_of(cluster_id, can_wait=can_wait)

            async def rounds_within(seconds: float) -> int:
                before = poller.rounds
                await anyio.sleep(seconds)
                return poller.rounds - before

            async with anyio.create_task_group() as watchers:
                watchers.start_soon(lambda: watch("a", can_wait=True))
                await anyio.sleep(0.5)
                assert await rounds_within(12 * INTERVAL) == 12 / LONGEST_PAUSE
                await anyio.sleep(1.5 * INTERVAL)  # in the midst of a pause
                before = await world.journal.now()
                assert (await poller.look(before - 0.1)).began - before < 1.0
                await anyio.sleep(1.5 * INTERVAL)
                watchers.start_soon(lambda: watch("b", can_wait=False))
                assert await rounds_within(1.0) == 1
                assert await rounds_within(12 * INTERVAL) == 12
                watchers.cancel_scope.cancel()
            await anyio.sleep(2 * INTERVAL)
            assert await rounds_within(12 * INTERVAL) == 0
            group.cancel_scope.cancel()

    in_world(body, backend)
