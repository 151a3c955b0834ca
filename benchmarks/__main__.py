"""Measure how fast the SDK is, beside others of its kind.

python -m benchmarks
python -m benchmarks --only load default httpx --rounds 7
python -m benchmarks --quick --no-plot
python -m benchmarks --compare
python -m benchmarks --page

The server has a process and a core of its own, and so has each contender; they take turns. A whole run takes about a
quarter of an hour, writes `benchmarks/results/`, and keeps the last result in which nothing got worse (`good.json`).
With `--compare` the exit code is 1 if a figure got worse by more than noise.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from benchmarks.speed.compare import changes, drift
from benchmarks.speed.contenders import CONTENDERS, INSTALL
from benchmarks.speed.page import results_page, write_pages
from benchmarks.speed.plan import SECTIONS, Point, Settings, points
from benchmarks.speed.plot import plot
from benchmarks.speed.result import Result
from benchmarks.speed.run import available, run
from benchmarks.speed.tables import NOTE, Table, bars, changed, loads

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LATEST, GOOD = RESULTS / "latest.json", RESULTS / "good.json"

QUICK = Settings(rounds=1, seconds=0.1, is_quick=True)


def _parser() -> argparse.ArgumentParser:
    usual = Settings()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    names = f"sections ({', '.join(SECTIONS)}) and contenders ({', '.join(CONTENDERS)}) to measure"
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], choices=[*SECTIONS, *CONTENDERS], help=names)
    parser.add_argument("--rounds", type=int, metavar="N", help=f"how often each (default: {usual.rounds})")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"how long each time (default: {usual.seconds})")
    parser.add_argument("--quick", action="store_true", help="small numbers, only to see that all of it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there as well")
    parser.add_argument(
        "--compare",
        type=Path,
        metavar="FILE",
        nargs="?",
        const=GOOD,
        help="show what changed since that result (default: the last good one)",
    )
    parser.add_argument("--no-plot", action="store_true", help="draw nothing")
    parser.add_argument(
        "--page",
        action="store_true",
        help="only write the latest result into docs/speed.md and its twin, with pictures and CSV files",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and keep what came of it.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code: 1 if a comparison was asked for and shows a regression, else 0.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    if options.page:
        if not LATEST.exists():
            parser.error("there is no result yet: run `python -m benchmarks` first")
        write_pages(Result.load(LATEST), ROOT)
        return 0
    usual = QUICK if options.quick else Settings()
    settings = Settings(
        rounds=usual.rounds if options.rounds is None else options.rounds,
        seconds=usual.seconds if options.seconds is None else options.seconds,
        is_quick=options.quick,
    )
    if settings.rounds < 1 or settings.seconds <= 0:
        parser.error("--rounds must be at least 1 and --seconds above 0")
    if options.compare is not None and not options.compare.exists():
        parser.error("there is no result to compare with")
    old = None if options.compare is None else Result.load(options.compare)
    there, notes = available(points(settings, options.only))
    if options.quick:
        notes.append("a quick run: small numbers in place of those that are named, which say nothing of speed")
    result = _measured(console, there, notes, settings)
    _show(console, result)
    if options.json is not None:
        result.save(options.json)
    if not options.only and not options.quick:
        _keep(console, result, has_plot=not options.no_plot)
    return _compared(console, old, result)


def _measured(console: Console, there: Sequence[Point], notes: Sequence[str], settings: Settings) -> Result:
    for note in notes:
        console.print(note, soft_wrap=True, markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # It is drawn between measurements only: drawing takes time, on the core of the client or of the server.
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("", total=len(there) * settings.rounds)

        def show(what: str, done: int) -> None:
            progress.update(task, description=what, advance=done, refresh=console.is_terminal)

        return run(there, notes, settings, show)


def _show(console: Console, result: Result) -> None:
    console.print(f"{result.date}, {result.machine}", soft_wrap=True)
    for table in (loads(result), bars(result, with_missing=False)):
        if table.rows:
            console.print(_rich(table))
    if any(row[-1].endswith("*") for row in loads(result).rows):
        console.print(NOTE.removeprefix("\\"), soft_wrap=True, markup=False)
    for note in result.notes:
        console.print(note, soft_wrap=True, markup=False)


def _rich(table: Table) -> RichTable:
    shown = RichTable(*table.columns, box=None, header_style="dim")
    for column in shown.columns[table.texts :]:
        column.justify = "right"
    for row in table.rows:
        shown.add_row(
            *(cell.replace("**no**", "[red]no[/]").replace("REGRESSION", "[red]REGRESSION[/]") for cell in row)
        )
    return shown


def _keep(console: Console, result: Result, *, has_plot: bool) -> None:
    """Write the results, and keep this one as the good one unless something got worse."""
    result.save(LATEST)
    (RESULTS / "results.md").write_text(results_page(result), encoding="utf-8")
    if has_plot and importlib.util.find_spec("matplotlib") is None:
        console.print(f"the plot is skipped: there is no matplotlib; {INSTALL}", markup=False)
    elif has_plot:
        plot(result, RESULTS / "throughput.png")
    worse = [each for each in changes(Result.load(GOOD), result) if each.is_regression] if GOOD.exists() else []
    if worse:
        console.print(f"{len(worse)} figures are worse than in {GOOD.name}, which is kept: see --compare {GOOD.name}")
    else:
        result.save(GOOD)


def _compared(console: Console, old: Result | None, result: Result) -> int:
    if old is None:
        return 0
    found = changes(old, result)
    console.print(_rich(changed(found)))
    console.print(
        f"the machine was {drift(old, result):.2f} times as slow as on {old.date}; that is taken out of the times here",
        soft_wrap=True,
    )
    return 1 if any(each.is_regression for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
