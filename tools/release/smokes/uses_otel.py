"""The extra `otel`: a call with telemetry switched on, and OpenTelemetry's API alone."""

from __future__ import annotations

import sys

from cds_eks import Credentials, EksClient, otel

otel.instrument()
with EksClient(Credentials("key-id", "secret-key"), endpoint=sys.argv[1]) as eks:
    assert len(eks.clusters.list().data) == 2
assert "opentelemetry.trace" in sys.modules
