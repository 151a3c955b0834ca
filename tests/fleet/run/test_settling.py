"""What earlier runs have left open is settled first: by this runner or another, with a journal that comes and goes."""

from __future__ import annotations

from typing import Any

import anyio
import attrs
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.items import Item, pool_item_id
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.run.limits import FleetLimits
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of


def open_pool(world: World, name: str = "pool-1", cluster: str = "gpu-001", **fields: Any) -> Item:
    """Put a pool into the journal of which a run that was killed has begun a create."""
    now = world.clock.now()
    return world.journal.seed(
        id=pool_item_id("vpc-1", cluster, name),
        kind="node_pool",
        name=name,
        vpc_id="vpc-1",
        cluster_name=cluster,
        **{"state": "sending", "epoch": 1, "intent_at": now, "deadline": now + 60.0, "replicas": 2, **fields},
    )


def change(world: World, item_id: str, **fields: Any) -> None:
    world.journal.rows[item_id] = attrs.evolve(world.journal.rows[item_id], changed_at=world.clock.now(), **fields)


def creates(world: World) -> list[float]:
    return [each.at for each in world.emulator.ledger.requests if each.action.startswith("Create")]


@BACKENDS
@pytest.mark.parametrize("was_made", [True, False])
def test_an_open_pool_is_looked_for_in_its_cluster(backend: str, *, was_made: bool) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, plan if was_made else plan_of(1, 1)).report()).ok
            item = open_pool(world)  # whether the create of a run that was killed has been carried out is not known
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)
        assert {each.name: each.origin for each in report.items}[item.name] == ("recovered" if was_made else "created")

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("is_planned", [True, False])
def test_of_a_pool_whose_cluster_is_not_known_nothing_can_be_told_and_nothing_is_created(
    backend: str, *, is_planned: bool
) -> None:
    async def body(world: World) -> None:
        item = open_pool(world, cluster="gpu-009")
        if is_planned:
            open_cluster(world, "gpu-009", state="planned", epoch=0)
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(2, 1)).report()
        assert report.stopped == f"an open create can't be looked for: {item.id} is in no cluster that is known"
        assert creates(world) == []
        assert world.journal.rows[item.id].state == "sending"

    in_world(body, backend)


@BACKENDS
def test_an_open_pool_that_can_not_be_listed_stops_new_creates(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 1)).report()
            item, before = open_pool(world), len(creates(world))
            world.emulator.faults.add(Fault("status", "ListNodePools", status=403, code="AccessDenied"))
            report = await world.provision(eks, plan_of(3, 2)).report()
            assert (
                report.stopped
                == "an open create can't be looked for: PermissionDenied: the service failed [AccessDenied]"
            )
            assert len(creates(world)) == before
            left = world.journal.rows[item.id]
            assert (left.state, (left.error or {})["class"]) == ("sending", "PermissionDenied")
            world.emulator.faults.clear()
            report = await world.provision(eks, plan_of(3, 2)).report()
        assert report.ok
        world.assert_once(plan_of(3, 2), report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("when", ["before it is claimed", "while it is held by the other"])
def test_what_another_runner_settles_is_left_to_it(backend: str, when: str) -> None:
    async def body(world: World) -> None:
        made = world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
        item = open_cluster(world, "gpu-001")
        claim, settled = world.journal.claim, {"state": "accepted", "ids": {"cluster_id": made}, "origin": "recovered"}

        async def claim_later(*args: Any, **settings: Any) -> list[Item]:
            if world.journal.rows[item.id].state == "sending":
                change(world, item.id, **settled)  # since the open items were listed
            return await claim(*args, **settings)

        if when == "before it is claimed":
            world.journal.claim = claim_later  # type: ignore[method-assign]
        else:
            change(world, item.id, owner="another", lease_until=world.clock.now() + 1e6)
        async with world.client() as eks, anyio.create_task_group() as group:
            run = world.provision(eks, plan_of(2, 1))
            group.start_soon(run.report)
            await anyio.sleep(40.0)
            if when != "before it is claimed":
                assert creates(world) == []  # the other's item is open, so that nothing new begins
                change(world, item.id, owner=None, lease_until=None, **settled)
            report = await run.report()
        assert report.ok
        assert world.made("cluster") == {"gpu-002": 1}
        assert next(entry.action for entry in world.journal.entries if entry.item_id == item.id) == "running"

    in_world(body, backend)


@BACKENDS
def test_a_lease_that_is_lost_while_it_is_looked_for_writes_nothing_and_is_claimed_again(backend: str) -> None:
    async def body(world: World) -> None:
        item = open_cluster(world, "gpu-001")
        async with world.client() as eks, anyio.create_task_group() as group:
            run = world.provision(eks, plan_of(2, 1), settle=30.0)
            group.start_soon(run.report)
            await anyio.sleep(20.0)  # it is not listed, and not settled before 90 s
            change(world, item.id, owner="another", lease_until=world.clock.now() + 200.0)
            written = len(world.journal.entries)
            await anyio.sleep(190.0)
            assert creates(world) == []
            assert len(world.journal.entries) == written
            report = await run.report()  # the other has died
        assert report.ok
        world.assert_once(plan_of(2, 1), report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("failing", ["claim", "get", "items"])
def test_a_journal_that_is_away_meanwhile_is_waited_for(backend: str, failing: str) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, plan).report()).ok
            item = open_pool(world)
            if failing == "items":  # is asked while another holds it
                change(world, item.id, owner="another", lease_until=world.clock.now() + 60.0)
            method, calls = getattr(world.journal, failing), 0

            async def away(*args: Any, **settings: Any) -> Any:
                nonlocal calls
                calls += 1
                if failing == "items" and settings.get("ids") != [item.id]:
                    return await method(*args, **settings)
                if calls <= 4:
                    raise JournalError("the journal is away")
                return await method(*args, **settings)

            setattr(world.journal, failing, away)
            report = await world.provision(eks, plan, limits=attrs.evolve(LIMITS, lease=6.0)).report()
        assert calls >= 4
        assert report.ok, [(each.name, each.state, each.error) for each in report.items]
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_an_open_cluster_of_another_plan_that_made_nothing_is_planned_again_and_not_created(backend: str) -> None:
    async def body(world: World) -> None:
        item = open_cluster(world, "other")
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 1), limits=FleetLimits()).report()
        assert report.ok
        assert (world.journal.rows[item.id].state, world.made("cluster")) == ("planned", {"gpu-001": 1})
        (first, *_) = creates(world)
        assert first > (item.deadline or 0.0) + 60.0

    in_world(body, backend)
