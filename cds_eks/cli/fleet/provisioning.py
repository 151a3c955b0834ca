"""`cds-eks fleet provision`, `apply`, and `plan save`: plans are carried out, at once or after they were looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli import failures
from cds_eks.cli.completing import files
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.fleet import parameters
from cds_eks.cli.fleet.journals import journal_for, opened, shown
from cds_eks.cli.fleet.limit_options import limit_options, limits_of
from cds_eks.cli.fleet.output_files import check_files, check_saved
from cds_eks.cli.fleet.results import check_columns
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say
from cds_eks.cli.param_type import WholeNumber

if TYPE_CHECKING:
    from cds_eks.fleet.plan.model import Plan

SETTINGS = ("settle", "adopt", "only", "exclude", "limits", "stop_on_error", "strict")


@pass_context
def _provision(context: Context, /, plan: str, runners: int, **values: Any) -> None:
    where = journal_for(values["journal"], plan)
    checked = parameters.checked(plan, context.options)
    values |= parameters.chosen(values, checked)
    check_files(values["html"], values["csv"], plan, where)
    check_columns(context)
    values["limits"] = limits_of(values)
    if runners > 1:
        from cds_eks.cli.fleet.launching import launch

        launch(context, checked, where, runners, values)
        return
    _run(context, checked, where, values, None)


@pass_context
def _apply(context: Context, /, file: str, **values: Any) -> None:
    plan = _saved(file)
    parameters.refuse_faults(plan, context.options)
    source = plan.source
    if values["journal"] is None and not (source and Path(source).exists()):
        source = "-"  # which has no place of its own
    where = journal_for(values["journal"], source)
    values |= parameters.chosen(values, plan)
    for each in (file, source):
        check_files(values["html"], values["csv"], each, where)
    check_columns(context)
    values["limits"] = limits_of(values)
    from cds_eks.fleet.run.saved import PlanOutdated

    try:
        _run(context, plan, where, values, file)
    except PlanOutdated as error:
        hint = "look at `plan diff`, then save the plan anew"
        raise failures.Incomplete(
            error.message, failures.CONFLICT, kind="PlanOutdated", outcome="not_sent", hint=hint
        ) from None


def _run(context: Context, plan: Plan, where: str, values: dict[str, Any], saved: str | None) -> None:
    from cds_eks.cli.fleet.running import Order, carry_out, meant_items
    from cds_eks.fleet import sync

    order = Order(journal=where, html=values["html"], csv=values["csv"])
    settings: dict[str, Any] = {"timeout": context.options.timeout} | {name: values[name] for name in SETTINGS}
    items = meant_items(plan, values["only"], values["exclude"])
    with context.client() as eks, opened(eks, where, rebind=values["rebind"]) as journal:
        if saved is None:
            carry_out(
                context, order, items, eks, journal,
                lambda eks, journal: sync.provision(eks, plan, journal=journal, **settings),
            )  # fmt: skip
        else:
            carry_out(
                context, order, items, eks, journal,
                lambda eks, journal: sync.apply(eks, saved, journal=journal, **settings),
            )  # fmt: skip


def _saved(file: str) -> Plan:
    """Return the plan of a file that `plan save` has written.

    Raises:
        UsageError: It is none.
    """
    import attrs

    from cds_eks.cli.documents import text_of
    from cds_eks.fleet.plan.model import Plan

    try:
        data = json.loads(text_of(file))
        return attrs.evolve(Plan.from_dict(data["plan"]), source=str(data["source"]))
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(f"{file}: is no saved plan: `cds-eks plan save` makes one") from None


@pass_context
def _save(context: Context, /, plan: str, file: str, journal: str | None, *, rebind: bool) -> None:
    import attrs

    from cds_eks.fleet import sync

    where = journal_for(journal, plan)
    check_saved(file, plan, where)
    checked = parameters.checked(plan, context.options)
    if checked.source and plan != "-":  # so that `apply` finds the journal beside it, wherever it is called
        checked = attrs.evolve(checked, source=str(Path(plan).absolute()))
    with context.client() as eks, opened(eks, where, rebind=rebind) as known:
        sync.save(eks, checked, file, journal=known)
    context.emit({"saved": file, "plan": plan, "journal": shown(where)})


def _settings() -> list[click.Parameter]:
    return [
        *parameters.journal_options(),
        *parameters.selection(),
        click.Option(
            ["--adopt"], type=click.Choice(("never", "matching", "require")), default="never",
            help=say(
                "What to do about somebody else's cluster of the same name: fail, take it over if nothing is "
                "different, or the same and create nothing. [never]",
                "遇到他人的同名集群：失败、无差异则接管，或接管且不创建任何内容。[never]",
            ),
        ),
        parameters.settle_option(),
        parameters.stop_on_error_option(),
        click.Option(
            ["--strict"], is_flag=True,
            help=say(
                "Delay a second create until the service would refuse the first for its age.",
                "再次创建前，等到服务会因过期而拒绝首次请求为止。",
            ),
        ),
        *parameters.report_files(),
        *limit_options(),
    ]  # fmt: skip


def provision() -> Command:
    """Return the command that carries a plan out."""
    return Command(
        "provision",
        callback=_provision,
        help=say(
            "Carry a plan out: each cluster and each node pool exactly once.\n\nAfter an interrupt or a kill, run "
            "the same command again. The first Ctrl-C finishes what is under way, a second one ends it at once.",
            "执行计划：每个集群、每个节点池恰好创建一次。\n\n中断或被终止后，重新运行同一命令即可继续。"
            "第一次 Ctrl-C 会完成进行中的操作，第二次立即退出。",
        ),
        params=[
            parameters.plan_argument(),
            click.Option(
                ["--runners"], type=WholeNumber(min=1), default=1, metavar="NUMBER",
                help=say("How many processes share the work. [1]", "分担工作的进程数。[1]"),
            ),
            *_settings(),
        ],
    )  # fmt: skip


def apply() -> Command:
    """Return the command that carries a saved plan out."""
    return Command(
        "apply",
        callback=_apply,
        help=say(
            "Carry out what `plan save` has written, unless the plan, the journal or the service has changed since.",
            "执行 `plan save` 保存的计划；若计划、执行记录或服务此后有变化则拒绝。",
        ),
        params=[click.Argument(["file"], metavar="FILE", shell_complete=files), *_settings()],
    )


def save() -> Command:
    """Return the command that saves a plan."""
    return Command(
        "save",
        callback=_save,
        help=say(
            "Write a plan into FILE, with digests of what the journal and the service say now. `apply` carries it out.",
            "将计划连同执行记录和服务当前状态的摘要写入 FILE，由 `apply` 执行。",
        ),
        params=[
            parameters.plan_argument(),
            click.Argument(["file"], metavar="FILE", shell_complete=files),
            *parameters.journal_options(),
        ],
    )
