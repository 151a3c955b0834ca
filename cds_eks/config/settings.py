"""The settings of a client: values that check themselves."""

from __future__ import annotations

from typing import Any, Self

import attrs

from cds_eks._runtime.adaptive_rate import AdaptiveRate
from cds_eks._runtime.numbers import MOST, is_finite, positive_float, shown_number
from cds_eks.errors import ConfigurationError, InvalidRequestError

DEFAULT_SETTLE = 60.0
"""See `Limits.settle` [I]."""


def check_timeout(timeout: object) -> float:
    """Return the time for one call, in seconds, if it is one.

    Raises:
        InvalidRequestError: It is none.
    """
    seconds = positive_float(timeout)
    if seconds is None:
        raise InvalidRequestError("timeout", "must be a number of seconds above 0, or None for the client's own")
    return seconds


def _seconds(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        _positive(_, field, value)


def _positive(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if not is_finite(value) or value <= 0:
        raise ConfigurationError(f"{field.name} must be a number above 0, not {shown_number(value)}")


def _not_negative(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if not is_finite(value) or value < 0:
        raise ConfigurationError(f"{field.name} must be a number of at least 0, not {shown_number(value)}")


def _count(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < MOST:
        raise ConfigurationError(f"{field.name} must be a whole number of at least 1, not {shown_number(value)}")


def _count_or_none(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        _count(_, field, value)


@attrs.frozen(kw_only=True)
class Timeouts:
    """How long things may take, in seconds. None is no limit.

    Args:
        connect: Making a connection, TLS included.
        read: Silence while a request is sent or its answer awaited.
        total: The whole call with all its attempts, pauses and queues.
    """

    connect: float | None = attrs.field(default=5.0, validator=_seconds)
    read: float | None = attrs.field(default=30.0, validator=_seconds)
    total: float | None = attrs.field(default=90.0, validator=_seconds)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """When and how calls are tried again. A create is tried again only if it can't have been carried out.

    Each pause is random, anywhere from nothing to its longest (full jitter), so that calls that failed together part.
    With the defaults a call that may be repeated outlasts an outage of some seconds, such as a deploy or a fail-over of
    the service: its seven pauses last 12.7 s on average and 25.4 s at the most, well within the 90 s of a call. The
    first ones are short all the same, because most failures are a lost connection, which is made anew at once.

    Args:
        max_attempts: How many attempts a call has, the first included.
        base_delay: The longest pause before the second attempt, in seconds; doubles with each further one.
        throttled_base_delay: The same when the service asked for fewer requests.
        max_delay: No pause is longer, in seconds. `Retry-After`, which is waited for at least, is cut to it as well;
            up to a further base delay comes on top, at random, so that calls with the same `Retry-After` spread out.
        quota: What the retries of all calls together may cost. Success earns it back, so that a service that keeps
            failing is not hammered.
        retry_cost: What a retry costs.
        throttled_retry_cost: What a retry costs when the service asked for fewer requests.
    """

    max_attempts: int = attrs.field(default=8, validator=_count)
    base_delay: float = attrs.field(default=0.2, validator=_not_negative)
    throttled_base_delay: float = attrs.field(default=1.0, validator=_not_negative)
    max_delay: float = attrs.field(default=20.0, validator=_not_negative)
    quota: int = attrs.field(default=500, validator=_not_negative)
    retry_cost: int = attrs.field(default=14, validator=_not_negative)
    throttled_retry_cost: int = attrs.field(default=5, validator=_not_negative)

    @classmethod
    def none(cls) -> Self:
        """Return the policy that never tries again."""
        return cls(max_attempts=1)


def _adaptive(_: Any, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not isinstance(value, AdaptiveRate):
        raise ConfigurationError(f"{field.name} must be an AdaptiveRate, not {type(value).__name__}")


@attrs.frozen(kw_only=True)
class Limits:
    """How much a client does at once. What exceeds a limit is queued, within the call's time.

    Args:
        max_connections: Connections open at once. A middleware that sends several requests at once within one attempt
            uses as many, beyond this.
        max_in_flight: Attempts under way at once, at most one a connection; None for as many as there are connections.
        requests_per_second: Attempts begun in a second; None for no limit.
        adaptive: A limit of requests per second that follows the service's throttling; clients may share one.
        keepalive_expiry: How long an idle connection stays reusable, in seconds.
        settle: How long `find` looks for a create whose response was lost, in seconds, before it counts as not
            made: lists may lag behind a create, and a request that was given up may still arrive. How long really, the
            service does not say; the default is twice the default read timeout [I].
    """

    max_connections: int = attrs.field(default=100, validator=_count)
    max_in_flight: int | None = attrs.field(default=None, validator=_count_or_none)
    requests_per_second: float | None = attrs.field(default=None, validator=_seconds)
    adaptive: AdaptiveRate | None = attrs.field(default=None, validator=_adaptive)
    keepalive_expiry: float = attrs.field(default=30.0, validator=_positive)
    settle: float = attrs.field(default=DEFAULT_SETTLE, validator=_not_negative)


DEFAULT_TIMEOUTS = Timeouts()
DEFAULT_RETRY = RetryPolicy()
DEFAULT_LIMITS = Limits()
"""What a client has when nothing is said: these very objects, so that passing an equal one differs from that."""
