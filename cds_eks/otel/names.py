"""The names of spans, attributes and metrics.

Those of OpenTelemetry are as in its semantic conventions 1.44, where HTTP is stable and RPC a release candidate; a test
compares each with the constant of `opentelemetry-semantic-conventions`, which the package itself does not need. Those
that begin with `cds.` are our own.
"""

from __future__ import annotations

from typing import Final

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"
SCOPE: Final = "cds_eks"
"""The name of the tracer and the meter."""

# --- attributes of the conventions
ERROR_TYPE: Final = "error.type"
HTTP_REQUEST_METHOD: Final = "http.request.method"
HTTP_REQUEST_RESEND_COUNT: Final = "http.request.resend_count"
HTTP_RESPONSE_STATUS_CODE: Final = "http.response.status_code"
NETWORK_PROTOCOL_VERSION: Final = "network.protocol.version"
RPC_METHOD: Final = "rpc.method"
RPC_METHOD_ORIGINAL: Final = "rpc.method_original"
RPC_RESPONSE_STATUS_CODE: Final = "rpc.response.status_code"
RPC_SYSTEM_NAME: Final = "rpc.system.name"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
URL_FULL: Final = "url.full"

# --- attributes of our own
CDS_ATTEMPTS: Final = "cds.attempts"
CDS_CALL_ID: Final = "cds.call_id"
CDS_ERROR: Final = "cds.error"
CDS_OUTCOME: Final = "cds.outcome"
CDS_QUEUE_TIME: Final = "cds.queue_time"
CDS_REQUEST_ID: Final = "cds.request_id"
CDS_ID_PREFIX: Final = "cds."
"""Before the name of an id: `cds.cluster_id`."""
FLEET_GOAL: Final = "cds.fleet.goal"
FLEET_ITEM: Final = "cds.fleet.item"
FLEET_ITEMS: Final = "cds.fleet.items"
FLEET_OPEN: Final = "cds.fleet.open"
FLEET_RUNNER: Final = "cds.fleet.runner"
FLEET_RUNNERS: Final = "cds.fleet.runners"
FLEET_STATE: Final = "cds.fleet.state"
FLEET_STATE_BEFORE: Final = "cds.fleet.state.before"

# --- values
OTHER: Final = "_OTHER"
"""What the conventions have for a method, or a code, that is not among the known ones."""
RPC_SERVICE: Final = "EKS"
"""Before the documented name of an operation: `EKS/CreateCluster`."""
RPC_SYSTEM: Final = "cds"

# --- spans
WAIT_SPAN: Final = "wait"
"""Before the name of a wait: `wait cluster_running`."""
FLEET_CLUSTER_SPAN: Final = "fleet cluster"
FLEET_LAUNCH_SPAN: Final = "fleet launch"
FLEET_POLL_SPAN: Final = "fleet poll"
FLEET_POOL_SPAN: Final = "fleet node_pool"
FLEET_RUN_SPAN: Final = "fleet run"
FLEET_STATE_EVENT: Final = "fleet item changed"
FLEET_STOPPED_EVENT: Final = "fleet stopped creating"

# --- metrics of the conventions
HTTP_CLIENT_ACTIVE_REQUESTS: Final = "http.client.active_requests"
HTTP_CLIENT_REQUEST_DURATION: Final = "http.client.request.duration"
RPC_CLIENT_CALL_DURATION: Final = "rpc.client.call.duration"

# --- metrics of our own
CDS_CLIENT_QUEUE_DURATION: Final = "cds.client.queue.duration"
CDS_CLIENT_RETRIES: Final = "cds.client.retries"
CDS_CLIENT_RETRY_QUOTA: Final = "cds.client.retry_quota"

DURATION_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The conventions' own for durations in seconds."""
