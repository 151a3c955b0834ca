"""The tables, as rows of text: the same on the terminal, in Markdown and on the pages about speed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from benchmarks.speed.compare import Change
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.figure import Measured
from benchmarks.speed.figures import measured
from benchmarks.speed.result import Result
from benchmarks.speed.stats import Spread

__all__ = ["NOTE", "Table", "bars", "changed", "loads", "markdown", "number", "spread_text", "target_text"]

BUSY = 0.9
"""A server's core that is busier than that may be the limit."""

NOTE = "\\* the server's core was busy nearly all the time: the client could do more."


@attrs.frozen(kw_only=True)
class Table:
    """A table.

    Attributes:
        columns: The heads; all but the first `texts` columns are numbers.
        rows: The cells.
        texts: How many columns hold text.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1


def number(value: float) -> str:
    """Return a number with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread_text(there: Spread | None, unit: str) -> str:
    """Return a median with its range, or a dash for nothing."""
    if there is None:
        return "–"
    blank = "" if unit in ("", "×") else " "
    if there.count == 1:
        return f"{number(there.median)}{blank}{unit}"
    return f"{number(there.median)}{blank}{unit} ({number(there.low)} – {number(there.high)})"


def target_text(each: Measured) -> str:
    """Return what a figure is to reach; "" if it is only told."""
    figure = each.figure
    if figure.reach is None:
        return ""
    blank = "" if figure.unit == "×" else " "
    return f"{'≥' if figure.more_is_better else '≤'} {figure.reach:g}{blank}{figure.unit}"


def bars(result: Result, *, is_chinese: bool = False, with_missing: bool = True) -> Table:
    """Return what is to be reached, and what is.

    Args:
        result: What was measured.
        is_chinese: Whether in Chinese.
        with_missing: Whether figures that were not measured are in it.
    """
    words = ("是", "否") if is_chinese else ("yes", "no")
    rows = []
    for each in measured(result):
        if each.spread is None and not with_missing:
            continue
        met = "" if each.is_met is None else words[0] if each.is_met else f"**{words[1]}**"
        what = each.figure.zh if is_chinese else each.figure.what
        rows.append((what, target_text(each), spread_text(each.spread, each.figure.unit), met))
    columns = ("项目", "目标", "实测：中位数（四分位区间）", "达到") if is_chinese else _BAR_COLUMNS
    return Table(columns=columns, rows=rows)


_BAR_COLUMNS = ("what", "target", "measured: median (interquartile range)", "met")


def loads(result: Result, *, is_chinese: bool = False) -> Table:
    """Return calls per second and CPU per call of every contender, and how busy the server's core was.

    Args:
        result: What was measured.
        is_chinese: Whether in Chinese.
    """
    rows = []
    for section, name, size in _loaded(result):
        key = "/".join((section, name, size))
        rate, cpu, busy = (result.spread(key, quantity) for quantity in ("rate", "cpu_us", "busy"))
        if rate is None:
            continue
        how = {"slow": f"{size} (50 ms)", "tls": f"{size} (TLS)", "sync": f"{size} (threads)"}.get(section, size)
        share = "–" if busy is None else f"{busy.median:.0%}{' *' if busy.median > BUSY else ''}"
        rows.append((name, how, spread_text(rate, ""), spread_text(cpu, ""), share))
    columns = ("名称", "在途", "每秒调用数", "每次调用 CPU（µs）", "服务端核心占用") if is_chinese else _LOAD_COLUMNS
    return Table(columns=columns, rows=rows)


_LOAD_COLUMNS = ("who", "in flight", "calls/s", "CPU per call (µs)", "server's core busy")


def _loaded(result: Result) -> list[tuple[str, str, str]]:
    keys = [
        (section, name, size) for section, name, *rest in (key.split("/") for key in result.samples) for size in rest
    ]
    sections, names = ("load", "slow", "tls", "sync"), list(CONTENDERS)
    return sorted(
        (key for key in keys if key[0] in sections),
        key=lambda key: (sections.index(key[0]), int(key[2]), names.index(key[1])),
    )


def changed(changes: Iterable[Change]) -> Table:
    """Return every figure then and now, with what got worse or better by more than noise marked."""
    rows = []
    for each in changes:
        mark = "REGRESSION" if each.is_regression else "better" if each.is_gain else ""
        unit = each.new.figure.unit
        assert each.old.spread is not None
        assert each.now is not None
        factor = each.now.median / each.old.spread.median if each.old.spread.median else 1.0
        rows.append(
            (
                each.new.figure.what,
                spread_text(each.old.spread, unit),
                spread_text(each.now, unit),
                f"{factor:.2f}×",
                mark,
            )
        )
    return Table(columns=("what", "old", "new", "new over old", ""), rows=rows)


def markdown(table: Table) -> str:
    """Return a table in Markdown."""
    rule = ["---" if index < table.texts else "--:" for index in range(len(table.columns))]
    lines = [table.columns, rule, *table.rows]
    return "".join(f"| {' | '.join(_escaped(cell) for cell in line)} |\n" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace(" *", " \\*") if "**" not in cell else cell
