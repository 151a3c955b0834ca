"""How often a read may fail before it is believed."""

from __future__ import annotations

import pytest

from cds_eks import errors
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.run.patience import MOST_FAILURES, Patience

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
    patience = Patience()
    assert [patience.is_over(error) for _ in range(MOST_FAILURES)] == [False] * (MOST_FAILURES - 1) + [is_over]


def test_only_failures_in_a_row_count() -> None:
    patience = Patience()
    for _ in range(MOST_FAILURES - 1):
        assert not patience.is_over(REFUSED)
    patience.succeeded()
    assert not patience.is_over(REFUSED)
