"""Which telemetry a client has: what it was told, the process, the environment. Without any, nothing is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cds_eks._runtime import telemetry_switch
from cds_eks._runtime.telemetry_switch import OFF, ON, VARIABLE
from cds_eks.errors import ConfigurationError

if TYPE_CHECKING:
    from cds_eks.backend import Backend
    from cds_eks.otel import Telemetry
    from cds_eks.otel.calls import ClientObserver

NOT_INSTALLED = 'telemetry needs opentelemetry-api: pip install "cds-eks[otel]"'


def telemetry_of(given: Telemetry | bool | None) -> Telemetry | None:
    """Return the telemetry of a client; None if it has none.

    Args:
        given: What the client was given: a `Telemetry`; True for that of the process's own providers, or what
            `otel.instrument` was given; False for none; None for what `otel.instrument` or the environment says.

    Raises:
        ConfigurationError: It is something else, the variable says neither yes nor no, or it is not installed.
    """
    if given is False:
        return None
    found: Telemetry | None
    if given is None or given is True:
        found = telemetry_switch.process_wide()
        if found is not None:
            return found
        if given is None and not _is_wanted_by_environment():
            return None
    try:
        from cds_eks.otel.telemetry import DEFAULT, Telemetry
    except ImportError:
        raise ConfigurationError(NOT_INSTALLED) from None
    if given is None or given is True:
        return DEFAULT
    if not isinstance(given, Telemetry):
        raise ConfigurationError(f"telemetry must be a Telemetry, True, False or None, not {type(given).__name__}")
    return given


def telemetry_in(client: object) -> Telemetry | None:
    """Return the telemetry that a client has, for what works with the client; None if it has none."""
    found: Telemetry | None = vars(client).get("_telemetry")
    return found


def observer_of(telemetry: Telemetry | None, url: str, backend: Backend) -> ClientObserver | None:
    """Return what observes the calls of a client; None if it has no telemetry.

    Args:
        telemetry: The client's telemetry.
        url: Where its requests go.
        backend: What carries them.
    """
    return None if telemetry is None else telemetry.observer(url, getattr(backend, "http_version", None))


def _is_wanted_by_environment() -> bool:
    word = telemetry_switch.word_of_environment()
    if word in ON:
        return True
    if word not in OFF:
        raise ConfigurationError(f"{VARIABLE} must be one of {', '.join(sorted(ON | OFF - {''}))}")
    return False
