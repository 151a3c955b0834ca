"""What is somebody else's never gets ours, whatever a run has met before: nothing of theirs is deleted."""

from __future__ import annotations

from typing import Any

import anyio
import attrs
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.events import ItemChanged, RunStarted
from cds_eks.fleet.run.importing import import_
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, World, in_world, plan_of, savable


def told(report: Any) -> list[tuple[str, str, str | None, str | None]]:
    return [(item.name, item.state, item.origin, item.error and item.error["class"]) for item in report.items]


async def look_alike(world: World, eks: Any, plan: Plan) -> str:
    """Have somebody else make the first cluster of a plan."""
    made = (await eks.clusters.create(plan.clusters[0].create_request())).data.cluster_id
    await anyio.sleep(600.0)
    return str(made)


@BACKENDS
@pytest.mark.parametrize("adopt", ["never", "matching", "require"])
@pytest.mark.parametrize("before", ["never", "matching", "require"])
def test_a_look_alike_that_was_refused_is_not_ours_in_later_runs(backend: str, before: Any, adopt: Any) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            made = await look_alike(world, eks, plan)
            different = plan_of(1, 1, k8s_version="v1.29.1")
            await world.provision(eks, plan if before == "never" else different, adopt=before).report()
            for _ in range(2):
                report = await world.provision(eks, plan, adopt=adopt).report()
            [cluster, pool] = report.items
            if adopt == "never":
                assert told(report)[0] == ("gpu-001", "failed", None, "AlreadyExists")
            else:
                assert {cluster.origin, pool.origin} == {"adopted"}
            await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()
        assert world.count("DeleteCluster") == 0
        assert made in {each.id for each in world.emulator._world.clusters.values()}

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("action", ["CreateCluster", "CreateNodePool"])
@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_what_was_made_though_its_answer_says_nothing_is_ours(backend: str, status: int, action: str) -> None:
    """An answer without a body or a reason is a proxy's: what it says of the create is not believed."""
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("status", action, status=status, when="after", body="empty", count=1))
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            report = await world.provision(eks, plan).report()
        assert report.ok, report.failures
        world.assert_once(plan, report)
        assert "recovered" in {item.origin for item in report.items}

    in_world(body, backend)


@BACKENDS
def test_a_second_one_that_a_create_has_made_is_told_and_nothing_deleted(backend: str) -> None:
    """A network that delivers a request twice can't be kept from it."""
    plan = plan_of(2, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            run, made = world.provision(eks, plan), ""
            async for event in run:
                if isinstance(event, ItemChanged) and (event.item.name, event.item.state) == ("gpu-001", "accepted"):
                    made = made or world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
            report = await run.report()
            assert [item.name for item in report.failures] == ["gpu-001"]
            [failed] = report.failures
            assert (failed.error or {})["class"] == "DuplicateFound"
            assert all(each in (failed.error or {})["message"] for each in (made, failed.ids["cluster_id"]))
            assert world.count("DeleteCluster") == 0
            await eks.clusters.delete(made)  # somebody has chosen
            await anyio.sleep(1000.0)
            report = await world.provision(eks, plan).report()
        assert report.ok, report.failures
        assert world.made("cluster") == {"gpu-001": 1, "gpu-002": 1}

    in_world(body, backend)


@BACKENDS
def test_a_look_alike_that_was_refused_can_be_imported(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            made = await look_alike(world, eks, plan)
            report = await world.provision(eks, plan).report()
            assert told(report)[0] == ("gpu-001", "failed", None, "AlreadyExists")
            report = await import_(eks, plan, journal=world.journal)
            assert [(item.state, item.origin, item.error) for item in report.items] == [("ready", "imported", None)] * 2
            assert report.items[0].ids["cluster_id"] == made
            assert not [item for item in world.journal.rows.values() if item.owner]
            report = await world.provision(eks, plan).report()
        assert report.ok
        assert world.count("CreateCluster") == 1

    in_world(body, backend)


@BACKENDS
def test_what_failed_but_is_there_is_not_imported_over(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            [cluster_id] = [item.id for item in world.journal.rows.values() if item.kind == "cluster"]
            world.journal.rows[cluster_id] = attrs.evolve(world.journal.rows[cluster_id], state="failed")
            await import_(eks, plan, journal=world.journal)
            after = world.journal.rows[cluster_id]
        assert (after.state, after.origin, after.owner) == ("failed", "created", None)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("why", ["look-alike", "require", "secret"])
def test_a_deleted_item_that_can_not_be_had_again_fails_and_the_others_go_on(
    backend: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = savable(monkeypatch, 3)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan, only=["gpu-001"]).report()
            await destroy(eks, plan, journal=world.journal, limits=LIMITS, only=["gpu-001"]).report()
            if why == "look-alike":
                world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
            run = world.provision(eks, plan, adopt="require" if why == "require" else "never")
            async for event in run:
                if why == "secret" and isinstance(event, RunStarted):
                    monkeypatch.delenv("FLEET_PASSWORD")
            report = await run.report()
        first, *others = [each for each in told(report) if each[0].startswith("gpu")]
        kind = {"look-alike": "AlreadyExists", "require": "NotThere", "secret": "SecretUnavailable"}[why]
        assert first == ("gpu-001", "failed", None, kind)
        expected = ("ready", "created", None) if why == "look-alike" else ("failed", None, kind)
        assert [each[1:] for each in others] == [expected] * 2

    in_world(body, backend)
