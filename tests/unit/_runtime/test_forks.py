"""What a fork must not interrupt. Forks themselves are tested in tests/sync."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from cds_eks._runtime import forks
from support.eventually import EVENT_TIMEOUT, WAIT_TIMEOUT
from support.forked_child import pass_for_child


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "ACQUIRE_TIMEOUT", 0.01)
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with forks.first_use.of_this_process():
            is_held.set()
            may_go.wait(EVENT_TIMEOUT)

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(EVENT_TIMEOUT)
    forks._before_fork()
    forks._after_fork_in_parent()  # releases nothing that it does not hold
    may_go.set()
    thread.join(EVENT_TIMEOUT)
    forks._before_fork()
    assert not _is_free()
    forks._after_fork_in_parent()
    assert _is_free()


def test_a_child_has_a_lock_and_a_number_of_its_own_though_python_has_not_seen_the_fork(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = forks.process()
    with forks.first_use.of_this_process():
        assert not _is_free()
        with monkeypatch.context() as child:
            pass_for_child(child)
            assert forks.process() == forks.process() != number
            assert _is_free()
    assert forks.process() == number


def test_a_child_with_the_process_id_of_an_ancestor_has_a_number_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_numbers", {})
    monkeypatch.setattr(forks, "_latest", (0, 0))
    number = forks.process()
    forks._after_fork_in_child()
    assert forks.process() != number


@pytest.mark.parametrize("mark", [b"\0", None], ids=["asked", "marked"])
def test_threads_of_a_child_all_have_the_same_number(mark: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_numbers", {})
    monkeypatch.setattr(forks, "_latest", (0, 0))
    monkeypatch.setattr(forks, "_mark", mark or forks._make_mark())
    start, found = threading.Barrier(8), []

    def ask() -> None:
        start.wait(EVENT_TIMEOUT)
        found.append((forks.process(), forks.first_use.of_this_process()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(EVENT_TIMEOUT)
    assert len(found) == 8
    assert len(set(found)) == 1


_BY_THE_KERNEL = """
import ctypes, os
from cds_eks._runtime import forks
numbers, (reading, writing) = [forks.process()], os.pipe()
assert isinstance(forks._mark, bytes) or forks._mark[0] == 1
for _ in range(2):  # a child, and its own
    if ctypes.PyDLL(None).fork() == 0:
        numbers += [forks.process(), forks.process()]
    else:
        os.wait()
        assert forks.process() == numbers[-1]
        break
else:
    os.write(writing, repr(numbers).encode())
if len(numbers) == 1:
    print(os.read(reading, 100).decode())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_the_child_of_a_fork_in_c_has_a_number_of_its_own() -> None:
    ended = subprocess.run([sys.executable, "-c", _BY_THE_KERNEL], capture_output=True, text=True, timeout=WAIT_TIMEOUT)
    assert ended.stderr == ""
    parent, *child, grandchild, again = json.loads(ended.stdout)
    assert child[0] == child[1]
    assert grandchild == again
    assert len({parent, child[0], grandchild}) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="another kernel does not tell")
@pytest.mark.parametrize("accepts_all", [False, True], ids=["refused", "ignored"])
def test_a_kernel_that_does_not_tell_is_noticed(accepts_all: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Page(bytearray):
        def madvise(self, advice: int) -> None:
            if not accepts_all:
                raise OSError

    monkeypatch.setattr("mmap.mmap", lambda *_, **__: Page(1))
    assert forks._make_mark() == b"\0"


def test_a_child_of_a_fork_in_the_middle_of_the_question_is_no_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    number = forks.process()
    monkeypatch.setattr(forks, "_mark", forks._make_mark())
    monkeypatch.setattr(forks, "_latest", forks._latest)
    ids = [os.getpid()]
    monkeypatch.setattr("os.getpid", lambda: ids.pop(0) if ids else -1)
    assert forks.process() == forks.process() != number


def _is_free() -> bool:
    """Whether another thread could take the lock."""
    found = []

    def take() -> None:
        lock = forks.first_use.of_this_process()
        if lock.acquire(blocking=False):
            lock.release()
            found.append(True)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join(EVENT_TIMEOUT)
    return bool(found)
