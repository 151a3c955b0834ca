"""The child's side of a fork, seen in this process; the real thing is in test_fork.py."""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from cds_eks.errors import ConfigurationError
from cds_eks.sync import event_loop_thread
from cds_eks.sync.portal import Portal
from support.eventually import EVENT_TIMEOUT
from support.forked_child import pass_for_child
from sync.portal_clients import FakeClient, nothing
from sync.processes import loop_threads


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
