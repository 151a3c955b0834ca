"""Settings of a client: values that check themselves, and what the environment says."""

from cds_eks._runtime.adaptive_rate import AdaptiveRate
from cds_eks.config.endpoint import API_PATH, DEFAULT_ENDPOINT, service_url
from cds_eks.config.environment import (
    DEFAULT_BACKEND,
    DEFAULT_REVISION,
    check_credentials,
    check_revision,
    credentials_from,
    endpoint_from,
)
from cds_eks.config.origins import Origin, SettingOrigin
from cds_eks.config.resolution import may_use_profile, resolve_settings
from cds_eks.config.resolved_settings import ResolvedSettings
from cds_eks.config.settings import (
    DEFAULT_LIMITS,
    DEFAULT_RETRY,
    DEFAULT_SETTLE,
    DEFAULT_TIMEOUTS,
    Limits,
    RetryPolicy,
    Timeouts,
    check_timeout,
)

__all__ = [
    "API_PATH",
    "DEFAULT_BACKEND",
    "DEFAULT_ENDPOINT",
    "DEFAULT_LIMITS",
    "DEFAULT_RETRY",
    "DEFAULT_REVISION",
    "DEFAULT_SETTLE",
    "DEFAULT_TIMEOUTS",
    "AdaptiveRate",
    "Limits",
    "Origin",
    "ResolvedSettings",
    "RetryPolicy",
    "SettingOrigin",
    "Timeouts",
    "check_credentials",
    "check_revision",
    "check_timeout",
    "credentials_from",
    "endpoint_from",
    "may_use_profile",
    "resolve_settings",
    "service_url",
]
