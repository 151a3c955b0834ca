"""The start of a portal's event loop: interrupted, waited for, cut off, closed meanwhile."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from cds_eks._runtime import forks
from cds_eks.errors import ConfigurationError, TransportError
from cds_eks.sync import event_loop_thread
from cds_eks.sync import portal as portal_module
from cds_eks.sync.portal import Portal
from support.eventually import EVENT_TIMEOUT, until
from sync.portal_clients import FakeClient, nothing
from sync.processes import loop_threads


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
