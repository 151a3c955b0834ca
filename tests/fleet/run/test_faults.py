"""Runs in which one request in five goes wrong, in every way that there is."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cds_eks.emulator import Fault
from cds_eks.fleet.items import OPEN
from fleet.run.world import World, in_world, plan_of

pytestmark = pytest.mark.slow

EVERY_KIND: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("refuse", "*", {}),
    ("reset_before_commit", "*", {}),
    ("reset_after_commit", "*", {}),
    ("hang_before_commit", "create", {"seconds": 200.0}),
    ("hang_after_commit", "create", {"seconds": 200.0}),
    ("hang_after_commit", "*", {"seconds": 3.0}),
    ("truncate", "*", {}),
    ("truncate", "CreateCluster", {"after": "ClusterId", "bytes": 41}),
    ("status", "*", {}),
    ("status", "*", {"when": "after"}),
    ("status", "*", {"status": 502, "body": "html", "when": "after"}),
    ("status", "*", {"status": 200}),
    ("status", "create", {"status": 200, "when": "after", "body": "empty"}),
    ("throttle", "*", {}),
    ("drip", "*", {"bytes": 100, "seconds": 0.01}),
    ("duplicate", "create", {}),
    ("duplicate", "create", {"answer": "second"}),
    ("late", "create", {"seconds": 25.0}),
    ("stale", "create", {"seconds": 10.0}),
    ("replay", "*", {}),
)


def faults_of(share: float) -> list[Fault]:
    """Return faults of every kind that strike this share of all requests together."""
    each = share / len(EVERY_KIND)
    striking = [Fault(kind, action, probability=each, **given) for kind, action, given in EVERY_KIND]
    return [Fault("lag", "read", seconds=10.0, probability=share / 2), *striking]


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
