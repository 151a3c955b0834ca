"""A cluster's creation as a trace of OpenTelemetry, with a lost answer on the way: python examples/tracing.py

It runs against the emulator, and prints the spans as a tree; with a real SDK they go to whatever it exports to.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from cds_eks import AsyncEksClient, models
from cds_eks.emulator import Emulator, Fault
from cds_eks.otel import Telemetry

SHOWN = ("http.request.resend_count", "http.response.status_code", "error.type", "cds.outcome", "cds.cluster_id")
REQUEST = Path(__file__).with_name("first_cluster.toml")


async def main() -> None:
    """Create a cluster, wait for it, and print what was traced."""
    exporter = InMemorySpanExporter()
    tracer_provider = TracerProvider()
    tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    request = models.CreateClusterRequest.from_dict(tomllib.loads(REQUEST.read_text(encoding="utf-8")))

    emulator = Emulator(speed=2000)
    emulator.faults.add(Fault("throttle", "CreateCluster", count=1))
    emulator.faults.add(Fault("reset_after_commit", "GetTaskStatus", count=1))
    with emulator.serve() as url:
        telemetry = Telemetry(tracer_provider=tracer_provider)
        async with AsyncEksClient(emulator.credentials, endpoint=url, telemetry=telemetry) as eks:
            with tracer_provider.get_tracer("examples").start_as_current_span("make a cluster"):
                created = await eks.clusters.create(request)
                await eks.wait.task(created.data.task_id)
    for line in tree(exporter.get_finished_spans()):
        print(line)


def tree(spans: Sequence[ReadableSpan]) -> Iterator[str]:
    """Yield spans as the lines of a tree, in the order in which they began."""
    below: dict[int | None, list[ReadableSpan]] = defaultdict(list)
    for span in sorted(spans, key=lambda each: each.start_time or 0):
        below[None if span.parent is None else span.parent.span_id].append(span)

    def lines(parent: int | None, depth: int) -> Iterator[str]:
        for span in below[parent]:
            attributes = span.attributes or {}
            facts = "  ".join(f"{name}={attributes[name]!s}" for name in SHOWN if name in attributes)
            mark = "✗" if span.status.status_code is StatusCode.ERROR else "✓"
            yield f"{'  ' * depth}{mark} {span.name}  {facts}".rstrip()
            yield from lines(span.context.span_id if span.context else None, depth + 1)

    yield from lines(None, 0)


if __name__ == "__main__":
    anyio.run(main)
