"""One long-lived event-loop thread a client, and the way into it and back."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import queue
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeVar, cast

import anyio
from anyio.from_thread import BlockingPortal

from cds_eks.errors import ConfigurationError, TransportError
from cds_eks.sync.closing import CLOSED

S = TypeVar("S")
T = TypeVar("T")

END_TIMEOUT = 2.0
"""How long `close` waits for the thread to end, in seconds."""

_END: Any = object()

_here = threading.local()
"""What lives on the loop of this thread, and what is set when the loop is to end."""


def is_ending() -> bool:
    """Whether the loop of this thread is to end, which cancels its calls."""
    return bool(_here.ending.is_set())


class Resident(Protocol):
    """What lives on a loop."""

    async def aclose(self) -> None:
        """Close all connections."""
        ...  # pragma: no cover - a protocol has no body


class Portal:
    """Runs async calls on its own event-loop thread and waits for them; for any number of threads.

    The thread starts with the first call, and ends when the portal is closed or garbage. It is a daemon that the end of
    the interpreter leaves alone: calls work until then, in `atexit` too. A forked child starts a thread of its own.

    Args:
        make: Makes what lives on the loop, on the loop's thread. It must not hold the portal.
    """

    def __init__(self, make: Callable[[], Resident]) -> None:
        self._make = make
        self._is_closed = False
        self._lock = threading.RLock()
        self._loop: _Loop | None = None
        _portals.add(self)

    def resident(self) -> Any:
        """Return what lives on the loop, to a call that runs there."""
        return _here.resident

    def call(self, start: Callable[[], Awaitable[T]]) -> T:
        """Run an async call, which `start` begins on the loop, and wait for its result. Ctrl-C cancels it."""
        return self._running().run(start)

    def call_reporting(
        self, start: Callable[[Callable[[S], None] | None], Awaitable[T]], on_change: Callable[[S], None] | None
    ) -> T:
        """Run an async call that reports changes; `on_change` hears of them in the thread that waits, and may raise."""
        if on_change is None:
            return self.call(lambda: start(None))
        changes: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def hear(future: Future[T]) -> None:
            future.add_done_callback(lambda _: changes.put(_END))
            while (change := changes.get()) is not _END:
                on_change(change)

        return self._running().run(lambda: start(changes.put), meanwhile=hear)

    def iterate(self, start: Callable[[], AsyncIterator[Sequence[T]]]) -> Iterator[T]:
        """Walk pages, each fetched on the loop; when the walk is dropped half-way, asyncio closes it there."""
        loop = self._running()
        pages: list[AsyncIterator[Sequence[T]]] = []

        async def step() -> Sequence[T]:
            if not pages:
                pages.append(start())
            return await anext(pages[0], _END)

        while (page := loop.run(step)) is not _END:
            yield from page

    def close(self) -> None:
        """End the loop and its thread; calls under way in other threads fail."""
        if self._loop is not None:
            self._loop.refuse_own_thread()
        with self._lock:
            self._is_closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.end()
            loop.thread.join(END_TIMEOUT)
            if loop.ended.done():
                loop.ended.result()

    def forget_parent(self) -> None:
        """Leave the parent's loop alone: this is the child of a fork, and the loop's thread is not in it."""
        self._lock = threading.RLock()  # the parent's may be held, by a thread that is not in the child either
        if self._loop is not None:
            self._loop.abandon()
            _abandoned.append(self._loop)
            self._loop = None

    def _running(self) -> _Loop:
        """Return the loop, which is started if need be."""
        with self._lock:
            if self._is_closed:
                raise ConfigurationError("the client is closed")
            if self._loop is None:
                loop = _Loop(self._make)
                weakref.finalize(self, loop.end).atexit = False
                self._loop = loop
            return self._loop


class _Loop:
    """An event loop on a thread of its own, and anyio's portal into it.

    It does not know its `Portal`, so that this can become garbage. And it runs anyio's `BlockingPortal` itself, because
    `start_blocking_portal`, when garbage, waits for its thread: in a forked child for ever.
    """

    def __init__(self, make: Callable[[], Resident]) -> None:
        self._lock = threading.RLock()
        self._refusal: str | None = None
        self._call_soon: Callable[[Callable[[], object]], object]
        started: Future[BlockingPortal] = Future()
        self.ended: Future[None] = Future()
        self.thread = threading.Thread(target=self._run, args=(make, started), name="cds-eks", daemon=True)
        try:
            self.thread.start()
            self._portal = started.result()
        except (OSError, RuntimeError) as error:
            raise TransportError(f"the client's thread can't be started ({error})", outcome="not_sent") from error

    def run(self, start: Callable[[], Awaitable[T]], meanwhile: Callable[[Future[Any]], None] | None = None) -> T:
        """Run an async call from another thread, which waits for its result, doing something `meanwhile` if need be."""
        self.refuse_own_thread()
        call = _Call(start)
        try:
            result = self._begun(call, meanwhile)
        except concurrent.futures.CancelledError:
            raise TransportError(CLOSED, outcome="unknown") from None
        except BaseException:
            if self._refusal is None:  # or else the loop cancels it by itself, or is not ours
                self._call_soon(call.cancel)  # of use when the wait, not the call, has failed
            raise
        if call.exit is not None:
            raise call.exit
        return result

    def _begun(self, call: _Call[T], meanwhile: Callable[[Future[Any]], None] | None) -> T:
        with self._lock:  # so that no call comes after the end, where nobody would answer it
            if self._refusal is not None:
                raise ConfigurationError(self._refusal)
            future = self._portal.start_task_soon(call)
        try:
            if meanwhile is not None:
                meanwhile(future)
            return future.result()
        finally:
            del future  # an error's traceback holds this frame: without this, error and future would hold each other

    def refuse_own_thread(self) -> None:
        """Raise on the loop's own thread, which can't wait for itself."""
        if threading.current_thread() is self.thread:
            raise RuntimeError(
                "a blocking call on the client's own event-loop thread (from a middleware, a signer or the like) "
                "would wait for itself for ever: use AsyncEksClient there"
            )

    def end(self) -> None:
        """Have the loop cancel its calls, and end. Waits for nothing: the garbage collector calls it on any thread."""
        with self._lock:
            if self._refusal is None:
                self._refusal = "the client is closed"
                self._call_soon(self._ending.set)

    def abandon(self) -> None:
        """Take no more calls, touch nothing: this is the parent's loop, seen from its child."""
        self._lock = threading.RLock()
        self._refusal = "what was begun before a fork can't go on in the child"

    def _run(self, make: Callable[[], Resident], started: Future[BlockingPortal]) -> None:
        try:
            anyio.run(self._live, make, started, backend="asyncio")
            self.ended.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised where the first call, or `close`, waits
            (self.ended if started.done() else started).set_exception(error)

    async def _live(self, make: Callable[[], Resident], started: Future[BlockingPortal]) -> None:
        self._call_soon = asyncio.get_running_loop().call_soon_threadsafe
        _here.ending = self._ending = anyio.Event()
        _here.resident = resident = make()
        async with BlockingPortal() as portal:
            started.set_result(portal)
            await self._ending.wait()
            await portal.stop(cancel_remaining=True)
        await resident.aclose()


