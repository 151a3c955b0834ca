"""`cds-eks fleet orphans`: clusters that are called as in a plan, and are in no journal."""

from __future__ import annotations

from typing import Any

import attrs
import click

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.fleet import parameters
from cds_eks.cli.fleet.journals import journal_for, must_be_there, opened, shown
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

COLUMNS = ("cluster_id", "name", "vpc_id", "status", "created", "is_deleted")

NONE_KNOWN = "knows none of the plan's clusters, so that all of their names are orphans to it, running ones too"
NONE_OWNED = "has the id of no cluster, so that all that are called as in the plan are orphans to it, running ones too"
OTHERS = (
    "If they were made with another journal, name it with --journal; what is surely nobody's can be deleted by "
    "`cds-eks clusters delete ID`"
)


@pass_context
def _orphans(
    context: Context, /, plan: str, journal: str | None, prune: tuple[str, ...], *, rebind: bool, **values: Any
) -> None:
    from cds_eks.fleet import sync
    from cds_eks.fleet.ensure.decide import own_id
    from cds_eks.fleet.run.orphans import knows_any

    where = journal_for(journal, plan)
    checked = parameters.sound(plan)
    must_be_there(where)  # a new one knows of nothing: all clusters of the plan would be orphans
    chosen = {**parameters.chosen(values, checked), "prune": bool(prune), "ids": prune}
    with context.client() as eks, opened(eks, where, rebind=rebind) as known:
        items = known.items()
        if prune and not knows_any(checked, items):
            raise click.UsageError(f"{shown(where)} {NONE_KNOWN}: nothing was deleted. {OTHERS}")
        if not any(item.kind == "cluster" and own_id(item) is not None for item in items):
            context.tell(f"{shown(where)} {NONE_OWNED}. {OTHERS}")
        if prune:
            context.confirm(f"delete {len(prune)} clusters that {shown(where)} does not know of: {', '.join(prune)}?")
        found = sync.orphans(eks, checked, journal=known, **chosen)
    context.emit([attrs.asdict(each) for each in found], columns=COLUMNS, id="cluster_id", fields=COLUMNS)


def command() -> Command:
    """Return the command."""
    return Command(
        "orphans",
        callback=_orphans,
        help=say(
            "Find clusters that have the name and the VPC of one in the plan, and that the journal does not know.",
            "查找名称和 VPC 与计划相同、但执行记录中没有的集群。",
        ),
        params=[
            parameters.plan_argument(),
            *parameters.journal_options(),
            *parameters.selection(),
            click.Option(
                ["--prune"], multiple=True, metavar="ID",
                help=say(
                    "Delete this one of them, after asking. May be given again.",
                    "确认后删除其中该 ID 的集群。可重复。",
                ),
            ),
        ],
    )  # fmt: skip
