"""The figures and the samples as CSV, for those who want all of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from benchmarks.speed.figures import measured
from benchmarks.speed.result import Result

__all__ = ["figures_sheet", "samples_sheet"]


def figures_sheet(result: Result) -> str:
    """Return each figure beside what it is to reach."""
    rows = []
    for each in measured(result):
        figure, there = each.figure, each.spread
        target = "" if figure.reach is None else f"{'>=' if figure.more_is_better else '<='}{figure.reach:g}"
        values = (
            ("", "", "", "") if there is None else (*map(_short, (there.median, there.low, there.high)), there.count)
        )
        met = "" if each.is_met is None else "yes" if each.is_met else "no"
        rows.append(
            (figure.id, figure.what, figure.zh, "x" if figure.unit == "×" else figure.unit, target, *values, met)
        )
    return _sheet(("id", "what", "zh", "unit", "target", "median", "low", "high", "samples", "met"), rows)


def samples_sheet(result: Result) -> str:
    """Return where the samples of each point lie: of ours, and of those beside them."""
    rows = []
    for key, quantities in result.samples.items():
        rows += [
            (key, name, *map(_short, (there.median, there.low, there.high)), there.count)
            for name in quantities
            if (there := result.spread(key, name)) is not None
        ]
    return _sheet(("point", "quantity", "median", "low", "high", "samples"), rows)


def _short(value: float) -> str:
    return f"{value:.6g}"


def _sheet(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()
