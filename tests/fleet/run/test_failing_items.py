"""What becomes of an item that can't be prepared, looked for, adopted or followed: it is told, and never doubled."""

from __future__ import annotations

import json
from typing import Any

import anyio
import attrs
import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.items import Change, Item
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.events import ItemChanged, RunStarted
from cds_eks.fleet.run.limits import FleetLimits
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from fleet.run.backends import BACKENDS
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import World, in_world, plan_of, savable

DENIED: dict[str, Any] = {"status": 403, "code": "AccessDenied"}
CLUSTER = "cluster/vpc-1/gpu-001"
POOL = "node_pool/vpc-1/gpu-001/pool-1"


def told(report: Any) -> dict[tuple[str, str], tuple[str, str | None]]:
    return {(item.cluster_name, item.name): (item.state, item.error and item.error["class"]) for item in report.items}


@BACKENDS
@pytest.mark.parametrize("kind", ["cluster", "node_pool"])
def test_a_secret_that_is_gone_when_it_is_needed_fails_its_item_and_nothing_is_sent(
    backend: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = savable(monkeypatch, 1).to_dict()
    data["clusters"][0]["node_pools"].append({"name": "pool-1", "replicas": 1})
    plan = Plan.from_dict(data)

    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan)
            async for event in run:
                if isinstance(event, RunStarted if kind == "cluster" else ItemChanged):
                    is_there = kind == "cluster" or getattr(getattr(event, "item", None), "state", "") == "accepted"
                    if is_there:
                        monkeypatch.delenv("FLEET_PASSWORD", raising=False)
            report = await run.report()
            failed = [item for item in report.items if item.state == "failed"]
            assert [item.kind for item in failed] == [kind]
            assert "FLEET_PASSWORD" in (failed[0].error or {})["message"]
            assert world.count("CreateCluster") == (kind != "cluster")
            assert world.count("CreateNodePool") == 0
            assert not [entry for entry in world.journal.entries if entry.item_id == POOL and entry.state == "sending"]
            monkeypatch.setenv("FLEET_PASSWORD", "Secret-12345")
            await anyio.sleep(1.0)
            report = await world.provision(eks, plan).report()
        assert report.ok, told(report)
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_pools_of_clusters_that_are_there_are_not_created_once_creating_has_stopped(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("status", "CreateCluster", skip=2, status=400, code="NotEnoughBalance"))
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(3, 2), limits=FleetLimits(creates=1)).report()
        states = [item.state for item in report.items if item.kind == "node_pool"]
        assert sorted(states) == ["planned"] * 4 + ["ready"] * 2
        assert world.count("CreateNodePool") == 0

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("item_id", [CLUSTER, POOL])
def test_an_intent_that_can_not_be_written_sends_nothing_and_is_tried_again(backend: str, item_id: str) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        tries = 0

        def away(change: Change) -> None:
            nonlocal tries
            if change.item_id == item_id and change.state == "sending":
                tries += 1
                if tries <= 3:
                    assert world.count(change.action) == 0
                    raise JournalError("the journal is away")

        world.journal.before_write = away
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert (report.ok, tries) == (True, 4)
        world.assert_once(plan, report)
        assert (world.count("CreateCluster"), world.count("CreateNodePool")) == (1, 1)

    in_world(body, backend)


