"""Executors that take nothing, that lose all they take, and that break each time they are made."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import anyio
import pytest

from cds_eks import errors, fleet
from cds_eks.fleet.runners.client_settings import ClientSettings
from fleet.runners.crowd import KEYS, LIMITS, SECRET, sendable_plan

pytestmark = pytest.mark.long


class Failing(Executor):
    """Runs nothing: raises an error where it is submitted, or tells of it later."""

    def __init__(self, at_once: BaseException | None = None, later: BaseException | None = None) -> None:
        self.submitted = 0
        self._at_once = at_once
        self._later = later

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        if self._at_once is not None:
            raise self._at_once
        future: Future[Any] = Future()
        if self._later is not None:
            future.set_exception(self._later)
        else:
            future.cancel()
        return future


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    monkeypatch.setenv(SECRET, "Secret-12345")
    monkeypatch.setattr("cds_eks.fleet.runners.crew.LONGEST_PAUSE", 0.001)
    client = ClientSettings(endpoint="http://127.0.0.1:9", credentials_env=KEYS)

    def launch(**settings: Any) -> Any:
        journal = tmp_path / "fleet.db"
        return anyio.run(
            lambda: fleet.launch(sendable_plan(1), journal=journal, client=client, limits=LIMITS, **settings)
        )

    return launch


def test_an_executor_that_takes_nothing_any_more_ends_the_launch(launch: Callable[..., Any]) -> None:
    with pytest.raises(fleet.RunnersLost, match="RuntimeError: cannot schedule"):
        launch(executor=Failing(at_once=RuntimeError("cannot schedule new futures after shutdown")))


def test_a_broken_executor_that_nobody_can_make_anew_ends_the_launch(launch: Callable[..., Any]) -> None:
    with pytest.raises(fleet.RunnersLost):
        launch(executor=Failing(at_once=BrokenExecutor("it broke")))


def test_an_executor_that_breaks_each_time_it_is_made_is_not_made_for_ever(launch: Callable[..., Any]) -> None:
    made: list[Failing] = []

    def make() -> Executor:
        made.append(Failing(later=BrokenExecutor("it broke")))
        return made[-1]

    with pytest.raises(fleet.RunnersLost, match="again and again"):
        launch(executor=make)
    assert [each.submitted for each in made] == [1] * len(made)
    assert 2 <= len(made) <= 8


@pytest.mark.parametrize("lost", [None, OSError("the worker is gone")])
def test_runners_that_are_lost_again_and_again_end_the_launch(
    launch: Callable[..., Any], lost: BaseException | None
) -> None:
    executor = Failing(later=lost)
    with pytest.raises(fleet.RunnersLost, match="again and again"):
        launch(executor=executor, runners=2)
    assert 4 <= executor.submitted <= 12


def test_what_another_runner_would_say_too_is_raised_at_once(launch: Callable[..., Any]) -> None:
    executor = Failing(later=errors.ConfigurationError("no keys here"))
    with pytest.raises(errors.ConfigurationError, match="no keys here"):
        launch(executor=executor)
    assert executor.submitted == 1


@pytest.mark.parametrize("wrong", [{"runners": 0}, {"runners": True}, {"executor": 3}, {"adopt": "all"}])
def test_what_can_not_be_launched_is_refused(launch: Callable[..., Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.ConfigurationError, match=next(iter(wrong))):
        launch(**{"runners": 2, **wrong})


def test_a_plan_with_faults_is_submitted_nowhere(launch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET)
    executor = Failing()
    with pytest.raises(fleet.PlanError, match="there is no such environment variable"):
        launch(executor=executor)
    assert executor.submitted == 0
    assert SECRET not in os.environ
