"""Names of columns, checked against what a result has: a typo is refused, not printed as empty cells. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import click

from cds_eks.cli.options import Options

ALL = ("all",)


def matters(options: Options) -> bool:
    """Whether `--columns` says anything of what is printed: it is for tables and CSV, and of a query all is unknown."""
    is_named = bool(options.columns) and options.columns != ALL
    return is_named and not options.prints_ids and options.format in ("table", "csv")


def check(columns: Sequence[str], known: Iterable[str]) -> None:
    """Refuse columns that a result can't have; of a dotted path only the first name is looked at.

    Raises:
        UsageError: There are some; all are named.
    """
    names = tuple(dict.fromkeys(known))
    unknown = [column for column in columns if column not in names and column.partition(".")[0] not in names]
    if not unknown:
        return
    told = []
    for column in unknown:
        close = get_close_matches(column.partition(".")[0], names, 1)
        told.append(f"{column!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
    what = "no such column" if len(unknown) == 1 else "no such columns"
    raise click.UsageError(f"--columns: {what}: {', '.join(told)}. There are {', '.join(names)}.")


def check_rows(columns: Sequence[str], rows: Iterable[Any], known: Iterable[str]) -> None:
    """The same with the rows of a result: what any of them has is known too. Without a name there is nothing to check.

    Raises:
        UsageError: There are some.
    """
    names = [*known, *(str(name) for row in rows if isinstance(row, Mapping) for name in row)]
    if names:
        check(columns, names)
