"""A journal that can't be written is told of, with the reason, and a report says what the journal knows by then."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest

from cds_eks.fleet.items import Heartbeat, Item, State
from cds_eks.fleet.journal.base import JournalGone, JournalUnavailable
from cds_eks.fleet.run.events import Event, JournalAway, JournalBack
from cds_eks.fleet.run.journal_outage import JournalOutage
from cds_eks.fleet.run.leases import Leases
from cds_eks.fleet.run.reporting import report_of
from fleet.run import virtual_time
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import World, in_world, open_cluster, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
FULL = JournalUnavailable("fleet.db: the disk is full, or a quota is used up: make room (SQLITE_FULL)")


@BACKENDS
def test_heartbeats_that_fail_are_told_with_the_reason_at_once_and_each_minute(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    journal = MemoryJournal(virtual_time.LoopClock().now)
    seen: list[Event] = []
    ends = 150.0

    began = 0.0

    async def begin() -> None:
        if 5.0 < anyio.current_time() - began < ends:
            raise FULL

    async def body() -> None:
        nonlocal began
        began = anyio.current_time()
        journal._begin = begin  # type: ignore[method-assign]
        leases = Leases(journal, "a", lease=30.0, on_beat=lambda *_: None, on_lost=lambda _: None, on_event=seen.append)
        with anyio.move_on_after(200.0):
            await leases.renew()

    virtual_time.run(body, backend)
    away = [event for event in seen if isinstance(event, JournalAway)]
    assert [event.seconds for event in away] == pytest.approx([0.0, 60.0, 120.0])
    assert all(event.error.startswith("JournalUnavailable: fleet.db: the disk is full") for event in away)
    [back] = [event for event in seen if isinstance(event, JournalBack)]
    assert back.seconds == pytest.approx(140.0)
    assert seen[-1] is back
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said[0].startswith("heartbeat failed: error=JournalUnavailable, reason=fleet.db: the disk is full")
    assert said[-1].startswith("journal can be written again: elapsed=14")


def test_a_journal_that_is_gone_is_not_said_to_be_away() -> None:
    seen: list[Event] = []

    async def body() -> None:
        outage = JournalOutage(seen.append)
        outage.failed(JournalGone("it is gone"), anyio.current_time())
        outage.succeeded()

    anyio.run(body)
    assert seen == []


@BACKENDS
def test_a_run_tells_it(backend: str) -> None:
    async def body(world: World) -> None:
        renew, failures = world.journal.renew, [FULL]

        async def fail_once(runner: str, *, lease: float) -> Heartbeat:
            if failures:
                raise failures.pop()
            return await renew(runner, lease=lease)

        world.journal.renew = fail_once  # type: ignore[method-assign]
        async with world.client() as eks:
            run = world.provision(eks, plan_of(2, 1))
            seen = [event async for event in run]
            assert (await run.report()).ok
        kinds = [type(event) for event in seen if isinstance(event, JournalAway | JournalBack)]
        assert kinds == [JournalAway, JournalBack]

    in_world(body, backend)


def reported(world: World, unwritten: Item) -> Any:
    from cds_eks.fleet.run.group import group_of

    plan = plan_of(1, 1)
    groups = [group_of(cluster) for cluster in plan.clusters]
    return report_of(
        world.journal, groups, plan=plan, times=(0.0, 0.0), stopped=None, differences={},
        unwritten={unwritten.id: unwritten},
    )  # fmt: skip


MADE = {"cluster_id": "eks-1"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param({"state": "sending", "changed_at": 100.0}, "accepted", id="it is what was to be followed"),
        pytest.param({"state": "ready", "changed_at": 101.0, "ids": MADE}, "ready", id="another runner went on"),
        pytest.param({"state": "ready", "changed_at": 99.0, "epoch": 2, "ids": MADE}, "ready", id="a later create"),
        pytest.param(
            {"state": "ready", "changed_at": 101.0, "ids": {"cluster_id": "eks-2"}}, "accepted", id="it knows another"
        ),
        pytest.param({"state": "unknown", "changed_at": 101.0}, "accepted", id="its id is not known there"),
    ],
)
def test_what_was_not_written_is_told_unless_the_journal_knows_more(row: dict[str, Any], expected: State) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "gpu-001", **row)
        unwritten = Item(
            id="cluster/vpc-1/gpu-001", kind="cluster", name="gpu-001", vpc_id="vpc-1", cluster_name="gpu-001",
            state="accepted", epoch=1, changed_at=100.0, ids=MADE,
        )  # fmt: skip
        report = await reported(world, unwritten)
        assert report.items[0].state == expected

    in_world(body, "asyncio")
