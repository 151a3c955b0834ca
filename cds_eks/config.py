"""Settings of a client: values that check themselves, and what the environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, Self
from urllib.parse import SplitResult, urlsplit

import attrs

from cds_eks._runtime.adaptive_rate import AdaptiveRate as AdaptiveRate
from cds_eks._runtime.frames import cleared
from cds_eks._runtime.numbers import MOST, is_finite, shown_number
from cds_eks.errors import ConfigurationError, InvalidRequestError
from cds_eks.schema.hosts import host_fault
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.signing import Credentials

DEFAULT_ENDPOINT = "https://api.capitalonline.net"
API_PATH = "/eks/v1"


def check_timeout(timeout: float) -> float:
    """Return the time for one call, in seconds, if it is one.

    Raises:
        InvalidRequestError: It is none.
    """
    if not is_finite(timeout) or timeout <= 0:
        raise InvalidRequestError("timeout", "must be a number of seconds above 0, or None for the client's own")
    return timeout


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
            up to a further base delay comes on top, at random, so that all who were told the same do not come at once.
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
    """How much a client does at once. Who must wait waits in line, and within the call's time.

    Args:
        max_connections: Connections open at once.
        max_in_flight: Attempts under way at once, at most one a connection; None for as many as there are connections.
        requests_per_second: Attempts begun in a second; None for no limit.
        adaptive: A limit of requests per second that follows the service's throttling; clients may share one.
        keepalive_expiry: How long an idle connection is kept, in seconds.
        settle: How long a create whose answer was lost is looked for by `find`, in seconds, before it counts as not
            made: lists may lag behind a create, and a request that was given up may still arrive. How long really, the
            service does not say; the default is twice the default read timeout [I].
    """

    max_connections: int = attrs.field(default=100, validator=_count)
    max_in_flight: int | None = attrs.field(default=None, validator=_count_or_none)
    requests_per_second: float | None = attrs.field(default=None, validator=_seconds)
    adaptive: AdaptiveRate | None = attrs.field(default=None, validator=_adaptive)
    keepalive_expiry: float = attrs.field(default=30.0, validator=_positive)
    settle: float = attrs.field(default=60.0, validator=_not_negative)


def credentials_from(environ: Mapping[str, str] = os.environ) -> Credentials:
    """Return the credentials that the environment names: `CDS_SECRET_ID` and `CDS_SECRET_KEY` [D].

    `CDS_ACCESS_KEY_ID` and `CDS_ACCESS_KEY_SECRET` [O], which other tools of this cloud read, stand in for them.

    Raises:
        ConfigurationError: Neither pair is there, or only one half of the first that is: the next pair may be another
            account's.
    """
    pairs = (("CDS_SECRET_ID", "CDS_SECRET_KEY"), ("CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"))
    for id_name, key_name in pairs:
        missing = [name for name in (id_name, key_name) if not environ.get(name)]
        if not missing:
            for name in (id_name, key_name):
                if (fault := _fault_of(environ[name])) is not None:
                    del environ
                    raise ConfigurationError(f"credentials ({name}): it {fault}")
            return Credentials(environ[id_name], environ[key_name])
        if len(missing) == 1:
            other = id_name if missing[0] == key_name else key_name
            del environ  # the other half is in it
            raise ConfigurationError(
                f"half of the credentials: {missing[0]} is not set, though {other} is; set {id_name} and {key_name}, "
                "or neither"
            )
    del environ
    raise ConfigurationError("there are no credentials: pass them, or set CDS_SECRET_ID and CDS_SECRET_KEY")


def check_credentials(credentials: Credentials) -> Credentials:
    """Return the credentials if they can be used.

    Raises:
        ConfigurationError: They are empty, or not text.
    """
    if not isinstance(credentials, Credentials):
        raise ConfigurationError(f"credentials must be Credentials, not {type(credentials).__name__}")
    for field in attrs.fields(Credentials):
        if (fault := _fault_of(getattr(credentials, field.name))) is not None:
            raise ConfigurationError(f"credentials.{field.name} {fault}")
    return credentials


def _fault_of(value: object) -> str | None:
    """Return what is wrong with a key or its id. It is told, not raised: a traceback would lead to the value."""
    if not isinstance(value, str) or not value:
        return "must be a text that is not empty"
    if not value.isprintable() or value != value.strip():
        return "has spaces around it, line ends or other stray characters"
    return None


def endpoint_from(environ: Mapping[str, str] = os.environ) -> str:
    """Return the endpoint that the environment names, or the service's own.

    Read in this order: `CDS_EKS_ENDPOINT` (a URL), `CDS_API_HOST` with `CDS_API_SCHEMA`, `EKS_API_HOST` with
    `EKS_API_SCHEMA` [O]; the scheme is https unless it says otherwise.

    Raises:
        ConfigurationError: It can't be one; the variable is named.
    """
    name, endpoint = _named_endpoint(environ)
    del environ
    try:
        service_url(endpoint, name)
    except ConfigurationError:
        del endpoint  # it may be a secret in the wrong place
        raise
    return endpoint


def _named_endpoint(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that names the endpoint, and the endpoint."""
    if endpoint := environ.get("CDS_EKS_ENDPOINT"):
        return "endpoint (CDS_EKS_ENDPOINT)", endpoint
    for prefix in ("CDS", "EKS"):
        if host := environ.get(f"{prefix}_API_HOST"):
            scheme = environ.get(f"{prefix}_API_SCHEMA") or "https"
            return f"endpoint ({prefix}_API_HOST)", host if "://" in host else f"{scheme}://{host}"
    return "endpoint", DEFAULT_ENDPOINT


