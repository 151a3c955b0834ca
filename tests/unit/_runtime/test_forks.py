"""What a fork must not interrupt. Forks themselves are tested in tests/sync."""

from __future__ import annotations

import threading

import pytest

from cds_eks._runtime import forks


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "ACQUIRE_TIMEOUT", 0.01)
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with forks.first_use.of_this_process():
            is_held.set()
            may_go.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(10)
    forks._before_fork()
    forks._after_fork_in_parent()  # releases nothing that it does not hold
    may_go.set()
    thread.join(10)
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
            child.setattr("os.getpid", lambda: -1)
            assert forks.process() == forks.process() != number
            assert _is_free()
    assert forks.process() == number


def test_a_child_with_the_process_id_of_an_ancestor_has_a_number_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_numbers", {})
    monkeypatch.setattr(forks, "_latest", (0, 0))
    number = forks.process()
    forks._after_fork_in_child()
    assert forks.process() != number


def test_threads_of_a_child_all_have_the_same_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_numbers", {})
    monkeypatch.setattr(forks, "_latest", (0, 0))
    start, found = threading.Barrier(8), []

    def ask() -> None:
        start.wait(10)
        found.append((forks.process(), forks.first_use.of_this_process()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len(set(found)) == 1


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
    thread.join(10)
    return bool(found)
