"""Results as rows of cells, for tables and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cds_eks.cli.output.text import visible


def value_at(row: Any, path: str) -> Any:
    """Return the value at a dotted path; None if there is none. A key with dots in it is found too."""
    if isinstance(row, Mapping) and path in row:
        return row[path]
    for step in path.split("."):
        if isinstance(row, Mapping):
            row = row.get(step)
        elif isinstance(row, list) and step.isdecimal():
            row = row[int(step)] if int(step) < len(row) else None
        else:
            return None
    return row


def cell(value: Any) -> str:
    """Return a value as text: lists and mappings as JSON, nothing for None."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, Mapping)) else str(value)


def shown(value: Any) -> str:
    """Return a cell of a table: in one line, without control characters."""
    return visible(cell(value))


def is_scalar(value: Any) -> bool:
    """Whether a value is neither list nor mapping."""
    return not isinstance(value, (list, Mapping))


def columns_in(rows: Iterable[Any], *, scalars_only: bool) -> tuple[str, ...]:
    """Return the keys of rows, in the order in which they first come."""
    found: dict[str, None] = {}
    for row in rows:
        for name, value in row.items() if isinstance(row, Mapping) else ():
            if not scalars_only or is_scalar(value):
                found[name] = None
    return tuple(found)


def flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return the values of one thing by dotted path; lists of scalars are values."""
    found: list[tuple[str, Any]] = []
    for name, each in value.items():
        path = f"{prefix}{name}"
        if isinstance(each, Mapping) and each:
            found += flat(each, f"{path}.")
        elif isinstance(each, list) and any(not is_scalar(entry) for entry in each):
            found += flat({str(index): entry for index, entry in enumerate(each)}, f"{path}.")
        else:
            found.append((path, ", ".join(map(cell, each)) if isinstance(each, list) else each))
    return found


def id_of(row: Any, key: str) -> str:
    """Return what tells a row from others: the value of a key, of `id`, or of the first that ends with `_id`."""
    if not isinstance(row, Mapping):
        return shown(row)
    names = [key, "id", *(name for name in row if name.endswith("_id") and name != "request_id")]
    return next((shown(row[name]) for name in names if row.get(name)), "")


def name_of(row: Any, key: str) -> str:
    """Return the name of a row, or its id if it has none."""
    if not isinstance(row, Mapping):
        return shown(row)
    names = ["name", *(name for name in row if name.endswith("_name"))]
    return next((shown(row[name]) for name in names if row.get(name)), "") or id_of(row, key)


def as_mapping(row: Any) -> Mapping[str, Any]:
    """Return a row by column: what is no mapping, as a query may give it, has the column `value`, or numbers."""
    if isinstance(row, Mapping):
        return row
    if isinstance(row, Sequence) and not isinstance(row, str):
        return {str(index): each for index, each in enumerate(row)}
    return {"value": row}
