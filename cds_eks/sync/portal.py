"""One long-lived event-loop thread a client, and the way into it and back."""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import os
import queue
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from cds_eks.errors import ConfigurationError, TransportError

S = TypeVar("S")
T = TypeVar("T")

EXIT_TIMEOUT = 2.0
"""How long the end of the interpreter waits for a loop to end, in seconds."""

_END: Any = object()

_portals: weakref.WeakSet[Portal] = weakref.WeakSet()
_abandoned: list[object] = []
"""What a forked child inherits of its parent's loops. Kept for ever: to close it would reach into the parent's."""


class Portal:
    """Runs async calls on its own event-loop thread and waits for them; for any number of threads.

    The thread starts with the first call. A forked child starts one of its own.

    Args:
        on_fork: Called in a forked child, where nothing of the parent's loop may be used any more.
    """

    def __init__(self, on_fork: Callable[[], None]) -> None:
        self._on_fork = on_fork
        self._is_closed = False
        self._reset()
        _portals.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._loop: contextlib.AbstractContextManager[BlockingPortal] | None = None
        self._portal: BlockingPortal | None = None
        self._thread_id: int | None = None

    def forget_parent(self) -> None:
        """Leave the parent's loop alone: this is the child of a fork."""
        _abandoned.append((self._loop, self._portal))
        self._reset()
        self._on_fork()

    def _running(self) -> BlockingPortal:
        """Return the portal into the loop, which is started if need be."""
        if self._thread_id == threading.get_ident():
            raise RuntimeError(
                "a blocking call on the client's own event-loop thread (from a middleware, a signer or the like) "
                "would wait for itself for ever: use AsyncEksClient there"
            )
        with self._lock:
            if self._is_closed:
                raise ConfigurationError("the client is closed")
            if self._portal is None:
                self._loop = start_blocking_portal("asyncio", name="cds-eks")
                self._portal = self._loop.__enter__()
                self._thread_id = self._portal.call(threading.get_ident)
            return self._portal

    def call(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run an async call and wait for its result. An interrupt (Ctrl-C) cancels it.

        Args:
            start: Begins the call; runs on the loop's thread.
        """
        return _result(self._running().start_task_soon(_awaited, start))

    def call_reporting(
        self, start: Callable[[Callable[[S], None] | None], Awaitable[T]], on_change: Callable[[S], None] | None
    ) -> T:
        """Run an async call that reports changes; `on_change` hears of them in the thread that waits.

        Args:
            start: Begins the call, given what to report to.
            on_change: Hears of each change; what it raises ends the call.
        """
        if on_change is None:
            return self.call(lambda: start(None))
        changes: queue.SimpleQueue[Any] = queue.SimpleQueue()
        future = self._running().start_task_soon(_awaited, lambda: start(changes.put))
        future.add_done_callback(lambda _: changes.put(_END))
        try:
            while (change := changes.get()) is not _END:
                on_change(change)
        except BaseException:
            future.cancel()
            raise
        return _result(future)

    def iterate(self, start: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
        """Walk an async iterator, each step on the loop.

        Args:
            start: Makes the iterator.
        """
        entries = start()
        try:
            while (entry := self.call(lambda: anext(entries, _END))) is not _END:
                yield entry
        finally:
            aclose = getattr(entries, "aclose", None)
            if aclose is not None and not self._is_closed:
                self.call(aclose)

    def close(self, finish: Callable[[], Awaitable[None]]) -> None:
        """End the loop and its thread; calls under way in other threads fail.

        Args:
            finish: Runs on the loop before it ends.
        """
        with self._lock:
            self._is_closed = True
            loop, portal = self._loop, self._portal
            self._loop = self._portal = None
        if loop is None or portal is None:
            return
        try:
            portal.call(_awaited, finish)
        finally:
            with contextlib.suppress(RuntimeError):
                portal.call(portal.stop, True)
            loop.__exit__(None, None, None)

    def end(self) -> None:
        """End the loop within a bounded time, whatever is under way: the interpreter ends, or the client is gone."""
        self._is_closed = True
        portal = self._portal
        if portal is not None:
            with contextlib.suppress(RuntimeError, concurrent.futures.TimeoutError):
                portal.start_task_soon(portal.stop, True).result(EXIT_TIMEOUT)


async def _awaited(start: Callable[[], Awaitable[T]]) -> T:
    return await start()


def _result(future: concurrent.futures.Future[T]) -> T:
    try:
        return future.result()
    except concurrent.futures.CancelledError:
        raise TransportError("the client was closed while the call was under way", outcome="unknown") from None
    except BaseException:
        future.cancel()  # of use when the wait, not the call, was interrupted
        raise


def _after_fork_in_child() -> None:
    for portal in list(_portals):
        portal.forget_parent()


def _end_all() -> None:
    for portal in list(_portals):
        portal.end()


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_end_all)
