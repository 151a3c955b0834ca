"""`cds-eks fleet report`: what a journal, or the JSON of a run, tells; as a page, a table, or rows. No network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import click

from cds_eks.cli.completing import files
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.fleet import parameters
from cds_eks.cli.fleet.journals import journal_for, must_be_there
from cds_eks.cli.fleet.output_files import check_files
from cds_eks.cli.fleet.results import emit_report, tell_summary, write_files
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

if TYPE_CHECKING:
    from cds_eks.fleet.plan.model import Plan
    from cds_eks.fleet.report.fleet_report import FleetReport


@pass_context
def _report(
    context: Context, /, source: str, journal: str | None, html: str | None, csv: str | None, **values: Any
) -> None:
    report = _of_json(source)
    if report is not None:
        check_files(html, csv, source)
    else:
        where = journal_for(journal, source)
        check_files(html, csv, source, where)
        plan = parameters.load(source)
        must_be_there(where)
        chosen = parameters.chosen(values, plan)
        report = anyio.run(of_journal, plan, where, chosen["only"], chosen["exclude"])
    try:
        emit_report(context, report)
    finally:  # though nobody reads what is printed
        write_files(context, report, html, csv)
    tell_summary(context, report)


def _of_json(source: str) -> FleetReport | None:
    """Return the report that a run has printed with `-o json`, if the file is one."""
    if not source.lower().endswith(".json"):
        return None
    from cds_eks.cli.documents import text_of
    from cds_eks.fleet.report.fleet_report import FleetReport

    try:
        data = json.loads(text_of(source))
        return FleetReport.from_dict(data) if isinstance(data, dict) and "schema_version" in data else None
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(f"{source}: is no report") from None


async def of_journal(plan: Plan, where: str, only: tuple[str, ...] | None, exclude: tuple[str, ...]) -> FleetReport:
    """Return the report on a plan that its journal alone can give."""
    from cds_eks.fleet.journal.opening import open_journal
    from cds_eks.fleet.run.group import group_of
    from cds_eks.fleet.run.reporting import report_of
    from cds_eks.fleet.run.selection import selected

    groups = [group_of(cluster) for cluster in selected(plan.clusters, only, exclude)]
    async with open_journal(where) as journal:
        ids = {id_ for group in groups for id_ in group.item_ids}
        times = [entry.at for entry in await journal.audit() if entry.item_id in ids] or [await journal.now()]
        return await report_of(journal, groups, plan=plan, times=(min(times), max(times)), stopped=None, differences={})


def command() -> Command:
    """Return the command."""
    return Command(
        "report",
        callback=_report,
        help=say(
            "Report on a fleet without any network: on a PLAN, by its journal; or on what a run has printed with "
            "-o json, which knows a little more.",
            "离线生成报告：来自 PLAN 的执行记录，或某次运行以 -o json 输出的文件（信息略多）。",
        ),
        params=[
            click.Argument(["source"], metavar="PLAN|REPORT.json", shell_complete=files),
            parameters.journal_option(),
            *parameters.selection(),
            *parameters.report_files(),
        ],
    )
