"""Plans that change, or differ, between runs or at the same time: nothing is lost, skipped or deleted for it."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from cds_eks import errors
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.destroy import destroy
from cds_eks.fleet.run.events import ItemChanged, ItemDiffers
from cds_eks.fleet.run.orphans import orphans
from fleet.run.backends import BACKENDS
from fleet.run.world import LIMITS, World, in_world, plan_of


def plan_with(*pools: str, protect: tuple[str, ...] = (), **changes: Any) -> Plan:
    """Return a plan of one cluster with pools of these names."""
    data: dict[str, Any] = dict(plan_of(1, 1, **changes)._data)
    entry = dict(data["clusters"][0])
    if "the cluster" in protect:
        entry["protect"] = True
    entry["node_pools"] = [
        {"name": name, "replicas": 2, **({"protect": True} if name in protect else {})} for name in pools
    ]
    return Plan.from_dict({**data, "clusters": [entry]})


def pools_of(report: Any) -> dict[str, tuple[str, str | None]]:
    return {item.name: (item.state, item.origin) for item in report.items if item.kind == "node_pool"}


@BACKENDS
@pytest.mark.parametrize("again", [("b", "a"), ("new", "a", "b"), ("b",), ("b", "c")], ids=str)
def test_the_pool_that_went_with_the_cluster_is_the_one_that_was_sent(backend: str, again: tuple[str, ...]) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_with("a", "b"))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.kind == "cluster" and event.item.state == "accepted":
                    run.stop("a test")
            report = await world.provision(eks, plan_with(*again)).report()
            assert report.ok, report.failures
            names = {*again, "a"}  # a was made, whatever the plan says by now
            assert pools_of(report) == dict.fromkeys(names, ("ready", "created"))
            assert world.pools_made() == {("gpu-001", name): 1 for name in names}
            world.assert_told(report)
            await anyio.sleep(1.0)
            report = await world.provision(eks, plan_with(*again)).report()
            assert report.ok
            assert set(pools_of(report)) == set(again)  # what is no longer in the plan is left alone
        assert world.count("ScalingNodePool") == 0

    in_world(body, backend)


@BACKENDS
def test_which_pool_went_with_the_cluster_is_known_if_its_answer_is_lost(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            run = world.provision(eks, plan_with("a", "b"))
            async for event in run:
                if isinstance(event, ItemChanged) and event.item.kind == "cluster" and event.item.state == "accepted":
                    run.stop("a test")
            cluster = world.journal.rows["cluster/vpc-1/gpu-001"]
            ids = {name: id_ for name, id_ in cluster.ids.items() if name not in ("cluster_id", "task_id")}
            assert ids
            fields = {name: getattr(cluster, name) for name in ("kind", "name", "vpc_id", "cluster_name", "epoch")}
            now = world.clock.now()
            world.journal.seed(id=cluster.id, state="sending", intent_at=now, deadline=now + 60.0, ids=ids, **fields)
            report = await world.provision(eks, plan_with("b", "a")).report()
        assert report.ok, report.failures
        assert pools_of(report) == {"a": ("ready", "recovered"), "b": ("ready", "created")}
        assert world.pools_made() == {("gpu-001", "a"): 1, ("gpu-001", "b"): 1}

    in_world(body, backend)


@BACKENDS
def test_who_joins_with_another_size_scales_what_the_first_has_made(backend: str) -> None:
    async def body(world: World) -> None:
        reports: dict[int, Any] = {}
        async with world.client() as eks:

            async def go(replicas: int, delay: float) -> None:
                await anyio.sleep(delay)
                reports[replicas] = await world.provision(eks, plan_of(2, 2, replicas=replicas)).report()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(go, 2, 0.0)
                tasks.start_soon(go, 3, 1.0)
        assert reports[2].ok
        assert reports[3].ok
        assert [item.replicas for item in reports[3].items if item.kind == "node_pool"] == [3] * 4
        sizes = [pool.replicas for each in world.emulator._world.clusters.values() for pool in each.pools.values()]
        assert sizes == [3] * 4
        assert world.made("cluster") == {"gpu-001": 1, "gpu-002": 1}

    in_world(body, backend)


@BACKENDS
def test_who_joins_with_another_plan_tells_what_the_first_has_asked_for(backend: str) -> None:
    first, second = plan_of(3, 1), plan_of(3, 1, k8s_version="v1.29.1")

    async def body(world: World) -> None:
        reports: list[Any] = []
        told: list[str] = []
        async with world.client() as eks:

            async def join() -> None:
                await anyio.sleep(1.0)
                run = world.provision(eks, second)
                told.extend([event.item.name async for event in run if isinstance(event, ItemDiffers)])
                reports.append(await run.report())

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(join)
                reports.append(await world.provision(eks, first).report())
        wanted = {item.id: item.digest for item in first.items()}
        assert {id_: item.digest for id_, item in world.journal.rows.items()} == wanted
        clusters = [item for item in reports[1].items if item.kind == "cluster"]
        assert ["plan" in item.differences for item in clusters] == [True] * 3
        assert sorted(told) == ["gpu-001", "gpu-002", "gpu-003"]
        assert world.made("cluster") == {"gpu-001": 1, "gpu-002": 1, "gpu-003": 1}

    in_world(body, backend)


@BACKENDS
def test_a_clock_that_is_set_back_makes_no_run_skip_anything(backend: str) -> None:
    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_of(2, 1)).report()
            world.journal.clock = lambda: world.clock.now() - 3600.0
            report = await world.provision(eks, plan_of(2, 1, replicas=3)).report()
        assert report.ok
        assert [item.replicas for item in report.items if item.kind == "node_pool"] == [3, 3]
        assert world.count("ScalingNodePool") == 2

    in_world(body, backend)


@BACKENDS
@pytest.mark.parametrize("what", ["cluster", "pool", "pool that is not made yet"])
def test_what_the_plan_protects_by_now_is_not_deleted(backend: str, what: str) -> None:
    plans = {
        "cluster": plan_with("a", protect=("the cluster",)),
        "pool": plan_with("a", protect=("a",)),
        "pool that is not made yet": plan_with("a", "b", protect=("b",)),
    }

    async def body(world: World) -> None:
        async with world.client() as eks:
            await world.provision(eks, plan_with("a")).report()
            report = await destroy(eks, plans[what], journal=world.journal, limits=LIMITS).report()
            cluster = report.items[0]
            assert (cluster.state, (cluster.error or {})["class"]) == ("ready", "Protected")
            assert world.count("DeleteCluster") == 0
            report = await destroy(eks, plan_with("a"), journal=world.journal, limits=LIMITS).report()
            assert [item.state for item in report.items] == ["deleted"] * 2

    in_world(body, backend)


@BACKENDS
def test_an_orphan_of_a_protected_name_is_not_pruned(backend: str) -> None:
    async def body(world: World) -> None:
        made = world.emulator.add_cluster(name="gpu-001", vpc_id="vpc-1")
        async with world.client() as eks:
            for plan in (plan_with("a", protect=("a",)), plan_with("a")):
                await world.journal.add([item for item in plan.items() if item.protect])
                with pytest.raises(errors.InvalidRequestError, match="protected"):
                    await orphans(eks, plan, journal=world.journal, prune=True, ids=[made])
        assert world.count("DeleteCluster") == 0

    in_world(body, backend)


@BACKENDS
def test_pools_that_another_plan_adds_while_a_destroy_waits_go_with_their_cluster(backend: str) -> None:
    one, two = plan_with("a"), plan_with("a", "b")

    async def body(world: World) -> None:
        reports: dict[str, Any] = {}
        async with world.client() as eks:

            async def go(name: str, delay: float) -> None:
                await anyio.sleep(delay)
                run = (
                    destroy(eks, one, journal=world.journal, limits=LIMITS)
                    if name == "destroy"
                    else world.provision(eks, one if name == "one" else two)
                )
                reports[name] = await run.report()

            async with anyio.create_task_group() as tasks:
                for number, name in enumerate(("one", "destroy", "two")):
                    tasks.start_soon(go, name, 10.0 * number)
            assert {item.state for item in world.journal.rows.values()} <= {"deleted", "ready"}
            alive = {cluster.name for cluster in world.emulator._world.clusters.values()}
            assert ({item.state for item in world.journal.rows.values()} == {"ready"}) == bool(alive)
            report = await world.provision(eks, two).report()
        assert report.ok, report.failures

    in_world(body, backend)
