"""The way to the event loop and back, without a client: what is hard to see from outside."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import anyio
import anyio._core._eventloop
import anyio.lowlevel
import pytest
import sniffio

from cds_eks._runtime import forks
from cds_eks.errors import ConfigurationError, TransportError
from cds_eks.sync import event_loop_thread
from cds_eks.sync import portal as portal_module
from cds_eks.sync.call import Call
from cds_eks.sync.portal import Portal
from support.eventually import EVENT_TIMEOUT, until
from support.forked_child import pass_for_child
from sync.processes import loop_threads


class FakeClient:
    """Notes when it is closed."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def aclose(self) -> None:
        self.log.append("closed")


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def portal(log: list[str]) -> Iterator[Portal]:
    portal = Portal(lambda: FakeClient(log))
    yield portal
    portal.close()


async def nothing() -> None:
    """Be a call."""


async def forever() -> None:
    await asyncio.sleep(60)


def test_the_async_client_is_made_and_closed_on_the_event_loop(portal: Portal, log: list[str]) -> None:
    made_on: list[str] = []

    def make() -> FakeClient:
        made_on.append(threading.current_thread().name)
        return FakeClient(log)

    own = Portal(make)

    async def look() -> object:
        return event_loop_thread.current_client()

    assert type(own.call(look)) is FakeClient
    assert own.call(look) is own.call(look)
    own.close()
    assert (made_on, log) == (["cds-eks"], ["closed"])


def test_an_error_of_making_it_comes_out_of_each_call_and_leaves_no_thread(log: list[str]) -> None:
    errors = iter([ConfigurationError("not yet"), ValueError("a bug")])

    def make() -> FakeClient:
        for error in errors:
            raise error
        return FakeClient(log)

    portal = Portal(make)
    for kind in (ConfigurationError, ValueError):
        with pytest.raises(kind):
            portal.call(nothing)
        until(lambda: not loop_threads())
    portal.call(nothing)
    portal.close()


def tasks(portal: Portal) -> int:
    """How many tasks run on the portal's loop, its own included."""
    return len(asyncio.all_tasks(portal.loop_thread().loop))


def test_a_call_that_was_cancelled_before_it_began_never_begins(portal: Portal) -> None:
    begun: list[str] = []

    async def begin() -> None:
        begun.append("begun")

    call = Call(begin)
    call.cancel()
    portal.call(call)
    assert begun == []


def test_a_call_whose_wait_was_interrupted_is_cancelled_and_what_it_then_raises_is_dropped(portal: Portal) -> None:
    fates: list[str] = []

    async def stubborn(ending: str) -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            fates.append(ending)
            if ending == "raises":
                raise ValueError("nobody waits for this") from None
            if ending == "cancelled":
                raise

    def interrupt() -> None:
        until(lambda: tasks(portal) == 2)
        raise KeyboardInterrupt

    for ending in ("raises", "cancelled", "returns"):
        with pytest.raises(KeyboardInterrupt):
            portal.loop_thread().call(lambda ending=ending: stubborn(ending), meanwhile=interrupt)  # type: ignore[misc]
        until(lambda: tasks(portal) == 1)
    assert fates == ["raises", "cancelled", "returns"]
    portal.call(nothing)


def test_an_interrupt_of_a_call_whose_portal_was_closed_meanwhile_comes_out(portal: Portal) -> None:
    def interrupt() -> None:
        portal.close()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        portal.loop_thread().call(forever, meanwhile=interrupt)
    until(lambda: not loop_threads())


@pytest.mark.parametrize("outer", ["asyncio", "trio"])
def test_a_call_from_inside_of_another_event_loop_finds_asyncio(portal: Portal, outer: str) -> None:
    async def library() -> str:
        await anyio.lowlevel.checkpoint()
        return sniffio.current_async_library()

    async def call() -> str:
        sniffio.current_async_library_cvar.set(outer)
        return portal.call(library)

    assert anyio.run(call, backend=outer) == "asyncio"


