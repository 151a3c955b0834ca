"""What type checkers are to make of right uses: read by mypy and pyright, never run."""

from __future__ import annotations

import ssl
from typing import Any, assert_type

from cds_eks import AsyncEksClient, Credentials, EksClient, Limits, Response, RetryPolicy, Timeouts, errors, models
from cds_eks.types import Middleware, OpenCreate, RawResponse, Request, Send


async def answers(eks: AsyncEksClient, request: models.CreateClusterRequest) -> None:
    assert_type(await eks.clusters.create(request), Response[models.ClusterTask])
    assert_type((await eks.clusters.get("c-1")).data, models.ClusterDetail)
    assert_type((await eks.clusters.list(keyword="gpu")).data, list[models.ClusterSummary])
    assert_type((await eks.clusters.list_events("c-1")).data, list[models.ClusterEvent])
    assert_type((await eks.node_pools.list("c-1")).data.node_pool, list[models.NodePool])
    assert_type((await eks.nodes.list("c-1")).data, list[models.Node])
    assert_type((await eks.tasks.get_status("t-1")).data, models.TaskStatus)
    assert_type((await eks.events.get_status("e-1")).data, models.Event)
    assert_type((await eks.scaling_groups.describe("g-1")).data, models.ScalingGroup)
    assert_type((await eks.network_interfaces.describe("n-1")).data, models.NetworkInterface)
    assert_type(await eks.call("AnyAction", params={"ClusterId": "c-1"}), dict[str, Any])


def the_same_when_blocking(eks: EksClient, request: models.CreateClusterRequest) -> None:
    assert_type(eks.clusters.create(request), Response[models.ClusterTask])
    assert_type(eks.clusters.get("c-1").data, models.ClusterDetail)
    assert_type(eks.clusters.list().data, list[models.ClusterSummary])
    assert_type(eks.node_pools.list("c-1").data.node_pool, list[models.NodePool])
    assert_type(eks.nodes.list("c-1").data, list[models.Node])
    assert_type([node for node in eks.nodes.iterate("c-1")], list[models.Node])  # noqa: C416
    assert_type(eks.tasks.get_status("t-1").data, models.TaskStatus)
    assert_type(eks.call("AnyAction"), dict[str, Any])


async def pages(eks: AsyncEksClient) -> None:
    async for node in eks.nodes.iterate("c-1", keyword="gpu", page_size=50):
        assert_type(node, models.Node)


async def waits(eks: AsyncEksClient, blocking: EksClient) -> None:
    assert_type(await eks.wait.task("t-1", timeout=60), models.TaskStatus)
    assert_type(await eks.wait.event("e-1"), models.Event)
    assert_type(await eks.wait.cluster_running("c-1"), models.ClusterDetail)
    assert_type(await eks.wait.node_pool_ready("c-1", "p-1", 4), models.NodePool)
    assert_type(blocking.wait.cluster_running("c-1"), models.ClusterDetail)
    assert_type(blocking.wait.node_pool_ready("c-1", "p-1"), models.NodePool)
    await eks.wait.task("t-1", on_change=lambda task: print(assert_type(task, models.TaskStatus)))


async def finds(eks: AsyncEksClient, blocking: EksClient, request: models.CreateClusterRequest) -> None:
    try:
        await eks.clusters.create(request)
    except errors.AmbiguousCreate as error:
        assert_type(error.name, str | None)
        assert_type(error.request_id, str | None)
        assert_type(await eks.clusters.find(error), models.ClusterSummary | None)
    except errors.EksError as error:
        assert_type(error.attempts, int)
        assert_type(error.ids, dict[str, Any])
    assert_type(await eks.clusters.find(request, settle=10), models.ClusterSummary | None)
    assert_type(blocking.clusters.find(request), models.ClusterSummary | None)
    assert_type(eks.open_creates, tuple[OpenCreate, ...])
    assert_type(errors.may_pass(errors.EksError("no")), bool)


def models_of_requests(request: models.CreateClusterRequest) -> None:
    assert_type(request.replace(cluster_name="gpu-2"), models.CreateClusterRequest)
    assert_type(request.node_pool_config.replace(replicas=4), models.NodePoolConfig)
    assert_type(request.master_number, int)
    assert_type(request.slb_id, str | None)
    assert_type(request.cni, models.CniInfo)


def clients(context: ssl.SSLContext) -> None:
    async def log(request: Request, send: Send) -> RawResponse:
        assert_type(request.operation.name, str)
        response = await send(request)
        assert_type(response.status, int)
        return response

    middleware: Middleware = log
    AsyncEksClient(
        Credentials("id", "key"),
        timeouts=Timeouts(connect=5, total=60),
        retry=RetryPolicy(max_attempts=3),
        limits=Limits(),
        backend="native",
        per_call=[middleware],
        per_attempt=(log,),
        tls=context,
    )
    EksClient(lambda: Credentials("id", "key"), tls="ca.pem")


async def lifetimes() -> None:
    async with AsyncEksClient() as eks:
        assert_type(eks, AsyncEksClient)
        assert_type(eks.endpoint, str)
    with EksClient() as blocking:
        assert_type(blocking, EksClient)
