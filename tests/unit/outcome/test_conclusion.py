"""The outcome of a call is written in one place: `cds_eks.outcome`. What it decides for one error after another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cds_eks
from cds_eks import errors
from cds_eks.errors import EksError
from cds_eks.outcome import conclusion
from cds_eks.outcome.record import CallRecord

ROOT = Path(cds_eks.__file__).parent

WRITERS = {"answered"}
"""The methods of a record that only the package `outcome` calls."""

FACTS = {"mark_sent", "mark_not_sent", "may_have_left", "did_not_leave"}
"""Those that only it and the backends call."""


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of whatever writes an outcome in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "outcome" and not isinstance(node.ctx, ast.Load):
            yield node.lineno, "outcome"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS | FACTS:
            yield node.lineno, node.func.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            yield from ((node.lineno, "outcome") for each in node.args if _is_text(each, "outcome"))


def _is_text(node: ast.expr, text: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == text


def found(root: Path) -> list[str]:
    """Return each write of an outcome below a package's folder that is not where it belongs."""
    strays = []
    for path in sorted(root.rglob("*.py")):
        member, *_ = path.relative_to(root).parts
        for line, name in writes(ast.parse(path.read_text(encoding="utf-8"))):
            is_fake = path == root / "testing" / "fake_backend.py"  # which is a backend as well
            is_own = member == "outcome" or ((member == "backend" or is_fake) and name in FACTS)
            is_init = path == root / "errors" / "base.py" and name == "outcome"  # the errors' own constructor
            if not is_own and not is_init:
                strays.append(f"{path.relative_to(root)}:{line}: {name}")
    return strays


def test_an_outcome_is_written_by_the_package_outcome_alone() -> None:
    assert found(ROOT) == []


def test_the_one_write_in_the_errors_is_the_base_constructors() -> None:
    assert [name for _, name in writes(ast.parse((ROOT / "errors/base.py").read_text(encoding="utf-8")))] == ["outcome"]


@pytest.mark.parametrize(
    ("file", "source", "names"),
    [
        ("client/calls.py", "error.outcome = 'unknown'", ["outcome"]),
        ("client/calls.py", "error.outcome: str = 'unknown'", ["outcome"]),
        ("client/calls.py", "del error.outcome", ["outcome"]),
        ("client/calls.py", "setattr(error, 'outcome', 'unknown')", ["outcome"]),
        ("client/calls.py", "a, error.outcome = 1, 'unknown'", ["outcome"]),
        ("middleware/retry.py", "record.mark_sent()", ["mark_sent"]),
        ("middleware/retry.py", "record.may_have_left()", ["may_have_left"]),
        ("codec/decode.py", "record.answered(None, outcome='refused')", ["answered"]),
        ("backend/native.py", "record.answered(None, outcome='refused')", ["answered"]),
        ("backend/native.py", "record.mark_sent()", []),
        ("outcome/conclusion.py", "error.outcome = 'unknown'", []),
        ("client/calls.py", "print(error.outcome)\nraise Error(outcome='unknown')", []),
    ],
)
def test_a_write_in_another_place_is_found(tmp_path: Path, file: str, source: str, names: list[str]) -> None:
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text(source, encoding="utf-8")
    assert [each.rpartition(": ")[2] for each in found(tmp_path)] == names


def record(outcome: str) -> CallRecord:
    """Return the record of a call whose one attempt has an outcome."""
    made = CallRecord()
    made.begin_attempt()
    made.begin_send()
    if outcome == "unknown":
        made.mark_sent()
    elif outcome != "not_sent":
        made.answered("r", outcome="accepted" if outcome == "accepted" else "refused")
    return made


@pytest.mark.parametrize(
    ("error", "before", "after"),
    [
        (errors.ConnectFailed("x"), "unknown", "not_sent"),
        (errors.ConnectionLost("x"), "not_sent", "unknown"),
        (errors.TransportError("x", outcome="not_sent"), "unknown", "unknown"),
        (errors.ConfigurationError("x"), "not_sent", "not_sent"),
    ],
)
def test_an_attempt_without_an_answer_is_as_its_error_says(error: EksError, before: str, after: str) -> None:
    known = record(before)
    conclusion.no_response(known, error)
    assert known.outcome == after


def test_a_connection_that_failed_after_the_service_accepted_does_not_undo_that() -> None:
    known = record("accepted")
    conclusion.call_raised(known, errors.ConnectFailed("x"))
    assert known.outcome == "accepted"


def test_a_success_response_that_names_nothing_leaves_the_outcome_unknown() -> None:
    known = record("accepted")
    conclusion.call_raised(known, errors.UnreadableResponse("x", http_status=200))
    assert known.outcome == "unknown"


@pytest.mark.parametrize(("is_create", "outcome"), [(True, "unknown"), (False, "refused")])
def test_a_create_that_may_have_been_sent_is_unknown_whatever_its_error_says(*, is_create: bool, outcome: str) -> None:
    error = errors.BadArgument("x", outcome="refused")
    conclusion.attempt_failed(error, record("unknown"), is_create=is_create)
    assert error.outcome == outcome


def test_a_call_that_failed_has_the_outcome_of_all_its_attempts() -> None:
    known = record("unknown")
    known.failures = (errors.ConnectionLost("lost"),)
    known.begin_attempt()
    known.begin_send()
    known.answered("r-2", outcome="refused")
    error = errors.Conflict("busy", outcome="refused")
    conclusion.attempts_ended(error, known, action="DeleteCluster", is_write=True)
    assert (error.action, error.outcome, error.attempts) == ("DeleteCluster", "unknown", 2)
    assert error.previous == known.failures
    assert error.message == error.args[0] == f"busy{conclusion.SELF_CONFLICT}"


@pytest.mark.parametrize("outcome", ["not_sent", "refused", "unknown", "accepted"])
def test_a_call_that_was_stopped_says_what_is_known(outcome: str) -> None:
    known = record(outcome)
    known.failures = (errors.ConnectFailed("x"),)
    error = conclusion.call_stopped(errors.DeadlineExceeded("late"), known)
    assert (error.outcome, error.attempts, error.previous) == (outcome, 1, known.failures)
    assert error.request_id == known.request_id


def test_an_attempt_that_is_queued_is_not_counted() -> None:
    known = record("not_sent")
    known.waits_for = "a free connection"
    assert conclusion.call_stopped(errors.DeadlineExceeded("late"), known).attempts == 0
    assert conclusion.with_attempts(errors.DeadlineExceeded("late"), known).attempts == 0


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [("may_have_left", "mark_sent", "unknown"), ("did_not_leave", "mark_not_sent", "not_sent")],
)
def test_the_names_that_backends_had_before_still_work_and_warn(old: str, new: str, outcome: str) -> None:
    known = CallRecord()
    if new == "mark_not_sent":
        known.mark_sent()
    words = rf"CallRecord\.{old} is deprecated since 1\.0\.0rc1 \(2026-11-28\): call {new}; version 2\.0 may be without"
    with pytest.warns(DeprecationWarning, match=words) as caught:
        getattr(known, old)()
    assert caught[0].filename == __file__  # the backend's own line
    assert known.outcome == outcome
