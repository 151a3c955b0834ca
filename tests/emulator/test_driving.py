"""Time that a test drives: clocks, lists that lag, creates that arrive late; the SDK against them, without a socket."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, models
from cds_eks.emulator import Emulator, Fault, ManualClock, WallClock
from cds_eks.errors import AmbiguousCreate
from cds_eks.waiting import Waiters

from .caller import Caller
from .test_life import POOL

pytestmark = pytest.mark.anyio


class Unsteady:
    """A clock that somebody else has written: it only tells the time."""

    time = 100.0

    def now(self) -> float:
        return self.time


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_every_clock_can_be_put_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_eks._runtime.clocks.monotonic", lambda: 5.0)
    foreign, manual = Unsteady(), ManualClock()
    assert Emulator(clock=manual).clock is manual
    for emulator in (Emulator(), Emulator(speed=60), Emulator(clock=manual), Emulator(clock=foreign)):
        before = emulator.clock.now()
        emulator.clock.advance(90)
        assert emulator.clock.now() - before == 90
        for wrong in (-1, float("nan")):
            with pytest.raises(ValueError, match="does not go back"):
                emulator.clock.advance(wrong)
    assert foreign.now() == 100
    foreign.time += 1
    assert emulator.clock.now() == 191


async def test_what_is_due_happens_when_a_clock_is_put_ahead(
    create_cluster_body: dict[str, Any], anyio_backend: str
) -> None:
    emulator = Emulator(clock=WallClock())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        call = Caller(emulator, client)
        created = await call("CreateCluster", **create_cluster_body)
        assert (await call("TaskStatus", TaskId=created["TaskId"]))["TaskStatus"] == "doing"
        emulator.clock.advance(300)
        assert (await call("TaskStatus", TaskId=created["TaskId"]))["TaskStatus"] == "finish"


async def test_waits_of_the_sdk_take_no_real_time(create_cluster_body: dict[str, Any], anyio_backend: str) -> None:
    clock = ManualClock()
    emulator = Emulator(clock=clock)
    began, real = clock.now(), time.monotonic()
    async with AsyncEksClient(emulator.credentials, backend=httpx.ASGITransport(emulator)) as eks:
        wait = Waiters(
            task=eks.tasks.get_status,
            event=eks.events.get_status,
            cluster=eks.clusters.get,
            clusters=eks.clusters.list,
            steps=eks.clusters.list_events,
            node_pools=lambda cluster_id, pool_id: eks.node_pools.list(cluster_id, node_pool_id=pool_id),
            clock=clock.now,
            sleep=clock.sleep,
        )
        created = (await eks.clusters.create(models.CreateClusterRequest.from_dict(create_cluster_body))).data
        await wait.task(created.task_id)
        assert (await wait.cluster_running(created.cluster_id)).cluster_status == "running"
        pool = (await eks.node_pools.list(created.cluster_id)).data.node_pool[0]
        await eks.node_pools.scale(created.cluster_id, pool.id, 5)
        assert (await wait.node_pool_ready(created.cluster_id, pool.id, 5)).available_node_count == 5
        await eks.clusters.delete(created.cluster_id)
        await wait.cluster_deleted(created.cluster_id)
    assert 300 + 60 + 120 <= clock.now() - began < 900
    assert time.monotonic() - real < 60


# --- lists that lag ---------------------------------------------------------------------------------------------------


async def test_lists_lag_behind(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    call.emulator.faults.add(Fault("lag", "read", seconds=10))
    created = await call("CreateCluster", **create_cluster_body)
    cluster = {"ClusterId": created["ClusterId"]}

    async def listed() -> tuple[int, int, int]:
        clusters = await call("ListClusters")
        pools = await call("ListNodePool", **cluster)
        assert pools["Total"] == len(pools["NodePool"])
        return len(clusters), len(pools["NodePool"]), len(await call("ListNodes", **cluster))

    assert (await call("GetCluster", **cluster))["ClusterStatus"] == "creating"  # it is no list
    assert await listed() == (0, 0, 0)
    call.advance(9.5)
    assert await listed() == (0, 0, 0)
    call.advance(0.5)
    assert await listed() == (1, 1, 0)
    call.advance(50)  # the first master appears now
    assert await listed() == (1, 1, 0)
    call.advance(10)
    assert await listed() == (1, 1, 1)
    assert {each.fault for each in call.emulator.ledger.requests if each.action.startswith("List")} == {"lag"}


async def test_a_lag_may_come_and_go(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    call.emulator.faults.add(Fault("lag", "ListClusters", seconds=10, probability=0.5))
    await call("CreateCluster", **create_cluster_body)
    seen = [len(await call("ListClusters")) for _ in range(40)]
    assert set(seen) == {0, 1}


async def test_a_stale_node_pool(call: Caller) -> None:
    call.emulator.add_cluster("other")
    call.emulator.add_cluster("c", vpc_id="v")
    call.emulator.faults.add(Fault("stale", "CreateNodePool", seconds=40))
    created = await call("CreateNodePool", ClusterId="c", VpcId="v", Config=POOL)
    by_id = {"ClusterId": "c", "NodePoolId": created["NodePoolId"]}
    for _ in range(2):
        assert [each["Name"] for each in (await call("ListNodePool", ClusterId="c"))["NodePool"]] == ["node-pool-1"]
        assert await call.refused("ListNodePool", **by_id) == (404, "ResourceNotFound")
        call.advance(20)
    assert [each["Name"] for each in (await call("ListNodePool", **by_id))["NodePool"]] == ["more"]


# --- creates that arrive late -----------------------------------------------------------------------------------------


async def test_a_create_arrives_when_its_client_has_given_up(
    create_cluster_body: dict[str, Any], anyio_backend: str
) -> None:
    emulator = Emulator(clock=ManualClock(), faults=[Fault("late", "CreateCluster", seconds=7, count=1)])
    emulator.faults.add(Fault("lag", "ListClusters", seconds=10))
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    backend = httpx.ASGITransport(emulator)
    async with AsyncEksClient(emulator.credentials, backend=backend, retry=RetryPolicy(max_attempts=1)) as eks:
        with pytest.raises(AmbiguousCreate) as caught:
            await eks.clusters.create(request)
        assert caught.value.outcome == "unknown"
        found = []
        for _ in range(19):
            found.append(len((await eks.clusters.list(keyword=request.cluster_name)).data))
            emulator.clock.advance(1)
    assert found == [0] * 17 + [1] * 2  # 7 s on its way, and 10 s unlisted
    [cluster] = emulator.ledger.created("cluster")
    assert cluster.name == request.cluster_name


def test_a_fault_names_what_it_is_for() -> None:
    with pytest.raises(ValueError, match="stale is not for CreateNetworkInterface, but for CreateCluster, CreateNode"):
        Fault("stale", "CreateNetworkInterface", seconds=1)
