"""What the soak shows on the terminal: how far it is, and what came of it."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Any, Self

import attrs
from rich.console import Console
from rich.live import Live
from rich.table import Table

from benchmarks.chaos.run import Result, Tally

__all__ = ["Progress", "report", "to_plain"]

OUTCOMES = ("accepted", "refused", "not_sent", "unknown", "hung", "crashed")

PAUSE = 15.0
"""Seconds between two lines of progress where it is not a terminal."""

MOST_SHOWN = 20
"""How many violations are shown."""


class Progress:
    """One line that changes on a terminal, and a line now and then elsewhere.

    Args:
        console: Where.
        creates: How many creates there will be.
    """

    def __init__(self, console: Console, creates: int) -> None:
        self._console = console
        self._creates = creates
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._next = PAUSE

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, tally: Tally) -> None:
        """Show how far it is."""
        counts = "  ".join(f"{name} {tally.creates[name]}" for name in OUTCOMES if tally.creates[name])
        line = (
            f"{tally.elapsed:4.0f} s  {tally.creates.total():,} of {self._creates:,} creates  {counts}"
            f"  ({tally.calls:,} calls, {tally.under_way} in flight, {tally.memory:.0f} MB)"
        )
        if self._live is not None:
            self._live.update(line)
        elif tally.elapsed >= self._next:
            self._next = tally.elapsed + PAUSE
            self._console.print(line, soft_wrap=True)


def report(console: Console, result: Result) -> None:
    """Show what came of it."""
    judgement, tally, memory = result.judgement, result.tally, result.memory
    console.print(_table("creates by fault", judgement.creates))
    console.print(_table("cancelled by moment", judgement.cancelled))
    console.print(_table("reads and writes", judgement.others))
    struck = ", ".join(f"{kind} {count:,}" for kind, count in sorted(result.struck.items()))
    console.print(f"faults struck: {struck}", soft_wrap=True)
    console.print(
        f"unknown, and not lost by the ledger: refused as a replay {judgement.replayed}, no request came"
        f" (connection refused) {judgement.unseen}, the client's time was up {judgement.gave_up}",
        soft_wrap=True,
    )
    console.print(
        f"{tally.calls:,} calls ({judgement.retried:,} retried), {result.requests:,} requests came,"
        f" {tally.elapsed:.0f} s, {tally.calls / max(tally.elapsed, 1e-9):.0f} calls/s,"
        f" at most {result.most_under_way} in flight",
        soft_wrap=True,
    )
    console.print(
        f"memory of the client: {memory['before_mb']} MB before, {memory['warm_mb']} MB warm, {memory['end_mb']} MB at"
        f" the end; {memory['growth_mb_per_1000_calls']} MB for each 1,000 calls after the warm-up;"
        f" {sum(result.kept.values())} objects of the SDK left",
        soft_wrap=True,
    )
    for each in judgement.violations[:MOST_SHOWN]:
        console.print(f"[red]violation:[/] {each.rule}", soft_wrap=True)
        for name, text in (("call", each.call_id), ("client", each.client), ("ledger", each.ledger)):
            if text:
                console.print(f"    {name}: {text}", soft_wrap=True, markup=False)
    colour = "red" if judgement.violations else "green"
    console.print(f"[{colour}]{len(judgement.violations)} violations[/]")


def _table(title: str, counts: Counter[tuple[str, str]]) -> Table:
    columns = [name for name in OUTCOMES if any(name == outcome for _, outcome in counts)]
    table = Table(title, *columns, "all", box=None, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    rows = sorted({row for row, _ in counts})
    for row in rows:
        cells = [counts[row, name] for name in columns]
        table.add_row(row, *(f"{cell:,}" if cell else "" for cell in cells), f"{sum(cells):,}")
    totals = [sum(counts[row, name] for row in rows) for name in columns]
    table.add_section()
    table.add_row("all", *(f"{total:,}" for total in totals), f"{sum(totals):,}")
    return table


def to_plain(result: Result) -> dict[str, Any]:
    """Return a result as plain data, ready for JSON."""
    judgement = result.judgement
    return {
        **attrs.asdict(result, filter=lambda field, _: field.name != "judgement"),
        "creates": _nested(judgement.creates),
        "cancelled": _nested(judgement.cancelled),
        "others": _nested(judgement.others),
        "retried": judgement.retried,
        "unknown_without_a_request": judgement.unseen,
        "unknown_when_time_was_up": judgement.gave_up,
        "unknown_after_a_replay_refusal": judgement.replayed,
        "violations": [attrs.asdict(each) for each in judgement.violations],
    }


def _nested(counter: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (row, column), count in sorted(counter.items()):
        nested.setdefault(row, {})[column] = count
    return nested
