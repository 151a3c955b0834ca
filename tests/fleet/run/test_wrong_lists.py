"""Lists that are wrong though the request succeeds: empty, or no list at all. One alone decides nothing that costs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import anyio
import attrs
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy
from cds_eks.emulator import Fault
from cds_eks.fleet.run.destroy import destroy
from fleet.run.memory_journal import MemoryJournal
from fleet.run.world import LIMITS, World, in_world, open_cluster, plan_of

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])

FORMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "no data": lambda answer: {name: answer[name] for name in ("Code", "RequestId")},
    "null": lambda answer: {**answer, "Data": None},
    "empty": lambda answer: {
        **answer,
        "Data": [] if isinstance(answer["Data"], list) else {"Total": 0, "NodePool": []},
        "TotalCount": 0,
    },
}


class Wrong(httpx.ASGITransport):
    """Answers some lists with a success that shows nothing."""

    def __init__(self, world: World, form: str, is_wrong: Callable[[str], bool]) -> None:
        super().__init__(world.emulator)
        self.form = FORMS[form]
        self.is_wrong = is_wrong
        self.wrong = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        action = request.url.params["Action"]
        if not action.startswith("List") or answer.status_code != 200 or not self.is_wrong(action):
            return answer
        self.wrong += 1
        return httpx.Response(200, json=self.form(json.loads(await answer.aread())))


def client(world: World, backend: httpx.ASGITransport) -> AsyncEksClient:
    return AsyncEksClient(world.emulator.credentials, backend=backend, retry=RetryPolicy(max_attempts=3))


@BACKENDS
@pytest.mark.parametrize("form", FORMS)
def test_one_wrong_list_long_after_a_create_does_not_have_it_sent_again(backend: str, form: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("hang_after_commit", "CreateCluster", count=2, seconds=10_000.0))
        async with world.client() as eks:
            await world.provision(eks, plan_of(2, 1), timeout=20.0).report()
        assert set(world.made("cluster").values()) == {1}
        world.clock.advance(5_000.0)
        wrong = Wrong(world, form, lambda action: action == "ListClusters" and not wrong.wrong)
        async with client(world, wrong) as eks:
            report = await world.provision(eks, plan_of(2, 1)).report()
        assert wrong.wrong == 1
        assert report.ok
        world.assert_once(plan_of(2, 1), report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("form", FORMS)
def test_one_wrong_list_of_pools_does_not_have_one_created_again(backend: str, form: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(1, 3)
        world.emulator.faults.add(Fault("hang_after_commit", "CreateNodePool", count=1, seconds=10_000.0))
        async with world.client() as eks, anyio.create_task_group() as tasks:
            tasks.start_soon(world.provision(eks, plan).report)
            while not world.count("CreateNodePool"):  # noqa: ASYNC110 - it has no event
                await anyio.sleep(1.0)
            tasks.cancel_scope.cancel()
        world.clock.advance(5_000.0)
        wrong = Wrong(world, form, lambda action: action == "ListNodePool" and not wrong.wrong)
        async with client(world, wrong) as eks:
            report = await world.provision(eks, plan).report()
        assert wrong.wrong == 1
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("form", FORMS)
def test_one_wrong_list_of_pools_tells_none_gone_that_is_there(backend: str, form: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(1, 3)
        async with world.client() as eks:
            report = await world.provision(eks, plan).report()
            deleted = next(item for item in report.items if item.name == "pool-1")
            [cluster] = world.emulator.ledger.created("cluster")
            await eks.node_pools.delete(cluster.id, deleted.ids["node_pool_id"])
        world.clock.advance(5_000.0)
        wrong = Wrong(world, form, lambda action: action == "ListNodePool" and not wrong.wrong)
        async with client(world, wrong) as eks:
            report = await world.provision(eks, plan).report()
        assert wrong.wrong == 1
        assert [item.name for item in report.items if item.state == "failed"] == ["pool-1"]

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_created_twice_though_some_lists_are_none(backend: str, seed: int) -> None:
    rand = random.Random(seed)

    async def body(world: World) -> None:
        plan = plan_of(4, 2)
        for action in ("CreateCluster", "CreateNodePool"):
            world.emulator.faults.add(Fault("reset_after_commit", action, probability=0.4))
        wrong = Wrong(world, "no data", lambda _: rand.random() < 0.25)
        async with client(world, wrong) as eks:
            report = await world.provision(eks, plan).report()
        assert wrong.wrong
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend, seed=seed)


@BACKENDS
def test_a_service_that_never_counts_its_empty_lists_is_believed_in_the_end(backend: str) -> None:
    async def body(world: World) -> None:
        open_cluster(world, "gpu-001")
        wrong = Wrong(world, "no data", lambda _: not world.made("cluster"))
        async with client(world, wrong) as eks:
            report = await world.provision(eks, plan_of(1, 1)).report()
        world.assert_once(plan_of(1, 1), report)

    in_world(body, backend)


@BACKENDS
def test_a_wrong_list_does_not_hide_what_else_a_deleted_clusters_create_has_made(backend: str) -> None:
    async def body(world: World) -> None:
        plan = plan_of(1, 1)
        world.emulator.faults.add(Fault("duplicate", "CreateCluster", count=1, bypass_nonce=True))
        async with world.client() as eks:
            await world.provision(eks, plan).report()
        made = [each.id for each in world.emulator.ledger.created("cluster")]
        assert len(made) == 2
        wrong = Wrong(world, "empty", lambda action: action == "ListClusters")
        async with client(world, wrong) as eks:
            await destroy(eks, plan, journal=world.journal, limits=attrs.evolve(LIMITS, pool_fallback=10.0)).report()
        [item] = [each for each in await world.journal.items() if each.kind == "cluster"]
        assert item.state == "failed"
        assert any(id_ in str(item.error) for id_ in made)

    in_world(body, backend)


class Cut(httpx.ASGITransport):
    """Counts more clusters than it lists, and finds none by its name."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.url.params["Action"] != "ListClusters":
            return answer
        found = json.loads(await answer.aread())
        if "Keyword" in request.url.params:
            return httpx.Response(200, json=FORMS["empty"](found))
        return httpx.Response(200, json={**found, "TotalCount": len(found["Data"] or []) + 1})


@BACKENDS
def test_what_a_list_shows_that_was_cut_short_is_there(backend: str) -> None:
    async def body(world: World) -> None:
        world.emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=2))
        async with client(world, Cut(world.emulator)) as eks:
            report = await world.provision(eks, plan_of(3, 1)).report()
        world.assert_once(plan_of(3, 1), report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("action", ["ListClusters", "ListNodePool"])
def test_one_wrong_list_hides_nothing_from_who_adopts_after_the_journal_was_lost(
    backend: str, form: str, action: str
) -> None:
    async def body(world: World) -> None:
        plan = plan_of(2, 2)
        async with world.client() as eks:
            await world.provision(eks, plan).report()
        world.clock.advance(5_000.0)
        world.journal = MemoryJournal(world.clock.now)
        wrong = Wrong(world, form, lambda asked: asked == action and not wrong.wrong)
        async with client(world, wrong) as eks:
            report = await world.provision(eks, plan, adopt="matching").report()
        assert wrong.wrong == 1
        assert report.ok
        world.assert_once(plan, report)

    in_world(body, backend)
