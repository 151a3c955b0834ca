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
        if kind is None or not issubclass(kind, Exception):
            return False
        if kind not in _told:
            _told.add(kind)
            # Its text and its frames may hold anything that was to be recorded.
            logger.warning("telemetry has failed with %s: calls go on without it; told once", kind.__name__)
        return True


guard: Guard = Guard()
