"""What telemetry costs a call: `python -m benchmarks.otel`.

The backend answers at once, so that a call is the SDK's own work alone, and the event loop has nothing else to do. The
ways take turns in one process, round by round, and what is told of each is the median of its differences to the calls
without telemetry of the same round.

off             no telemetry: `telemetry=False`
no SDK          switched on, and the process has only OpenTelemetry's API: no provider is set
dropped         an SDK whose sampler drops it: `ParentBased(ALWAYS_OFF)`
in a dropped    the same, inside of a span that is not sampled
by ratio        an SDK whose sampler is asked, and drops it: `TraceIdRatioBased(0)`
metrics         an SDK that collects metrics, and no traces
sampled         an SDK that records both spans of each call, and a processor that discards them
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from opentelemetry import trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased
from rich.console import Console
from rich.table import Table

from cds_eks import AsyncEksClient, Credentials
from cds_eks.otel import Telemetry
from cds_eks.wire import RawResponse, Request

__all__ = ["main", "measure"]

BAR = 2.0
"""What telemetry may cost a call that is not sampled, in microseconds."""

ANSWER = RawResponse(
    status=200, headers={}, content=b'{"Code": "Success", "RequestId": "r-1", "Data": {"TaskId": "t"}}'
)


class AnswersAtOnce:
    """A backend that sends nothing."""

    keeps_deadline = True
    http_version = "1.1"

    async def send(self, request: Request) -> RawResponse:
        """Answer."""
        request.record.mark_sent()
        return RawResponse(status=ANSWER.status, headers=ANSWER.headers, content=ANSWER.content)

    async def aclose(self) -> None:
        """Close nothing."""


def _traces(sampler: Sampler | None = None, processor: SpanProcessor | None = None) -> TracerProvider:
    provider = TracerProvider(sampler=sampler)
    if processor is not None:
        provider.add_span_processor(processor)
    return provider


@contextmanager
def _in_dropped() -> Iterator[None]:
    parent = trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=False))
    with trace.use_span(parent):
        yield


NO_METRICS = NoOpMeterProvider()
WAYS: dict[str, Callable[[], Telemetry | bool]] = {
    "off": lambda: False,
    "no SDK": Telemetry,
    "dropped": lambda: Telemetry(tracer_provider=_traces(ParentBased(ALWAYS_OFF)), meter_provider=NO_METRICS),
    "in a dropped": lambda: Telemetry(tracer_provider=_traces(), meter_provider=NO_METRICS),
    "by ratio": lambda: Telemetry(tracer_provider=_traces(TraceIdRatioBased(0)), meter_provider=NO_METRICS),
    "metrics": lambda: Telemetry(meter_provider=MeterProvider([InMemoryMetricReader()])),
    "sampled": lambda: Telemetry(tracer_provider=_traces(None, SpanProcessor()), meter_provider=NO_METRICS),
}
UNSAMPLED = ("no SDK", "dropped", "in a dropped")
"""The ways that the bar is for."""


async def _round(clients: dict[str, AsyncEksClient], calls: int) -> dict[str, float]:
    """Return the microseconds a call of each way, in one round."""
    took = {}
    for name, eks in clients.items():
        with ExitStack() as stack:
            if name == "in a dropped":
                stack.enter_context(_in_dropped())
            get_status = eks.tasks.get_status
            began = time.thread_time()
            for _ in range(calls):
                await get_status("t")
            took[name] = (time.thread_time() - began) / calls * 1e6
    return took


async def measure(rounds: int = 41, calls: int = 400) -> dict[str, tuple[float, float]]:
    """Return what a call takes by each way, and how much more that is than without telemetry, in microseconds.

    Args:
        rounds: How often all take turns.
        calls: How many calls each makes in its turn.
    """
    credentials = Credentials("an-id", "a-key")
    clients = {
        name: AsyncEksClient(credentials, backend=AnswersAtOnce(), telemetry=make()) for name, make in WAYS.items()
    }
    await _round(clients, calls)
    seen = []
    for number in range(rounds):
        order = list(clients)[number % len(clients) :] + list(clients)[: number % len(clients)]
        seen.append(await _round({name: clients[name] for name in order}, calls))
    for eks in clients.values():
        await eks.aclose()
    return {
        name: (
            statistics.median(each[name] for each in seen),
            statistics.median(each[name] - each["off"] for each in seen),
        )
        for name in clients
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 if a call that is not sampled costs more than the bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.otel", description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args(arguments)
    found = asyncio.run(measure(options.rounds, options.calls))
    table = Table("", "a call, µs", "more, µs")
    for name, (took, more) in found.items():
        table.add_row(name, f"{took:.1f}", "" if name == "off" else f"{more:+.2f}")
    Console().print(table)
    worst = max(found[name][1] for name in UNSAMPLED)
    print(f"not sampled: at most {worst:.2f} µs more; the bar is {BAR:g} µs")
    return int(worst > BAR)


if __name__ == "__main__":
    sys.exit(main())
