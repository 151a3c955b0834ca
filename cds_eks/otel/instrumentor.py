"""The instrumentor that `opentelemetry-instrument` finds by its entry point.

It is imported only where `opentelemetry-instrumentation` is installed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# The whole module says `type: ignore`, so that it has nothing for mypy.
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from cds_eks.otel.telemetry import instrument, uninstrument


class EksInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Switches telemetry on for the whole process, as `cds_eks.otel.instrument` does."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return what it goes with: whichever version of this package it is in."""
        return ("cds-eks",)

    def _instrument(self, **kwargs: Any) -> None:
        instrument(
            tracer_provider=kwargs.get("tracer_provider"),
            meter_provider=kwargs.get("meter_provider"),
            send_traceparent=kwargs.get("send_traceparent", False),
        )

    def _uninstrument(self, **kwargs: Any) -> None:  # noqa: ARG002 - it is called with what `instrument` was
        uninstrument()
