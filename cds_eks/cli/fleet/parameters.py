"""The arguments and options that commands of fleets share, and what is made of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli.completing import files
from cds_eks.cli.fleet.journals import VARIABLE
from cds_eks.cli.language import say
from cds_eks.cli.options import Duration, Options

if TYPE_CHECKING:
    from cds_eks.fleet.plan.faults import PlanFault
    from cds_eks.fleet.plan.model import Plan


def plan_argument() -> click.Argument:
    """Return the argument that names the plan."""
    return click.Argument(["plan"], metavar="PLAN", shell_complete=files)


def journal_option() -> click.Option:
    """Return the option that says where the journal is."""
    return click.Option(
        ["--journal"],
        metavar="PATH|URL",
        shell_complete=files,
        help=say(
            f"The journal: a file, or postgresql://… without a password; else {VARIABLE}, else PLAN with the ending "
            ".db.",
            f"执行记录：文件，或不含密码的 postgresql://…；其次取 {VARIABLE}，默认为与 PLAN 同名的 .db 文件。",
        ),
    )


def journal_options() -> list[click.Parameter]:
    """Return the options of commands that use a journal with the service."""
    return [
        journal_option(),
        click.Option(
            ["--rebind"], is_flag=True,
            help=say(
                "The journal's service now has another endpoint: let the journal belong to this one from now on. "
                "Never for another service, where its ids mean nothing.",
                "同一服务已更换接入点名称：此后执行记录归属于当前接入点。切勿用于其他服务，其中的 ID 在那里没有意义。",
            ),
        ),
    ]  # fmt: skip


def selection() -> list[click.Parameter]:
    """Return the options that say which clusters are meant."""
    return [
        click.Option(
            ["--only"], multiple=True, metavar="NAME",
            help=say(
                "Only these clusters: a name, or a pattern such as 'gpu-0*'. May be given again.",
                "仅限这些集群：名称或通配符，如 'gpu-0*'。可重复。",
            ),
        ),
        click.Option(
            ["--exclude"], multiple=True, metavar="NAME",
            help=say("All but these clusters. May be given again.", "排除这些集群。可重复。"),
        ),
    ]  # fmt: skip


def report_files() -> list[click.Parameter]:
    """Return the options that write the report into files."""
    return [
        click.Option(
            ["--html"], metavar="FILE", shell_complete=files,
            help=say("Write the report as a page, too.", "另将报告写为网页。"),
        ),
        click.Option(
            ["--csv"], metavar="FILE", shell_complete=files,
            help=say("Write the report as a table, too.", "另将报告写为 CSV 表格。"),
        ),
    ]  # fmt: skip


def settle_option() -> click.Option:
    """Return the option that says how long lists may lag."""
    return click.Option(
        ["--settle"],
        type=Duration(),
        default=60.0,
        metavar="TIME",
        help=say(
            "How long to look for a create whose response was lost before it counts as not made. [60s]",
            "创建请求的响应丢失后，查找多久才视为未创建。[60s]",
        ),
    )


def stop_on_error_option() -> click.Option:
    """Return the option that stops at the first failure."""
    return click.Option(
        ["--stop-on-error"],
        is_flag=True,
        help=say("Begin nothing more once an item has failed.", "一旦有失败，不再开始新的操作。"),
    )


def load(name: str) -> Plan:
    """Read a plan. What is wrong in it is raised where it is used.

    Args:
        name: Its file; `-` for stdin.

    Raises:
        UsageError: The file can't be read, or is none of a plan.
    """
    from cds_eks.errors import ConfigurationError
    from cds_eks.fleet.plan.model import Plan

    if name == "-":
        from cds_eks.cli.documents import guessed_format, text_of

        text = text_of(name)
        return Plan.loads(text, guessed_format(text), "stdin")
    if Path(name).is_dir():
        raise click.UsageError(f"{name}: is a folder, not the file of a plan")
    try:
        return Plan.load(name)
    except OSError as error:
        raise click.UsageError(f"{name}: can't be read: {error.strerror}") from None
    except ConfigurationError as error:
        raise click.UsageError(f"{name}: {error.message}") from None


def checked(name: str, options: Options) -> Plan:
    """Read a plan, and refuse one with faults before anything is opened or asked.

    Args:
        name: Its file; `-` for stdin.
        options: Those of the command: the revision that it is to be carried out in.

    Raises:
        RequestFaults: It has faults.
    """
    plan = load(name)
    refuse_faults(plan, options)
    return plan


def refuse_faults(plan: Plan, options: Options) -> None:
    """Refuse a plan with faults, or with what the chosen revision can't carry.

    Raises:
        RequestFaults: It has some.
    """
    from cds_eks.cli.clients import resolved_settings
    from cds_eks.cli.requests import RequestFaults

    if faults := plan.check() or plan.check(api_revision=resolved_settings(options).api_revision):
        raise RequestFaults(faults, _hint_of(faults))


def _hint_of(faults: Sequence[PlanFault]) -> tuple[str, str]:
    """Return what to do with a file that is no plan, but probably a request: it has no clusters, and other fields."""
    at_top = [fault for fault in faults if not {".", "["} & set(fault.field)]
    has_clusters = not any(fault.field == "clusters" for fault in at_top)
    if has_clusters or not any(fault.message.startswith("is not a field of a plan") for fault in at_top):
        return "", ""
    command = f"cds-eks validate -f {shlex.quote(faults[0].file) if faults[0].file not in ('', 'stdin') else '-'}"
    return f"it may be a request: {command}", f"这可能是请求文件：{command}"


def sound(name: str) -> Plan:
    """Read a plan, and refuse one with faults; its secrets need not be there.

    Raises:
        RequestFaults: It has faults.
    """
    from cds_eks.cli.requests import RequestFaults
    from cds_eks.fleet.plan.faults import PlanError

    plan = load(name)
    try:
        plan.items()
    except PlanError as error:
        raise RequestFaults(error.faults, _hint_of(error.faults)) from None
    return plan


def chosen(values: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Return the selection of a command's parameters, as the calls of fleets take it.

    Raises:
        UsageError: A pattern fits no cluster of the plan: it is a mistake, after which nothing would be done, or all.
    """
    for option in ("only", "exclude"):
        for pattern in values[option]:
            if not any(fnmatchcase(cluster.name, pattern) for cluster in plan.clusters):
                raise click.UsageError(f"--{option} {pattern}: no cluster of the plan has such a name")
    return {"only": values["only"] or None, "exclude": values["exclude"]}
