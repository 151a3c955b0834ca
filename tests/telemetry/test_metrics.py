"""The metrics: their names, units, boundaries and attributes, of which there are few."""

from __future__ import annotations

import gc
from typing import Any

import anyio
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, errors, models
from cds_eks._runtime import forks
from cds_eks.config import Limits
from cds_eks.otel import Telemetry, names
from cds_eks.pipeline import Send
from cds_eks.testing import FakeBackend
from cds_eks.wire import RawResponse, Request
from telemetry.recording import Recorded

pytestmark = pytest.mark.anyio

AT_ONCE = RetryPolicy(max_attempts=3, base_delay=0, throttled_base_delay=0)
SERVER = {"server.address": "eks.test", "server.port": 80}
FEW = {
    "rpc.system.name", "rpc.method", "rpc.response.status_code", "error.type", "server.address", "server.port",
    "http.request.method", "http.response.status_code", "network.protocol.version",
}  # fmt: skip


def client(recorded: Recorded, backend: Any, **settings: Any) -> AsyncEksClient:
    settings = {"retry": AT_ONCE, "telemetry": recorded.telemetry(), "endpoint": "http://eks.test", **settings}
    return AsyncEksClient(Credentials("an-id", "a-key"), backend=backend, **settings)


async def test_calls_and_requests_are_measured_in_seconds(recorded: Recorded, service: FakeBackend) -> None:
    service.list_clusters.error("InternalError", status=500).respond([]).respond([])
    async with client(recorded, service) as eks:
        await eks.clusters.list()
        await eks.clusters.list()
    metrics = recorded.metrics()
    calls, requests = metrics["rpc.client.call.duration"], metrics["http.client.request.duration"]
    assert (calls.unit, requests.unit) == ("s", "s")
    (point,) = recorded.points("rpc.client.call.duration")
    assert dict(point.attributes or {}) == {
        "rpc.system.name": "cds",
        "rpc.method": "EKS/ListClusters",
        "rpc.response.status_code": "Success",
        **SERVER,
    }
    assert point.count == 2
    assert 0 < point.sum < 10
    assert tuple(point.explicit_bounds) == names.DURATION_BUCKETS
    points = recorded.points("http.client.request.duration")
    by_status = {each.attributes["http.response.status_code"]: each for each in points}
    assert {status: each.count for status, each in by_status.items()} == {500: 1, 200: 2}
    assert dict(by_status[500].attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 500,
        "error.type": "500",
        **SERVER,
    }
    assert tuple(by_status[200].explicit_bounds) == names.DURATION_BUCKETS


async def test_retries_are_counted_with_what_they_were_for(recorded: Recorded, service: FakeBackend) -> None:
    service.list_clusters.error("Throttling").lose().respond([])
    async with client(recorded, service) as eks:
        await eks.clusters.list()
    found = {point.attributes["error.type"]: point.value for point in recorded.points("cds.client.retries")}
    assert found == {"cds_eks.errors.Throttled": 1, "cds_eks.errors.ConnectionLost": 1}
    assert recorded.metrics()["cds.client.retries"].unit == "{retry}"


async def test_a_failed_call_is_measured_by_its_kind(
    recorded: Recorded, service: FakeBackend, create: models.CreateClusterRequest
) -> None:
    service.create_cluster.error("NotEnoughBalance").error("Key4711").lose()
    async with client(recorded, service) as eks:
        for _ in range(3):
            with pytest.raises(errors.EksError):
                await eks.clusters.create(create)
    found = {
        (point.attributes.get("rpc.response.status_code"), point.attributes["error.type"])
        for point in recorded.points("rpc.client.call.duration")
    }
    kinds = {kind for _, kind in found}
    assert ("NotEnoughBalance", "NotEnoughBalance") in found
    assert (None, "cds_eks.errors.AmbiguousCreate") in found
    assert {code for code, _ in found} == {"NotEnoughBalance", "_OTHER", None}
    assert all("4711" not in kind for kind in kinds)


class Waits:
    """A backend that answers when it may."""

    def __init__(self) -> None:
        self.go = anyio.Event()

    async def send(self, request: Request) -> RawResponse:
        await self.go.wait()
        return RawResponse(status=200, headers={}, content=b'{"Code": "Success", "Data": []}')

    async def aclose(self) -> None:
        return


async def test_requests_under_way_and_the_time_in_the_queue_are_measured(recorded: Recorded) -> None:
    waits = Waits()
    async with client(recorded, waits, limits=Limits(max_in_flight=2)) as eks, anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(eks.clusters.list)
        await anyio.wait_all_tasks_blocked()
        (point,) = recorded.points("http.client.active_requests")
        assert (point.value, dict(point.attributes)) == (2, SERVER)
        await anyio.sleep(0.02)
        waits.go.set()
    (point,) = recorded.points("http.client.active_requests")
    assert point.value == 0
    (point,) = recorded.points("cds.client.queue.duration")
    assert point.count == 1  # of the one that had to wait
    assert recorded.metrics()["cds.client.queue.duration"].unit == "s"
    assert point.sum > 0.01
    assert dict(point.attributes or {}) == {"rpc.method": "EKS/ListClusters", **SERVER}
    queued = [dict(span.attributes or {}).get("cds.queue_time", 0) for span in recorded.named("EKS/ListClusters")]
    assert sum(isinstance(each, float) and each > 0.01 for each in queued) == 1


