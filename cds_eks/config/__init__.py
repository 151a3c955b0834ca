"""Settings of a client: values that check themselves, and what the environment says."""

from cds_eks._runtime.adaptive_rate import AdaptiveRate
from cds_eks.config.endpoint import API_PATH, DEFAULT_ENDPOINT, service_url
from cds_eks.config.environment import (
    DEFAULT_REVISION,
    check_credentials,
    check_revision,
    credentials_from,
    endpoint_from,
)
from cds_eks.config.settings import DEFAULT_SETTLE, Limits, RetryPolicy, Timeouts, check_timeout

__all__ = [
    "API_PATH",
    "DEFAULT_ENDPOINT",
    "DEFAULT_REVISION",
    "DEFAULT_SETTLE",
    "AdaptiveRate",
    "Limits",
    "RetryPolicy",
    "Timeouts",
    "check_credentials",
    "check_revision",
    "check_timeout",
    "credentials_from",
    "endpoint_from",
    "service_url",
]
