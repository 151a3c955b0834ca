"""Deletions that are refused, cut off, late, or answered oddly: nothing is told as gone that may be there."""

from __future__ import annotations

import json
from typing import Any

import anyio
import attrs
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.journal.base import LeaseLost
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.limits import FleetLimits
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from fleet.run.backends import BACKENDS
from fleet.run.world import World, in_world, plan_of

LIMITS = FleetLimits(cluster_timeout=1000.0, lease=30.0)
PLAN = plan_of(2, 2)
FIRST = "cluster/vpc-1/gpu-001"


async def made(world: World) -> None:
    """Have the clusters of the plan there, and long enough for reads to show what is there."""
    async with world.client() as eks:
        assert (await world.provision(eks, PLAN).report()).ok
    await anyio.sleep(200.0)


def run_of(world: World, eks: Any, **settings: Any) -> Any:
    return destroy(eks, PLAN, journal=world.journal, **{"limits": LIMITS, **settings})


def told(world: World) -> tuple[str, str | None]:
    item = world.journal.rows[FIRST]
    return item.state, (item.error or {}).get("class")


def gone(world: World) -> set[str]:
    return {each.name for each in world.emulator.ledger.created("cluster") if each.deleted_at is not None}


async def without_task_id(request: Request, send: Send) -> RawResponse:
    """Have a deletion accepted without the name of its task."""
    answer = await send(request)
    if request.operation.name != "DeleteCluster" or answer.status != 200:
        return answer
    body = json.loads(answer.content)
    body["Data"]["TaskId"] = ""
    return attrs.evolve(answer, content=json.dumps(body).encode())


