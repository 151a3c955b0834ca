"""How groups of operations and queries meet errors: one that fails takes none of the others with it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from cds_eks.fleet.journal.base import JournalUnavailable
from cds_eks.fleet.journal.operations import Holdings, Operation, Query


class GroupWriter:
    """Handles operations in groups, each group in one transaction.

    Args:
        commit: Carries out operations in one transaction; what it returns is durable.
        close: Closes the connection.
    """

    def __init__(self, commit: Callable[[Sequence[Operation[Any]]], list[Any]], close: Callable[[], None]) -> None:
        self._commit = commit
        self._holdings = Holdings()
        self.close = close

    def handle(self, pieces: Sequence[Operation[Any]]) -> list[Any]:
        """Carry out all; return results and exceptions."""
        try:
            results = self._commit(pieces)
        except JournalUnavailable as error:
            return [copy.copy(error) for _ in pieces]
        except Exception as error:  # noqa: BLE001 - it is raised where the operation was asked for
            if len(pieces) == 1:
                return [error]
            return [result for piece in pieces for result in self.handle([piece])]
        return [
            result if isinstance(result, Exception) else self._holdings.after(piece, result)
            for piece, result in zip(pieces, results, strict=True)
        ]


class QueryReader:
    """Handles queries one by one.

    Args:
        answer: Answers a query.
        close: Closes the connection.
    """

    def __init__(self, answer: Callable[[Query[Any]], Any], close: Callable[[], None]) -> None:
        self._answer = answer
        self.close = close

    def handle(self, pieces: Sequence[Query[Any]]) -> list[Any]:
        """Answer all; return results and exceptions."""
        return [self._one(piece) for piece in pieces]

    def _one(self, query: Query[Any]) -> Any:
        try:
            return self._answer(query)
        except Exception as error:  # noqa: BLE001 - it is raised where the query was asked
            return error
