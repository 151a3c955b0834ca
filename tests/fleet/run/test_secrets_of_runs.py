"""When a run asks for secrets: before the first item whether they can be had, and not at all if it needs none."""

from __future__ import annotations

import pytest

from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.survey import diff
from fleet.run.backends import BACKENDS
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import LIMITS, World, in_world, plan_of


@BACKENDS
def test_a_command_that_fails_does_so_before_the_first_item(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            with pytest.raises(PlanError) as caught:
                await world.provision(eks, plan_of(3, 1, sk="cmd:false")).report()
            assert [str(fault) for fault in caught.value.faults] == [
                "defaults.cluster.sk: cmd:false: ended with status 1"
            ]
            assert world.emulator.ledger.requests == []
            assert {item.state for item in world.journal.rows.values()} == {"planned"}
            await world.provision(eks, plan_of(3, 1)).report()
            assert (await world.provision(eks, plan_of(3, 1, sk="cmd:false")).report()).ok  # none is needed any more

    in_world(body, backend)


@BACKENDS
def test_what_compares_needs_no_secrets(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_SK", "x")

    async def body(world: World) -> None:
        plan = plan_of(2, 2, sk="env:FLEET_SK")
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            monkeypatch.delenv("FLEET_SK")
            report = await diff(eks, plan, journal=world.journal)
            assert report.differing == ()
            assert "sk" in report.items[0].unseen
            world.journal = MemoryJournal(world.clock.now)
            with pytest.raises(PlanError):  # this one may have to create
                await world.provision(eks, plan, adopt="matching").report()
            monkeypatch.setenv("FLEET_SK", "x")
            assert (await world.provision(eks, plan, adopt="matching").report()).ok
            monkeypatch.delenv("FLEET_SK")
            assert (await destroy(eks, plan, journal=world.journal, limits=LIMITS, include_adopted=True).report()).ok

    in_world(body, backend)
