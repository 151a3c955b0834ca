"""Telemetry that is broken changes nothing of what becomes of a call."""

from __future__ import annotations

import logging
from typing import Any

import attrs
import pytest
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, SamplingResult
from opentelemetry.trace import TracerProvider as AnyTracerProvider

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, errors, models
from cds_eks.otel import Telemetry
from cds_eks.pipeline import Send
from cds_eks.testing import FakeBackend
from cds_eks.wire import RawResponse, Request
from telemetry.recording import Recorded, attributes_of

pytestmark = pytest.mark.anyio


class Breaks(SpanProcessor):
    def __init__(self, where: str) -> None:
        self._where = where

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        if self._where == "start":
            raise LookupError("hidden-words")

    def on_end(self, span: ReadableSpan) -> None:
        if self._where == "end":
            raise LookupError("hidden-words")


class NoTracer(AnyTracerProvider):
    def get_tracer(self, *args: Any, **options: Any) -> Any:
        raise LookupError("hidden-words")


class NoMeter(MeterProvider):
    def get_meter(self, *args: Any, **options: Any) -> Any:
        raise LookupError("hidden-words")


def broken(where: str) -> Telemetry:
    if where == "tracer":
        return Telemetry(tracer_provider=NoTracer())
    if where == "meter":
        return Telemetry(tracer_provider=Recorded().tracer_provider, meter_provider=NoMeter())
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Breaks(where))
    return Telemetry(tracer_provider=provider, meter_provider=Recorded().meter_provider)


@pytest.mark.parametrize("where", ["start", "end", "tracer", "meter"])
async def test_a_call_is_made_all_the_same_and_the_failure_is_logged_once(
    where: str, service: FakeBackend, create: models.CreateClusterRequest, caplog: pytest.LogCaptureFixture
) -> None:
    service.create_cluster.respond(cluster_id="c-1", task_id="t-1").error("NotEnoughBalance").lose()
    with caplog.at_level(logging.WARNING, "cds_eks.otel"):
        async with AsyncEksClient(Credentials("an-id", "a-key"), backend=service, telemetry=broken(where)) as eks:
            assert (await eks.clusters.create(create)).data.cluster_id == "c-1"
            with pytest.raises(errors.QuotaExceeded):
                await eks.clusters.create(create)
            with pytest.raises(errors.AmbiguousCreate):
                await eks.clusters.create(create)
            assert [each.outcome for each in eks.open_creates] == ["unknown"]
    told = [record.getMessage() for record in caplog.records if record.name == "cds_eks.otel"]
    assert told == ["telemetry has failed with LookupError: calls go on without it; told once"]
    assert service.create_cluster.call_count == 3


@pytest.mark.parametrize("where", ["start", "end", "tracer"])
async def test_a_wait_goes_on_all_the_same(where: str, service: FakeBackend) -> None:
    service.get_task_status.respond(task_id="t-1", task_status="finish")
    async with AsyncEksClient(Credentials("an-id", "a-key"), backend=service, telemetry=broken(where)) as eks:
        assert (await eks.wait.task("t-1")).task_id == "t-1"


@pytest.mark.parametrize("where", ["start", "end", "tracer"])
async def test_what_fails_of_the_spans_leaves_the_metrics_as_they_are(where: str, service: FakeBackend) -> None:
    service.list_clusters.error("InternalError", status=500).respond([])
    recorded, traces = Recorded(), NoTracer() if where == "tracer" else TracerProvider(shutdown_on_exit=False)
    if isinstance(traces, TracerProvider):
        traces.add_span_processor(Breaks(where))
    telemetry = Telemetry(tracer_provider=traces, meter_provider=recorded.meter_provider)
    retry = RetryPolicy(base_delay=0)
    async with AsyncEksClient(Credentials("an-id", "a-key"), backend=service, telemetry=telemetry, retry=retry) as eks:
        await eks.clusters.list()
    assert [point.count for point in recorded.points("rpc.client.call.duration")] == [1]
    assert sum(point.count for point in recorded.points("http.client.request.duration")) == 2
    assert [point.value for point in recorded.points("cds.client.retries")] == [1]
    assert [point.value for point in recorded.points("http.client.active_requests")] == [0]


@pytest.mark.parametrize("method", ["set_attributes", "set_attribute", "set_status"])
async def test_a_span_that_can_not_be_told_how_it_ends_ends_all_the_same(
    method: str, recorded: Recorded, service: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise LookupError("hidden-words")

    service.get_task_status.error("InvalidParameter", status=400)
    async with AsyncEksClient(Credentials("an-id", "a-key"), backend=service, telemetry=recorded.telemetry()) as eks:
        monkeypatch.setattr(Span, method, refuse)
        with pytest.raises(errors.BadArgument):
            await eks.wait.task("t-1")
    assert recorded.tree() == [("wait task", [("EKS/GetTaskStatus", ["GET"])])]


async def test_a_sampler_that_can_not_describe_itself_is_asked(service: FakeBackend) -> None:
    class Silent(Sampler):
        def should_sample(self, *args: Any, **options: Any) -> SamplingResult:
            return ALWAYS_ON.should_sample(*args, **options)

        def get_description(self) -> str:
            raise LookupError("hidden-words")

    recorded = Recorded(sampler=Silent())
    service.list_clusters.respond([])
    async with AsyncEksClient(Credentials("an-id", "a-key"), backend=service, telemetry=recorded.telemetry()) as eks:
        await eks.clusters.list()
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])]


@pytest.mark.parametrize(
    ("url", "server"), [("http://127.0.0.1:99999/eks/v1", "127.0.0.1"), ("http://[m4rk/eks/v1", "")]
)
async def test_a_url_that_is_none_still_has_its_span(
    url: str, server: str, recorded: Recorded, service: FakeBackend
) -> None:
    async def sends_nowhere(request: Request, send: Send) -> RawResponse:
        return await send(attrs.evolve(request, url=url))

    service.list_clusters.respond([])
    async with AsyncEksClient(
        Credentials("an-id", "a-key"), backend=service, telemetry=recorded.telemetry(), per_attempt=[sends_nowhere]
    ) as eks:
        await eks.clusters.list()
    found = attributes_of(recorded.one("GET"))
    assert found["server.address"] == server
    assert "m4rk" not in "".join(recorded.texts())
    assert len(recorded.points("http.client.request.duration")) == 1


async def test_an_exception_that_ends_the_program_is_no_failure_of_telemetry(recorded: Recorded) -> None:
    from cds_eks.otel.guard import guard

    with pytest.raises(KeyboardInterrupt), guard:
        raise KeyboardInterrupt
    with guard:
        raise ValueError("hidden-words")
