"""What shells are told of values: files, and the names of profiles. It never reads a secret."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Have the shell complete a file's name."""
    return [CompletionItem(incomplete, type="file")]


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Return the names of profiles; none if the file with them can't be read."""
    from cds_eks.config.profiles import read_profiles
    from cds_eks.errors import ConfigurationError

    try:
        names = read_profiles().names  # which asks for no key
    except (ConfigurationError, OSError):
        return []  # a shell that completes has no place for errors
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
