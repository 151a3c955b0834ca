"""Deleting what the journal has created, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.importing import import_
from cds_eks.fleet.run.survey import status
from fleet.run.backends import BACKENDS
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of


async def destroyed(world: World, eks: Any, plan: Any, **settings: Any) -> Any:
    return await destroy(eks, plan, journal=world.journal, **{"limits": LIMITS, **settings}).report()


def gone(world: World) -> list[str]:
    return [each.name for each in world.emulator.ledger.created("cluster") if each.deleted_at is not None]


@BACKENDS
def test_all_that_was_created_is_deleted_by_its_id(backend: str) -> None:
    plan = plan_of(10, 2)

    async def body(world: World) -> None:
        another = world.emulator.add_cluster(name="gpu-003", vpc_id="vpc-2")
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            report = await destroyed(world, eks, plan)
        assert report.ok
        assert report.goal == "deleted"
        assert len(report.items) == 30
        assert sorted(gone(world)) == [cluster.name for cluster in plan.clusters]
        assert world.count("DeleteCluster") == 10
        assert another in world.emulator._world.clusters
        async with world.client() as eks:
            again = await world.provision(eks, plan).report()
        assert again.ok
        assert world.count("CreateCluster") == 20

    in_world(body, backend)


@BACKENDS
def test_protected_ones_are_refused_also_once_the_plan_does_not_say_so_any_more(backend: str) -> None:
    plan = plan_of(3, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            for id_ in ("cluster/vpc-1/gpu-001", "node_pool/vpc-1/gpu-002/pool-1"):
                world.journal.rows[id_] = attrs.evolve(world.journal.rows[id_], protect=True)
            report = await destroyed(world, eks, plan)
        clusters = [item for item in report.items if item.kind == "cluster"]
        assert [item.state for item in clusters] == ["ready", "ready", "deleted"]
        assert [item.error["class"] for item in clusters if item.error] == ["Protected", "Protected"]
        assert report.failures == tuple(clusters[:2])
        assert "Not deleted (2):" in str(report)
        allowed = "to allow its deletion set `protect = false` in its cluster's entry of the plan"
        assert f"node pool pool-1 is protected: {allowed}" in str(report)
        assert gone(world) == ["gpu-003"]

    in_world(body, backend)


def with_protection(count: int = 2, pools: int = 2, *, default: bool | None = None, **said: bool) -> Plan:
    """Return a plan whose cluster entry, first pool or default says something of protection."""
    data = json.loads(json.dumps(plan_of(count, pools).to_dict()))
    if default is not None:
        data["defaults"]["cluster"]["protect"] = default
    [entry] = data["clusters"]
    for where, value in said.items():
        (entry if where == "cluster" else entry["node_pools"][0])["protect"] = value

    def inline(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: inline(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [inline(each) for each in value]
        return "Secret-12345" if name in ("ak", "sk", "password") else value

    return Plan.from_dict(inline(data))


@BACKENDS
@pytest.mark.parametrize(
    ("before", "after", "is_deleted"),
    [
        ({"cluster": True}, {}, False),  # a line that is deleted takes nothing back
        ({"cluster": True}, {"default": False}, False),
        ({"cluster": True, "default": False}, {"default": False}, False),
        ({"cluster": True}, {"cluster": False}, True),
        ({"default": True}, {"cluster": False}, True),
        ({"default": True}, {"cluster": False, "default": True}, True),
        ({"pool": True}, {"pool": False}, False),  # its cluster is protected too, and nobody says anything of that
        ({"pool": True}, {"cluster": False}, True),
        ({"cluster": True}, {"cluster": False, "pool": True}, False),
        ({"cluster": True}, {"cluster": False, "pools": 1}, True),  # a pool is in no plan any more
    ],
)
def test_protection_is_taken_back_by_the_clusters_own_line_alone(
    backend: str, before: dict[str, Any], after: dict[str, Any], *, is_deleted: bool
) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            assert (await world.provision(eks, with_protection(**before)).report()).ok
            plan = with_protection(**after)
            await status(eks, plan, journal=world.journal)
            await import_(eks, plan, journal=world.journal)
            assert not (await destroyed(world, eks, plan)).ok  # it was not carried out yet
            assert (await world.provision(eks, plan, only=["gpu-001"]).report()).ok
            await destroyed(world, eks, plan)
        assert gone(world) == (["gpu-001"] if is_deleted else [])

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("include_adopted", [False, True])
def test_what_was_adopted_is_deleted_only_if_that_was_said(backend: str, *, include_adopted: bool) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            world.journal = MemoryJournal(world.clock.now)
            await world.provision(eks, plan, adopt="matching").report()
            report = await destroyed(world, eks, plan, include_adopted=include_adopted)
        assert len(gone(world)) == (2 if include_adopted else 0)
        assert report.ok is include_adopted
        assert [item.name for item in report.failures] == ([] if include_adopted else ["gpu-001", "gpu-002"])
        assert include_adopted or "cluster gpu-001 was adopted: see include_adopted=" in str(report)

    in_world(body, backend)


@BACKENDS
def test_with_the_journal_lost_nothing_is_deleted(backend: str) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            world.journal = MemoryJournal(world.clock.now)
            report = await destroyed(world, eks, plan)
        assert report.items == ()
        assert not report.ok
        assert "knows none of these clusters" in report.stopped
        assert "Stopped: nothing was deleted" in str(report)
        assert world.count("DeleteCluster") == 0

    in_world(body, backend)


@BACKENDS
def test_what_was_planned_and_never_made_is_well_deleted(backend: str) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "gpu-001", state="planned", deadline=None)
        async with world.client() as eks:
            report = await destroyed(world, eks, plan_of(1, 1))
        assert (report.items, report.ok, report.stopped) == ((), True, None)

    in_world(body, backend)


@BACKENDS
def test_an_open_create_is_looked_for_and_then_deleted(backend: str) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("late", "CreateCluster", seconds=30.0, count=1))
        async with world.client() as eks:
            run = world.provision(eks, plan)
            async for event in run:
                if getattr(getattr(event, "item", None), "state", "") == "unknown":
                    run.stop()
            report = await destroyed(world, eks, plan)
        assert report.ok
        assert len(gone(world)) == len(world.emulator.ledger.created("cluster"))
        assert not world.emulator._world.clusters

    in_world(body, backend)


@BACKENDS
def test_not_found_right_after_a_create_does_not_mean_gone(backend: str) -> None:
    """What was just created is not found by reads: the deletion is waited for by its task, not by a look."""
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("stale", "CreateCluster", seconds=500.0))
        async with world.client() as eks:
            run = world.provision(eks, plan)
            async for event in run:
                if getattr(getattr(event, "item", None), "state", "") == "accepted":
                    run.stop()
            report = await destroyed(world, eks, plan)
        assert report.ok
        assert gone(world) == ["gpu-001"]
        deleted = next(
            each for each in world.emulator.ledger.requests if each.committed and each.action == "DeleteCluster"
        )
        assert world.journal.rows["cluster/vpc-1/gpu-001"].changed_at >= deleted.at + 120.0

    in_world(body, backend)


@BACKENDS
def test_deletions_go_on_through_faults(backend: str) -> None:
    plan = plan_of(20, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            for kind in ("reset_before_commit", "reset_after_commit", "status", "truncate", "replay"):
                world.emulator.faults.add(Fault(kind, "*", probability=0.05))
            report = await destroyed(world, eks, plan)
        assert report.ok, [(item.name, item.state, item.error) for item in report.items if item.state != "deleted"]
        assert len(gone(world)) == 20

    in_world(body, backend)


@BACKENDS
def test_an_open_create_that_made_nothing_leaves_nothing_to_delete(backend: str) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "gpu-001")
        async with world.client() as eks:
            report = await destroyed(world, eks, plan_of(2, 1))
        assert report.items == ()
        assert world.journal.rows["cluster/vpc-1/gpu-001"].state == "planned"
        assert world.count("DeleteCluster") == 0

    in_world(body, backend)