@BACKENDS
def test_a_journal_that_is_away_while_clusters_are_claimed_begins_nothing(backend: str) -> None:
    plan = plan_of(4, 2)

    async def body(world: World) -> None:
        claim, calls = world.journal.claim, 0

        async def away(*args: Any, **settings: Any) -> list[Item]:
            nonlocal calls
            calls += 1
            if calls in (1, 2, 4):  # the fourth is for the pools of what was claimed by the third
                raise JournalError("the journal is away")
            return await claim(*args, **settings)

        world.journal.claim = away  # type: ignore[method-assign]
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        assert calls >= 6
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_a_group_of_which_another_runner_has_a_part_is_taken_when_that_is_free(backend: str) -> None:
    plan = plan_of(2, 2)

    async def body(world: World) -> None:
        await world.journal.add(plan.items())
        until = world.clock.now() + 100.0
        held = attrs.evolve(world.journal.rows[POOL], owner="another", lease_until=until)
        world.journal.rows[POOL] = held
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)
        first = min(each.created_at for each in world.emulator.ledger.created("cluster") if each.name == "gpu-001")
        assert first >= until

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("action", ["TaskStatus", "GetCluster"])
def test_what_can_not_be_polled_for_good_is_told_and_taken_up_by_the_next_run(backend: str, action: str) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        if action == "GetCluster":  # a cluster that no list shows for long is asked for by its id
            world.emulator.faults.add(Fault("stale", "CreateCluster", seconds=2000.0))
        world.emulator.faults.add(Fault("status", action, **DENIED))
        async with world.client() as eks:
            report = await world.provision(eks, plan, settle=60.0).report()
            name = "gpu-001" if action == "GetCluster" else "pool-1"
            assert told(report)["gpu-001", name] == ("accepted", "PermissionDenied")
            assert world.count(action) == 5
            world.emulator.faults.clear()
            await anyio.sleep(2000.0)
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_polls_that_fail_in_passing_are_borne(backend: str) -> None:
    plan = plan_of(2, 3)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("status", "TaskStatus", status=503, count=20))
        world.emulator.faults.add(Fault("status", "ListClusters", status=503, count=20))
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("state", ["accepted", "ready"])
def test_a_cluster_that_somebody_is_deleting_or_has_deleted_meanwhile_is_gone(backend: str, state: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_of(1, 1))
            async for event in run:
                if isinstance(event, ItemChanged) and (event.item.id, event.item.state) == (CLUSTER, state):
                    run.stop()
            await anyio.sleep(400.0)
            await eks.clusters.delete(world.journal.rows[CLUSTER].ids["cluster_id"])
            if state == "accepted":  # it was never seen by a run, and is gone for certain
                await anyio.sleep(400.0)
            report = await world.provision(eks, plan_of(1, 1)).report()
        kind = {"accepted": "TaskFailed", "ready": "Gone"}[state]
        assert told(report)["gpu-001", "gpu-001"] == ("failed", kind)
        words = {"accepted": "it is not there any more", "ready": "it is being deleted, not by this journal"}[state]
        assert (report.items[0].error or {})["message"] == words
        assert world.count("CreateCluster") == 1

    in_world(body, backend)


@BACKENDS
def test_a_cluster_that_a_deletion_has_begun_for_is_left_alone(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 2)).report()
            world.journal.rows[CLUSTER] = attrs.evolve(world.journal.rows[CLUSTER], state="deleting")
            before = len(world.emulator.ledger.requests)
            report = await world.provision(eks, plan_of(1, 2)).report()
        assert told(report)["gpu-001", "gpu-001"] == ("deleting", "BeingDeleted")
        assert len(world.emulator.ledger.requests) <= before + 1

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("fault", ["passing", "for good"])
def test_a_cluster_that_can_not_be_compared_is_not_adopted_before_it_is(backend: str, fault: str) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            world.journal = MemoryJournal(world.clock.now)
            given: dict[str, Any] = {"status": 503, "count": 9} if fault == "passing" else DENIED
            world.emulator.faults.add(Fault("status", "GetCluster", **given))
            report = await world.provision(eks, plan, adopt="matching").report()
        if fault == "passing":
            assert report.ok
            assert {item.origin for item in report.items} == {"adopted"}
        else:
            assert told(report)["gpu-001", "gpu-001"] == ("failed", "PermissionDenied")
            assert told(report)["gpu-001", "pool-1"] == ("planned", None)
        assert (world.count("CreateCluster"), world.count("CreateNodePool")) == (1, 1)

    in_world(body, backend)


