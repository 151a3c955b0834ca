"""An event loop on a thread of its own, which runs calls for other threads.

It does what anyio's `BlockingPortal` does, but hands calls over in its own way. `BlockingPortal.start_task_soon` waits
until the loop has taken the call, so that each call switches threads twice as often; if Ctrl-C comes in that wait,
nobody has the future with which the call could be cancelled; and a call that comes while the portal ends may wait for
ever, unless a lock is held meanwhile. By `python -m benchmarks.handover` it takes about 1.5 times as long as here, and
twice as long with the lock. With the lock, 16 threads made 2.4 times as many calls per second over the native backend
as with `requests`, and here 4.6 times as many (`python -m benchmarks --only sync`).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

import anyio

try:
    import sniffio
except ImportError:  # pragma: no cover - anyio does without it as well
    sniffio = None  # type: ignore[assignment]

from cds_eks._runtime import forks, loading
from cds_eks._runtime.loops import new_loop
from cds_eks._runtime.private_names import ANYIO_ASYNCIO_BACKEND
from cds_eks.errors import ConfigurationError, TransportError
from cds_eks.sync.call import Call
from cds_eks.sync.shutdown import refuse_at_interpreter_exit

T = TypeVar("T")

JOIN_TIMEOUT = 2.0
"""How long `join` waits for the thread to end, in seconds."""


class AsyncClient(Protocol):
    """What the calls use: an `AsyncEksClient`."""

    async def aclose(self) -> None:
        """Close all connections."""
        ...  # pragma: no cover - a protocol has no body


class _Current(threading.local):
    """What belongs to the event loop of this thread."""

    client: AsyncClient
    is_stopping: anyio.Event


_current = _Current()


def current_client() -> Any:
    """Return the async client of the event loop that runs this."""
    return _current.client


def is_stopping() -> bool:
    """Whether the event loop that runs this is to stop, and so cancels its calls."""
    return _current.is_stopping.is_set()


class EventLoopThread:
    """Makes the async client that its calls use, runs calls, and cancels those that are left when it is stopped.

    The thread is a daemon which the end of the interpreter leaves alone, so that calls work in `atexit` too. It does
    not know its `Portal`, so that this can become garbage.

    Attributes:
        thread: The thread, from when it is about to start.
    """

    def __init__(self) -> None:
        self._process = forks.process()
        self._lock = threading.RLock()
        self._refusal: str | None = None
        self._ended: Future[None] = Future()
        self.loop: asyncio.AbstractEventLoop
        self.thread: threading.Thread | None = None

    def start(self, make_client: Callable[[], AsyncClient]) -> None:
        """Start the thread, and wait until calls can come. It is started once.

        Args:
            make_client: Makes the async client, on the event loop.

        Raises:
            ConfigurationError: It can't be started here.
            TransportError: The thread can't be started.
        """
        _refuse_while_loading()
        with loading.in_progress, forks.first_use.of_this_process(), contextlib.suppress(ImportError):
            importlib.import_module(ANYIO_ASYNCIO_BACKEND)  # or else the thread would, and a fork could come then
        started: Future[None] = Future()
        try:
            self.thread = threading.Thread(target=self._run, args=(make_client, started), name="cds-eks", daemon=True)
            self.thread.start()
            started.result()
        except (OSError, RuntimeError) as error:
            raise TransportError(f"the client's thread can't be started ({error})", outcome="not_sent") from error
        except BaseException:  # Ctrl-C: nobody will have this thread, so it ends as soon as it has started
            started.add_done_callback(lambda made: self.stop() if made.exception() is None else None)
            raise

    def call(self, start: Callable[[], Awaitable[T]], meanwhile: Callable[[], None] | None = None) -> T:
        """Run an async call from another thread, which waits for its result.

        Args:
            start: Begins the call, on the event loop.
            meanwhile: Runs in the thread that waits, before it waits.
        """
        self.refuse_own_thread()
        refuse_at_interpreter_exit()
        if not self.is_of_this_process():
            raise ConfigurationError("what was begun before a fork can't go on in the child")
        _refuse_while_loading()
        call = Call(start)
        try:
            with self._lock:  # so that no call comes after the end, where nobody would answer it
                if self._refusal is not None:
                    raise ConfigurationError(self._refusal)
                call.is_handed_over = True
                self.loop.call_soon_threadsafe(self._calls.start_soon, call)
            if meanwhile is not None:
                meanwhile()
            call.wait()
            if call.error is None:  # no signal comes between here and the caller's next step
                return call.value
        except BaseException as error:
            if self._refusal is None:  # or else the loop cancels it by itself, or is not ours
                self.loop.call_soon_threadsafe(call.cancel)
            call.note_outcome(error)
            raise
        return call.result()

    def refuse_own_thread(self) -> None:
        """Raise on the event loop's own thread, which can't wait for itself."""
        if threading.current_thread() is self.thread:
            raise RuntimeError(
                "a blocking call on the client's own event-loop thread (from a middleware, a signer or the like) "
                "would wait for itself for ever: use AsyncEksClient there"
            )

    def is_of_this_process(self) -> bool:
        """Whether it is not the parent's, seen from a forked child, in which its thread does not run."""
        return self._process == forks.process()

    def stop(self) -> None:
        """Have the loop cancel its calls and end. Waits for nothing: the garbage collector calls it on any thread."""
        if not self.is_of_this_process():
            _inherited.append(self)
            return
        if sys.is_finalizing():  # the thread stands still, and may hold the lock
            return
        with self._lock:
            if self._refusal is None:
                self._refusal = "the client is closed"
                self.loop.call_soon_threadsafe(self._is_stopping.set)

    def join(self) -> None:
        """Wait for the thread to end, though not for ever, and raise what closing the async client raised."""
        if self.is_of_this_process():
            self.wait_for_end()
            if self._ended.done():
                self._ended.result()

    def wait_for_end(self) -> None:
        """Wait for the thread to end, though not for ever, if it runs at all."""
        if self.thread is not None and self.thread.is_alive():
            self.thread.join(JOIN_TIMEOUT)

    def _run(self, make_client: Callable[[], AsyncClient], started: Future[None]) -> None:
        try:
            _refuse_shared_thread()
            anyio.run(self._main, make_client, started, backend="asyncio", backend_options={"loop_factory": new_loop})
            self._ended.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised where the first call, or `join`, waits
            (self._ended if started.done() else started).set_exception(error)

    async def _main(self, make_client: Callable[[], AsyncClient], started: Future[None]) -> None:
        self.loop = asyncio.get_running_loop()
        if sniffio is not None:
            sniffio.thread_local.name = "asyncio"  # whatever library the context of a caller speaks of
        _current.is_stopping = self._is_stopping = anyio.Event()
        _current.client = client = make_client()
        async with anyio.create_task_group() as self._calls:
            started.set_result(None)
            await self._is_stopping.wait()
            self._calls.cancel_scope.cancel()
        await client.aclose()


def _refuse_while_loading() -> None:
    """Raise in a signal handler that interrupts an import of ours: the event loop would wait for the import's lock."""
    if loading.in_progress:
        raise ConfigurationError(
            "a blocking call from a signal handler would wait for ever for what its thread was loading when the signal "
            "came: have the handler set a flag, or make a first call before signals come"
        )


def _refuse_shared_thread() -> None:
    """Raise when a thread that has just started runs an event loop already: it is a greenlet, beside another one's."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        raise ConfigurationError(
            "gevent or eventlet has patched threading, so that this client's event loop would share a thread with one "
            "that runs already, of another client or your own: share one client, make its first call outside of an "
            "event loop, or leave threading as it is (`thread=False`)"
        )


_inherited: list[EventLoopThread] = []
"""The parent's, which a forked child has dropped. Kept for ever: to close a loop would reach into the parent's."""
