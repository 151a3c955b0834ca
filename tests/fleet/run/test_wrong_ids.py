"""An answer that names another's id is not believed: nothing is made or deleted in that, and ours is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import attrs
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, errors
from cds_eks.fleet.items import Item
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.importing import import_
from cds_eks.fleet.run.wrong_ids import OLD, KnownIds, Shown, ids_without
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, World, in_world, plan_of

CLUSTER = "cluster/vpc-1/gpu-001"

Mix = Callable[[int, dict[str, Any]], dict[str, Any]]


class MixedUp(httpx.ASGITransport):
    """Has the answers to one operation mixed up on their way."""

    def __init__(self, world: World, action: str, mix: Mix, *, sends: bool = True, is_late: bool = False) -> None:
        super().__init__(world.emulator)
        self.action = action
        self.mix = mix
        self.sends = sends
        self.is_late = is_late
        self.count = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if f"Action={self.action}" not in str(request.url):
            return await super().handle_async_request(request)
        self.count += 1
        found: dict[str, Any] = {"Code": "Success", "Msg": "", "RequestId": "req-1", "Data": {}}
        if self.sends or self.count > 1:
            answer = await super().handle_async_request(request)
            found = json.loads(await answer.aread())
        number = self.count
        mixed = self.mix(number, found)
        if self.is_late and number == 1:
            await anyio.sleep(2.0)
        return httpx.Response(200, json=mixed)


def client(world: World, backend: httpx.ASGITransport) -> AsyncEksClient:
    return AsyncEksClient(world.emulator.credentials, backend=backend, retry=RetryPolicy(max_attempts=3))


def naming(field: str, id_: str) -> Mix:
    """Return what has the first answer name another id."""
    return lambda count, found: {**found, "Data": {**found["Data"], field: id_}} if count == 1 else found


def repeated() -> Mix:
    """Return what has the first answer repeated to the second."""
    first: list[dict[str, Any]] = []

    def mix(_: int, found: dict[str, Any]) -> dict[str, Any]:
        first.append(found)
        return first[0] if len(first) == 2 else found

    return mix


def assert_once(world: World, plan: Plan, report: Any) -> None:
    """As `World.assert_once`, beside a cluster of somebody else's."""
    pools = {key: count for key, count in world.pools_made().items() if key[0] != "production"}
    assert world.made("cluster") == {cluster.name: 1 for cluster in plan.clusters}
    assert pools == {(cluster.name, pool.name): 1 for cluster in plan.clusters for pool in cluster.pools}
    world.assert_told(report)


@BACKENDS
@pytest.mark.parametrize("what", ["foreign", "repeated", "repeated late", "repeated pool", "repeated late pool"])
def test_what_an_answer_has_wrong_is_found_by_its_name(backend: str, what: str) -> None:
    plan = plan_of(2, 2)

    async def body(world: World) -> None:
        other = world.emulator.add_cluster(name="production", vpc_id="vpc-1")
        mix = naming("ClusterId", other) if what == "foreign" else repeated()
        action = "CreateNodePool" if "pool" in what else "CreateCluster"
        transport = MixedUp(world, action, mix, is_late="late" in what)
        async with client(world, transport) as eks:
            report = await world.provision(eks, plan).report()
            assert report.ok, report.failures
            assert_once(world, plan, report)
            assert [item.origin for item in report.items].count("recovered") >= 1
            told = {item.ids["cluster_id"] for item in report.items if item.kind == "cluster"}
            assert other not in told
            assert len(world.emulator._world.clusters[other].pools) == 1
            await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()
        assert [each.name for each in world.emulator._world.clusters.values()] == ["production"]

    in_world(body, backend)


@BACKENDS
def test_what_is_not_there_by_its_name_is_not_made_again_while_it_may_have_another(backend: str) -> None:
    """A success was answered, and what it names is young: it may be ours, shown by another name than was asked for."""
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        other = world.emulator.add_cluster(name="production", vpc_id="vpc-1")
        transport = MixedUp(world, "CreateCluster", naming("ClusterId", other), sends=False)
        async with client(world, transport) as eks:
            for _ in range(2):
                report = await world.provision(eks, plan).report()
                cluster = report.items[0]
                assert (cluster.state, (cluster.error or {})["class"]) == ("unknown", "WrongId")
                assert all(each in (cluster.error or {})["message"] for each in (other, "production", "gpu-001"))
                await anyio.sleep(100.0)
            assert transport.count == 1
            await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()
        assert (world.count("DeleteCluster"), world.count("CreateNodePool")) == (0, 0)

    in_world(body, backend)


