"""The waits against the emulator in the same process, whose clock each read drives: no real second passes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, errors, models
from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.errors import Conflict, NotFound, TaskFailed, WaitTimeout
from cds_eks.pipeline import Send
from cds_eks.waiting import PollInterval
from cds_eks.wire import RawResponse, Request

pytestmark = pytest.mark.anyio

QUICK = 0.001


class Passing:
    """A per-call middleware in whose every read the service's time goes on."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.seconds = 10.0

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        if request.operation.method == "GET":
            self.clock.advance(self.seconds)
        return await send(request)


@pytest.fixture
def clock(emulator: Emulator) -> ManualClock:
    assert isinstance(emulator.clock, ManualClock)
    return emulator.clock


@pytest.fixture
def passing(clock: ManualClock) -> Passing:
    return Passing(clock)


@pytest.fixture
async def eks(emulator: Emulator, passing: Passing, anyio_backend: str) -> AsyncIterator[AsyncEksClient]:
    async with AsyncEksClient(
        emulator.credentials,
        endpoint="http://emulator",
        backend=httpx.ASGITransport(app=emulator),
        retry=RetryPolicy.none(),
        per_call=[passing],
    ) as client:
        yield client


@pytest.fixture
def cluster_request(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture(autouse=True)
def _no_real_second_passes() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 20  # a wait at its usual pace takes minutes; the machine may be busy


async def test_a_cluster_comes_up_and_its_steps_are_told(
    eks: AsyncEksClient, cluster_request: models.CreateClusterRequest
) -> None:
    made = (await eks.clusters.create(cluster_request)).data
    steps: list[tuple[str | None, str | None]] = []
    task = await eks.wait.task(
        made.task_id,
        cluster_id=made.cluster_id,
        poll_interval=PollInterval(first=QUICK, longest=0.01),
        on_step=lambda step: steps.append((step.subtask_type, step.status)),
    )
    assert task.task_status == "finish"
    kinds = ["network", "masters", "control_plane", "workers", "addons"]
    assert [kind for kind, status in steps if status == "finish"] == kinds
    assert len(set(steps)) == len(steps)
    assert (await eks.wait.cluster_running(made.cluster_id)).cluster_status == "running"


@pytest.mark.parametrize("operation", ["create", "scale", "delete nodes", "delete pool"])
async def test_a_cluster_that_refused_with_conflict_takes_the_operation_when_it_is_idle(
    eks: AsyncEksClient, emulator: Emulator, passing: Passing, operation: str, observed: list[dict[str, Any]]
) -> None:
    cluster = emulator.add_cluster(workers=3)
    pool = emulator.add_node_pool(cluster, replicas=2)
    passing.seconds = 0.0
    match operation:
        case "create":
            body = next(each["body"] for each in observed if each["query"]["Action"] == "CreateNodePool")
            body = body | {"ClusterId": cluster, "VpcId": "vpc-1"}
            await eks.node_pools.create(models.CreateNodePoolRequest.from_dict(body))
        case "scale":
            await eks.node_pools.scale(cluster, pool, 3)
        case "delete nodes":
            nodes = [node.node_id async for node in eks.nodes.iterate(cluster, node_status="running")]
            await eks.nodes.delete(cluster, nodes[-1:])
        case _:
            await eks.node_pools.delete(cluster, pool)
    with pytest.raises(Conflict):
        await eks.node_pools.scale(cluster, (await eks.node_pools.list(cluster)).data.node_pool[0].id, 4)
    with pytest.raises(WaitTimeout, match=r"is '(creating|scaling|deleting|doing)'"):
        await eks.wait.idle(cluster, timeout=0.05, poll_interval=QUICK)
    passing.seconds = 5.0
    assert (await eks.wait.idle(cluster, poll_interval=QUICK)).cluster_id == cluster
    await eks.node_pools.scale(cluster, (await eks.node_pools.list(cluster)).data.node_pool[0].id, 4)


async def test_a_cluster_that_is_made_is_idle_when_its_task_has_finished(
    eks: AsyncEksClient, cluster_request: models.CreateClusterRequest, passing: Passing
) -> None:
    passing.seconds = 5.0
    made = (await eks.clusters.create(cluster_request)).data
    await eks.wait.idle(made.cluster_id, poll_interval=QUICK)
    assert (await eks.tasks.get_status(made.task_id)).data.task_status == "finish"


async def test_a_deletion_is_waited_for_by_the_client_that_asked_for_it_however_fast_it_is(
    eks: AsyncEksClient, emulator: Emulator, clock: ManualClock
) -> None:
    cluster, other = emulator.add_cluster(), emulator.add_cluster()
    await eks.clusters.delete(cluster)
    await eks.wait.cluster_deleted(cluster, poll_interval=QUICK)
    await eks.clusters.delete(other)
    clock.advance(10_000)
    await eks.wait.cluster_deleted(other)
    with pytest.raises(NotFound, match="missing_ok"):
        await eks.wait.cluster_deleted("typo")
    await eks.wait.cluster_deleted("typo", missing_ok=True)


async def test_a_deletion_that_was_refused_is_none(eks: AsyncEksClient) -> None:
    with pytest.raises(NotFound):
        await eks.clusters.delete("typo")
    with pytest.raises(NotFound, match="never seen by this wait"):
        await eks.wait.cluster_deleted("typo")


@pytest.mark.parametrize("seconds", [0.0, 60.0])
async def test_a_deletion_that_fails_ends_the_wait(eks: AsyncEksClient, emulator: Emulator, seconds: float) -> None:
    cluster = emulator.add_cluster()
    emulator.faults.add(Fault("task_fails", "DeleteCluster", seconds=seconds, message="it is in use"))
    await eks.clusters.delete(cluster)
    with pytest.raises(TaskFailed, match="it is in use") as caught:
        await eks.wait.cluster_deleted(cluster, poll_interval=QUICK, timeout=None)
    assert caught.value.cluster_id == cluster


async def test_many_are_waited_for_and_each_is_told_of_as_it_ends(
    eks: AsyncEksClient, emulator: Emulator, clock: ManualClock
) -> None:
    clusters = [emulator.add_cluster() for _ in range(12)]
    pools = [emulator.add_node_pool(cluster, replicas=1) for cluster in clusters]
    emulator.faults.add(Fault("task_fails", "ScalingNodePool", count=1, message="no stock"))
    scaled = [
        (await eks.node_pools.scale(cluster, pool, 2 + index % 2)).data.task_id
        for index, (cluster, pool) in enumerate(zip(clusters, pools, strict=True))
    ]
    told = [each async for each in eks.wait.each(scaled, poll_interval=QUICK)]
    assert {each.id for each in told} == set(scaled)
    assert [each.id for each in told if each.error is not None] == scaled[:1]
    with pytest.raises(TaskFailed, match="no stock") as caught:
        await eks.wait.tasks(scaled, poll_interval=QUICK)
    assert caught.value.failed_ids == (scaled[0],)
    ready = await eks.wait.node_pools_ready(list(zip(clusters, pools, strict=True))[1:], poll_interval=QUICK)
    assert [each.available_node_count for each in ready.values()] == [2 + index % 2 for index in range(1, 12)]


async def test_a_pool_that_an_autoscaler_has_made_larger_is_ready(eks: AsyncEksClient, emulator: Emulator) -> None:
    cluster = emulator.add_cluster()
    pool = emulator.add_node_pool(cluster, replicas=4)
    found = await eks.wait.node_pool_ready(cluster, pool, 2, poll_interval=QUICK)
    assert found.available_node_count == 4


async def test_nodes_that_are_deleted_while_one_walks_are_all_walked(
    eks: AsyncEksClient, emulator: Emulator, passing: Passing
) -> None:
    cluster = emulator.add_cluster(workers=25)
    workers = {node.node_id async for node in eks.nodes.iterate(cluster, node_type="worker") if node.schedulable}
    assert len(workers) == 25
    walked: list[str] = []
    async for node in eks.nodes.iterate(cluster, page_size=10):
        walked.append(node.node_id)
        if node.node_id in workers:
            await eks.nodes.delete(cluster, [node.node_id])
            await eks.wait.idle(cluster, poll_interval=QUICK)
    assert workers <= set(walked)
    assert len(walked) == len(set(walked)) == 28


async def test_a_service_that_is_gone_is_told_of_when_time_is_up(eks: AsyncEksClient, emulator: Emulator) -> None:
    emulator.faults.add(Fault("reset_before_commit"))
    with pytest.raises(WaitTimeout, match=r"never seen; the last .* polls failed, at last with Conn") as caught:
        await eks.wait.task("t", poll_interval=QUICK, timeout=0.1)
    assert isinstance(caught.value.__cause__, errors.TransportError)
