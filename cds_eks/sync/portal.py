"""The way of blocking calls to the client's event loop and back."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from cds_eks._runtime import forks
from cds_eks.client.wiring import NOT_PICKLED
from cds_eks.errors import ConfigurationError, TransportError
from cds_eks.sync.event_loop_thread import AsyncClient, EventLoopThread
from cds_eks.sync.shutdown import CLOSED, refuse_at_interpreter_exit

T = TypeVar("T")

_END: Any = object()


class Portal:
    """Runs async calls on an event loop thread of its own and waits for them; for any number of threads.

    The thread starts with the first call, and ends when the portal is closed or garbage. A forked child starts a thread
    of its own.

    Args:
        make_client: Makes the async client that the calls use, on the event loop. It must not hold the portal.
    """

    def __init__(self, make_client: Callable[[], AsyncClient]) -> None:
        self._make_client = make_client
        self._is_closed = False
        self._lock = forks.Lock()
        self._loop_thread: EventLoopThread | None = None
        self._start: _Start | None = None

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"EksClient {NOT_PICKLED}")  # a method of a group was pickled, to be called in a pool, say

    def call(self, start: Callable[[], Awaitable[T]], meanwhile: Callable[[], None] | None = None) -> T:
        """Run an async call and wait for its result. Ctrl-C cancels it.

        Args:
            start: Begins the call, on the event loop.
            meanwhile: Runs in this thread before it waits; may raise, which cancels the call.
        """
        return self.loop_thread().call(start, meanwhile)

    def iterate(self, start: Callable[[], AsyncIterator[Sequence[T]]]) -> Iterator[T]:
        """Yield the entries of pages, each fetched on the event loop, which closes an iteration that is dropped."""
        loop_thread = self.loop_thread()
        pages: list[AsyncIterator[Sequence[T]]] = []

        async def fetch() -> Sequence[T]:
            if not pages:
                pages.append(start())
            return await anext(pages[0], _END)

        while (page := loop_thread.call(fetch)) is not _END:
            yield from page

    def close(self) -> None:
        """Stop the event loop and its thread; calls under way in other threads fail."""
        if self._loop_thread is not None:
            self._loop_thread.refuse_own_thread()
        if sys.is_finalizing():  # the thread stands still, and may hold locks
            return
        with self._lock.of_this_process():
            self._is_closed = True
            loop_thread, self._loop_thread = self._loop_thread, None
        if loop_thread is not None:
            loop_thread.stop()
            loop_thread.join()

    def loop_thread(self) -> EventLoopThread:
        """Return the event loop thread of this process, which is started if need be."""
        refuse_at_interpreter_exit()
        while True:
            # Threads wait here for a start under way; greenlets of one thread all come in.
            with self._lock.of_this_process():
                if self._is_closed:
                    raise ConfigurationError("the client is closed")
                if self._loop_thread is not None and not self._loop_thread.is_of_this_process():
                    self._loop_thread.stop()
                    self._loop_thread = None
                if self._loop_thread is not None:
                    return self._loop_thread
                start = self._start
                if start is None or start.is_own():  # its own if a signal handler comes between
                    return self._started()
            start.wait()

    def _started(self) -> EventLoopThread:
        """Start the event loop thread and return it; or that of a signal handler that came between, and made a call."""
        loop_thread = EventLoopThread()
        start, interrupted = _Start(loop_thread), self._start
        with start.is_under_way:
            try:
                self._start = start
                loop_thread.start(self._make_client)
                try:
                    weakref.finalize(self, loop_thread.stop).atexit = False
                    if self._is_closed:  # by another greenlet, or by a signal handler
                        raise TransportError(CLOSED, outcome="not_sent")
                    self._loop_thread = self._loop_thread or loop_thread
                    if self._loop_thread is not loop_thread:
                        loop_thread.stop()
                except BaseException:  # Ctrl-C
                    loop_thread.stop()
                    raise
                start.has_failed = False
                return self._loop_thread
            finally:
                self._start = interrupted


class _Start:
    """A start that is under way, for which the other greenlets of its thread wait.

    With threading patched by gevent or eventlet, the thread that is started is a greenlet too: while its start is
    waited for others run, and may make their first calls.

    Args:
        loop_thread: What is started.

    Attributes:
        is_under_way: Held while it is.
        has_failed: Whether there is no event loop when it has ended.
    """

    def __init__(self, loop_thread: EventLoopThread) -> None:
        self._loop_thread = loop_thread
        self._starter = threading.get_ident()  # a greenlet's own, once that is patched
        self.is_under_way = threading.Lock()
        self.has_failed: bool = True

    def is_own(self) -> bool:
        """Whether it is this greenlet's, or that of the parent of a forked child: then there is nobody to wait for."""
        return self._starter == threading.get_ident() or not self._loop_thread.is_of_this_process()

    def wait(self) -> None:
        """Wait in another greenlet until it has ended; if it has failed, until its greenlet has ended as well."""
        self._loop_thread.refuse_own_thread()
        with self.is_under_way:
            pass
        if self.has_failed:
            self._loop_thread.wait_for_end()
