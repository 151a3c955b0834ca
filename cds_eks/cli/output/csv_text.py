"""Comma-separated values (RFC 4180) that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cds_eks.cli.output.rows import cell, value_at
from cds_eks.cli.output.text import visible
from cds_eks.fleet.report.table import harmless


def lines(rows: Iterable[Any], columns: Sequence[str]) -> Iterator[str]:
    """Yield the head and a line for each row, with their line ends."""
    yield _line(columns)
    for row in rows:
        yield _line([_cell(value_at(row, name)) for name in columns])


def _cell(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)  # a number with a minus is no formula
    return harmless(visible(cell(value), keep="\n\t"))


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()
