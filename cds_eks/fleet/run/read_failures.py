"""How often a read may fail in a way that does not pass before it is believed."""

from __future__ import annotations

from cds_eks.errors import EksError, may_pass
from cds_eks.fleet.journal.base import JournalError

MOST_FAILURES = 5
"""So many in a row. One alone may be a proxy's, or a replay that the network made."""


class ReadFailures:
    """Counts failures in a row that do not pass by themselves."""

    def __init__(self) -> None:
        self._failures = 0

    def succeeded(self) -> None:
        """A read has succeeded."""
        self._failures = 0

    def are_too_many(self, error: EksError) -> bool:
        """Whether an error, after all those before it, is one to give up for."""
        # Of a write whose fate is open it is not known that it would fail again; and a journal that is away comes back.
        passes = may_pass(error) or error.outcome == "unknown" or isinstance(error, JournalError)
        self._failures = 0 if passes else self._failures + 1
        return self._failures >= MOST_FAILURES
