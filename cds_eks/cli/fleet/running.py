"""A run of a fleet, carried out: shown while it goes on, printed at its end, and ended with its exit code."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from cds_eks.cli import logs
from cds_eks.cli.context import Context
from cds_eks.cli.fleet.events import as_data
from cds_eks.cli.fleet.interruptions import Interruptions
from cds_eks.cli.fleet.journals import errors_in_options
from cds_eks.cli.fleet.progress import Progress
from cds_eks.cli.fleet.results import Ending, check, emit_report, ending_of, tell_summary, unread, write_files
from cds_eks.cli.fleet.wording import report_in_options
from cds_eks.cli.streams import discard
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.run.telling import TITLES, Tally

if TYPE_CHECKING:
    from logging import LogRecord

    from cds_eks.fleet.items import Item, Kind, NewItem
    from cds_eks.fleet.plan.model import Plan
    from cds_eks.fleet.report.fleet_report import FleetReport
    from cds_eks.fleet.run.events import Event
    from cds_eks.fleet.sync.journal import FleetJournal
    from cds_eks.fleet.sync.run import FleetRun
    from cds_eks.sync.client import EksClient


@attrs.frozen(kw_only=True)
class Order:
    """What is to be done, and where it is written down.

    Attributes:
        journal: The journal's path or address.
        goal: The state that all items are to reach.
        html: The file of the report's page, or None.
        csv: The file of its table, or None.
    """

    journal: str
    goal: str = "ready"
    html: str | None = None
    csv: str | None = None


def meant_items(plan: Plan, only: Sequence[str] | None, exclude: Sequence[str]) -> list[NewItem]:
    """Return the items of the clusters that are meant."""
    from cds_eks.fleet.run.selection import selected

    with errors_in_options():
        keys = {(cluster.vpc_id, cluster.name) for cluster in selected(plan.clusters, only, exclude)}
    return [item for item in plan.items() if (item.vpc_id, item.cluster_name) in keys]


def carry_out(
    context: Context,
    order: Order,
    items: Sequence[NewItem],
    eks: EksClient,
    journal: FleetJournal,
    make: Callable[[EksClient, FleetJournal], FleetRun],
) -> None:
    """Carry a run out.

    Args:
        context: The command's.
        order: What is to be done.
        items: What it is about.
        eks: The client.
        journal: The journal.
        make: Makes the run.

    Raises:
        Incomplete: Not all was done.
    """
    known = journal.items(ids=[item.id for item in items])
    totals: Counter[Kind] = Counter(item.kind for item in items)
    run = make(eks, journal)
    with Progress(context, Tally(known), totals, order.goal) as progress, logs.without(_is_told):
        if order.goal == "ready":
            progress.say(begun(order, totals, known))
        with Interruptions(context, progress, run.stop) as interruptions:
            try:
                report = _followed(context, run, progress)
            except OSError as error:
                discard_stdout()
                is_unread = isinstance(error, BrokenPipeError)
                run.stop(
                    "nobody reads what it writes" if is_unread else f"its output can't be written: {error.strerror}"
                )
                report = run.report()
            except JournalError as error:
                if not run.timed_out:
                    raise
                raise unread(error) from error
    ending = ending_of(report, is_interrupted=interruptions.is_interrupted)
    finish(context, order, report, run.open_items, ending, progress.left_alone)


def finish(
    context: Context,
    order: Order,
    report: FleetReport,
    open_items: Sequence[Item] = (),
    ending: Ending | None = None,
    told: Collection[str] = (),
) -> None:
    """Print a report, write its files, and end as it says, also if nobody reads what is printed.

    Raises:
        Incomplete: Not all was done.
    """
    try:
        if not _streams(context):
            emit_report(context, report)
    except BrokenPipeError:
        discard_stdout()
    write_files(context, report, order.html, order.csv)
    tell_summary(context, report, told)
    check(report, open_items, ending)


def _is_told(record: LogRecord) -> bool:
    """Whether a warning tells of an open create, of which the run tells itself."""
    return record.name == "cds_eks.client" and getattr(record, "cds_eks", {}).get("outcome") == "unknown"


def begun(order: Order, totals: Counter[Any], known: Sequence[Item]) -> str:
    """Return what is said before a run: that it goes on, if the journal knows of anything."""
    from cds_eks.cli.fleet.journals import shown

    counts = ", ".join(f"{totals[kind]} {title}" for kind, title in TITLES.items())
    earlier = [item for item in known if item.state not in ("planned", "deleted")]
    text = f"{counts}; the journal is {shown(order.journal)}"
    if earlier:
        ready = sum(item.state == order.goal for item in earlier)
        text += (
            f": it goes on where the last run has stopped, with {ready} {order.goal} and {len(earlier) - ready} begun"
        )
    return f"{text}. If it is interrupted, run the same command again"


def _followed(context: Context, run: FleetRun, progress: Progress) -> FleetReport:
    """Follow a run to its end, and return its report; with `-o jsonl` its events are printed as they come."""
    if not _streams(context):
        for event in run:
            progress.see(event)
        return run.report()
    reports: list[FleetReport] = []
    context.emit(_lines(run, progress, reports))
    return reports[0]


def _lines(run: FleetRun, progress: Progress, reports: list[FleetReport]) -> Iterator[dict[str, Any]]:
    event: Event
    for event in run:
        progress.see(event)
        yield as_data(event)
        sys.stdout.flush()  # else a pipe gets them by the thousand
    reports.append(run.report())
    yield {"event": "report", **report_in_options(reports[0]).to_dict()}


def _streams(context: Context) -> bool:
    return context.options.output == "jsonl"


def discard_stdout() -> None:
    """Have what is still to be printed go nowhere: whoever read it has had enough."""
    discard(sys.stdout)
