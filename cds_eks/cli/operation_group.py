"""The commands of the API's operations, made of their descriptions when they are used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import click

from cds_eks.cli.completing import files
from cds_eks.cli.description import Field, Operation
from cds_eks.cli.fields import Path, flat, metavar_of, option_for, option_name, plain_value, put
from cds_eks.cli.groups import NEVER_AN_ARGUMENT, NEVER_AN_ARGUMENT_ZH, Command, Entry, Group
from cds_eks.cli.language import say
from cds_eks.cli.operations import GROUPS
from cds_eks.cli.options import poll_interval_option
from cds_eks.cli.param_type import WholeNumber


def operations_of(group: str) -> tuple[Operation, ...]:
    """Return the operations of a group."""
    found: tuple[Operation, ...] = importlib.import_module(f"cds_eks.cli.operations.{group}").OPERATIONS
    return found


class OperationGroup(Group):
    """A group of operations.

    Args:
        group: Its name in Python.
        added: The commands in it that are written by hand.
    """

    def __init__(self, group: str, added: Mapping[str, Entry]) -> None:
        super().__init__(group.replace("_", "-"), help=say(*GROUPS[group]), lazy=added)
        self.operations: dict[str, Operation] = {each.command: each for each in operations_of(group)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of its commands."""
        return [*self.operations, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of an operation, or one that is written by hand."""
        operation = self.operations.get(cmd_name)
        return super().get_command(ctx, cmd_name) if operation is None else OperationCommand(operation)

    def absence_of(self, name: str) -> str:
        """Return that the service has no operation to read so, and how to read instead."""
        if name not in READS:
            return ""
        reads = [each for each in self.operations.values() if not each.writes and positional(each)]
        known = next((each for each in reads if each.command in READS), reads[0] if reads else None)
        if known is None:
            return ""
        words = f"cds-eks {self.name} {known.command} {_usage_of(positional(known))}"
        return say(f"The service has no operation for it; use `{words}`.", f"服务没有该操作；请使用 `{words}`。")

    def help_of(self, ctx: click.Context, name: str) -> str:
        """Return what a command does."""
        operation = self.operations.get(name)
        return super().help_of(ctx, name) if operation is None else say(operation.help, f"{operation.zh}。")


READS = ("list", "get", "describe")
"""What the commands are called that show what there is."""


def positional(operation: Operation) -> list[Field]:
    """Return the fields that may be given without their options, in their order."""
    return (
        [] if operation.takes_request else [field for field in operation.fields if field.required and not field.secret]
    )


class OperationCommand(Command):
    """The command of an operation.

    Args:
        operation: The operation.
    """

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self._fields = list(flat(operation.fields))
        required = positional(operation)
        paging = ("page_index", "page_size") if operation.is_paged else ()
        options: list[click.Parameter] = []
        for number, (path, field, is_required) in enumerate(self._fields):
            is_marked = is_required and field not in required  # those stand in the usage
            options.append(option_for(number, path, field, is_required=is_marked))
        options += _further(operation, has_paging=bool(paging))
        if required:
            options.insert(0, click.Argument(["words"], nargs=-1, metavar=_usage_of(required)))
        super().__init__(operation.command, params=options, help=_help(operation), callback=self._run)

    def refusal_of(self, name: str) -> str | None:
        """Return why an option that is not there never will be; a secret field's has a file in its place."""
        if name.replace("-", "_") not in map(".".join, _secret_names(self.operation.fields)):
            return super().refusal_of(name)
        return say(
            f"is a secret, {NEVER_AN_ARGUMENT}. Give it in -f FILE, best as env:NAME, file:PATH or cmd:COMMAND; on a "
            "terminal it is asked for.",
            f"是机密，{NEVER_AN_ARGUMENT_ZH}。请写在 -f FILE 中，最好用 env:NAME、file:PATH 或 cmd:COMMAND 引用；"
            "在终端上会提示输入。",
        )

    def _run(self, **values: Any) -> None:
        from cds_eks.cli import invoking

        context = click.get_current_context()
        said = invoking.Said(
            fields=self._given(values),
            file=values.get("file"),
            extra=values.get("extra") or (),
            is_dry_run=bool(values.get("dry_run")),
            skeleton=values.get("skeleton"),
            all_pages=bool(values.get("page_all")),
            limit=values.get("limit"),
            is_waiting=bool(values.get("wait")),
            poll_interval=values.get("poll_interval"),
        )
        if said.poll_interval is not None and not said.is_waiting:
            raise click.UsageError("--poll-interval goes with --wait alone.")
        words = values.get("words") or ()
        invoking.invoke(self.operation, context.obj, said, words, positional(self.operation))

    def _given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was given with options, as nested plain data."""
        data: dict[str, Any] = {}
        for number, (path, field, _) in enumerate(self._fields):
            value = values.get(f"field_{number}")
            if value is not None and value != ():
                put(data, path, plain_value(field, value, option_name(path)))
        return data


def _usage_of(required: Sequence[Field]) -> str:
    return " ".join(f"[{metavar_of(each.name)}]{'...' if each.is_list else ''}" for each in required)


def _help(operation: Operation) -> str:
    lines = [say(operation.help, f"{operation.zh}。")]
    secrets = [".".join(path) for path in _secret_names(operation.fields)]
    if secrets:
        names = ", ".join(secrets)
        lines.append(
            say(
                f"Secrets ({names}) are never arguments: give them in -f FILE, best as env:NAME, file:PATH or "
                "cmd:COMMAND. On a terminal they are asked for.",
                f"机密字段（{names}）从不作为命令行参数：请写在 -f FILE 中，最好用 env:NAME、file:PATH 或 cmd:COMMAND "
                "引用。在终端上会提示输入。",
            )
        )
    lines.append(say(f"The service calls it {operation.name}.", f"服务中的名称为 {operation.name}。"))
    return "\n\n".join(lines)


def _secret_names(fields: Sequence[Field], path: Path = ()) -> list[Path]:
    found: list[Path] = []
    for field in fields:
        here = (*path, field.name)
        found += [here] if field.secret else _secret_names(field.fields, here)
    return found


def _further(operation: Operation, *, has_paging: bool) -> list[click.Parameter]:
    """Return the options that are no fields'."""
    extra = say(
        "An undocumented field, by the wire's name: NAME=TEXT, or NAME:=JSON. May be given again.",
        "未公开的字段，使用接口上的名称：NAME=TEXT 或 NAME:=JSON。可重复。",
    )
    file = say(
        "A file with the fields (TOML, YAML, JSON), - for stdin; options win.",
        "含字段的文件（TOML、YAML、JSON），- 为标准输入；命令行选项优先。",
    )
    found: list[click.Parameter] = [
        click.Option(["-f", "--file"], metavar="FILE", shell_complete=files, help=file),
        click.Option(["--extra"], metavar="NAME=TEXT", multiple=True, help=extra),
    ]
    if operation.writes:
        dry = say(
            "Check all, show the request without secrets, and send nothing.",
            "完成全部检查并显示请求（机密已脱敏），但不发送。",
        )
        found.append(click.Option(["--dry-run"], is_flag=True, help=dry))
    if operation.writes and not operation.is_list:
        wait = say(
            "Wait until the work that it starts has ended; --timeout (1h by default) covers all.",
            "等待所发起的操作结束；--timeout（默认 1h）为总时限。",
        )
        found += [click.Option(["--wait"], is_flag=True, help=wait), poll_interval_option()]
    if operation.writes and (operation.takes_request or operation.kind == "create"):
        skeleton = say("Print a file to fill in, with what was given already.", "输出待填写的文件，包含已给出的内容。")
        found.append(click.Option(["--skeleton"], type=click.Choice(("yaml", "toml")), help=skeleton))
    if operation.is_list:
        pages = say("All pages, as one list.", "获取全部分页，合为一个列表。")
        if not has_paging:
            pages = say("All entries; this list has no pages.", "全部条目；该列表没有分页。")
        found.append(click.Option(["--page-all"], is_flag=True, help=pages))
        most = say("At most this many entries, from as many pages as needed.", "最多返回的条目数，必要时跨多页。")
        found.append(click.Option(["--limit"], type=WholeNumber(min=1), metavar="NUMBER", help=most))
    return found