class _Call(Generic[T]):
    """One call on the loop, which can be cancelled from the moment on that it is made."""

    def __init__(self, start: Callable[[], Awaitable[T]]) -> None:
        self._start = start
        self._scope: anyio.CancelScope | None = None
        self._is_cancelled = False
        self.exit: BaseException | None = None
        """What must not reach the portal, where it would end all other calls too."""

    async def __call__(self) -> T:
        with anyio.CancelScope() as self._scope:
            try:
                if not self._is_cancelled:
                    return await self._start()
            except (Exception, anyio.get_cancelled_exc_class()):
                raise
            except BaseException as error:  # noqa: BLE001 - raised where the call waits
                self.exit = error
        return cast("T", _END)  # nobody takes it: the call was cancelled, or `exit` is raised

    def cancel(self) -> None:
        """Cancel the call; runs on the loop."""
        self._is_cancelled = True
        if self._scope is not None:
            self._scope.cancel()


_portals: weakref.WeakSet[Portal] = weakref.WeakSet()
_abandoned: list[_Loop] = []
"""What a forked child inherits of its parent's loops. Kept for ever: to close it would reach into the parent's."""


def _after_fork_in_child() -> None:
    for portal in list(_portals):
        portal.forget_parent()


os.register_at_fork(after_in_child=_after_fork_in_child)
