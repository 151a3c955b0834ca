"""`Telemetry`: where the spans and metrics of clients go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, TracerProvider

from cds_eks._runtime import telemetry_switch
from cds_eks.errors import ConfigurationError
from cds_eks.otel.calls import ClientObserver
from cds_eks.otel.facts import Value
from cds_eks.otel.providers import Providers
from cds_eks.otel.spans import span_around
from cds_eks.otel.waits import trace_waits
from cds_eks.redaction import NO_SECRETS, Secrets


class Telemetry:
    """Spans and metrics of clients: `AsyncEksClient(telemetry=Telemetry(tracer_provider=…))`.

    One may serve any number of clients.

    Args:
        tracer_provider: Where the spans go; None for the process's own, also if it is set later.
        meter_provider: Where the metrics go; None for the process's own, also if it is set later.
        send_traceparent: Whether each request carries W3C's `traceparent`, with the ids of its trace and span. The
            service's contract does not have this header, and whatever reads it is outside of your systems.

    Raises:
        ConfigurationError: One of these is something else.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        send_traceparent: bool = False,
    ) -> None:
        for name, given, kind in (
            ("tracer_provider", tracer_provider, TracerProvider),
            ("meter_provider", meter_provider, MeterProvider),
        ):
            if given is not None and not isinstance(given, kind):
                raise ConfigurationError(f"{name} must be a {kind.__name__}, not {type(given).__name__}")
        self._providers = Providers(tracer_provider, meter_provider)
        self._send_traceparent = bool(send_traceparent)

    def observer(self, url: str, version: str | None = None) -> ClientObserver:
        """Return what observes one client; the client asks for it.

        Args:
            url: Where its requests go.
            version: The version of HTTP that its backend speaks, if it is known.
        """
        return ClientObserver(self._providers, url=url, version=version, sends_context=self._send_traceparent)

    def span(self, name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[Span | None]:
        """Have a span around what is done inside; fleets do so.

        Args:
            name: Its name.
            attributes: Its attributes.
        """
        return span_around(self._providers, name, attributes)

    def trace_waits(self, waiters: Any, secrets: Callable[[], Secrets] = lambda: NO_SECRETS) -> None:
        """Have each wait of a client be a span, with its polls beneath; the client asks for it.

        Args:
            waiters: The client's `wait`.
            secrets: Returns the texts that must never be shown.
        """
        trace_waits(waiters, self._providers, secrets)


DEFAULT: Telemetry = Telemetry()
"""That of the process's own providers."""


def instrument(
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    send_traceparent: bool = False,
) -> None:
    """Switch telemetry on for all clients that are made from now on, but for those that say something else themselves.

    Args:
        tracer_provider: See `Telemetry`.
        meter_provider: See `Telemetry`.
        send_traceparent: See `Telemetry`.

    Raises:
        ConfigurationError: One of these is something else.
    """
    telemetry_switch.set_process_wide(
        Telemetry(tracer_provider=tracer_provider, meter_provider=meter_provider, send_traceparent=send_traceparent)
    )


def uninstrument() -> None:
    """Take `instrument` back, for all clients that are made from now on."""
    telemetry_switch.set_process_wide(None)
