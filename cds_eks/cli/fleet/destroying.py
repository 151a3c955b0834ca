"""`cds-eks fleet destroy`: deletes what the journal has created of a plan, after it has asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.fleet import parameters
from cds_eks.cli.fleet.journals import journal_for, must_be_there, opened, shown
from cds_eks.cli.fleet.limit_options import limit_options, limits_of
from cds_eks.cli.fleet.output_files import check_files
from cds_eks.cli.fleet.results import check_columns
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

if TYPE_CHECKING:
    from cds_eks.fleet.items import Item, NewItem
    from cds_eks.fleet.plan.model import Plan
    from cds_eks.fleet.sync.journal import FleetJournal

WHY_ALONE = "protected or not made by this journal"

SETTINGS = ("settle", "only", "exclude", "limits", "stop_on_error", "include_adopted")


@pass_context
def _destroy(context: Context, /, plan: str, **values: Any) -> None:
    from cds_eks.cli.fleet.running import Order, carry_out, meant_items
    from cds_eks.fleet import sync

    where = journal_for(values["journal"], plan)
    checked = parameters.sound(plan)
    must_be_there(where)
    values |= parameters.chosen(values, checked)
    check_files(values["html"], values["csv"], plan, where)
    check_columns(context)
    values["limits"] = limits_of(values)
    settings: dict[str, Any] = {"timeout": context.options.timeout} | {name: values[name] for name in SETTINGS}
    order = Order(journal=where, goal="deleted", html=values["html"], csv=values["csv"])
    meant = meant_items(checked, values["only"], values["exclude"])
    with context.client() as eks, opened(eks, where, rebind=values["rebind"]) as journal:
        clusters, pools = _there(journal, meant)
        alone = _left_alone(checked, clusters, pools, is_adopted_meant=values["include_adopted"])
        meant_clusters = [item for item in clusters if item.id not in alone]
        if meant_clusters:
            context.confirm(_question(meant_clusters, pools, shown(where), len(alone)))
        elif clusters:
            context.tell(f"nothing to delete: all {len(alone)} clusters are left alone, {WHY_ALONE}")
        else:
            context.tell("nothing to delete: the journal knows of no cluster of the plan that is there")
        there = {item.id for item in (*clusters, *pools)}
        carry_out(
            context, order, [item for item in meant if item.id in there], eks, journal,
            lambda eks, journal: sync.destroy(eks, checked, journal=journal, **settings),
        )  # fmt: skip


def _there(journal: FleetJournal, meant: Sequence[NewItem]) -> tuple[list[Item], list[Item]]:
    """Return the clusters that may be there, and the pools of them, as the journal has them."""
    from cds_eks.fleet.ensure.decide import own_id
    from cds_eks.fleet.items import OPEN
    from cds_eks.fleet.run.teardown import THERE

    keys = {(item.vpc_id, item.cluster_name) for item in meant}
    items = [
        item
        for item in journal.items()
        if (item.vpc_id, item.cluster_name) in keys
        and ((item.state in THERE and own_id(item) is not None) or item.state in OPEN)  # else nothing has its id
    ]
    clusters = [item for item in items if item.kind == "cluster"]
    names = {(item.vpc_id, item.name) for item in clusters}
    pools = [item for item in items if item.kind == "node_pool" and (item.vpc_id, item.cluster_name) in names]
    return clusters, pools


def _left_alone(
    plan: Plan, clusters: Sequence[Item], pools: Sequence[Item], *, is_adopted_meant: bool
) -> frozenset[str]:
    """Return the ids of the clusters' items that a run leaves alone."""
    from cds_eks.fleet.run.destroy import protected_by
    from cds_eks.fleet.run.teardown import refusal

    protected = protected_by(plan)
    left = set()
    for cluster in clusters:
        group = [cluster, *_pools_of(cluster, pools)]
        if refusal(group, include_adopted=is_adopted_meant, protected=protected.get(cluster.id, ())) is not None:
            left.add(cluster.id)
    return frozenset(left)


def _pools_of(cluster: Item, pools: Sequence[Item]) -> list[Item]:
    return [pool for pool in pools if (pool.vpc_id, pool.cluster_name) == (cluster.vpc_id, cluster.name)]


def _question(clusters: Sequence[Item], pools: Sequence[Item], where: str, left: int) -> str:
    """Return what will be deleted, as a question.

    Args:
        clusters: The clusters that will be.
        pools: All pools; those of other clusters do not count.
        where: The journal, as it is shown.
        left: How many clusters are left alone.
    """
    count = sum(len(_pools_of(cluster, pools)) for cluster in clusters)
    named = ", ".join(item.name for item in clusters[:5]) + (", …" if len(clusters) > 5 else "")
    told = f"delete {len(clusters)} clusters ({named}) with their node pools ({count} in {where})"
    return f"{told}; {left} are left alone, {WHY_ALONE}?" if left else f"{told}?"


def command() -> Command:
    """Return the command."""
    return Command(
        "destroy",
        callback=_destroy,
        help=say(
            "Delete the clusters of a plan, with their pools, by the ids that the journal has of them, and nothing "
            "else. What is protected is left alone. It asks first; without a terminal it needs --yes.",
            "按执行记录中的 ID 删除计划中的集群及其节点池，不涉及其他资源；受保护的不会删除。"
            "删除前会确认；没有终端时需要 --yes。",
        ),
        params=[
            parameters.plan_argument(),
            *parameters.journal_options(),
            *parameters.selection(),
            click.Option(
                ["--include-adopted"], is_flag=True,
                help=say(
                    "Delete also what was adopted or imported: somebody else has made it.",
                    "同时删除接管或导入的（由他人创建的）资源。",
                ),
            ),
            parameters.settle_option(),
            parameters.stop_on_error_option(),
            *parameters.report_files(),
            *limit_options(),
        ],
    )  # fmt: skip
