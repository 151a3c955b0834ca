"""What shells are told of values: files, and the names of profiles. It never reads a secret."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Have the shell complete a file's name."""
    return [CompletionItem(incomplete, type="file")]


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of profiles; none if the file with them can't be read."""
    from cds_eks.cli.accounts.profile_names import complete

    return [CompletionItem(name) for name in complete(ctx, param, incomplete)]
