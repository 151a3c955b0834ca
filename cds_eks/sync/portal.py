"""One long-lived event-loop thread a client, and the way into it and back."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import queue
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, NoReturn, Protocol, TypeVar

import anyio

try:
    import sniffio
except ImportError:  # pragma: no cover - anyio does without it as well
    sniffio = None  # type: ignore[assignment]

from cds_eks._runtime import forks, loading
from cds_eks._runtime.loops import new_loop
from cds_eks.client.async_client import NOT_PICKLED
from cds_eks.errors import ConfigurationError, TransportError
from cds_eks.sync.call import Call

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
        self._lock = forks.Lock()
        self._loop: _Loop | None = None

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"EksClient {NOT_PICKLED}")  # a method of a group was pickled, to be called in a pool, say

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

        async def reporting() -> T:
            try:
                return await start(changes.put)
            finally:
                changes.put(_END)

        def hear() -> None:
            while (change := changes.get()) is not _END:
                on_change(change)

        return self._running().run(reporting, meanwhile=hear)

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
        if sys.is_finalizing():  # the thread stands still, and may hold locks
            return
        with self._lock.here():
            self._is_closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.end()
        if loop is not None and loop.is_of_this_process():
            loop.thread.join(END_TIMEOUT)
            if loop.ended.done():
                loop.ended.result()

    def _running(self) -> _Loop:
        """Return the loop, which is started if need be."""
        refuse_at_the_end()
        with self._lock.here():
            if self._is_closed:
                raise ConfigurationError("the client is closed")
            if self._loop is not None and not self._loop.is_of_this_process():
                self._loop.end()
                self._loop = None
            if self._loop is None:
                loop = _Loop(self._make)
                try:
                    weakref.finalize(self, loop.end).atexit = False
                    self._loop = self._loop or loop
                    if self._loop is not loop:  # a signal handler came between, and made a call
                        loop.end()
                except BaseException:  # Ctrl-C
                    loop.end()
                    raise
            return self._loop


def _refuse_while_loading() -> None:
    if loading.here:
        raise ConfigurationError(
            "a blocking call from a signal handler would wait for ever for what its thread was loading when the signal "
            "came: have the handler set a flag, or make a first call before signals come"
        )


def refuse_at_the_end() -> None:
    """Raise when the interpreter is at its very end, in a `__del__` say: no thread but this one runs any more.

    Raises:
        TransportError: So it is.
    """
    if sys.is_finalizing():
        raise TransportError("the interpreter is shutting down: no more calls can be made", outcome="not_sent")


class _Loop:
    """An event loop on a thread of its own, and a task group that holds its calls.

    It does not know its `Portal`, so that this can become garbage. And it is not anyio's `BlockingPortal`, whose calls
    wait for the loop twice, first until they have begun: going from thread to thread is most of what they cost.
    """

    def __init__(self, make: Callable[[], Resident]) -> None:
        _refuse_while_loading()
        with loading.here, forks.first_use.here(), contextlib.suppress(ImportError):
            importlib.import_module("anyio._backends._asyncio")  # or else the thread would, and a fork could come then
        self._process = forks.process()
        self._lock = threading.RLock()
        self._refusal: str | None = None
        self._call_soon: Callable[..., object]
        started: Future[None] = Future()
        self.ended: Future[None] = Future()
        try:
            self.thread = threading.Thread(target=self._run, args=(make, started), name="cds-eks", daemon=True)
            self.thread.start()
            started.result()
        except (OSError, RuntimeError) as error:
            raise TransportError(f"the client's thread can't be started ({error})", outcome="not_sent") from error
        except BaseException:  # Ctrl-C: nobody will have this loop, so it ends as soon as it has started
            started.add_done_callback(lambda made: self.end() if made.exception() is None else None)
            raise

    def run(self, start: Callable[[], Awaitable[T]], meanwhile: Callable[[], None] | None = None) -> T:
        """Run an async call from another thread, which waits for its result, doing something `meanwhile` if need be."""
        self.refuse_own_thread()
        refuse_at_the_end()
        if not self.is_of_this_process():
            raise ConfigurationError("what was begun before a fork can't go on in the child")
        _refuse_while_loading()
        call = Call(start)
        try:
            with self._lock:  # so that no call comes after the end, where nobody would answer it
                if self._refusal is not None:
                    raise ConfigurationError(self._refusal)
                call.is_given = True
                self._call_soon(self._calls.start_soon, call)
            if meanwhile is not None:
                meanwhile()
            call.wait()
            if call.error is None:  # no signal comes between here and the caller's next step
                return call.value
        except BaseException as error:
            if self._refusal is None:  # or else the loop cancels it by itself, or is not ours
                self._call_soon(call.cancel)
            call.tell(error)
            raise
        return call.result()

    def refuse_own_thread(self) -> None:
        """Raise on the loop's own thread, which can't wait for itself."""
        if threading.current_thread() is self.thread:
            raise RuntimeError(
                "a blocking call on the client's own event-loop thread (from a middleware, a signer or the like) "
                "would wait for itself for ever: use AsyncEksClient there"
            )

    def is_of_this_process(self) -> bool:
        """Whether it is not the parent's, seen from a forked child, in which its thread does not run."""
        return self._process == forks.process()

    def end(self) -> None:
        """Have the loop cancel its calls, and end. Waits for nothing: the garbage collector calls it on any thread."""
        if not self.is_of_this_process():
            _abandoned.append(self)
            return
        if sys.is_finalizing():  # the thread stands still, and may hold the lock
            return
        with self._lock:
            if self._refusal is None:
                self._refusal = "the client is closed"
                self._call_soon(self._ending.set)

    def _run(self, make: Callable[[], Resident], started: Future[None]) -> None:
        try:
            _refuse_a_thread_with_a_loop()
            anyio.run(self._live, make, started, backend="asyncio", backend_options={"loop_factory": new_loop})
            self.ended.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised where the first call, or `close`, waits
            (self.ended if started.done() else started).set_exception(error)

    async def _live(self, make: Callable[[], Resident], started: Future[None]) -> None:
        self._call_soon = asyncio.get_running_loop().call_soon_threadsafe
        if sniffio is not None:
            sniffio.thread_local.name = "asyncio"  # whatever loop the context of a caller speaks of
        _here.ending = self._ending = anyio.Event()
        _here.resident = resident = make()
        async with anyio.create_task_group() as self._calls:
            started.set_result(None)
            await self._ending.wait()
            self._calls.cancel_scope.cancel()
        await resident.aclose()


def _refuse_a_thread_with_a_loop() -> None:
    """Raise when a thread that has just started runs an event loop already: it is none, but a greenlet."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise ConfigurationError(
            "gevent or eventlet has patched threading, so that the event loops of two clients would share a thread: "
            "share one client, or leave threading as it is (`thread=False`)"
        )


_abandoned: list[_Loop] = []
"""What a forked child inherits of its parent's loops. Kept for ever: to close it would reach into the parent's."""
