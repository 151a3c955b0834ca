"""Where the service is: the URL of an endpoint."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from cds_eks._runtime.frames import clear_frames
from cds_eks.errors import ConfigurationError
from cds_eks.schema.hosts import host_fault

DEFAULT_ENDPOINT = "https://api.capitalonline.net"
API_PATH = "/eks/v1"


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
        words = f"{name} {clear_frames(error).message.removeprefix('endpoint ')}"
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
