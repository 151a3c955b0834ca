"""What a fork must not interrupt. Forks themselves are tested in tests/sync."""

from __future__ import annotations

import threading

import pytest

from cds_eks import forks


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "PATIENCE", 0.01)
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with forks.first_use:
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


def test_a_child_has_a_lock_and_a_generation_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "generation", 7)
    monkeypatch.setattr(forks, "first_use", forks.first_use)
    with forks.first_use:
        forks._after_fork_in_child()
        assert _is_free()
    assert forks.generation == 8


def _is_free() -> bool:
    """Whether another thread could take the lock."""
    found = []

    def take() -> None:
        if forks.first_use.acquire(blocking=False):
            forks.first_use.release()
            found.append(True)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join(10)
    return bool(found)
