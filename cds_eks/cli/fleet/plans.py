"""`cds-eks fleet plan check`: all faults of a plan, without any network."""

from __future__ import annotations

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.fleet import parameters
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say


@pass_context
def _check(context: Context, plan: str) -> None:
    checked = parameters.checked(plan, context.options)
    items = checked.items()
    pools = [item for item in items if item.kind == "node_pool"]
    context.emit(
        {
            "valid": True,
            "file": checked.source,
            "clusters": len(items) - len(pools),
            "node_pools": len(pools),
            "nodes": sum(item.replicas for item in pools),
            "protected": sum(item.protect for item in items if item.kind == "cluster"),
            "digest": checked.digest,
        }
    )


def check() -> Command:
    """Return the command."""
    return Command(
        "check",
        callback=_check,
        help=say(
            "Check a plan without any network: all faults are reported at once, with their lines. Secrets are looked "
            "for where they are; no cmd: is run.",
            "离线检查计划：一次列出全部错误及其行号。会检查机密是否可取得，但不执行 cmd: 命令。",
        ),
        params=[parameters.plan_argument()],
    )
