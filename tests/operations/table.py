"""One row for each operation: what the description says of it, and how it is called.

The calls are those that were written by hand (`examples`), else what the description gives (`described_examples`). That
the rows agree with the contract page, and that no method is without one, is tested in `test_tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from codegen.description import Operation
from operations.described_examples import example_of
from operations.examples import EXAMPLES
from operations.uses import NASTY, Use
from support.api_description import API

__all__ = ["NASTY", "ROWS", "Row", "Use"]


@dataclass(frozen=True)
class Row:
    """An operation and its uses, see `Example`."""

    documented: str
    group: str
    method: str
    http: str
    action: str
    answer: str
    least: Use
    most: Use
    others: tuple[Use, ...] = ()
    needed: str | None = None


def row_of(documented: str, operation: Operation) -> Row:
    example = EXAMPLES.get(documented) or example_of(operation)
    return Row(
        documented=documented,
        group=operation.group,
        method=operation.method,
        http=operation.http,
        action=operation.base_action,
        answer=operation.result,
        least=example.least,
        most=example.most,
        others=example.others,
        needed=example.needed,
    )


ROWS = tuple(row_of(documented, operation) for documented, operation in API.operations.items())
