"""Connections in plain on asyncio and uvloop: quicker than waiting for a bare socket anew each time.

The event loop watches the socket for as long as the connection lasts, and a timer fires now and then, not for each
answer. Both live in a context of their own, which is empty: what lasts would keep what the call that began it had in
its own, the objects of an application's request, say.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import math
import socket

from cds_eks._runtime import clocks
from cds_eks._runtime.semaphore import EARLY
from cds_eks.backend.sockets import TimedOut, asyncio_loop
from cds_eks.backend.streams import PlainStream, TimeLimits


def plain_stream(connected: socket.socket) -> PlainStream:
    """Return a stream over a socket, as the event loop that runs has it quickest."""
    loop = asyncio_loop()
    if loop is not None:
        with contextlib.suppress(NotImplementedError):  # Windows' own event loop watches no sockets
            return AsyncioStream(connected, loop)
    return PlainStream(connected)


class AsyncioStream(PlainStream):
    """A connection whose socket an event loop watches.

    Args:
        socket: The socket, connected.
        loop: The event loop.
    """

    def __init__(self, socket: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(socket)
        self._loop = loop
        self._context = contextvars.Context()
        self._held: bytes | None = None  # has been read, and not received yet
        self._problem: str | None = None  # what reading came to
        self._waiter: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when it fires
        self._until = math.inf  # when the time is up
        self._is_watched = False
        self._tells_again = isinstance(loop, asyncio.SelectorEventLoop)  # of what has not been read yet
        self._may_be_deaf = False  # was told of something since it was idle, and may not be told of more
        self._watch()

    def is_idle(self) -> bool:
        """See `Stream`."""
        is_idle = self._held is None and self._problem is None and super().is_idle()
        self._may_be_deaf = self._may_be_deaf and not is_idle
        return is_idle

    async def receive(self, time_limits: TimeLimits) -> bytes:
        """See `Stream`."""
        if self._may_be_deaf and self._held is None and self._problem is None:
            # uvloop tells only once of a connection that was reset, though what came before that can be read as well.
            await asyncio.sleep(0)
            self._take()
        if self._held is None and self._problem is None:
            self._watch()
            self._waiter = waiter = self._loop.create_future()
            self._give_until(time_limits.until)
            try:
                if not await waiter:
                    await asyncio.sleep(0)  # a cancellation that has come in the same round goes before
                    raise TimedOut
            finally:
                self._waiter = None
        data = self.receive_now()
        assert data is not None
        return data

    def receive_now(self) -> bytes | None:
        """See `Stream`."""
        if self._problem is not None:
            raise OSError(self._problem)
        data = self._held
        if data is None:
            return super().receive_now()
        if data:  # an end stays one
            self._held = None
        return data

    def close(self) -> None:
        """See `Stream`. It may be called on any thread, and when the event loop has ended."""
        with contextlib.suppress(RuntimeError):  # it has been closed
            if self._loop.is_running() and not _runs_here(self._loop):
                self._loop.call_soon_threadsafe(self._close, context=self._context)
                return
        self._close()

    def _close(self) -> None:
        if not self._loop.is_closed():
            self._unwatch()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        self._problem = "it is closed"
        super().close()

    def _watch(self) -> None:
        if not self._is_watched:
            self._context.run(self._loop.add_reader, self.socket.fileno(), self._read)
            self._is_watched = True

    def _unwatch(self) -> None:
        if self._is_watched:
            self._is_watched = False
            self._loop.remove_reader(self.socket.fileno())

    def _read(self) -> None:
        """Read for whoever waits. If nobody does, what has come stays with the system."""
        waiter = self._waiter
        if waiter is None:
            self._unwatch()
        elif not waiter.done() and self._take():
            waiter.set_result(True)

    def _take(self) -> bool:
        """Read what has come, if anything has; return whether it has."""
        try:
            self._held = super().receive_now()
        except OSError as error:
            self._problem = str(error)
        has_come = self._held is not None or self._problem is not None
        if has_come and not self._held:
            self._unwatch()
        self._may_be_deaf = has_come and not self._tells_again
        return has_come

    def _give_until(self, until: float) -> None:
        self._until = until
        if until < (self._due if self._timer is not None else math.inf):
            if self._timer is not None:
                self._timer.cancel()
            self._due = until
            self._timer = self._loop.call_later(max(until - clocks.monotonic(), 0), self._look, context=self._context)

    def _look(self) -> None:
        """Look whether the time is up."""
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._until > clocks.monotonic() + EARLY:
            self._give_until(self._until)
            return
        self._read()  # a loop that stood still hears of the time first
        if not self._waiter.done():
            self._waiter.set_result(False)


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
