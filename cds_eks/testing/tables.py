"""A ledger as text: what a failed assertion shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from cds_eks.emulator import Ledger, RequestEntry, ResourceEntry

__all__ = ["cut", "enumerated", "ledger_table"]

MOST_ROWS = 40
"""How many rows of each table are shown, the newest ones."""

MOST_NAMED = 20
"""How many things a sentence names, the first ones."""

WIDEST = 60
"""How many characters of a name are shown."""


def enumerated(words: Sequence[str]) -> str:
    """Return words with commas between them: the first ones, and how many more there are; "none" if there are none."""
    if not words:
        return "none"
    more = len(words) - MOST_NAMED
    return ", ".join(words[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def ledger_table(ledger: Ledger) -> str:
    """Return the requests and the resources of a ledger as two tables; requests that repeat each other share a row."""
    requests, resources = ledger.both()
    began = min([each.at for each in requests] + [each.created_at for each in resources], default=0.0)
    rows = [_request_row(each, count, began) for each, count in _grouped(requests)]
    return "\n".join(
        (
            f"requests ({len(requests)}):",
            *_table(("at", "action", "status", "code", "carried out", "fault", "created"), rows),
            f"resources ({len(resources)}):",
            *_table(
                ("kind", "name", "id", "created at", "deleted at"), [_resource_row(each, began) for each in resources]
            ),
        )
    )


def _grouped(requests: Sequence[RequestEntry]) -> list[tuple[RequestEntry, int]]:
    """Return runs of reads that differ in nothing but their time, each by its first one, with how many they are."""
    runs: list[tuple[RequestEntry, int]] = []
    for each in requests:
        if runs and each.method == "GET" and _same(runs[-1][0], each):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((each, 1))
    return runs


def _same(one: RequestEntry, other: RequestEntry) -> bool:
    names = ("action", "method", "status", "code", "fault", "committed", "answered")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _request_row(each: RequestEntry, count: int, began: float) -> tuple[str, ...]:
    action = each.action if count == 1 else f"{each.action} x{count}"
    status = str(each.status or "-") + (" (lost)" if each.lost else "")
    carried_out = "yes" if each.committed else "no"
    at, created = _seconds(each.at, began), " ".join(each.created)
    return at, action, status, each.code or "-", carried_out, each.fault or "", created


def _resource_row(each: ResourceEntry, began: float) -> tuple[str, ...]:
    deleted = "" if each.deleted_at is None else _seconds(each.deleted_at, began)
    return each.kind, cut(each.name), each.id, _seconds(each.created_at, began), deleted


def _seconds(at: float, began: float) -> str:
    return f"{at - began:+.1f} s"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return ["  (none)"]
    shown = [tuple(map(_printable, row)) for row in rows[-MOST_ROWS:]]
    widths = [max(map(_width, column)) for column in zip(heads, *shown, strict=True)]
    lines = [
        "  " + "  ".join(each + " " * (width - _width(each)) for each, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *shown)
    ]
    left_out = [f"  … {len(rows) - len(shown)} earlier ones"] if len(rows) > len(shown) else []
    return [lines[0], *left_out, *lines[1:]]


def _printable(text: str) -> str:
    """Return a text in one line, that changes no terminal: what can't be printed is escaped."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def cut(text: str) -> str:
    """Return a name as it is shown."""
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: characters such as Chinese ones take two."""
    return len(text) + sum(unicodedata.east_asian_width(each) in "WF" for each in text)
