"""Lists that show something without its name, or without its id, as of a cluster that is half made."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import anyio
import attrs
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy
from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet.run.importing import import_
from cds_eks.fleet.run.provision import provision
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import LIMITS, World, in_world, plan_of

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
    """Shows all names in lists in capitals, for some time."""

    def __init__(self, emulator: Emulator, seconds: float = math.inf) -> None:
        super().__init__(emulator)
        self.emulator = emulator
        self.seconds = seconds
        self.began: float | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if "Action=List" not in str(request.url):
            return answer
        now = self.emulator.clock.now()
        self.began = now if self.began is None and self.emulator.ledger.created("cluster") else self.began
        if self.began is not None and now >= self.began + self.seconds:
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


@BACKENDS
def test_what_another_runner_has_made_is_known_though_its_name_is_never_listed(backend: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(12, 1)
        limits = attrs.evolve(LIMITS, batch=2, creates=1)
        nameless = HalfMade(world, "ClusterName", lambda: True)
        world.journal.slow = lambda change: 3.0 if change.action == "CreateCluster" else 0.0
        async with client(world, nameless) as eks, anyio.create_task_group() as tasks:
            tasks.start_soon(world.provision(eks, plan, limits=limits).report)
            report = await world.provision(eks, plan, limits=limits).report()
        assert len({entry.runner for entry in world.journal.entries if entry.action == "CreateCluster"}) == 2
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
def test_what_belongs_to_another_of_the_plan_is_not_recovered_though_it_is_shown_in_its_case(backend: str) -> None:
    async def body(world: World) -> None:
        both = [plan_of(1, 1, name=name).clusters[0] for name in ("gpu-1", "GPU-1")]
        plan = attrs.evolve(plan_of(1, 1), clusters=tuple(both))
        world.emulator.faults.add(Fault("reset_before_commit", "CreateCluster", skip=1, count=1))
        async with client(world, capitals := InCapitals(world.emulator, seconds=20.0)) as eks:
            report = await world.provision(eks, plan, limits=attrs.evolve(LIMITS, creates=1)).report()
        assert capitals.began is not None
        world.assert_once(plan, report)

    in_world(body, backend)


class Elsewhere(httpx.ASGITransport):
    """Does not tell, in lists of all clusters, where they are."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.url.params["Action"] != "ListClusters":
            return answer
        found: dict[str, Any] = json.loads(await answer.aread())
        return httpx.Response(200, json={**found, "Data": [{**each, "VpcId": ""} for each in found["Data"] or []]})


@BACKENDS
@pytest.mark.parametrize("places", [2, 6])
def test_of_clusters_of_one_name_each_is_found_where_it_is_though_no_list_tells_that(backend: str, places: int) -> None:
    async def body(world: World) -> None:
        data = [plan_of(1, 1, name="gpu-1", vpc_id=f"vpc-{number}").clusters[0] for number in range(places)]
        plan = attrs.evolve(plan_of(1, 1), clusters=tuple(data))
        world.emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
        world.emulator.faults.add(Fault("reset_before_commit", "CreateCluster", count=1))
        async with client(world, Elsewhere(world.emulator)) as eks:
            report = await world.provision(eks, plan).report()
        assert world.made("cluster") == {"gpu-1": places}
        assert len({item.ids["cluster_id"] for item in report.items if item.kind == "cluster"}) == places
        made = {cluster.vpc_id: cluster.id for cluster in world.emulator._world.clusters.values()}
        assert {item.vpc_id: item.ids["cluster_id"] for item in report.items if item.kind == "cluster"} == made

    in_world(body, backend)


@BACKENDS
def test_what_was_there_in_another_case_before_the_first_create_is_not_taken_for_what_that_has_made(
    backend: str,
) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await provision(eks, plan_of(1, 1, name="GPU-1"), journal=MemoryJournal(world.clock.now)).report()
            world.emulator.faults.add(Fault("reset_before_commit", "CreateCluster", count=1))
            report = await world.provision(eks, plan_of(1, 1, name="gpu-1")).report()
        assert report.ok
        assert world.made("cluster") == {"GPU-1": 1, "gpu-1": 1}

    in_world(body, backend)


@BACKENDS
def test_a_cluster_of_which_nobody_knows_where_it_is_is_not_imported_for_another_of_its_name(backend: str) -> None:
    async def body(world: World) -> None:
        async with client(world, Elsewhere(world.emulator)) as eks:
            elsewhere = plan_of(1, 1, vpc_id="vpc-2")
            await provision(eks, elsewhere, journal=MemoryJournal(world.clock.now)).report()
            report = await import_(eks, plan_of(1, 1), journal=world.journal)
        assert [item.state for item in report.items] == ["planned", "planned"]

    in_world(body, backend)


@BACKENDS
def test_nothing_is_made_beside_what_is_to_be_adopted_though_its_name_is_shown_in_capitals_for_some_time(
    backend: str,
) -> None:
    async def body(world: World) -> None:
        plan = plan_of(2, 2)
        async with world.client() as eks:
            await world.provision(eks, plan).report()
        world.journal = MemoryJournal(world.clock.now)
        async with client(world, InCapitals(world.emulator, seconds=20.0)) as eks:
            report = await world.provision(eks, plan, adopt="matching").report()
        assert report.ok
        world.assert_once(plan, report)
        # What stays in another case is somebody else's: it is not waited for for ever.
        async with client(world, InCapitals(world.emulator)) as eks:
            journal = MemoryJournal(world.clock.now)
            await provision(eks, plan_of(1, 1, name="GPU-9"), journal=journal, adopt="matching").report()
            report = await provision(eks, plan_of(1, 1, name="gpu-9"), journal=journal, adopt="matching").report()
        assert world.made("cluster")["gpu-9"] == 1

    in_world(body, backend)
