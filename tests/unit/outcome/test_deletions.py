"""Which deletions are remembered."""

from __future__ import annotations

import pytest

from cds_eks.outcome import deletions
from cds_eks.outcome.deletions import Deletions


def test_the_task_of_the_last_deletion_is_remembered() -> None:
    noted = Deletions()
    noted.note("c-1", "t-1")
    noted.note("c-1", "t-2")
    noted.note("c-2", "")
    assert [noted.task_of(id_) for id_ in ("c-1", "c-2", "c-3")] == ["t-2", "", None]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "MOST", 2)
    noted = Deletions()
    for id_ in ("a", "b", "a", "c"):
        noted.note(id_, id_)
    assert [noted.task_of(id_) for id_ in "abc"] == ["a", None, "c"]