def test_calls_are_carried_out_without_sniffio_as_well(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop_thread, "sniffio", None)
    monkeypatch.setattr(anyio._core._eventloop, "sniffio", None)
    portal.call(nothing)


def test_what_a_call_raises_is_not_kept_alive_by_itself(portal: Portal) -> None:
    class Broken(Exception):
        pass

    async def fail() -> None:
        raise Broken

    gc.disable()
    try:
        with pytest.raises(Broken) as caught:
            portal.call(fail)
        watched = weakref.ref(caught.value)
        del caught
        until(lambda: watched() is None)
    finally:
        gc.enable()


def test_a_portal_that_becomes_garbage_on_its_own_loop_s_thread_ends_without_waiting_for_itself(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop_thread, "JOIN_TIMEOUT", 2 * EVENT_TIMEOUT)
    holder = [Portal(lambda: FakeClient(log))]
    holder[0].call(nothing)
    loop = holder[0].loop_thread().loop
    watched = weakref.ref(holder[0])
    loop.call_soon_threadsafe(holder.clear)
    until(lambda: not loop_threads())
    assert watched() is None
    assert log == ["closed"]


def test_close_does_not_wait_for_ever_for_a_call_that_will_not_be_cancelled(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop_thread, "JOIN_TIMEOUT", 0.1)
    release, is_stuck = threading.Event(), threading.Event()

    async def stuck() -> None:
        is_stuck.set()
        release.wait(EVENT_TIMEOUT)  # blocks the loop

    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(portal.call, stuck)
        assert is_stuck.wait(EVENT_TIMEOUT)
        begin = time.monotonic()
        portal.close()
        assert time.monotonic() - begin < EVENT_TIMEOUT / 2
        assert len(loop_threads()) == 1
        release.set()
        call.result(EVENT_TIMEOUT)
    until(lambda: not loop_threads())


def test_a_signal_handler_may_call_and_close_wherever_it_strikes(log: list[str]) -> None:
    """It runs on the thread that it interrupts, which may hold the locks."""
    portal = Portal(lambda: FakeClient(log))
    with portal._lock.of_this_process(), portal.loop_thread()._lock:
        portal.call(nothing)
        portal.close()
    with pytest.raises(ConfigurationError):
        portal.call(nothing)


# --- the child's side of a fork, seen in this process (the real thing is in test_fork.py)


@pytest.fixture
def fork(log: list[str]) -> Iterator[Callable[[], None]]:
    """What makes this process pass for another one, as in a fork that Python has not seen."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda: pass_for_child(patch)
        for portal in [found for found in gc.get_objects() if isinstance(found, Portal)]:
            portal.close()  # the child's
    for loop_thread in list(event_loop_thread._inherited):
        loop_thread.stop()
    event_loop_thread._inherited.clear()


def test_a_child_starts_a_loop_of_its_own_even_if_the_locks_are_held(portal: Portal, fork: Callable[[], None]) -> None:
    portal.call(nothing)
    before = portal.loop_thread()
    is_held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with portal._lock.of_this_process(), before._lock:
            is_held.set()
            release.wait(EVENT_TIMEOUT)

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(EVENT_TIMEOUT)
    fork()
    assert loop_threads() == {before.thread}
    portal.call(nothing)
    assert portal.loop_thread() is not before
    release.set()
    holder.join(EVENT_TIMEOUT)


def test_what_was_begun_before_a_fork_can_not_go_on_in_the_child(portal: Portal, fork: Callable[[], None]) -> None:
    async def count() -> AsyncIterator[list[int]]:
        for number in range(9):
            yield [number]

    numbers = portal.iterate(count)
    assert next(numbers) == 0
    fork()
    with pytest.raises(ConfigurationError, match="what was begun before a fork can't go on in the child"):
        next(numbers)


@pytest.mark.parametrize("state", ["unused", "used", "closed"])
def test_a_child_may_close_what_it_never_used(log: list[str], state: str, fork: Callable[[], None]) -> None:
    portal = Portal(lambda: FakeClient(log))
    if state != "unused":
        portal.call(nothing)
    if state == "closed":
        portal.close()
    closed = list(log)
    fork()
    portal.close()
    assert log == closed
    with pytest.raises(ConfigurationError, match="the client is closed"):
        portal.call(nothing)


def test_a_child_that_drops_its_parent_s_portal_touches_nothing_of_the_parent_s(
    log: list[str], fork: Callable[[], None]
) -> None:
    portal = Portal(lambda: FakeClient(log))
    portal.call(nothing)
    loop_thread = portal.loop_thread()
    fork()
    del portal
    gc.collect()
    assert not loop_thread._is_stopping.is_set()
    assert loop_thread.thread in loop_threads()


def test_a_loop_whose_start_is_interrupted_ends_by_itself(monkeypatch: pytest.MonkeyPatch, log: list[str]) -> None:
    class Interrupted(Future[None]):
        """What is interrupted by Ctrl-C where it is waited for."""

        def result(self, timeout: float | None = None) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(event_loop_thread, "Future", Interrupted)
    portal = Portal(lambda: FakeClient(log))
    with pytest.raises(KeyboardInterrupt):
        portal.call(nothing)
    until(lambda: log == ["closed"])
    until(lambda: loop_threads() == set())
    monkeypatch.undo()
    portal.call(nothing)
    portal.close()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which threads wait for a start under way, where the lock lets them all in: as it does greenlets of one thread."""
    threads: list[int] = []

    class Start(portal_module._Start):
        def wait(self) -> None:
            threads.append(threading.get_ident())
            super().wait()

    monkeypatch.setattr(portal_module, "_Start", Start)
    monkeypatch.setattr(forks.Lock, "of_this_process", lambda _: threading.RLock())
    return threads