@BACKENDS
def test_what_was_there_long_before_is_not_what_was_made(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        other = world.emulator.add_cluster(name="production", vpc_id="vpc-1")
        await anyio.sleep(OLD + 100.0)
        transport = MixedUp(world, "CreateCluster", naming("ClusterId", other), sends=False)
        async with client(world, transport) as eks:
            report = await world.provision(eks, plan).report()
        assert report.ok, report.failures
        assert_once(world, plan, report)

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("state", ["accepted", "ready", "failed"])
@pytest.mark.parametrize("act", ["provision", "destroy"])
def test_what_the_journal_has_wrong_is_neither_used_nor_deleted(backend: str, act: str, state: Any) -> None:
    plan = plan_of(1, 2)

    async def body(world: World) -> None:
        other = world.emulator.add_cluster(name="production", vpc_id="vpc-1")
        async with world.client() as eks:
            await world.provision(eks, plan_of(1, 1)).report()
            row = world.journal.rows[CLUSTER]
            own = row.ids["cluster_id"]
            world.journal.rows[CLUSTER] = attrs.evolve(row, state=state, ids={**row.ids, "cluster_id": other})
            if act == "destroy":
                report = await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()
            else:
                report = await world.provision(eks, plan).report()
        clusters = world.emulator._world.clusters
        assert other in clusters
        assert len(clusters[other].pools) == 1
        if state == "accepted":  # no list has shown it before: it is looked for by its name
            assert (own in clusters) == (act != "destroy")
        else:
            assert own in clusters
            assert (report.items[0].error or {})["class"] == "WrongId"
        assert len(clusters) == 1 + (own in clusters)

    in_world(body, backend)


@BACKENDS
def test_what_no_list_shows_is_asked_for_before_it_is_deleted(backend: str) -> None:
    plan = plan_of(1, 1)

    async def body(world: World) -> None:
        other = world.emulator.add_cluster(name="production", vpc_id="vpc-2")  # only vpc-1 is listed
        async with world.client() as eks:
            await world.provision(eks, plan).report()
            row = world.journal.rows[CLUSTER]
            world.journal.rows[CLUSTER] = attrs.evolve(row, ids={**row.ids, "cluster_id": other})
            report = await destroy(eks, plan, journal=world.journal, limits=LIMITS).report()
        assert (report.items[0].error or {})["class"] == "WrongId"
        assert world.count("DeleteCluster") == 0

    in_world(body, backend)


@BACKENDS
def test_an_id_of_another_name_is_not_imported(backend: str) -> None:
    async def body(world: World) -> None:
        other = world.emulator.add_cluster(name="production", vpc_id="vpc-1")
        async with world.client() as eks:
            with pytest.raises(errors.InvalidRequestError, match="production"):
                await import_(eks, plan_of(1, 1), journal=world.journal, ids={"gpu-001": other})
        assert not world.journal.rows

    in_world(body, backend)


ITEM = Item(id=CLUSTER, kind="cluster", name="gpu-001", vpc_id="vpc-1", cluster_name="gpu-001", intent_at=1e9)


@pytest.mark.parametrize(
    ("name", "place", "is_another"),
    [
        *(("gpu-001", "vpc-1", False), (None, None, False), ("", "", False), (" GPU-001", "vpc-1", False)),
        *(("gpu-002", "vpc-1", True), ("gpu-001", "vpc-2", True), (None, "vpc-2", True), ("gpu-0011", None, True)),
    ],
)
def test_only_what_is_shown_speaks_against_an_id(name: str | None, place: str | None, *, is_another: bool) -> None:
    assert Shown(id="c-1", name=name, place=place).is_another(ITEM) is is_another


@pytest.mark.parametrize(("age", "is_doubted"), [(None, True), (0.0, True), (OLD - 1, True), (OLD + 1, False)])
@pytest.mark.parametrize("is_known", [True, False])
def test_what_may_be_ours_by_another_name_is_doubted(age: float | None, *, is_known: bool, is_doubted: bool) -> None:
    created = None if age is None else datetime.fromtimestamp(1e9 - age, UTC)
    item = attrs.evolve(ITEM, ids={"cluster_id": "c-1", "task_id": "t-1", "found_id": "c-0"})
    ids = ids_without(item, Shown(id="c-1", name="other", created=created), is_known=is_known)
    assert (ids["cluster_id"], ids["task_id"], ids["found_id"]) == ("", "", "c-1,c-0")
    assert ("doubted_id" in ids) == (is_doubted and not is_known)
    assert ids_without(item, None, is_known=True) == {"cluster_id": "", "task_id": ""}


def test_an_id_belongs_to_the_first_that_has_it() -> None:
    first = attrs.evolve(ITEM, ids={"cluster_id": "c-1"})
    second = attrs.evolve(first, id="cluster/vpc-1/gpu-002")
    known = KnownIds([first, second, ITEM])
    assert (known.other_owner(first), known.other_owner(second), known.other_owner(ITEM)) == (None, CLUSTER, None)
    assert known.is_contested("cluster", "c-1")
    known.forget(second)
    assert known.owner_of("cluster", "c-1") == CLUSTER
    known.forget(first)
    assert known.owner_of("cluster", "c-1") is None
    assert known.owner_of("node_pool", "c-1") is None