def service_url(endpoint: str, name: str = "endpoint") -> str:
    """Return the one URL of the service at an endpoint.

    Args:
        endpoint: The endpoint.
        name: What named it, for the error.

    Raises:
        ConfigurationError: The endpoint is not `http://host[:port]` or `https://host[:port]` (a path may follow). What
            it holds is not repeated: it may be a secret.
    """
    try:
        return _service_url(endpoint)
    except ConfigurationError as error:
        del endpoint
        words = f"{name} {cleared(error).message.removeprefix('endpoint ')}"
    raise ConfigurationError(words)


def _service_url(endpoint: str) -> str:
    if not isinstance(endpoint, str):
        raise ConfigurationError(f"endpoint must be a text, not {type(endpoint).__name__}")
    parts = _split(endpoint)
    if parts is None:  # raised out of the except clause: the error that it caught repeats the endpoint
        raise ConfigurationError(
            "endpoint must be a URL such as https://api.capitalonline.net; "
            "an IPv6 address is in brackets, and a port below 65536"
        )
    if not endpoint.isprintable() or any(char.isspace() for char in endpoint):
        raise ConfigurationError("endpoint must not hold spaces, line ends or control characters")
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError("endpoint must begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("endpoint must not hold a user or a password: use credentials")
    fault = host_fault(parts.hostname or "") or ("its port is 0" if parts.port == 0 else None)
    if fault is not None:
        raise ConfigurationError(f"endpoint must name a host, as in https://api.capitalonline.net: {fault}")
    if "?" in endpoint or "#" in endpoint:
        raise ConfigurationError("endpoint must not hold a query or a fragment")
    path = parts.path.rstrip("/")
    if path.endswith(API_PATH):
        raise ConfigurationError(f"endpoint must not end with {API_PATH}: the client adds it")
    return f"{parts.scheme}://{parts.netloc}{path}{API_PATH}"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


class _Unsaid(str):
    """The revision that is spoken when neither the caller nor the environment names one.

    It is a text of its own kind, so that a caller who passes "2025-09-08" is told from one who passes nothing.
    """

    __slots__ = ()


REVISION_UNSAID: Final[str] = _Unsaid(API_REVISIONS[0])


def check_revision(revision: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the revision of the API if it is known; if none was passed, the one of `CDS_EKS_API_REVISION`.

    Raises:
        ConfigurationError: It is not known.
    """
    name = "api_revision"
    if isinstance(revision, _Unsaid):
        if not (named := environ.get("CDS_EKS_API_REVISION")):
            return str(revision)
        name, revision = "CDS_EKS_API_REVISION", named
    if revision not in API_REVISIONS:
        del environ  # the credentials are in it
        raise ConfigurationError(f"{name} must be one of {', '.join(API_REVISIONS)}; got {revision!r}")
    return revision
