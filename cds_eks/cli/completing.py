"""What shells are told of values: files, and the names of profiles. It never reads a secret."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Have the shell complete a file's name."""
    return [CompletionItem(incomplete, type="file")]


def columns(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Return the fields of what an operation answers, behind those that are named already."""
    operation = getattr(ctx.command, "operation", None)
    if operation is None:
        return []
    before, comma, begun = incomplete.rpartition(",")
    named = before.split(",") if comma else []
    names = ["all", *operation.answer] if not comma else operation.answer
    return [CompletionItem(f"{before}{comma}{name}") for name in names if name.startswith(begun) and name not in named]


def actions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Return the documented names of operations; others can be called too."""
    from cds_eks.cli.operation_group import operations_of
    from cds_eks.cli.operations import GROUPS

    known = [operation for group in GROUPS for operation in operations_of(group)]
    return [CompletionItem(each.name, help=each.help) for each in known if each.name.startswith(incomplete)]


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of profiles; none if the file with them can't be read."""
    from cds_eks.cli.accounts.profile_names import complete

    return [CompletionItem(name) for name in complete(ctx, param, incomplete)]
