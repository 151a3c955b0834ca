"""The tables of a page, and in what those of two pages differ that should say the same in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["Table", "differences", "tables_of"]

Table = list[list[str]]
"""The rows, each with its cells; the second row is the rule below the head."""

_FENCED = re.compile(r"^```[^\n]*\n.*?^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`]+`")


def tables_of(text: str) -> list[Table]:
    """Return the tables of a page: rows that follow each other. What is fenced is no table."""
    found: list[Table] = []
    is_within = False
    for line in _FENCED.sub("", text).splitlines():
        if line.startswith("|"):
            if not is_within:
                found.append([])
            inner = line.strip().removeprefix("|").removesuffix("|")
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", inner)])
        is_within = line.startswith("|")
    return found


def differences(english: str, chinese: str, *, quotes: bool = False) -> list[str]:
    """Return in what the tables of two pages differ: in number, rows or cells, or in the code of a cell.

    A cell that is nothing but code (a test's id, a method) is the same in both, in its order. Any other cell has the
    same pieces of code, in the order of its language.

    Args:
        english: The text of a page.
        chinese: The text of its twin.
        quotes: Whether the twin quotes somebody else's Chinese, whose words have code of their own: only cells that are
            nothing but code are compared then.
    """
    sides = tables_of(english), tables_of(chinese)
    if len(sides[0]) != len(sides[1]):
        return [f"{len(sides[0])} and {len(sides[1])} tables"]
    return [
        f"table {number}: {difference}"
        for number, tables in enumerate(zip(*sides, strict=True), 1)
        for difference in _of_tables(*tables, quotes=quotes)
    ]


def _of_tables(english: Table, chinese: Table, *, quotes: bool) -> Iterator[str]:
    if len(english) != len(chinese):
        yield f"{len(english) - 2} and {len(chinese) - 2} rows"
        return
    for ours, theirs in zip(english, chinese, strict=True):
        if len(ours) != len(theirs):
            yield f"{len(ours)} and {len(theirs)} cells: {ours[0]} and {theirs[0]}"
            continue
        for cells in zip(ours, theirs, strict=True):
            code = [_CODE.findall(cell) for cell in cells]
            is_code = [bool(_CODE.search(cell)) and not re.search(r"[\w…]", _CODE.sub("", cell)) for cell in cells]
            if any(is_code):
                is_same = all(is_code) and code[0] == code[1]
            else:
                is_same = quotes or sorted(code[0]) == sorted(code[1])
            if not is_same:
                yield f"{cells[0]} and {cells[1]}"
