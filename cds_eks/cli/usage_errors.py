"""What is wrong with a command line, with the command whose help says how it is right, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from cds_eks.cli.language import say

DOCUMENTS = (".toml", ".yaml", ".yml", ".json")
"""How the names of files end that requests and plans are in."""


@contextmanager
def told_with(ctx: click.Context) -> Iterator[None]:
    """Have an error that is raised inside know its command, so that the command's help is named."""
    try:
        yield
    except click.UsageError as error:
        if error.ctx is None:
            error.ctx = ctx
        raise


def meant_by(error: click.UsageError, command: click.Command, words: Sequence[str]) -> str:
    """Return what was probably meant about a file; empty if nothing is known.

    Args:
        error: What is wrong.
        command: The command.
        words: Its part of the command line.
    """
    file = next((word for word in words if word.lower().endswith(DOCUMENTS) and not word.startswith("-")), None)
    if file is None:
        return ""
    if isinstance(error, click.NoSuchOption):
        plan = next((each for each in command.params if isinstance(each, click.Argument) and each.metavar), None)
        if plan is None or error.option_name not in ("-f", "--file", "--plan"):
            return ""
        return say(f"{plan.metavar} stands without an option.", f"{plan.metavar} 不需要选项。")
    is_left_over = error.message.startswith("Got unexpected extra argument")
    is_missing = isinstance(error, click.MissingParameter) and error.param is not None and error.param.name == "file"
    has_option = any("-f" in each.opts for each in command.params)
    if has_option and (is_left_over or is_missing) and "-f" not in words and "--file" not in words:
        return say(f"Did you mean -f {file}?", f"您是否想用 -f {file}？")
    return ""