@BACKENDS
def test_a_deletion_that_does_not_end_is_told_and_taken_up_by_the_next_run(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        world.emulator.faults.add(Fault("task_never_ends", "DeleteCluster", count=1, seconds=30.0))
        async with world.client() as eks:
            report = await run_of(world, eks, limits=attrs.evolve(LIMITS, batch=1, creates=1)).report()
        states = sorted(
            (item.state, (item.error or {}).get("class")) for item in report.items if item.kind == "cluster"
        )
        assert states == [("deleted", None), ("deleting", "WaitTimeout")]
        assert len(gone(world)) == 1
        assert not report.ok
        assert {item.state for item in report.items if item.cluster_name not in gone(world)} == {"deleting", "ready"}

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("stop_on_error", [False, True])
def test_a_deletion_that_the_service_fails_is_failed_and_can_be_tried_again(
    backend: str, *, stop_on_error: bool
) -> None:
    async def body(world: World) -> None:
        await made(world)
        world.emulator.faults.add(Fault("task_fails", "DeleteCluster", count=1, seconds=30.0))
        async with world.client() as eks:
            report = await run_of(world, eks, stop_on_error=stop_on_error, only=["gpu-001"]).report()
            assert told(world) == ("failed", "TaskFailed")
            assert (report.stopped is not None) is stop_on_error
            assert world.journal.rows["node_pool/vpc-1/gpu-001/pool-0"].state == "ready"
            assert gone(world) == set()
            assert (await run_of(world, eks).report()).ok
        assert gone(world) == {"gpu-001", "gpu-002"}

    in_world(body, backend)


@BACKENDS
def test_a_deletion_that_is_refused_for_good_is_told_after_some_tries(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        world.emulator.faults.add(Fault("status", "DeleteCluster", status=403, code="AccessDenied"))
        async with world.client() as eks:
            report = await run_of(world, eks, only=["gpu-001"]).report()
            assert told(world) == ("deleting", "PermissionDenied")
            assert world.count("DeleteCluster") == 5
            assert not report.ok
            world.emulator.faults.clear()
            assert (await run_of(world, eks).report()).ok
        assert gone(world) == {"gpu-001", "gpu-002"}

    in_world(body, backend)


@BACKENDS
def test_a_deletion_of_a_busy_cluster_waits_until_it_is_idle(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        ids = world.journal.rows["node_pool/vpc-1/gpu-001/pool-0"].ids, world.journal.rows[FIRST].ids
        async with world.client() as eks:
            await eks.node_pools.scale(ids[1]["cluster_id"], ids[0]["node_pool_id"], 5)
            report = await run_of(world, eks).report()
        assert report.ok
        assert world.count("DeleteCluster") > 6  # refused while it was busy, more often than failures are allowed

    in_world(body, backend)


@BACKENDS
def test_without_the_name_of_its_task_a_deletion_is_waited_for_until_the_cluster_is_not_found(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        before = world.count("TaskStatus")
        async with world.client(per_call=[without_task_id]) as eks:
            report = await run_of(world, eks).report()
        assert report.ok
        assert world.count("TaskStatus") == before
        assert gone(world) == {"gpu-001", "gpu-002"}
        deleted = {each.name: each.deleted_at or 0.0 for each in world.emulator.ledger.created("cluster")}
        assert world.journal.rows[FIRST].changed_at >= deleted["gpu-001"]

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("kind", ["passing", "for good"])
def test_polls_of_a_deletion_that_fail_are_borne_or_told(backend: str, kind: str) -> None:
    action = "GetCluster"

    async def body(world: World) -> None:
        await made(world)
        status = {"status": 503} if kind == "passing" else {"status": 403, "code": "AccessDenied"}
        count = 12 if kind == "passing" else None
        world.emulator.faults.add(Fault("status", action, count=count, **status))
        async with world.client(per_call=[without_task_id]) as eks:
            report = await run_of(world, eks, only=["gpu-001"]).report()
            if kind == "passing":
                assert report.ok
                return
            assert told(world) == ("deleting", "PermissionDenied")  # it may be there
            world.emulator.faults.clear()
            assert (await run_of(world, eks, only=["gpu-001"]).report()).ok
        assert gone(world) == {"gpu-001"}

    in_world(body, backend)


@BACKENDS
def test_what_somebody_has_deleted_already_is_gone_but_not_right_after_its_create(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        async with world.client() as eks:
            cluster_id = world.journal.rows[FIRST].ids["cluster_id"]
            await eks.clusters.delete(cluster_id)
            await anyio.sleep(200.0)
            now = world.clock.now()
            young = attrs.evolve(world.journal.rows[FIRST], deadline=now + 60.0)  # its create may be under way yet
            world.journal.rows[FIRST] = young
            report = await run_of(world, eks, settle=60.0).report()
        assert report.ok
        assert now + 120.0 < world.journal.rows[FIRST].changed_at < now + 140.0

    in_world(body, backend)


@BACKENDS
def test_a_deletion_that_is_cut_off_is_left_as_deleting_and_the_next_run_ends_it(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        world.emulator.faults.add(Fault("hang_before_commit", "DeleteCluster", seconds=500.0, count=1))
        async with world.client() as eks:
            run = run_of(world, eks, limits=attrs.evolve(LIMITS, grace=5.0), only=["gpu-001"])
            async with anyio.create_task_group() as group:
                group.start_soon(run.report)
                await anyio.sleep(10.0)
                began = world.clock.now()
                run.stop("enough")
            assert world.clock.now() - began < 15.0
            assert told(world) == ("deleting", None)
            assert (await run_of(world, eks).report()).ok
        assert gone(world) == {"gpu-001", "gpu-002"}

    in_world(body, backend)


@BACKENDS
def test_a_deletion_whose_lease_is_lost_writes_nothing_more(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)

        def lose(change: Any) -> None:
            if change.item_id == FIRST and change.state == "deleting":
                world.journal.before_write = lambda _change: None
                until = world.clock.now() + 100.0
                world.journal.rows[FIRST] = attrs.evolve(world.journal.rows[FIRST], owner="another", lease_until=until)
                raise LeaseLost("taken over")

        world.journal.before_write = lose
        async with world.client() as eks:
            report = await run_of(world, eks).report()
        entries = [entry for entry in world.journal.entries if entry.item_id == FIRST and entry.state == "deleting"]
        assert entries[0].at >= 1_760_000_000 + 300.0
        deletions = [each.at for each in world.emulator.ledger.requests if each.action == "DeleteCluster"]
        assert max(deletions) - min(deletions) >= 100.0  # not before the other's lease has ended
        assert report.ok

    in_world(body, backend)


@BACKENDS
def test_a_deletion_that_a_proxy_has_accepted_is_asked_for_again(backend: str) -> None:
    async def body(world: World) -> None:
        await made(world)
        world.emulator.faults.add(Fault("status", "DeleteCluster", status=200, count=1))
        async with world.client() as eks:
            report = await run_of(world, eks).report()
        assert report.ok
        assert gone(world) == {"gpu-001", "gpu-002"}
        assert report.ended_at - report.started_at < 400.0

    in_world(body, backend)
