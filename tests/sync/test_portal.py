"""The way to the event loop and back, without a client: what is hard to see from outside."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio._core._eventloop
import anyio.lowlevel
import pytest
import sniffio

from cds_eks.errors import ConfigurationError
from cds_eks.sync import event_loop_thread
from cds_eks.sync.call import Call
from cds_eks.sync.portal import Portal
from support.eventually import EVENT_TIMEOUT, until
from sync.portal_clients import FakeClient, forever, nothing, tasks
from sync.processes import loop_threads


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