async def test_what_is_under_way_in_a_parent_is_not_so_in_its_forked_child(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = Waits()
    async with client(recorded, waits) as eks, anyio.create_task_group() as group:
        group.start_soon(eks.clusters.list)
        await anyio.wait_all_tasks_blocked()
        with monkeypatch.context() as child:
            child.setattr(forks, "process", lambda: -1)
            assert [point.value for point in recorded.points("http.client.active_requests")] == [0]
            assert recorded.points("cds.client.retry_quota") == []
        assert [point.value for point in recorded.points("http.client.active_requests")] == [1]
        waits.go.set()


async def test_a_request_that_is_cancelled_is_not_under_way_any_more(recorded: Recorded) -> None:
    async with client(recorded, Waits()) as eks:
        with anyio.move_on_after(0.01):
            await eks.clusters.list()
        (point,) = recorded.points("http.client.active_requests")
        assert point.value == 0


async def test_the_quota_left_is_that_of_the_client_that_has_the_least(
    recorded: Recorded, service: FakeBackend
) -> None:
    service.list_clusters.error("InternalError", status=500).error("InternalError", status=500)
    service.list_clusters.error("InternalError", status=500).respond([])
    async with client(recorded, service) as poor, client(recorded, service) as rich:
        with pytest.raises(errors.ServerFault):
            await poor.clusters.list()
        await rich.clusters.list()
        (point,) = recorded.points("cds.client.retry_quota")
        assert (point.value, dict(point.attributes)) == (AT_ONCE.quota - 2 * AT_ONCE.retry_cost, SERVER)


async def test_a_client_that_is_gone_is_in_no_gauge(recorded: Recorded, service: FakeBackend) -> None:
    service.list_clusters.respond([])
    eks = client(recorded, service)
    await eks.clusters.list()
    await eks.aclose()
    assert len(recorded.points("cds.client.retry_quota")) == 1
    del eks
    gc.collect()
    assert recorded.points("cds.client.retry_quota") == []


async def test_many_clients_share_the_instruments_of_a_provider(
    service: FakeBackend, caplog: pytest.LogCaptureFixture
) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    for _ in range(3):
        service.list_clusters.respond([])
        eks = AsyncEksClient(
            Credentials("an-id", "a-key"), backend=service, telemetry=Telemetry(meter_provider=provider)
        )
        await eks.clusters.list()
        await eks.aclose()
    data = reader.get_metrics_data()
    assert data is not None
    metrics = data.resource_metrics[0].scope_metrics[0].metrics
    assert len({metric.name for metric in metrics}) == len(metrics)
    assert caplog.records == []


async def test_no_metric_has_an_attribute_of_which_there_are_many(
    recorded: Recorded, service: FakeBackend, create: models.CreateClusterRequest
) -> None:
    for number in range(30):
        service.create_cluster.respond(cluster_id=f"c-{number}", task_id=f"t-{number}")
        service.get_cluster.error(f"Code{number}", status=400)
    async with client(recorded, service) as eks:
        for number in range(30):
            await eks.clusters.create(create)
            with pytest.raises(errors.ServiceError):
                await eks.clusters.get(f"c-{number}")
    for name, metric in recorded.metrics().items():
        assert len(metric.data.data_points) <= 2, name
        for point in metric.data.data_points:
            assert set(point.attributes or {}) <= FEW, name


async def test_an_observer_that_was_told_of_no_quota_has_none(recorded: Recorded) -> None:
    telemetry = recorded.telemetry()
    observer = telemetry.observer("http://eks.test/eks/v1")
    instruments = telemetry._providers.instruments()
    assert instruments is not None
    instruments.watch(observer)
    assert recorded.points("cds.client.retry_quota") == []
    assert [point.value for point in recorded.points("http.client.active_requests")] == [0]


async def test_a_retry_of_a_middleware_s_own_is_counted_without_a_reason(
    recorded: Recorded, service: FakeBackend
) -> None:
    async def begins_twice(request: Request, send: Send) -> RawResponse:
        request.record.begin_attempt()
        return await send(request)

    service.list_clusters.respond([])
    async with client(recorded, service, per_attempt=[begins_twice]) as eks:
        await eks.clusters.list()
    (point,) = recorded.points("cds.client.retries")
    assert dict(point.attributes) == {"rpc.method": "EKS/ListClusters", **SERVER}
