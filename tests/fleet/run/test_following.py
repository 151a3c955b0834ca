"""Following clusters that are under way already when a run begins."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from cds_eks.fleet.run.cluster_life import ClusterLife
from fleet.run.world import World, in_world, plan_of


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cluster_that_the_first_round_shows_while_it_is_looked_up_is_not_waited_for_in_vain(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = ClusterLife._is_gone

    async def slow_look_up(self: ClusterLife, cluster_id: str) -> bool:
        is_gone = await look_up(self, cluster_id)
        await self._context.poller.look(None)  # a round ends meanwhile, which no later one differs from
        return is_gone

    async def body(world: World) -> None:
        plan = plan_of(2, 1)
        async with world.client() as eks:
            interrupted: Any = world.provision(eks, plan)
            with anyio.move_on_after(30.0):
                await interrupted.report()
            assert {item.state for item in await world.journal.items() if item.kind == "cluster"} == {"accepted"}
            await anyio.sleep(3000.0)  # it is running long since
            monkeypatch.setattr(ClusterLife, "_is_gone", slow_look_up)
            began = world.clock.now()
            report = await world.provision(eks, plan).report()
        assert report.ok
        assert world.clock.now() - began < 120.0
        world.assert_once(plan, report)

    in_world(body, backend)
