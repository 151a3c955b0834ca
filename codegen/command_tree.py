"""What the reference page says of each command, asked of the command line itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from cds_eks.cli.main import COMMANDS
from cds_eks.cli.options import common_options
from cds_eks.cli.root import Root

LANGUAGES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}
"""The locale of each language."""


class CommandEntry(NamedTuple):
    """A command or a group.

    Attributes:
        name: Its words, without `cds-eks`.
        is_group: Whether it only has commands.
        paragraphs: What its help says.
        usage: How it is called.
        options: Its own options, each with what it does.
        whole_help: Its help as it is shown, if it makes that by itself.
    """

    name: str
    is_group: bool
    paragraphs: tuple[str, ...]
    usage: str
    options: tuple[tuple[str, str], ...]
    whole_help: str

    @property
    def depth(self) -> int:
        """How many words it has."""
        return self.name.count(" ") + 1


def set_language(language: str) -> None:
    """Have the command line speak a language from now on."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        os.environ.pop(name, None)
    os.environ["LANG"] = LANGUAGES[language]


def entries() -> list[CommandEntry]:
    """Return all commands and groups, each group before what is in it."""
    root = Root(COMMANDS)
    return list(_below(root, click.Context(root, info_name="cds-eks"), ()))


def names() -> list[str]:
    """Return the names of all commands, without the groups."""
    return [entry.name for entry in entries() if not entry.is_group]


def common() -> tuple[tuple[str, str], ...]:
    """Return the options that every command takes."""
    root = Root(COMMANDS)
    return _records([*common_options(), *root.params[-1:]], click.Context(root, info_name="cds-eks"))


def _below(group: click.Group, context: click.Context, path: tuple[str, ...]) -> Iterator[CommandEntry]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, parent=context, info_name=name)
        yield _entry(command, inner, (*path, name))
        if isinstance(command, click.Group):
            yield from _below(command, inner, (*path, name))


def _entry(command: click.Command, context: click.Context, path: tuple[str, ...]) -> CommandEntry:
    everywhere = {option.name for option in common_options()}
    own = [each for each in command.params if isinstance(each, click.Option) and each.name not in everywhere]
    help_text = (command.help or "").partition("\f")[0]
    makes_its_own = type(command).get_help is not click.Command.get_help and not isinstance(command, click.Group)
    return CommandEntry(
        " ".join(path),
        isinstance(command, click.Group),
        tuple(" ".join(each.split()) if "\b" not in each else each.strip("\b\n") for each in help_text.split("\n\n")),
        " ".join([context.command_path, *command.collect_usage_pieces(context)]),
        _records(own, context),
        command.get_help(context) if makes_its_own else "",
    )


def _records(options: list[Any], context: click.Context) -> tuple[tuple[str, str], ...]:
    found = [option.get_help_record(context) for option in options]
    return tuple((names, " ".join(told.split())) for names, told in filter(None, found))
