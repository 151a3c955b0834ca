"""A runner that waits for what another one holds says so, and waits no longer than it must."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks.fleet.run.events import WaitingForLease
from cds_eks.fleet.run.limits import FleetLimits
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of

DEAD = "there:4711:abc:space"


def held(world: World, name: str, seconds: float, **fields: Any) -> None:
    """Have an item held by another runner for some time."""
    open_cluster(world, name, owner=DEAD, lease_until=world.clock.now() + seconds, **fields)
    world.journal.alive[DEAD] = world.clock.now() + 3 * seconds


async def waits_of(world: World, count: int = 1, **settings: Any) -> tuple[list[WaitingForLease], float, Any]:
    began = world.clock.now()
    async with world.client() as eks:
        run = world.provision(eks, plan_of(count, 1), **settings)
        waits = [event async for event in run if isinstance(event, WaitingForLease)]
        report = await run.report()
    return waits, began, report


@BACKENDS
@pytest.mark.parametrize("state", ["planned", "sending"])
def test_a_lease_that_is_waited_for_is_told_once(backend: str, state: str) -> None:
    async def body(world: World) -> None:
        held(world, "gpu-001", 30.0, state=state)
        until = world.journal.rows["cluster/vpc-1/gpu-001"].lease_until
        waits, began, report = await waits_of(world)
        assert report.ok
        assert [(wait.holder, wait.where, wait.until, wait.items) for wait in waits] == [(DEAD, "there:4711", until, 1)]
        changed = [entry.at for entry in world.journal.entries if entry.item_id == "cluster/vpc-1/gpu-001"]
        assert min(changed) - began >= 30.0

    in_world(body, backend)


@BACKENDS
def test_a_long_wait_is_told_again_each_minute(backend: str) -> None:
    async def body(world: World) -> None:
        held(world, "gpu-001", 150.0, state="planned")
        waits, _, report = await waits_of(world)
        assert report.ok
        assert len(waits) in (2, 3)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("state", ["planned", "sending"])
@pytest.mark.parametrize(
    ("is_on_one_machine", "is_gone", "waits_for"), [(True, True, 0.0), (True, False, 30.0), (False, True, 30.0)]
)
def test_what_a_process_held_that_is_gone_is_free_at_once_on_one_machine(
    backend: str,
    state: str,
    is_on_one_machine: bool,
    is_gone: bool,
    waits_for: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def answered(runner: str) -> bool:
        asked.append(runner)
        return is_gone

    monkeypatch.setattr("cds_eks.fleet.run.holders.is_gone", answered)

    async def body(world: World) -> None:
        monkeypatch.setattr(world.journal, "is_on_one_machine", is_on_one_machine, raising=False)
        held(world, "gpu-001", 30.0, state=state)
        waits, began, report = await waits_of(world, limits=FleetLimits(poll_interval=5.0, requests_per_second=100.0))
        assert report.ok
        world.assert_once(plan_of(1, 1), report)
        assert len(waits) == (0 if waits_for == 0 else 1)
        assert set(asked) == ({DEAD} if is_on_one_machine else set())
        created = {each.name: each.created_at for each in world.emulator.ledger.created("cluster")}
        # An open create is looked for until its own time is up, whoever holds it; and the rate was another's too.
        settled = 120.0 if state == "sending" else 0.0
        assert max(waits_for, settled) <= created["gpu-001"] - began <= max(waits_for, settled) + 30.0

    in_world(body, backend)


def test_nobody_is_told_of_while_there_is_something_to_do() -> None:
    async def body(world: World) -> None:
        held(world, "gpu-001", 20.0, state="planned")
        waits, _, report = await waits_of(world, 2, limits=LIMITS)
        assert report.ok
        assert waits == []

    in_world(body, "asyncio")
