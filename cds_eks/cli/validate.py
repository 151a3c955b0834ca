"""`cds-eks validate`: checks a file without any network."""

from __future__ import annotations

from typing import Any

import click

from cds_eks.cli.completing import files
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.description import Operation
from cds_eks.cli.documents import Document, by_python_names, read
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say
from cds_eks.cli.operations import GROUPS
from cds_eks.cli.options import Options


@pass_context
def _validate(context: Context, file: str, target: str | None, skip_secrets: bool) -> None:
    from cds_eks.cli.clients import resolved_settings
    from cds_eks.cli.requests import RequestFaults, faults_of, revision_faults_of, with_references

    document = read(file)
    if target is None and _is_plan(document.data):
        target = "fleet plan"
        faults = _plan_faults(file, document, context.options, skip_secrets=skip_secrets)
    else:
        operation = _named(target) if target is not None else _meant(document)
        target = f"{operation.group.replace('_', '-')} {operation.command}"
        renamed = by_python_names(document, operation.fields)
        data = with_references(renamed.data, operation.fields, renamed.base)
        faults = faults_of(operation, data, renamed, resolves=not skip_secrets)
        if not faults:
            faults = revision_faults_of(operation, data, renamed, resolved_settings(context.options).api_revision)
    if faults:
        raise RequestFaults(faults)
    context.emit({"valid": True, "file": document.source, "for": target})


def _candidates() -> list[Operation]:
    from cds_eks.cli.operation_group import operations_of

    return [each for group in GROUPS for each in operations_of(group) if each.takes_request or each.kind == "create"]


def _named(target: str) -> Operation:
    """Return the operation of a command's name, such as `clusters create`, or the documented one."""
    wanted = target.replace(".", " ").replace("_", "-")
    for each in _candidates():
        if wanted == f"{each.group.replace('_', '-')} {each.command}" or target == each.name:
            return each
    names = ", ".join(f"{each.group.replace('_', '-')} {each.command}" for each in _candidates())
    raise click.UsageError(f"--for {target!r} is none of: {names}")


def _meant(document: Document) -> Operation:
    """Return the operation whose request a file can be: the one that knows most of its fields, and needs least more."""
    keys = {str(key).lower() for key in document.data}
    ranked: list[tuple[int, int, Operation]] = []
    for each in _candidates():
        known = {name.lower() for field in each.fields for name in (field.name, *field.wires)}
        missing = sum(
            not keys & {name.lower() for name in (field.name, *field.wires)} for field in each.fields if field.required
        )
        ranked.append((len(keys & known), -missing, each))
    ranked.sort(key=lambda entry: entry[:2], reverse=True)
    if not ranked[0][0] or ranked[0][:2] == ranked[1][:2]:
        raise click.UsageError(f"{document.source}: say what it is for, such as --for 'clusters create'")
    return ranked[0][2]


def _is_plan(data: dict[str, Any]) -> bool:
    return "version" in data and "clusters" in data


def _plan_faults(file: str, document: Document, options: Options, *, skip_secrets: bool) -> list[Any]:
    from cds_eks import fleet
    from cds_eks.cli.clients import resolved_settings

    plan = fleet.Plan.from_dict(document.data) if file == "-" else fleet.Plan.load(file)
    secrets: list[Any] = []
    if skip_secrets:
        try:
            _ = plan.clusters
        except fleet.PlanError as error:
            return list(error.faults)
        secrets = plan.check()  # a plan that has clusters has no other faults
    elif faults := plan.check():
        return faults
    revised = plan.check(api_revision=resolved_settings(options).api_revision)
    return [fault for fault in revised if fault not in secrets]


def command() -> Command:
    """Return the command."""
    return Command(
        "validate",
        callback=_validate,
        help=say(
            "Check a file of a request or of a fleet's plan, without any network: all faults are reported, with lines.",
            "离线检查请求文件或集群计划文件：一次列出全部错误及其行号。",
        ),
        params=[
            click.Option(
                ["-f", "--file"], required=True, metavar="FILE", shell_complete=files,
                help=say("The file, - for stdin.", "文件，- 为标准输入。"),
            ),
            click.Option(
                ["--for", "target"], metavar="COMMAND",
                help=say(
                    "What it is for, such as 'clusters create'; found out if left out.",
                    "用于哪个命令，例如 'clusters create'；不填则自动判断。",
                ),
            ),
            click.Option(
                ["--skip-secrets"], is_flag=True,
                help=say("Do not look whether secrets can be had.", "不检查机密是否可取得。"),
            ),
        ],
    )  # fmt: skip
