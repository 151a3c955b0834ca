"""What is dropped for certain starts no span; what might be recorded is left to the sampler."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_OFF,
    DEFAULT_ON,
    Decision,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, TraceFlags

from cds_eks import AsyncEksClient, Credentials
from cds_eks.otel import Telemetry
from cds_eks.otel.sampling import NOTHING, Drops, drops_of
from cds_eks.pipeline import Send
from cds_eks.testing import FakeBackend
from cds_eks.wire import RawResponse, Request
from telemetry.recording import Recorded


class Counting(Sampler):
    """A sampler that counts how often it is asked."""

    def __init__(self, inner: Sampler, description: str | None = None) -> None:
        self.asked = 0
        self._inner = inner
        self._description = description or inner.get_description()

    def should_sample(self, *args: Any, **options: Any) -> SamplingResult:
        self.asked += 1
        return self._inner.should_sample(*args, **options)

    def get_description(self) -> str:
        return self._description


@pytest.mark.parametrize(
    ("sampler", "drops"),
    [
        (ALWAYS_OFF, Drops(all=True)),
        (ALWAYS_ON, NOTHING),
        (TraceIdRatioBased(0), NOTHING),
        (DEFAULT_ON, Drops(unsampled=True)),
        (DEFAULT_OFF, Drops(root=True, unsampled=True)),
        (ParentBasedTraceIdRatio(0.5), Drops(unsampled=True)),
        (ParentBased(ALWAYS_OFF, remote_parent_not_sampled=ALWAYS_ON), Drops(root=True)),
        (ParentBased(ALWAYS_OFF, local_parent_not_sampled=TraceIdRatioBased(0.5)), Drops(root=True)),
        (ParentBased(ParentBased(ALWAYS_OFF)), NOTHING),
        (ParentBased(ALWAYS_ON, remote_parent_sampled=DEFAULT_OFF), NOTHING),
        (Counting(ALWAYS_ON, "mine{root:AlwaysOffSampler}"), NOTHING),
        (ParentBased(Counting(ALWAYS_ON, "mine{root:AlwaysOffSampler}")), Drops(unsampled=True)),
        (ParentBased(Counting(ALWAYS_ON, "mine{x{root:AlwaysOffSampler}}")), Drops(unsampled=True)),
        (ParentBased(Counting(ALWAYS_ON, "mine,root:AlwaysOffSampler")), NOTHING),
        (ParentBased(ALWAYS_ON, local_parent_not_sampled=Counting(ALWAYS_ON, "mine{,x:AlwaysOffSampler}")), NOTHING),
        (Counting(ALWAYS_ON, "ParentBased{root:AlwaysOffSampler"), NOTHING),
        pytest.param(object(), NOTHING, id="no sampler"),
        (None, NOTHING),
    ],
    ids=lambda each: each.get_description() if isinstance(each, Sampler) else repr(each),
)
def test_what_a_sampler_is_certain_to_drop(sampler: object, drops: Drops) -> None:
    assert drops_of(sampler) == drops


PARENTS = {
    "none": INVALID_SPAN,
    "invalid": NonRecordingSpan(SpanContext(0, 0, is_remote=False)),
    **{
        f"{where}, {'' if flag else 'not '}sampled": NonRecordingSpan(
            SpanContext(1, 2, is_remote=where == "remote", trace_flags=TraceFlags(flag))
        )
        for where in ("remote", "local")
        for flag in (0, 1)
    },
}


USUAL: list[Sampler] = [ALWAYS_OFF, ALWAYS_ON, DEFAULT_ON, DEFAULT_OFF]
ODD: list[Sampler] = [ParentBased(ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON), ParentBased(DEFAULT_OFF)]


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize("sampler", USUAL + ODD, ids=lambda sampler: sampler.get_description())
def test_nothing_is_dropped_that_the_sampler_itself_would_keep(sampler: Sampler, parent: str) -> None:
    with trace.use_span(PARENTS[parent]):
        is_dropped = sampler.should_sample(None, 1, "a span").decision is Decision.DROP
    is_certain = drops_of(sampler).has(PARENTS[parent])
    assert is_dropped or not is_certain
    if sampler in USUAL:
        assert is_certain == is_dropped


def client(telemetry: Telemetry, service: FakeBackend, **settings: Any) -> AsyncEksClient:
    return AsyncEksClient(Credentials("an-id", "a-key"), backend=service, telemetry=telemetry, **settings)


@pytest.mark.anyio
async def test_a_call_that_is_dropped_for_certain_asks_no_sampler(service: FakeBackend) -> None:
    sampler = Counting(DEFAULT_OFF)
    recorded = Recorded(sampler=sampler)
    service.list_clusters.respond([])
    async with client(Telemetry(tracer_provider=recorded.tracer_provider), service) as eks:
        await eks.clusters.list()
    assert (sampler.asked, recorded.spans) == (0, ())


@pytest.mark.anyio
async def test_a_call_in_a_trace_that_is_sampled_is_recorded_whatever_the_root_would_be(service: FakeBackend) -> None:
    recorded = Recorded(sampler=DEFAULT_OFF)
    service.list_clusters.respond([])
    async with client(recorded.telemetry(), service) as eks:
        with trace.use_span(PARENTS["remote, sampled"]):
            await eks.clusters.list()
    assert [span.name for span in recorded.spans] == ["GET", "EKS/ListClusters"]


@pytest.mark.anyio
async def test_a_call_that_its_sampler_drops_has_no_attempts_of_its_own_either(service: FakeBackend) -> None:
    sampler = Counting(TraceIdRatioBased(0))
    recorded = Recorded(sampler=sampler)
    inside = []

    async def looks(request: Request, send: Send) -> RawResponse:
        inside.append(trace.get_current_span().get_span_context())
        return await send(request)

    service.list_clusters.respond([])
    async with client(recorded.telemetry(), service, per_call=[looks]) as eks:
        await eks.clusters.list()
    assert (sampler.asked, recorded.spans) == (1, ())
    assert inside[0].is_valid  # what lies below belongs to the trace that was dropped
    assert not inside[0].trace_flags.sampled
    assert not trace.get_current_span().get_span_context().is_valid
    assert len(recorded.points("rpc.client.call.duration")) == 1


@pytest.mark.anyio
async def test_a_provider_of_nothing_leaves_calls_as_they_are(service: FakeBackend) -> None:
    telemetry = Telemetry(tracer_provider=trace.NoOpTracerProvider(), meter_provider=NoOpMeterProvider())
    records = []

    async def looks(request: Request, send: Send) -> RawResponse:
        records.append(request.record.observation)
        return await send(request)

    service.list_clusters.respond([])
    async with client(telemetry, service, per_call=[looks]) as eks:
        await eks.clusters.list()
    assert records == [None]


@pytest.mark.anyio
async def test_an_sdk_that_is_disabled_leaves_calls_as_they_are(
    service: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    telemetry = Telemetry(tracer_provider=TracerProvider(), meter_provider=NoOpMeterProvider())
    service.list_clusters.respond([])
    async with client(telemetry, service) as eks:
        await eks.clusters.list()
    assert telemetry._providers.tracer() is None
