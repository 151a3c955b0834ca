"""`cds-eks fleet`, and `plan` below it."""

from __future__ import annotations

from cds_eks.cli.groups import Group
from cds_eks.cli.language import say


def command() -> Group:
    """Return the group of all commands of fleets."""
    return Group(
        "fleet",
        help=say(
            "Many clusters with their node pools from one plan, each exactly once.\n\nA plan is a file (TOML, YAML, "
            "JSON); the journal beside it knows what was begun. Whatever happens, the answer is the same: run the same "
            "command again. Each command works without the word `fleet` too: `cds-eks provision`.",
            "按一份计划创建多个集群及其节点池，每个恰好创建一次。\n\n计划是一个文件（TOML、YAML、JSON）；"
            "旁边的执行记录（journal）写明已开始的操作。无论发生什么，重新运行同一命令即可。各命令均可省略 `fleet`："
            "`cds-eks provision`。",
        ),
        lazy={
            "plan": ("cds_eks.cli.fleet.group:plan", "Check, compare or save a plan.", "检查、比较或保存计划。"),
            "provision": ("cds_eks.cli.fleet.provisioning:provision", "Carry a plan out.", "执行计划。"),
            "apply": ("cds_eks.cli.fleet.provisioning:apply", "Carry out what was saved.", "执行已保存的计划。"),
            "status": ("cds_eks.cli.fleet.surveys:status", "Show how far a fleet is.", "显示集群群组的当前状态。"),
            "destroy": ("cds_eks.cli.fleet.destroying:command", "Delete a fleet.", "删除计划中的集群。"),
            "orphans": (
                "cds_eks.cli.fleet.orphans:command",
                "Find clusters that no journal knows.",
                "查找执行记录中没有的同名集群。",
            ),
            "import": (
                "cds_eks.cli.fleet.importing:command",
                "Take what is there into the journal.",
                "将已有集群纳入执行记录。",
            ),
            "report": (
                "cds_eks.cli.fleet.reports:command",
                "Write the report of a run as a page or a table.",
                "将运行报告写为网页或表格。",
            ),
        },
    )


def plan() -> Group:
    """Return the group of what is done with a plan that is not carried out."""
    return Group(
        "plan",
        help=say("Check, compare or save a fleet's plan.", "检查、比较或保存集群计划。"),
        lazy={
            "check": ("cds_eks.cli.fleet.plans:check", "Check a plan, without any network.", "离线检查计划。"),
            "diff": (
                "cds_eks.cli.fleet.surveys:diff",
                "Compare what is there with a plan.",
                "将现状与计划逐字段比较。",
            ),
            "save": (
                "cds_eks.cli.fleet.provisioning:save",
                "Save a plan that was looked at, for `apply`.",
                "保存已确认的计划，供 `apply` 执行。",
            ),
        },
    )
