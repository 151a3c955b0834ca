"""Tables in plain text, aligned by the width that characters have on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cds_eks.cli.output.rows import flat, shown, value_at
from cds_eks.cli.output.text import padded, width

BOLD, RESET = "\x1b[1m", "\x1b[0m"
GREEN, RED, YELLOW = "\x1b[32m", "\x1b[31m", "\x1b[33m"
GAP = "  "

GOOD = frozenset({"running", "ready", "success", "finish", "finished", "active"})
BAD = frozenset({"error", "failed", "unknown", "notready", "shutdown", "deleted"})


def of_rows(rows: Sequence[Any], columns: Sequence[str], *, is_color: bool) -> str:
    """Return a table with a head; nothing but the head if there are no rows."""
    heads = [name.upper().replace("_", " ") for name in columns]
    cells = [[shown(value_at(row, name)) for name in columns] for row in rows]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    states = [index for index, name in enumerate(columns) if name.rpartition(".")[2].endswith(("status", "state"))]
    lines = [_line(heads, widths)]
    if is_color:
        lines = [f"{BOLD}{lines[0]}{RESET}"]
    for row in cells:
        lines.append(_line(row, widths, states if is_color else ()))
    return "\n".join(lines)


def of_one(value: Mapping[str, Any], columns: Sequence[str], *, is_color: bool) -> str:
    """Return the fields of one thing, each in a line of its own."""
    pairs = [(name, value_at(value, name)) for name in columns] if columns else flat(value)
    longest = max((width(shown(name)) for name, _ in pairs), default=0)
    lines = []
    for name, each in pairs:
        head = padded(shown(name), longest)
        lines.append(f"{BOLD}{head}{RESET}{GAP}{shown(each)}" if is_color else f"{head}{GAP}{shown(each)}".rstrip())
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int], states: Sequence[int] = ()) -> str:
    told = [padded(cell, columns) for cell, columns in zip(cells, widths, strict=True)]
    for index in states:
        told[index] = _colored(told[index], cells[index])
    return GAP.join(told).rstrip()


def _colored(text: str, state: str) -> str:
    if not state:
        return text
    color = GREEN if state.lower() in GOOD else RED if state.lower() in BAD else YELLOW
    return f"{color}{text}{RESET}"
