"""What shells are told of values: files, and the names of profiles. It never reads a secret."""

from __future__ import annotations

import importlib

import click
from click.shell_completion import CompletionItem

PROFILES = "cds_eks.cli.profiles:profile_names"
"""What returns the names of the profiles, without their keys. It must import neither httpx, rich nor the client."""


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Have the shell complete a file's name."""
    return [CompletionItem(incomplete, type="file")]


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Return the names of profiles; none if the file with them can't be read."""
    module, _, function = PROFILES.partition(":")
    try:
        names = getattr(importlib.import_module(module), function)()
    except Exception:  # noqa: BLE001 - a shell that completes has no place for errors
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
