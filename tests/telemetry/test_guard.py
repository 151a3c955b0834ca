"""Telemetry that is broken changes nothing of what becomes of a call."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.trace import TracerProvider as AnyTracerProvider

from cds_eks import AsyncEksClient, Credentials, errors, models
from cds_eks.otel import Telemetry
from cds_eks.testing import FakeBackend
from telemetry.recording import Recorded

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


async def test_an_exception_that_ends_the_program_is_no_failure_of_telemetry(recorded: Recorded) -> None:
    from cds_eks.otel.guard import guard

    with pytest.raises(KeyboardInterrupt), guard:
        raise KeyboardInterrupt
    with guard:
        raise ValueError("hidden-words")
