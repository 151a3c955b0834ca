"""Runs in which one request in five goes wrong, in every way that there is."""

from __future__ import annotations

import random

import pytest

from cds_eks.fleet.items import OPEN
from fleet.run.random_faults import faults_of
from fleet.run.world import World, in_world, plan_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(6))
def test_with_faults_of_every_kind_everything_is_made_once(seed: int) -> None:
    plan = plan_of(30, 3)

    async def body(world: World) -> None:
        for fault in faults_of(0.2):
            world.emulator.faults.add(fault)
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok, [(item.name, item.state, item.error) for item in report.items if item.state != "ready"][:5]
        world.assert_once(plan, report)
        assert "recovered" in {item.origin for item in report.items}
        assert len(world.emulator.faults.struck) >= 9
        assert not [item for item in world.journal.rows.values() if item.state in OPEN]

    in_world(body, random.Random(seed).choice(["asyncio", "trio"]), seed=seed)
