"""`cds-eks fleet import`: takes clusters that somebody else has made into the journal."""

from __future__ import annotations

from typing import Any

import click

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.fleet import parameters
from cds_eks.cli.fleet.journals import journal_for, opened
from cds_eks.cli.fleet.limit_options import limit_options, limits_of
from cds_eks.cli.fleet.results import check_columns, emit_report
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

LIMITS = ("reads", "requests_per_second", "lease")


@pass_context
def _import(
    context: Context,
    /,
    plan: str,
    journal: str | None,
    id: tuple[str, ...],  # noqa: A002
    *,
    rebind: bool,
    **values: Any,
) -> None:
    from cds_eks.fleet import sync

    ids = dict(_pair(text) for text in id)
    where = journal_for(journal, plan)
    limits = limits_of(values)
    checked = parameters.checked(plan, context.options)
    check_columns(context)
    chosen = parameters.chosen(values, checked)
    with context.client() as eks, opened(eks, where, rebind=rebind) as known:
        report = sync.import_(eks, checked, journal=known, ids=ids, limits=limits, **chosen)
    emit_report(context, report)
    taken = sum(item.origin == "imported" for item in report.items)
    absent = sum(item.state == "planned" for item in report.items)
    context.tell(f"{taken} of {len(report.items)} are imported, {absent} are not there")


def _pair(text: str) -> tuple[str, str]:
    name, equals, cluster_id = text.partition("=")
    if not (name and equals and cluster_id):
        raise click.BadParameter(f"{text!r} must be NAME=CLUSTER_ID.", param_hint="--id")
    return name, cluster_id


def command() -> Command:
    """Return the command."""
    return Command(
        "import",
        callback=_import,
        help=say(
            "Take clusters of a plan that somebody else has made into the journal, with their pools. Nothing is "
            "created or changed at the service.",
            "将他人创建的、计划中的集群及其节点池纳入执行记录；不在服务端创建或更改任何内容。",
        ),
        params=[
            parameters.plan_argument(),
            *parameters.journal_options(),
            *parameters.selection(),
            click.Option(
                ["--id"], multiple=True, metavar="NAME=ID",
                help=say(
                    "The cluster's id, where several have the name. May be given again.",
                    "有多个同名集群时，指定其 ID。可重复。",
                ),
            ),
            *limit_options(LIMITS),
        ],
    )  # fmt: skip
