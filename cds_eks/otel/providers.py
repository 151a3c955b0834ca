"""Where spans and metrics go: the providers, which may be set after the clients are made."""

from __future__ import annotations

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider, NoOpMeterProvider
from opentelemetry.trace import NoOpTracer, NoOpTracerProvider, ProxyTracerProvider, Tracer, TracerProvider

from cds_eks._runtime.private_names import meter_provider_of_process, tracer_provider_of_process
from cds_eks._version import __version__
from cds_eks.otel import names
from cds_eks.otel.instruments import Instruments, instruments_of
from cds_eks.otel.sampling import NOTHING, drops_of


class Providers:
    """The tracer and the instruments of the providers that are set now; nothing where there are none.

    Args:
        tracer_provider: Where the spans go; None for the process's own.
        meter_provider: Where the metrics go; None for the process's own.
    """

    def __init__(self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None) -> None:
        self._given_tracer_provider = tracer_provider
        self._given_meter_provider = meter_provider
        self._tracer_provider: TracerProvider | None = None
        self._meter_provider: MeterProvider | None = None
        self._tracer: Tracer | None = None
        self._instruments: Instruments | None = None
        self._drops = NOTHING
        if tracer_provider is None:
            trace.get_tracer_provider()  # it loads the one that the environment names
        if meter_provider is None:
            metrics.get_meter_provider()  # the same

    def tracer(self) -> Tracer | None:
        """Return the tracer; None if a span that is started now would be dropped for certain."""
        provider = self._given_tracer_provider or tracer_provider_of_process(trace.get_tracer_provider)
        if provider is not self._tracer_provider:
            self._take_tracer(provider)
        if self._drops is not NOTHING and self._drops.has(trace.get_current_span()):
            return None
        return self._tracer

    def instruments(self) -> Instruments | None:
        """Return the instruments; None if nobody collects metrics."""
        provider = self._given_meter_provider or meter_provider_of_process(metrics.get_meter_provider)
        if provider is not self._meter_provider:
            self._take_instruments(provider)
        return self._instruments

    def _take_tracer(self, provider: TracerProvider | None) -> None:
        tracer = None
        if not isinstance(provider, (ProxyTracerProvider, NoOpTracerProvider, type(None))):
            tracer = provider.get_tracer(names.SCOPE, __version__, schema_url=names.SCHEMA_URL)
        self._tracer = None if isinstance(tracer, NoOpTracer) else tracer  # the SDK has such ones when it is disabled
        self._drops = drops_of(getattr(provider, "sampler", None))
        self._tracer_provider = provider

    def _take_instruments(self, provider: MeterProvider | None) -> None:
        is_live = provider is not None and not isinstance(provider, NoOpMeterProvider)
        self._instruments = instruments_of(provider) if provider is not None and is_live else None
        self._meter_provider = provider
