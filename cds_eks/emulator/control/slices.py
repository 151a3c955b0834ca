"""Parts of long tables: those rows that have a text in them, from some place on, oldest or newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

__all__ = ["Row", "slice_of"]

Row = dict[str, Any]
T = TypeVar("T")


def slice_of(
    things: Iterable[T], row: Callable[[T], Row], texts: Callable[[T], Iterable[object]], asked: Mapping[str, Any]
) -> Row:
    """Return a part of a table, and how many rows it has in all. Only the rows that are shown are made.

    Args:
        things: What the rows are of, oldest first.
        row: Makes a row.
        texts: What a search looks at.
        asked: `table`, `offset`, `limit`, `search` and `order`.
    """
    found, search = list(things), asked["search"].lower()
    if search:
        found = [each for each in found if any(search in str(text).lower() for text in texts(each))]
    if asked["order"] == "newest":
        found.reverse()
    offset = asked["offset"]
    rows = [row(each) for each in found[offset : offset + asked["limit"]]]
    return {"table": asked["table"], "total": len(found), "offset": offset, "rows": rows}
