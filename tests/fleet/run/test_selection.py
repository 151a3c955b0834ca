"""Which clusters are meant: names and patterns, and what is said of those that match nothing."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.importing import import_
from cds_eks.fleet.run.orphans import orphans
from cds_eks.fleet.run.provision import provision
from cds_eks.fleet.run.selection import selected
from cds_eks.fleet.run.survey import diff, status
from fleet.run.world import World, in_world, plan_of


@attrs.frozen
class Named:
    name: str


FLEET: Any = [Named(name) for name in ("gpu-001", "gpu-002", "gpu-010", "web")]


def names(only: Any = None, exclude: Any = ()) -> list[str]:
    return [cluster.name for cluster in selected(FLEET, only, exclude)]


def test_names_and_patterns_choose_in_the_order_of_the_plan() -> None:
    assert names() == ["gpu-001", "gpu-002", "gpu-010", "web"]
    assert names(["web", "gpu-00[2-9]"]) == ["gpu-002", "web"]
    assert names(["gpu-*"], ["gpu-01?"]) == ["gpu-001", "gpu-002"]
    assert names(exclude={"web"}) == ["gpu-001", "gpu-002", "gpu-010"]
    assert selected([], None, ()) == ()


@pytest.mark.parametrize(
    ("only", "exclude", "said"),
    [
        (["gpu-01"], (), "only= matches no cluster of the plan: 'gpu-01' (did you mean 'gpu-010' or 'gpu-001'"),
        (["gpu-001", "typo"], (), "'typo' (there are 'gpu-001', 'gpu-002', 'gpu-010', …)"),
        (["gpx-*"], (), "'gpx-*' ("),
        (None, ["wbe"], "exclude= matches no cluster of the plan: 'wbe' (did you mean 'web'?)"),
        (["gpu-001/workers"], (), "(a cluster is meant with all its pools: 'gpu-001')"),
        ([], (), "only= names no cluster"),
        (["web"], ["w*"], "leave no cluster"),
        ("web", (), "only must be a collection of names, not one text"),
        (None, "web", "exclude must be a collection of names, not one text"),
        ([1], (), "only must be a collection of names"),
        ([f"no-{number}" for number in range(12)], (), "; and 2 more"),
    ],
)
def test_what_matches_nothing_is_told_with_what_may_have_been_meant(only: Any, exclude: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        names(only, exclude)
    assert said in caught.value.message
    assert caught.value.outcome == "not_sent"


def test_nobody_sends_anything_then() -> None:
    async def body(world: World) -> None:
        plan = plan_of(2, 1)
        async with world.client() as eks:
            wrong: list[Any] = [{"only": ["typo"]}, {"exclude": ["typo"]}, {"only": []}]
            for settings in wrong:
                for run in (provision, destroy):
                    with pytest.raises(ConfigurationError):
                        run(eks, plan, journal=world.journal, **settings)
                for call in (status, diff, orphans, import_):
                    with pytest.raises(ConfigurationError):
                        await call(eks, plan, journal=world.journal, **settings)
        assert not world.emulator.ledger.requests
        assert not world.journal.rows

    in_world(body, "asyncio")
