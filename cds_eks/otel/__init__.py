"""OpenTelemetry: spans and metrics of clients, of waits and of fleets (extra `otel`).

`otel.instrument()` switches it on for all clients of the process; a client takes `telemetry=` for itself alone.
"""

try:
    import opentelemetry.trace as _api  # noqa: F401 - so that what is missing is said in words
except ImportError:
    raise ImportError('cds_eks.otel needs opentelemetry-api: pip install "cds-eks[otel]"') from None

from cds_eks.otel.httpx_hooks import redact_request, redact_request_async
from cds_eks.otel.telemetry import Telemetry, instrument, uninstrument

__all__ = ["Telemetry", "instrument", "redact_request", "redact_request_async", "uninstrument"]
