"""Tells when the service has not answered for some time: a run waits for it, and must not do so without a word."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio

from cds_eks._runtime.logs import log
from cds_eks.errors import AmbiguousCreate, EksError, TransportError, may_pass
from cds_eks.fleet.run.events import Event, ServiceAway, ServiceBack

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

FIRST = 10.0
"""After so many seconds without an answer it is told for the first time."""

AGAIN = 60.0
"""And again each time that so many have passed."""


class Outage:
    """Since when no request of a run has had a usable answer.

    Args:
        endpoint: Where the service is.
        tell: Is given the events.
    """

    def __init__(self, endpoint: str, tell: Callable[[Event], None]) -> None:
        self._endpoint = endpoint
        self._tell = tell
        self._since: float | None = None
        self._tell_at = 0.0
        self._is_told = False

    def note(self, error: BaseException | None, began: float) -> None:
        """Note how a request has ended.

        Args:
            error: What it ended with; None if it was answered.
            began: When it began, by the event loop's clock.
        """
        if error is not None and not isinstance(error, EksError):
            return
        if error is None or not (may_pass(error) or isinstance(error, AmbiguousCreate)):
            self._answered(began)
            return
        now = anyio.current_time()
        if self._since is None:
            self._since, self._tell_at = began, began + FIRST
        if now < self._tell_at:
            return
        self._tell_at = now + AGAIN
        self._is_told = True
        name, seconds = type(error).__name__, now - self._since
        # The texts of these are the SDK's own; others' are the service's, which are not logged.
        reason = error.message if isinstance(error, TransportError) else None
        log(logger, logging.WARNING, "service", "does not answer", error=name, reason=reason, elapsed=round(seconds, 1))
        self._tell(ServiceAway(endpoint=self._endpoint, seconds=seconds, error=f"{name}: {error.message}"))

    def _answered(self, began: float) -> None:
        """A request was answered. One that began before the service went away says nothing of now."""
        if self._since is None or began < self._since:
            return
        seconds, self._since = anyio.current_time() - self._since, None
        if self._is_told:
            self._is_told = False
            log(logger, logging.WARNING, "service", "answers again", elapsed=round(seconds, 1))
            self._tell(ServiceBack(endpoint=self._endpoint, seconds=seconds))
