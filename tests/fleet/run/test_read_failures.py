"""How often a read may fail before it is believed."""

from __future__ import annotations

import pytest

from cds_eks import errors
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.run.read_failures import MOST_FAILURES, ReadFailures

REFUSED = errors.PermissionDenied("no")


@pytest.mark.parametrize(
    ("error", "is_over"),
    [
        (REFUSED, True),
        (errors.ConnectFailed("no connection"), False),
        (errors.ServerFault("failed", outcome="unknown"), False),
        (JournalError("it can't be read", outcome="not_sent"), False),  # it comes back, and says nothing of the service
    ],
)
def test_what_may_pass_is_never_believed(error: errors.EksError, *, is_over: bool) -> None:
    failures = ReadFailures()
    assert [failures.are_too_many(error) for _ in range(MOST_FAILURES)] == [False] * (MOST_FAILURES - 1) + [is_over]


def test_only_failures_in_a_row_count() -> None:
    failures = ReadFailures()
    for _ in range(MOST_FAILURES - 1):
        assert not failures.are_too_many(REFUSED)
    failures.succeeded()
    assert not failures.are_too_many(REFUSED)
