"""Whether telemetry is switched on for the whole process: here, so that a client can ask without importing it."""

from __future__ import annotations

import os
from typing import Any

VARIABLE = "CDS_EKS_TELEMETRY"

ON = frozenset({"1", "true", "yes", "on", "otel"})
OFF = frozenset({"", "0", "false", "no", "off"})

_process_wide: Any = None


def set_process_wide(telemetry: Any) -> None:
    """Set what is used by the clients that say nothing of it.

    Args:
        telemetry: A `cds_eks.otel.Telemetry`; None for what the environment says.
    """
    global _process_wide
    _process_wide = telemetry


def process_wide() -> Any:
    """Return what is set for the process: a `cds_eks.otel.Telemetry`, or None."""
    return _process_wide


def word_of_environment() -> str:
    """Return what `CDS_EKS_TELEMETRY` says, in lower case."""
    return os.environ.get(VARIABLE, "").strip().lower()