@BACKENDS
def test_a_pool_that_differs_is_told_and_not_adopted(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 2)).report()
            cluster = world.emulator._world.clusters[world.journal.rows[CLUSTER].ids["cluster_id"]]
            cluster.pools[world.journal.rows[POOL].ids["node_pool_id"]].config["OsImageName"] = "another-image"
            world.journal = MemoryJournal(world.clock.now)
            report = await world.provision(eks, plan_of(1, 2), adopt="matching").report()
        assert told(report)["gpu-001", "pool-1"] == ("failed", "Different")
        assert world.count("CreateNodePool") == 1

    in_world(body, backend)


@BACKENDS
def test_a_pool_whose_secret_can_not_be_had_is_not_adopted(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = savable(monkeypatch, 1).to_dict()
    data["clusters"][0]["node_pools"].append({"name": "pool-1", "replicas": 1})
    plan = Plan.from_dict(data)

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            world.journal = MemoryJournal(world.clock.now)
            run = world.provision(eks, plan, adopt="matching")
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.id == CLUSTER:
                    monkeypatch.delenv("FLEET_PASSWORD", raising=False)
            report = await run.report()
        assert told(report)["gpu-001", "gpu-001"] == ("ready", None)
        assert {told(report)["gpu-001", f"pool-{number}"] for number in range(2)} == {("failed", "SecretUnavailable")}
        assert world.count("CreateNodePool") == 1

    in_world(body, backend)


@BACKENDS
def test_a_list_of_pools_that_does_not_find_the_cluster_is_asked_for_again(backend: str) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        fault = Fault("status", "ListNodePools", status=404, code="ResourceNotFound", count=4)
        world.emulator.faults.add(fault)
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_what_is_refused_in_passing_is_given_up_after_its_attempts(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("throttle", "CreateCluster"))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(1, 1), limits=FleetLimits(attempts=3))
            report = await run.report()
            assert told(report)["gpu-001", "gpu-001"] == ("refused", "Throttled")
            assert world.journal.rows[CLUSTER].epoch == 3
            world.emulator.faults.clear()
            assert (await world.provision(eks, plan_of(1, 1)).report()).ok
        assert world.made("cluster") == {"gpu-001": 1}

    in_world(body, backend)


@BACKENDS
def test_a_list_that_is_cut_short_is_not_believed_and_each_is_looked_for_by_its_name(backend: str) -> None:
    plan = plan_of(3, 1)

    async def cut(request: Request, send: Send) -> RawResponse:
        """Have a list of a VPC say that there are more than it shows, and show none."""
        answer = await send(request)
        if request.operation.name != "ListClusters" or "gpu-" in json.dumps(dict(request.params)):
            return answer
        body = json.loads(answer.content)
        body["TotalCount"] = 500
        return attrs.evolve(answer, content=json.dumps(body).encode())

    async def body(world: World) -> None:
        found = world.emulator.add_cluster(name="gpu-002", vpc_id="vpc-1")
        async with world.client(per_call=[cut]) as eks:
            report = await world.provision(eks, plan).report()
        assert told(report)["gpu-002", "gpu-002"] == ("failed", "AlreadyExists")
        assert found in (report.failures[0].error or {})["message"]
        assert world.made("cluster") == {"gpu-001": 1, "gpu-003": 1}
        asked = [each for each in world.emulator.ledger.requests if each.action == "ListClusters"]
        assert len(asked) >= 4

    in_world(body, backend)


@BACKENDS
def test_a_journal_that_is_away_at_the_end_is_not_waited_for_longer_than_the_grace(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_of(1, 1), limits=FleetLimits(grace=5.0))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.state == "accepted":
                    break

            async def never(**_: Any) -> Any:
                await anyio.sleep_forever()

            world.journal.items = never  # type: ignore[method-assign]
            run.stop()
            began = world.clock.now()
            await run.ended()
            assert world.clock.now() - began <= 11.0
        assert run.open_items == ()
        assert not run.is_open_known

    in_world(body, backend)
