"""The error tree: its shape, what each error knows, and that it survives a pickle."""

from __future__ import annotations

import pickle

import pytest

from cds_eks import errors
from cds_eks.errors import EksError
from cds_eks.errors.creates import ambiguous
from unit.errors.all_errors import KEY, NAMES, WINDOW, described, each, examples

PARENTS = {
    "EksError": "Exception",
    "ConfigurationError": "EksError",
    "ConfigFileError": "ConfigurationError",
    "CredentialsError": "ConfigurationError",
    "SecretUnavailable": "ConfigurationError",
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

NO_ERRORS = {"Outcome", "may_pass"}


def test_the_public_names_are_pinned() -> None:
    assert errors.__all__ == sorted([*PARENTS, *NO_ERRORS])


def test_the_tree_is_the_designs() -> None:
    assert PARENTS.keys() == set(NAMES) - NO_ERRORS
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
