"""The way of blocking calls to the client's event loop and back."""

from __future__ import annotations

import sys
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from cds_eks._runtime import forks
from cds_eks.client.async_client import NOT_PICKLED
from cds_eks.errors import ConfigurationError
from cds_eks.sync.event_loop_thread import AsyncClient, EventLoopThread
from cds_eks.sync.shutdown import refuse_at_interpreter_exit

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
        with self._lock.of_this_process():
            if self._is_closed:
                raise ConfigurationError("the client is closed")
            if self._loop_thread is not None and not self._loop_thread.is_of_this_process():
                self._loop_thread.stop()
                self._loop_thread = None
            if self._loop_thread is None:
                started = EventLoopThread(self._make_client)
                try:
                    weakref.finalize(self, started.stop).atexit = False
                    self._loop_thread = self._loop_thread or started
                    if self._loop_thread is not started:  # a signal handler came between, and made a call
                        started.stop()
                except BaseException:  # Ctrl-C
                    started.stop()
                    raise
            return self._loop_thread