def test_what_the_lock_lets_in_waits_for_the_start_under_way(log: list[str], waiting: list[int]) -> None:
    made: list[bool] = []

    def make() -> FakeClient:
        until(lambda: len(set(waiting)) == 4)
        made.append(True)
        return FakeClient(log)

    portal = Portal(make)
    with ThreadPoolExecutor(5) as pool:
        found = {calling.result(EVENT_TIMEOUT) for calling in [pool.submit(portal.loop_thread) for _ in range(5)]}
    assert (found, len(made)) == ({portal.loop_thread()}, 1)
    portal.close()


def test_what_waits_for_a_start_that_is_cut_off_lets_it_end_and_starts_again(
    monkeypatch: pytest.MonkeyPatch, log: list[str], waiting: list[int]
) -> None:
    finalize = weakref.finalize

    def interrupted(*_: object) -> None:
        monkeypatch.setattr(weakref, "finalize", finalize)
        until(lambda: len(set(waiting)) == 1)
        raise KeyboardInterrupt

    monkeypatch.setattr(weakref, "finalize", interrupted)
    found_closed: list[list[str]] = []

    def make() -> FakeClient:
        found_closed.append([*log])
        return FakeClient(log)

    portal = Portal(make)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(portal.call, nothing) for _ in range(2)]
        assert {type(calling.exception(10)) for calling in calls} == {KeyboardInterrupt, type(None)}
    assert found_closed == [[], ["closed"]]
    portal.close()


def test_a_client_that_a_signal_handler_closes_while_it_starts_stays_closed(log: list[str]) -> None:
    portal: Portal

    def make() -> FakeClient:
        portal._is_closed = True  # the lock is the waiting thread's, so that only its handlers could call `close`
        return FakeClient(log)

    portal = Portal(make)
    with pytest.raises(TransportError, match="closed while the call was under way") as caught:
        portal.call(nothing)
    assert caught.value.outcome == "not_sent"
    until(lambda: log == ["closed"])
    with pytest.raises(ConfigurationError, match="the client is closed"):
        portal.call(nothing)


def test_a_loop_that_nobody_has_yet_when_ctrl_c_comes_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(weakref, "finalize", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Portal(lambda: FakeClient(log)).call(nothing)
    until(lambda: log == ["closed"])
    until(lambda: loop_threads() == set())
