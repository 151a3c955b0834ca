"""What each class of errors knows, and that it survives a pickle."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.errors import EksError
from cds_eks.errors.creates import ambiguous
from unit.errors.all_errors import KEY, NAMES, WINDOW, described, each


def same(left: EksError, right: EksError) -> bool:
    def facts(error: Any) -> Any:
        if isinstance(error, tuple):
            return [facts(entry) for entry in error]
        if not isinstance(error, EksError):
            return error
        return type(error), error.args, str(error), {name: facts(value) for name, value in vars(error).items()}

    return bool(facts(left) == facts(right))


@each
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_comes_back_from_a_pickle_with_all_it_knows(error: EksError, protocol: int) -> None:
    back = pickle.loads(pickle.dumps(error, protocol))
    assert back is not error
    assert vars(back)
    assert same(back, error)


@each
def test_every_error_can_be_copied(error: EksError) -> None:
    assert same(copy.copy(error), error)
    assert same(copy.deepcopy(error), error)
    changed = copy.copy(error)
    changed.attempts = 9
    assert error.attempts == 3


def test_notes_and_a_users_own_subclass_come_back_from_a_pickle() -> None:
    error = Own("gone", shelf=7)
    error.add_note("seen in the log")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is Own
    assert (back.message, back.shelf, back.__notes__) == ("gone", 7, ["seen in the log"])


class Own(EksError):
    def __init__(self, message: str, *, shelf: int) -> None:
        super().__init__(message)
        self.shelf = shelf


def test_a_failed_group_of_errors_comes_back_from_a_pickle() -> None:
    group = ExceptionGroup("two creates failed", [errors.NotFound("a"), errors.ConnectionLost("b")])
    back = pickle.loads(pickle.dumps(group))
    assert [str(error) for error in back.exceptions] == [str(error) for error in group.exceptions]


def test_an_invalid_request_moves_under_a_path() -> None:
    error = errors.InvalidRequestError("size", "must be at least 80; got 1", action="CreateNodePool")
    moved = error.under("config.data_volumes[0]")
    assert (moved.field, moved.rule) == ("config.data_volumes[0].size", "must be at least 80; got 1")
    assert moved.action == "CreateNodePool"
    assert moved.message == "config.data_volumes[0].size: must be at least 80; got 1"
    assert error.under("") is error


def test_a_waiters_errors_carry_every_id() -> None:
    ids = {"task_id": "t", "event_id": "e", "cluster_id": "c", "cluster_ids": ["a", "b"], "node_pool_id": "p"}
    error = errors.WaitTimeout("time is up", ids=ids, last="doing")
    assert (error.task_id, error.event_id, error.cluster_id, error.node_pool_id) == ("t", "e", "c", "p")
    assert error.cluster_ids == ("a", "b")
    assert error.last == "doing"
    ids.clear()
    assert error.ids["task_id"] == "t"
    bare = errors.TaskFailed("failed", ids={})
    assert (bare.task_id, bare.event_id, bare.cluster_id, bare.node_pool_id) == (None, None, None, None)
    assert (bare.cluster_ids, bare.last, bare.attempts) == ((), None, 0)


def test_a_refusal_of_unknown_status_came_with_200() -> None:
    error = errors.ServiceError("no")
    assert (error.code, error.http_status, error.desc, error.retry_after) == ("", 200, None, None)


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (errors.ConnectionLost("x"), {errors.ConnectionLost, errors.TransportError}),
        (errors.DeadlineExceeded("x"), {errors.DeadlineExceeded}),
        (errors.UnreadableResponse("x", http_status=502), {errors.UnreadableResponse}),
        (errors.ServerFault("x", outcome="unknown"), {errors.ServerFault, errors.ServiceError}),
        (errors.Throttled("x", outcome="unknown"), {errors.ServerFault, errors.ServiceError}),
        (errors.TransportError("x"), {errors.TransportError}),
        (EksError("x"), set()),
    ],
)
def test_an_ambiguous_create_is_also_what_went_wrong(error: EksError, kinds: set[type[EksError]]) -> None:
    made = ambiguous(described(error), natural_key=KEY, window=WINDOW)
    assert isinstance(made, errors.AmbiguousCreate)
    public = {kind for name in NAMES if isinstance(kind := getattr(errors, name), type) and isinstance(made, kind)}
    assert public == {EksError, errors.AmbiguousCreate, *kinds}
    assert made.message == "x"
    assert made.args == error.args
    assert {name: vars(made)[name] for name in vars(error)} == vars(error)
    assert (made.natural_key, made.window) == (KEY, WINDOW)
    assert made.natural_key is not KEY


@pytest.mark.parametrize(
    ("natural_key", "name", "vpc_id"),
    [
        ({"cluster_name": "gpu-1", "vpc_id": "v"}, "gpu-1", "v"),
        ({"config.name": "pool-1", "cluster_id": "c"}, "pool-1", None),
        ({"netcard_name": "card"}, "card", None),
        ({"subnet_id": "s"}, None, None),
        ({}, None, None),
    ],
)
def test_an_ambiguous_create_says_what_to_look_for(natural_key: Any, name: str | None, vpc_id: str | None) -> None:
    made = ambiguous(errors.ConnectionLost("x"), natural_key=natural_key, window=WINDOW)
    assert (made.name, made.vpc_id) == (name, vpc_id)


def test_an_ambiguous_create_of_ones_own_has_nothing_to_look_for() -> None:
    error = errors.AmbiguousCreate("x")
    assert (error.natural_key, error.window, error.name, error.vpc_id) == ({}, None, None, None)


def test_the_design_page_says_the_same() -> None:
    page = Path(__file__).parents[4] / "shared" / "design.md"
    if page.exists():
        tree = page.read_text(encoding="utf-8").split("EksError\n├──")[1].split("```")[0]
        named = set(re.findall(r"\b[A-Z][A-Za-z]+(?=\s{2,}|\s*·|\n|$)", tree))
        later = {"CredentialsError", "DuplicateFound", "IncompleteList", "may_pass"}
        later |= {"ConfigFileError", "SecretUnavailable"}
        assert set(NAMES) - {"EksError", "Outcome"} - later <= named
