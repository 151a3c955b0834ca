"""The end of a run before all is done: somebody stops it, or its `timeout` has passed. Both end it in the same way."""

from __future__ import annotations

import anyio

from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.run.gate import InFlight

OUT_OF_TIME = "the time of timeout= is over"


class Ending:
    """Why a run ends early, and what it still waits for then.

    Args:
        in_flight: What is not cut off at once.
        settings: What the run was asked for.

    Attributes:
        reason: Why nothing more is begun, or None. Only the first reason is kept.
        is_timed_out: Whether the time of the run was over before anybody had stopped it.
    """

    def __init__(self, in_flight: InFlight, settings: Settings) -> None:
        self.reason: str | None = None
        self.is_timed_out: bool = False
        self._in_flight = in_flight
        self._settings = settings
        self._is_wanted = anyio.Event()
        self._last_wait = anyio.CancelScope(shield=True)

    def note(self, reason: str | None) -> None:
        """Note why nothing more is begun; the run itself goes on."""
        self.reason = self.reason or reason

    def stop(self, reason: str) -> None:
        """Have the run begin nothing new, finish the creates that are under way, and end."""
        self.note(reason)
        self._is_wanted.set()

    async def watch(self, scope: anyio.CancelScope) -> None:
        """Stop the run when that is wanted, and cut off what is under way when the time for that is over.

        So it has if the event loop ends. A task of its own does it: what is cancelled in an `except` clause has the
        exception of that as its context.

        Args:
            scope: What the run does.
        """
        try:
            await self._is_wanted_or_out_of_time()
        finally:
            scope.cancel()
            with self._last_wait:
                await anyio.sleep(self._settings.limits.grace)
                self._in_flight.cut()

    async def _is_wanted_or_out_of_time(self) -> None:
        # By the loop's own clock, as the deadline of a call: a test's time that jumps may be hours ahead in a second.
        with anyio.move_on_after(self._settings.timeout):
            await self._is_wanted.wait()
        if not self._is_wanted.is_set():
            self.is_timed_out = True
            self.stop(OUT_OF_TIME)

    def is_over(self) -> None:
        """Nothing is under way any more: there is nothing to wait for."""
        self._last_wait.cancel()
