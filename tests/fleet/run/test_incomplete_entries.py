"""Lists that show something without its name, or without its id, as of a cluster that is half made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy
from cds_eks.emulator import Fault
from fleet.run.world import World, in_world, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class HalfMade(httpx.ASGITransport):
    """Leaves a field of each cluster out of lists, as long as that is wanted."""

    def __init__(self, world: World, field: str, is_left_out: Callable[[], bool]) -> None:
        super().__init__(world.emulator)
        self.field = field
        self.is_left_out = is_left_out

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if "Action=ListClusters" not in str(request.url) or not self.is_left_out():
            return answer
        found: dict[str, Any] = json.loads(await answer.aread())
        return httpx.Response(200, json={**found, "Data": [{**each, self.field: ""} for each in found["Data"] or []]})


def client(world: World, backend: httpx.ASGITransport) -> AsyncEksClient:
    return AsyncEksClient(world.emulator.credentials, backend=backend, retry=RetryPolicy(max_attempts=3))


@BACKENDS
@pytest.mark.parametrize("field", ["ClusterName", "ClusterId"])
def test_what_is_listed_incompletely_at_first_is_recovered_as_what_it_is(backend: str, field: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=3))
        begun: list[float] = []

        def is_left_out() -> bool:
            if world.made("cluster"):
                begun.append(world.emulator.clock.now())
            return bool(begun) and world.emulator.clock.now() < begun[0] + 5

        plan = plan_of(3, 1)
        async with client(world, HalfMade(world, field, is_left_out)) as eks:
            report = await world.provision(eks, plan).report()
        world.assert_once(plan, report)
        assert {item.origin for item in report.items if item.kind == "cluster"} == {"recovered"}
        assert len({item.ids["cluster_id"] for item in report.items if item.kind == "cluster"}) == 3

    in_world(body, backend)


class InCapitals(httpx.ASGITransport):
    """Shows all names in lists in capitals."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if "Action=List" not in str(request.url):
            return answer
        text = (await answer.aread()).decode()
        return httpx.Response(
            200, text=re.sub(r'("(?:Cluster)?Name": ?")([^"]*)', lambda found: found[1] + found[2].upper(), text)
        )


@BACKENDS
def test_nothing_is_created_beside_what_is_listed_with_its_name_in_capitals(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=2))
        world.emulator.faults.add(Fault("reset_after_commit", "CreateNodePool", count=1))
        plan = plan_of(3, 2)
        async with client(world, InCapitals(world.emulator)) as eks:
            report = await world.provision(eks, plan).report()
        assert set(world.made("cluster").values()) == {1}
        assert set(world.pools_made().values()) == {1}
        assert any("in another case" in str(item.error) for item in report.items if item.kind == "cluster")
        assert any("in another case" in str(item.error) for item in report.items if item.kind == "node_pool")
        async with world.client() as eks:
            again = await world.provision(eks, plan).report()
        world.assert_once(plan, again)

    in_world(body, backend)


@BACKENDS
def test_a_plan_grows_while_the_lists_lose_the_names_of_its_own(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            world.assert_once(plan_of(2, 1), await world.provision(eks, plan_of(2, 1)).report())
        until = world.emulator.clock.now() + 90  # longer than `settle`: whose they are is in the journal
        async with client(world, HalfMade(world, "ClusterName", lambda: world.emulator.clock.now() < until)) as eks:
            report = await world.provision(eks, plan_of(4, 1)).report()
        world.assert_once(plan_of(4, 1), report)

    in_world(body, backend)


@BACKENDS
def test_what_is_never_named_is_nobodys_and_nothing_is_created_beside_it(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("reset_before_commit", "CreateCluster", count=2))
        world.emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
        async with client(world, HalfMade(world, "ClusterName", lambda: True)) as eks:
            report = await world.provision(eks, plan_of(3, 1)).report()
        assert sum(world.made("cluster").values()) == 1
        clusters = [item for item in report.items if item.kind == "cluster"]
        assert [item.state for item in clusters] == ["failed"] * 3
        assert all("without its name" in str(item.error) for item in clusters)
        # The next run is told the names: what was made is ours, and the others are made.
        async with world.client() as eks:
            again = await world.provision(eks, plan_of(3, 1)).report()
        world.assert_once(plan_of(3, 1), again)

    in_world(body, backend)
