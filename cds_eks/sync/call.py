"""One blocking call: what runs on the event loop, and what the thread that waits for it learns."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import anyio

from cds_eks.errors import TransportError
from cds_eks.outcome.tracker import NOT_STARTED, WriteOutcomeTracker, observed_writes
from cds_eks.sync.shutdown import CLOSED

T = TypeVar("T")

GRACE_PERIOD = 1.0
"""How long a thread that is interrupted (Ctrl-C) waits for its call to end, in seconds: then it notes what is known."""

_NOTHING: Any = None


class Call(Generic[T]):
    """One call on the event loop, which can be cancelled even before it is handed over, and waited for once."""

    def __init__(self, start: Callable[[], Awaitable[T]]) -> None:
        self._start = start
        self._scope: anyio.CancelScope | None = None
        self._is_cancelled = False
        self._has_begun = False
        self._trackers: list[WriteOutcomeTracker] = []
        self._interruption: BaseException | None = None
        self.is_handed_over = False
        self.value: T = _NOTHING  # nobody takes it if the call is cancelled
        self.error: BaseException | None = None
        self._ended = threading.Lock()  # held until the call has ended; a `threading.Event` takes longer
        self._ended.acquire()

    async def __call__(self) -> None:
        """Run the call; on the event loop."""
        observed_writes.set(self._trackers)
        try:
            with anyio.CancelScope() as self._scope:
                if not self._is_cancelled:
                    self._has_begun = True
                    self.value = await self._start()
        except anyio.get_cancelled_exc_class():
            self.error = TransportError(CLOSED, outcome="unknown")  # passed on, it would end all other calls too
        except BaseException as error:  # noqa: BLE001 - the same; it is raised where the call is waited for
            self.error = error
        finally:
            self._ended.release()
            if self._interruption is not None:
                for tracker in self._trackers:
                    tracker.store_open_create(self._interruption)

    def cancel(self) -> None:
        """Cancel the call; on the event loop."""
        self._is_cancelled = True
        if self._scope is not None:
            self._scope.cancel()

    def wait(self, timeout: float = -1) -> bool:
        """Wait in another thread until the call has ended, and return whether it has."""
        has_ended = self._ended.acquire(timeout=timeout)
        if has_ended:
            self._ended.release()
        return has_ended

    def note_outcome(self, error: BaseException) -> None:
        """Note on what interrupts the wait for the call what is known of its outcome after the grace period."""
        if not self.is_handed_over:
            return
        self._interruption = error  # a call that ends later still adds what it knows to the open creates
        try:
            self.wait(GRACE_PERIOD)
        finally:  # Ctrl-C again
            if not self._has_begun:
                error.add_note(NOT_STARTED)
            for tracker in self._trackers:
                tracker.interrupted(error)

    def result(self) -> T:
        """Return what the call returned, or raise what it raised."""
        error, self.error = self.error, None
        if error is None:
            return self.value
        try:
            raise error
        finally:
            del error  # its traceback holds this frame: they would hold each other
