"""`cds-eks fleet status` and `plan diff`: what is there, beside plan and journal. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli import failures
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.fleet import parameters
from cds_eks.cli.fleet.journals import is_chosen, is_there, journal_for, must_be_there, opened, opened_empty, shown
from cds_eks.cli.fleet.limit_options import limit_options, limits_of
from cds_eks.cli.fleet.output_files import check_files
from cds_eks.cli.fleet.results import STATUS_COLUMNS, emit_report, row_of, wants_data, write_files
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

if TYPE_CHECKING:
    from cds_eks.fleet.report.data import ReportItem
    from cds_eks.fleet.report.fleet_report import FleetReport

DIFFERENCES = ("kind", "name", "field", "wanted", "found")
READ_LIMITS = ("reads", "requests_per_second")


@pass_context
def _status(
    context: Context,
    /,
    plan: str,
    journal: str | None,
    html: str | None,
    csv: str | None,
    *,
    rebind: bool,
    **values: Any,
) -> None:
    from cds_eks.fleet import sync

    where = journal_for(journal, plan)
    checked = parameters.sound(plan)
    must_be_there(where)
    check_files(html, csv, plan, where)
    chosen = parameters.chosen(values, checked)
    with context.client() as eks, opened(eks, where, rebind=rebind) as known:
        report = sync.status(eks, checked, journal=known, **chosen)
    try:
        emit_report(context, report, STATUS_COLUMNS)
    finally:  # though nobody reads what is printed
        write_files(context, report, html, csv)
    for kind, counts in report.counts.items():
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        context.tell(f"{kind.replace('_', ' ')}s: {told}")


@pass_context
def _diff(context: Context, /, plan: str, journal: str | None, *, rebind: bool, **values: Any) -> None:
    from cds_eks.fleet import sync
    from cds_eks.fleet.run.survey import NOT_COMPARED

    where = journal_for(journal, plan)
    limits = limits_of(values)
    checked = parameters.checked(plan, context.options)
    chosen = parameters.chosen(values, checked)
    if is_new := not is_there(where):
        if is_chosen(journal):
            must_be_there(where)
        context.tell(f"there is no journal {shown(where)}: compared with an empty one; none was made")
    with context.client() as eks, opened_empty(eks) if is_new else opened(eks, where, rebind=rebind) as known:
        report = sync.diff(eks, checked, journal=known, limits=limits, **chosen)
    rows = list(rows_of(report))
    if wants_data(context):
        context.emit(report.to_dict())
    else:
        context.emit(rows, columns=DIFFERENCES, id="id", fields=DIFFERENCES)
    if unread := [item.name for item in report.items if item.kind == "cluster" and NOT_COMPARED in item.differences]:
        raise failures.Incomplete(
            f"{len(unread)} clusters could not be compared: {', '.join(unread[:20])}",
            failures.FAILED,
            kind="FleetFailed",
            hint="look at `not_compared` in -o json, and run it again",
        )
    if not_ours := sum(item.kind == "cluster" and "in_journal" in item.differences for item in report.items):
        context.tell(
            f"{not_ours} clusters are there, but not in this journal: a run fails on them with AlreadyExists. Is "
            "--journal the one that they were made with? Else `cds-eks import` takes them into it, or `provision "
            "--adopt matching`"
        )
    if rows:
        context.tell(f"{len(rows)} differences")
        raise click.exceptions.Exit(failures.USAGE)
    context.tell("no difference")


def rows_of(report: FleetReport) -> Iterator[dict[str, Any]]:
    """Yield a row for each difference; what can't be seen is none."""
    for item in report.items:
        for field, value in item.differences.items():
            row = _row(item, field, value)
            if row is not None:
                yield row


def _row(item: ReportItem, field: str, value: Any) -> dict[str, Any] | None:
    told = {**row_of(item), "field": field}
    if isinstance(value, Mapping) and "wanted" in value:
        return {**told, "wanted": value["wanted"], "found": value.get("found")}
    if field == "unplanned":
        return {**told, "wanted": None, "found": value}
    return None


def status() -> Command:
    """Return the command that shows how far a fleet is."""
    return Command(
        "status",
        callback=_status,
        help=say(
            "Show what the journal knows about each item, and the service's status of each cluster. It costs one list.",
            "显示执行记录中各项的状态，以及服务端各集群的状态；只需一次列表请求。",
        ),
        params=[
            parameters.plan_argument(),
            *parameters.journal_options(),
            *parameters.selection(),
            *parameters.report_files(),
        ],
    )


def diff() -> Command:
    """Return the command that compares."""
    return Command(
        "diff",
        callback=_diff,
        help=say(
            "Compare what is there with a plan, field by field. The exit code is 2 if there are differences.",
            "将现状与计划逐字段比较；有差异时退出码为 2。",
        ),
        params=[
            parameters.plan_argument(),
            *parameters.journal_options(),
            *parameters.selection(),
            *limit_options(READ_LIMITS),
        ],
    )
