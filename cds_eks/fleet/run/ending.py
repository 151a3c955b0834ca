"""The end of a run before all is done: somebody stops it, or its `timeout` has passed. Both end it in the same way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

from cds_eks.fleet.journal.base import JournalUnavailable
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.run.gate import InFlight

T = TypeVar("T")

OUT_OF_TIME = "the time of timeout= is over"
READING = 20.0
"""For how many seconds the report of a run whose time is over waits for the journal."""


async def read_within_limit(read: Callable[[], Awaitable[T]]) -> T:
    """Return what is read of the journal, for a run whose time is over: one that never answers is waited for no more.

    Raises:
        JournalUnavailable: It has not answered.
    """
    with anyio.move_on_after(READING):
        return await read()
    raise JournalUnavailable(f"{OUT_OF_TIME}, and the journal has not answered within {READING:g} s")


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
        self._left = settings.timeout
        self._is_wanted = anyio.Event()
        self._last_wait = anyio.CancelScope(shield=True)

    @contextmanager
    def before_it_begins(self) -> Iterator[None]:
        """Do something of the run before that begins, in its time: when that is over it is cut off, and no error."""
        began = anyio.current_time()
        try:
            with anyio.move_on_after(self._left):
                yield
        finally:
            if self._left is not None:
                self._left = max(0.0, self._left - (anyio.current_time() - began))

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
        with anyio.move_on_after(self._left):
            await self._is_wanted.wait()
        if not self._is_wanted.is_set():
            self.is_timed_out = True
            self.stop(OUT_OF_TIME)

    def is_over(self) -> None:
        """Nothing is under way any more: there is nothing to wait for."""
        self._last_wait.cancel()
