"""Telemetry that is kept in memory, and what a test looks at in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from cds_eks.otel import Telemetry


class Recorded:
    """An SDK of OpenTelemetry that keeps all in memory."""

    def __init__(self, *, sampler: Sampler | None = None) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer_provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.tracer = self.tracer_provider.get_tracer("a test")

    def telemetry(self, **settings: Any) -> Telemetry:
        return Telemetry(tracer_provider=self.tracer_provider, meter_provider=self.meter_provider, **settings)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All spans that have ended, in the order in which they did."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (found,) = self.named(name)
        return found

    @property
    def requests(self) -> list[ReadableSpan]:
        """The spans of attempts, in the order in which they began."""
        return sorted((span for span in self.spans if span.name in ("GET", "POST")), key=begin_of)

    def clear(self) -> None:
        self._exporter.clear()

    def tree(self) -> Any:
        """Return the spans as a tree: names, with those below each, in the order in which they began."""
        return tree_of(self.spans)

    def metrics(self) -> dict[str, Metric]:
        data = self._reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str) -> list[Any]:
        metric = self.metrics().get(name)
        return [] if metric is None else list(metric.data.data_points)

    def texts(self) -> Iterator[str]:
        """Yield all that would leave the process, as text."""
        for span in self.spans:
            yield span.to_json()
            yield repr(span.instrumentation_scope)
        for metric in self.metrics().values():
            yield metric.to_json()


def begin_of(span: ReadableSpan) -> int:
    assert span.start_time is not None
    return span.start_time


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def parent_of(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def below(spans: Iterable[ReadableSpan], parent: ReadableSpan) -> list[ReadableSpan]:
    return sorted((span for span in spans if parent_of(span) == id_of(parent)), key=begin_of)


def tree_of(spans: Sequence[ReadableSpan]) -> Any:
    known = {id_of(span) for span in spans}

    def branch(span: ReadableSpan) -> Any:
        branches = [branch(each) for each in below(spans, span)]
        return (span.name, branches) if branches else span.name

    return [branch(span) for span in sorted(spans, key=begin_of) if parent_of(span) not in known]
