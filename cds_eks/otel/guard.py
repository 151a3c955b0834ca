"""Telemetry must not change what becomes of a call: what fails in it is logged, once of each kind."""

from __future__ import annotations

import logging
from types import TracebackType

logger: logging.Logger = logging.getLogger("cds_eks.otel")

_told: set[type[BaseException]] = set()


class Guard:
    """Keeps errors of tracers, samplers, processors and instruments from whoever uses them: `with guard: …`."""

    __slots__ = ()

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        tell(error)
        return True


guard: Guard = Guard()


def tell(error: Exception) -> None:
    """Log what has failed, by its class alone: its text and its frames may hold anything that was to be recorded."""
    kind = type(error)
    if kind not in _told:
        _told.add(kind)
        logger.warning("telemetry has failed with %s: calls go on without it; told once", kind.__name__)
