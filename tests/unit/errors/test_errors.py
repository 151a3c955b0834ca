"""The error tree: its shape, what each error knows, and that it survives a pickle."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.errors import EksError
from cds_eks.errors.creates import ambiguous

NAMES = [
    "AmbiguousCreate",
    "AuthenticationError",
    "BadArgument",
    "ConfigurationError",
    "Conflict",
    "ConnectFailed",
    "ConnectionLost",
    "CredentialsError",
    "DeadlineExceeded",
    "DuplicateFound",
    "EksError",
    "IncompleteList",
    "InvalidRequestError",
    "NotFound",
    "Outcome",
    "PermissionDenied",
    "QuotaExceeded",
    "ServerFault",
    "ServiceError",
    "TaskFailed",
    "Throttled",
    "TransportError",
    "UnreadableResponse",
    "WaitTimeout",
    "may_pass",
]
PARENTS = {
    "EksError": "Exception",
    "ConfigurationError": "EksError",
    "CredentialsError": "ConfigurationError",
    "InvalidRequestError": "EksError",
    "TransportError": "EksError",
    "ConnectFailed": "TransportError",
    "ConnectionLost": "TransportError",
    "DeadlineExceeded": "EksError",
    "DuplicateFound": "EksError",
    "IncompleteList": "EksError",
    "UnreadableResponse": "EksError",
    "ServiceError": "EksError",
    "AuthenticationError": "ServiceError",
    "PermissionDenied": "ServiceError",
    "NotFound": "ServiceError",
    "Conflict": "ServiceError",
    "BadArgument": "ServiceError",
    "QuotaExceeded": "ServiceError",
    "Throttled": "ServiceError",
    "ServerFault": "ServiceError",
    "AmbiguousCreate": "EksError",
    "TaskFailed": "EksError",
    "WaitTimeout": "EksError",
}
BEGAN = datetime(2025, 9, 8, 12, 0, tzinfo=UTC)
WINDOW = (BEGAN, BEGAN + timedelta(seconds=30))
KEY = {"cluster_name": "gpu-1", "vpc_id": "v-1"}


def described(error: EksError) -> EksError:
    """The error with every common attribute set."""
    error.action, error.request_id, error.attempts = "CreateCluster", "r-1", 3
    error.previous = (errors.ConnectFailed("refused"), errors.Throttled("slow down", retry_after=2.0))
    return error


def examples() -> list[EksError]:
    """One of each class, the ambiguous ones of each kind among them."""
    service = [
        kind("no", code="C", http_status=418, desc="d", retry_after=1.5)
        for kind in errors.__dict__.values()
        if isinstance(kind, type) and issubclass(kind, errors.ServiceError) and kind.__module__ == errors.__name__
        if not issubclass(kind, errors.AmbiguousCreate)
    ]
    plain: list[EksError] = [
        EksError("x"),
        errors.ConfigurationError("x"),
        errors.CredentialsError("x"),
        errors.InvalidRequestError("a.b[0]", "is required"),
        errors.TransportError("x"),
        errors.ConnectFailed("x"),
        errors.ConnectionLost("x"),
        errors.DeadlineExceeded("x", outcome="not_sent"),
        errors.UnreadableResponse("x", http_status=502, body="<html>"),
        errors.TaskFailed("x", ids={"task_id": "t-1", "cluster_ids": ["c-1", "c-2"]}, last={"state": "error"}),
        errors.WaitTimeout("x", ids={"event_id": "e-1", "cluster_id": "c-1", "node_pool_id": "p-1"}),
        errors.AmbiguousCreate("x"),
        errors.DuplicateFound(action="CreateCluster", natural_key=KEY, found=("c-1", "c-2")),
        errors.IncompleteList(action="CreateCluster", seen=1, total_count=2, found=("c-1",)),
        *service,
    ]
    unknown: list[EksError] = [
        errors.ConnectionLost("x"),
        errors.DeadlineExceeded("x"),
        errors.UnreadableResponse("x", http_status=502, body="<html>"),
        errors.ServerFault("no", code="InternalError", http_status=500, desc="d", outcome="unknown"),
        errors.TransportError("x"),
        EksError("x"),
    ]
    both = [ambiguous(described(error), natural_key=KEY, window=WINDOW) for error in unknown]
    return [described(error) for error in [*plain, *both]]


each = pytest.mark.parametrize("error", examples(), ids=lambda error: type(error).__name__)


# --- the tree


def test_the_public_names_are_pinned() -> None:
    assert errors.__all__ == NAMES
    assert sorted(NAMES) == NAMES


def test_the_tree_is_the_designs() -> None:
    assert PARENTS.keys() == set(NAMES) - {"Outcome", "may_pass"}
    for name, parent in PARENTS.items():
        kind = getattr(errors, name)
        public = [base.__name__ for base in kind.__mro__[1:] if base.__name__ in {*NAMES, "Exception"}]
        assert public[0] == parent
        assert kind.__module__ == "cds_eks.errors"


def test_every_class_has_an_example_and_a_docstring() -> None:
    own = {
        kind
        for kind in errors.__dict__.values()
        if isinstance(kind, type) and issubclass(kind, EksError) and not kind.__name__.startswith("_")
    }
    assert {type(error) for error in examples()} == own
    assert all(kind.__doc__ for kind in own)
    assert {kind.__name__ for kind in own} - set(NAMES) == {
        "AmbiguousAnswer",
        "AmbiguousConnectionLost",
        "AmbiguousDeadline",
        "AmbiguousServerFault",
        "AmbiguousTransport",
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (EksError("x"), "unknown"),
        (errors.ConfigurationError("x"), "not_sent"),
        (errors.CredentialsError("x"), "not_sent"),
        (errors.InvalidRequestError("f", "r"), "not_sent"),
        (errors.TransportError("x"), "unknown"),
        (errors.TransportError("x", outcome="not_sent"), "not_sent"),
        (errors.ConnectFailed("x"), "not_sent"),
        (errors.ConnectionLost("x"), "unknown"),
        (errors.DeadlineExceeded("x"), "unknown"),
        (errors.DeadlineExceeded("x", outcome="refused"), "refused"),
        (errors.UnreadableResponse("x", http_status=200), "unknown"),
        (errors.ServiceError("x"), "refused"),
        (errors.ServerFault("x", outcome="unknown"), "unknown"),
        (errors.AmbiguousCreate("x"), "unknown"),
        (errors.TaskFailed("x", ids={}), "accepted"),
        (errors.WaitTimeout("x", ids={}), "accepted"),
    ],
)
def test_each_error_says_what_is_known_of_the_outcome(error: EksError, outcome: str) -> None:
    assert error.outcome == outcome
    assert f"outcome={outcome}" in str(error)


@each
def test_each_error_knows_the_action_the_request_and_the_attempts(error: EksError) -> None:
    assert (error.action, error.request_id, error.attempts) == ("CreateCluster", "r-1", 3)
    assert [type(earlier) for earlier in error.previous] == [errors.ConnectFailed, errors.Throttled]
    fresh = EksError("x")
    assert (fresh.action, fresh.request_id, fresh.attempts, fresh.previous) == (None, None, 0, ())


# --- in words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (EksError("it broke"), "it broke [outcome=unknown]"),
        (errors.InvalidRequestError("a.b[0]", "is required"), "a.b[0]: is required [outcome=not_sent]"),
        (
            described(errors.ConnectionLost("the connection broke")),
            "CreateCluster: the connection broke [request_id=r-1, attempts=3, outcome=unknown]",
        ),
        (
            errors.NotFound("no such cluster", code="ResourceNotFound", http_status=404, request_id="r-1"),
            "no such cluster [code=ResourceNotFound, http_status=404, request_id=r-1, outcome=refused]",
        ),
        (errors.Throttled("slow down", http_status=429), "slow down [http_status=429, outcome=refused]"),
        (
            errors.UnreadableResponse("not the envelope", http_status=502, body="<html>"),
            "not the envelope [http_status=502, outcome=unknown]",
        ),
        (
            errors.TaskFailed("no stock", ids={"task_id": "t-1"}, action="GetTaskStatus", attempts=2, request_id="r"),
            "GetTaskStatus: no stock [task_id=t-1, request_id=r, attempts=2, outcome=accepted]",
        ),
        (
            ambiguous(errors.ConnectionLost("it broke"), natural_key=KEY, window=WINDOW),
            "it broke [outcome=unknown, look_for=cluster_name='gpu-1' vpc_id='v-1']",
        ),
        (ambiguous(EksError("it broke"), natural_key={}, window=WINDOW), "it broke [outcome=unknown]"),
    ],
)
def test_an_error_reads_as_a_sentence_with_the_facts(error: EksError, words: str) -> None:
    assert str(error) == words


@each
def test_the_repr_names_the_class_and_the_message(error: EksError) -> None:
    assert repr(error) == f"{type(error).__name__}({error.message!r})"


# --- pickles and copies


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


# --- each in its own right


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
        assert set(NAMES) - {"EksError", "Outcome"} - later <= named


# --- what may pass


PASSES: list[errors.EksError] = [
    errors.ConnectFailed("x"),
    errors.ConnectionLost("x"),
    errors.TransportError("x"),
    errors.DeadlineExceeded("x"),
    errors.Throttled("x"),
    errors.ServerFault("x"),
    *(errors.UnreadableResponse("x", http_status=status) for status in (200, 204, 408, 500, 502, 599)),
]
LASTS: list[BaseException] = [
    ValueError("x"),
    errors.EksError("x"),
    errors.ConfigurationError("x"),
    errors.CredentialsError("x"),
    errors.InvalidRequestError("field", "rule"),
    errors.ServiceError("x"),
    errors.AuthenticationError("x"),
    errors.PermissionDenied("x"),
    errors.NotFound("x"),
    errors.Conflict("x"),
    errors.BadArgument("x"),
    errors.QuotaExceeded("x"),
    errors.TaskFailed("x", ids={}),
    errors.WaitTimeout("x", ids={}),
    *(errors.UnreadableResponse("x", http_status=status) for status in (302, 400, 404, 407, 499)),
]


@pytest.mark.parametrize("error", PASSES, ids=repr)
def test_what_may_pass_is_said_to_unless_it_is_a_create_that_may_have_been_carried_out(error: errors.EksError) -> None:
    assert errors.may_pass(error)
    assert not errors.may_pass(ambiguous(error, natural_key={}, window=WINDOW))


@pytest.mark.parametrize("error", LASTS, ids=repr)
def test_what_would_come_again_is_not_said_to_pass(error: BaseException) -> None:
    assert not errors.may_pass(error)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("SignatureDoesNotMatch", "see CDS_SECRET_KEY, or"),
        (" invalidaccesskeyid", "see CDS_SECRET_ID, or"),
        ("RequestExpired", "see this machine's clock"),
        ("AuthFailure", "see CDS_SECRET_ID and CDS_SECRET_KEY, or"),
        ("", "see CDS_SECRET_ID and CDS_SECRET_KEY, or"),
    ],
)
def test_a_wrong_key_says_where_to_look(code: str, said: str) -> None:
    error = errors.AuthenticationError("wrong", code=code)
    assert f"; {said}" in str(error)
    assert error.hint.startswith(said)
    assert (error.message, str(pickle.loads(pickle.dumps(error)))) == ("wrong", str(error))
