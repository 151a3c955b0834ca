"""Each blocking function is the async one's mirror: same name, same parameters, same words."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from cds_eks import fleet

CALLS = ["provision", "destroy", "status", "diff", "orphans", "import_", "save", "apply", "launch"]


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any, str]]:
    return [
        (
            each.name,
            each.kind,
            each.default,
            str(each.annotation).replace("AsyncEksClient", "EksClient").replace("FleetJournal", "Journal"),
        )
        for each in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize("name", CALLS)
def test_a_function_has_the_same_parameters_and_the_same_words(name: str) -> None:
    one, other = getattr(fleet, name), getattr(fleet.sync, name)
    assert parameters(one) == parameters(other)
    # a `SavedRun` is a `FleetRun` that can be awaited
    returned = inspect.signature(one).return_annotation.replace("SavedRun", "FleetRun")
    assert returned == inspect.signature(other).return_annotation
    assert inspect.getdoc(one) == inspect.getdoc(other)
    assert not inspect.iscoroutinefunction(other)


def test_a_journal_is_opened_with_the_client_and_else_the_same_but_for_a_test_clock() -> None:
    one, other = parameters(fleet.open_journal), parameters(fleet.sync.open_journal)
    assert [each for each in one if each[0] != "clock"] == other[1:]
    assert other[0][0] == "eks"


def test_there_is_a_blocking_one_of_each_function_that_awaits() -> None:
    for name in fleet.__all__:
        value = getattr(fleet, name)
        if inspect.isfunction(value):
            assert hasattr(fleet.sync, name), name


def test_a_run_has_the_async_ones_public_names() -> None:
    names = [
        {name for name in vars(kind) if not name.startswith("_")} for kind in (fleet.FleetRun, fleet.sync.FleetRun)
    ]
    assert names[1] - names[0] == {"runner", "open_items"}  # attributes there
    assert names[0] - names[1] == {"begin", "ended", "findings", "next_events"}
