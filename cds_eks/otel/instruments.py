"""The metrics: their instruments, one set for each meter provider."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Protocol

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, MeterProvider, Observation

from cds_eks._runtime import forks
from cds_eks._version import __version__
from cds_eks.otel import names


class Gauged(Protocol):
    """A client, as its gauges see it."""

    @property
    def server(self) -> Mapping[str, str | int]:
        """The attributes of the service that it calls."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def active(self) -> int:
        """How many requests are under way."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def quota_left(self) -> int | None:
        """What is left for retries, if there is a quota."""
        ...  # pragma: no cover - a protocol has no body


class Instruments:
    """What durations and counts are recorded with.

    What changes with each request is counted in plain numbers, which are read when the metrics are collected: to add
    to a counter of the SDK takes several microseconds.

    Args:
        provider: Where the metrics go.
    """

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter(names.SCOPE, __version__, names.SCHEMA_URL)
        buckets = names.DURATION_BUCKETS
        self.calls: Histogram = meter.create_histogram(
            names.RPC_CLIENT_CALL_DURATION,
            unit="s",
            description="Duration of calls with all their attempts, pauses and queues.",
            explicit_bucket_boundaries_advisory=buckets,
        )
        self.requests: Histogram = meter.create_histogram(
            names.HTTP_CLIENT_REQUEST_DURATION,
            unit="s",
            description="Duration of HTTP requests.",
            explicit_bucket_boundaries_advisory=buckets,
        )
        self.queued: Histogram = meter.create_histogram(
            names.CDS_CLIENT_QUEUE_DURATION,
            unit="s",
            description="How long calls that had to queue have waited for the client's limits.",
            explicit_bucket_boundaries_advisory=buckets,
        )
        self.retries: Counter = meter.create_counter(
            names.CDS_CLIENT_RETRIES, unit="{retry}", description="Attempts after the first of a call."
        )
        # The SDK holds its callbacks for good: they must not hold clients.
        self._clients: weakref.WeakSet[Gauged] = weakref.WeakSet()
        self._lock = forks.Lock()
        meter.create_observable_up_down_counter(
            names.HTTP_CLIENT_ACTIVE_REQUESTS,
            [self._active],
            unit="{request}",
            description="HTTP requests that are under way.",
        )
        meter.create_observable_gauge(
            names.CDS_CLIENT_RETRY_QUOTA,
            [self._quota],
            unit="{token}",
            description="What is left for retries, of the client that has the least left.",
        )

    def watch(self, client: Gauged) -> None:
        """Show a client's gauges for as long as it lives."""
        with self._lock.of_this_process():
            self._clients.add(client)

    def _watched(self) -> list[Gauged]:
        with self._lock.of_this_process():
            return list(self._clients)

    def _active(self, _: CallbackOptions) -> Iterable[Observation]:
        counts: dict[tuple[tuple[str, str | int], ...], int] = {}
        for client in self._watched():
            server = tuple(client.server.items())
            counts[server] = counts.get(server, 0) + client.active
        return [Observation(count, dict(each)) for each, count in counts.items()]

    def _quota(self, _: CallbackOptions) -> Iterable[Observation]:
        left: dict[tuple[tuple[str, str | int], ...], int] = {}
        for client in self._watched():
            if (quota := client.quota_left) is not None:
                server = tuple(client.server.items())
                left[server] = min(quota, left.get(server, quota))
        return [Observation(quota, dict(server)) for server, quota in left.items()]


_made: weakref.WeakKeyDictionary[MeterProvider, Instruments] = weakref.WeakKeyDictionary()
_making = forks.Lock()


def instruments_of(provider: MeterProvider) -> Instruments:
    """Return the instruments of a meter provider: it has each but once, however many clients there are."""
    with _making.of_this_process():
        if (found := _made.get(provider)) is None:
            found = _made[provider] = Instruments(provider)
        return found
