"""No create leaves before its intent is durable, and no first one before all that is open is settled."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import anyio
import pytest

from cds_eks._runtime import clocks
from cds_eks.emulator import Fault
from cds_eks.fleet.items import OPEN, Change
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.run.events import RunStarted, StoppedCreating
from cds_eks.pipeline import Send
from cds_eks.wire import Kind, RawResponse, Request
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
def test_no_create_leaves_before_its_intent_is_durable(backend: str) -> None:
    plan = plan_of(10, 2)

    async def body(world: World) -> None:
        async def look(request: Request, send: Send) -> RawResponse:
            if request.operation.kind is Kind.CREATE:
                open_now = Counter(item.kind for item in world.journal.rows.values() if item.state == "sending")
                creates.append(request)
                assert open_now["cluster" if request.operation.name == "CreateCluster" else "node_pool"] > 0
                assert request.record.intent is not None
                assert request.record.intent.at <= clocks.wall()
            return await send(request)

        creates: list[Request] = []
        async with world.client(per_attempt=[look]) as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        assert len(creates) == 20
        for item in world.journal.rows.values():
            states = [entry.state for entry in world.journal.entries if entry.item_id == item.id]
            if "sending" in states:
                assert states.index("sending") == states.index("accepted") - 1

    in_world(body, backend)


@BACKENDS
def test_while_intents_can_not_be_written_nothing_is_created_and_outcomes_are_kept(backend: str) -> None:
    plan = plan_of(6, 1)

    async def body(world: World) -> None:
        failing = True
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=10.0, count=2))

        def before(change: Change) -> None:
            nonlocal failing
            if change.state == "sending" and world.count("CreateCluster") < 2:
                return
            if failing:
                raise JournalError("the disk is full")

        world.journal.before_write = before
        limits = LIMITS.__class__(poll_interval=5.0, creates=2)

        async with world.client() as eks:
            async with anyio.create_task_group() as group:
                run = world.provision(eks, plan, limits=limits)
                group.start_soon(run.report)
                await anyio.sleep(100.0)
                assert world.count("CreateCluster") == 2
                assert [item.state for item in world.journal.rows.values()].count("sending") == 2
                failing = False
            report = await run.report()
        assert report.ok
        world.assert_once(plan, report)
        assert {item.origin for item in report.items} == {"created"}

    in_world(body, backend)


@BACKENDS
def test_an_intent_that_was_written_though_the_journal_failed_is_taken_back(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        lost = 1

        def after(change: Change) -> None:
            nonlocal lost
            if change.state == "sending" and lost:
                lost -= 1
                raise JournalError("the answer was lost")

        world.journal.after_write = after
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)
        [cluster] = [item for item in world.journal.rows.values() if item.kind == "cluster"]
        assert cluster.epoch == 2
        assert world.clock.now() < 1_760_000_000 + 500  # it was not looked for: it is known that nothing was sent

    in_world(body, backend)


@BACKENDS
def test_a_runner_that_was_frozen_before_it_could_send_sends_nothing(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        frozen = [LIMITS.create_timeout + 1]
        world.journal.slow = lambda change: frozen.pop() if change.state == "sending" and frozen else 0.0
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)
        states = [entry.state for entry in world.journal.entries if entry.item_id.startswith("cluster/")]
        assert states == ["planned", "sending", "planned", "sending", "accepted", "ready"]

    in_world(body, backend)


def made_by_hand(world: World, name: str) -> str:
    return world.emulator.add_cluster(name=name, vpc_id="vpc-1")


@BACKENDS
def test_with_twenty_open_items_no_create_leaves_before_the_last_look_has_ended(backend: str) -> None:
    plan = plan_of(30, 1)
    names = [cluster.name for cluster in plan.clusters]

    async def body(world: World) -> None:
        # Half of them were made; one appears in the list only late in the window.
        for name in names[:20]:
            open_cluster(world, name)
        made = [made_by_hand(world, name) for name in names[:10]]
        async with world.client() as eks:
            run = world.provision(eks, plan)
            events = [event async for event in run]
            report = await run.report()
        assert isinstance(events[0], RunStarted)
        assert events[0].open == 20
        requests = world.emulator.ledger.requests
        first_create = next(each for each in requests if each.action == "CreateCluster")
        # Their window: 60 s in which they may be sent, and 60 s in which they may be under way.
        assert first_create.at > 1_760_000_000 + 120.0
        last_look = [each for each in requests if each.action == "ListClusters" and each.index < first_create.index][-1]
        assert last_look.at > 1_760_000_000 + 120.0
        assert world.count("CreateCluster") == 20
        clusters = [item for item in report.items if item.kind == "cluster"]
        assert {item.ids["cluster_id"] for item in clusters if item.origin == "recovered"} == set(made)
        assert {item.state for item in clusters} == {"ready"}

    in_world(body, backend)


@BACKENDS
def test_open_items_that_are_in_no_plan_are_settled_too(backend: str) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "forgotten")
        open_cluster(world, "never-made")
        made = made_by_hand(world, "forgotten")
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(1, 1)).report()
        assert report.ok
        assert world.journal.rows["cluster/vpc-1/forgotten"].state == "ready"  # it is seen to, as nobody else would
        assert world.journal.rows["cluster/vpc-1/forgotten"].ids == {"cluster_id": made}
        assert world.journal.rows["cluster/vpc-1/never-made"].state == "planned"
        assert {item.name for item in report.items if item.kind == "cluster"} == {"forgotten", "gpu-001"}

    in_world(body, backend)


@BACKENDS
def test_what_another_runner_holds_is_settled_when_its_lease_has_ended(backend: str) -> None:
    plan = plan_of(2, 1)

    async def body(world: World) -> None:
        now = world.clock.now()
        open_cluster(world, "gpu-001", owner="the one that was killed", lease_until=now + 300.0)
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)
        first = next(each for each in world.emulator.ledger.requests if each.action == "CreateCluster")
        assert first.at >= now + 300.0

    in_world(body, backend)


@BACKENDS
def test_in_strict_a_second_create_comes_after_the_services_window(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("reset_before_commit", "CreateCluster", count=1))
        began = world.clock.now()
        async with world.client() as eks:
            report = await world.provision(eks, plan, strict=True).report()
        assert report.ok
        creates = [each.at for each in world.emulator.ledger.requests if each.action == "CreateCluster"]
        assert len(creates) == 2
        assert creates[1] > began + 900.0

    in_world(body, backend)


@BACKENDS
def test_an_open_create_that_can_not_be_looked_for_keeps_all_else_from_being_created(backend: str) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "gpu-001")
        world.emulator.faults.add(Fault("status", "ListClusters", status=403, code="AccessDenied"))
        async with world.client() as eks:
            run = world.provision(eks, plan_of(3, 1))
            events = [event async for event in run]
            report = await run.report()
        assert world.count("CreateCluster") == 0
        assert report.stopped is not None
        assert world.journal.rows["cluster/vpc-1/gpu-001"].state in OPEN
        assert len([event for event in events if isinstance(event, StoppedCreating)]) <= 1

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("after", [0.5, 1.0, 3.0, 40.0, 310.0, 340.0])
def test_a_run_that_is_cancelled_at_any_moment_can_be_resumed(backend: str, after: float) -> None:
    plan = plan_of(20, 2)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "create", seconds=2.0, probability=0.5))
        limits: Any = LIMITS.__class__(poll_interval=5.0, creates=3, grace=1.0)
        async with world.client() as eks:
            with anyio.move_on_after(after) as scope:
                await world.provision(eks, plan, limits=limits).report()
            assert scope.cancelled_caught
        world.emulator.faults.clear()
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("seconds", [20.0, 100.0])
def test_while_the_journal_is_away_nothing_is_created_and_nothing_is_lost(backend: str, seconds: float) -> None:
    """Longer than a lease as well: nobody else is there to take the items over."""
    plan = plan_of(30, 2)

    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=3.0))
        async with world.client() as eks, anyio.create_task_group() as group:
            run = world.provision(eks, plan, limits=LIMITS.__class__(poll_interval=5.0, creates=5))
            group.start_soon(run.report)
            await anyio.sleep(7.0)
            world.journal.is_away = True
            await anyio.sleep(4.0)  # those under way end
            before = world.count("CreateCluster")
            await anyio.sleep(seconds)
            assert world.count("CreateCluster") == before < 30
            world.journal.is_away = False
            report = await run.report()
        assert report.ok
        world.assert_once(plan, report)
        assert {item.origin for item in report.items} == {"created"}

    in_world(body, backend)


@BACKENDS
def test_a_lost_answer_that_the_run_settles_is_no_warning(backend: str, caplog: pytest.LogCaptureFixture) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=2))
        async with world.client() as eks:
            report = await world.provision(eks, plan_of(3, 1)).report()
            assert report.ok
            origins = [str(item.origin) for item in report.items if item.kind == "cluster"]
            assert sorted(origins) == ["created", "recovered", "recovered"]
            assert eks.open_creates == ()  # the journal has had them

    with caplog.at_level(logging.INFO, "cds_eks"):
        in_world(body, backend)
    told = [record.levelno for record in caplog.records if "its outcome is unknown" in record.getMessage()]
    assert told == [logging.INFO, logging.INFO]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
