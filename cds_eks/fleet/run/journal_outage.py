"""Tells when the journal can't be written: nothing new is created meanwhile, and a run must say why it stands still."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio

from cds_eks._runtime.logs import log
from cds_eks.fleet.journal.base import JournalError, JournalGone
from cds_eks.fleet.run.events import Event, JournalAway, JournalBack

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

AGAIN = 60.0
"""After how many seconds it is told again."""


class JournalOutage:
    """Since when the heartbeats of a run have failed.

    Args:
        tell: Is given the events.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._since: float | None = None
        self._tell_at = 0.0

    def failed(self, error: JournalError, began: float) -> None:
        """Note that a heartbeat has failed.

        Args:
            error: Its error; it names the file or the database, and says what to do.
            began: When it began, by the event loop's clock.
        """
        name, now = type(error).__name__, anyio.current_time()
        log(logger, logging.WARNING, "heartbeat", "failed", error=name, reason=error.message)
        if isinstance(error, JournalGone):
            return  # that is for good, and ends the run
        if self._since is None:
            self._since, self._tell_at = began, now
        if now >= self._tell_at:
            self._tell_at = now + AGAIN
            self._tell(JournalAway(seconds=now - self._since, error=f"{name}: {error.message}"))

    def succeeded(self) -> None:
        """Note that a heartbeat is in the journal."""
        if self._since is not None:
            seconds, self._since = anyio.current_time() - self._since, None
            log(logger, logging.WARNING, "journal", "can be written again", elapsed=round(seconds, 1))
            self._tell(JournalBack(seconds=seconds))
