"""What is wrong with a command line, with the command whose help says how it is right, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from cds_eks.cli.language import say

CLOSE = 0.6
"""How similar an option must be to be meant, without its dashes."""

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


CARRIES_OUT = ("provision", "apply")
"""The commands of which `plan diff` shows what they would do."""

ASKS = ("apply", "delete", "destroy", "detach", "remove")
"""How the commands begin that ask before they do anything."""


def similar_options(error: click.NoSuchOption) -> list[str]:
    """Return the options that are like one that is not there: click counts the dashes that all of them begin with."""
    from difflib import SequenceMatcher

    name = error.option_name.lstrip("-")
    likeness = {option: SequenceMatcher(None, option.lstrip("-"), name).ratio() for option in error.possibilities or ()}
    return [option for option, ratio in likeness.items() if ratio >= CLOSE]


def meant_by(error: click.UsageError, command: click.Command, words: Sequence[str]) -> str:
    """Return what was probably meant; empty if nothing is known.

    Args:
        error: What is wrong.
        command: The command.
        words: Its part of the command line.
    """
    has_plan = any(isinstance(each, click.Argument) and each.metavar == "PLAN" for each in command.params)
    if isinstance(error, click.NoSuchOption) and error.option_name == "--dry-run" and command.name in CARRIES_OUT:
        return say("`cds-eks plan diff PLAN` shows what would be done.", "`cds-eks plan diff PLAN` 显示将执行的操作。")
    is_forced = isinstance(error, click.NoSuchOption) and error.option_name in ("--force", "--assume-yes")
    if is_forced and command.name is not None and command.name.startswith(ASKS):
        return say("Did you mean --yes?", "您是否想用 --yes？")
    file = next((word for word in words if word.lower().endswith(DOCUMENTS) and not word.startswith("-")), None)
    if file is None:
        return ""
    if isinstance(error, click.NoSuchOption):
        if not has_plan or error.option_name not in ("-f", "--file", "--plan"):
            return ""
        return say("PLAN stands without an option.", "PLAN 不需要选项。")
    is_left_over = error.message.startswith("Got unexpected extra argument")
    is_missing = isinstance(error, click.MissingParameter) and error.param is not None and error.param.name == "file"
    has_option = any("-f" in each.opts for each in command.params)
    if has_option and (is_left_over or is_missing) and "-f" not in words and "--file" not in words:
        return say(f"Did you mean -f {file}?", f"您是否想用 -f {file}？")
    return ""
