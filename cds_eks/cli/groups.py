"""Commands and groups: they take the common options anywhere, and are imported when they are used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import click
from click.shell_completion import CompletionItem

from cds_eks.cli.help_pages import Context as HelpContext
from cds_eks.cli.language import say
from cds_eks.cli.options import common_options
from cds_eks.cli.usage_errors import meant_by, similar_options, told_with

Entry: TypeAlias = tuple[str, str, str]
"""Where a command is (`module:attribute`), and what it does in English and in Chinese."""

SETTINGS: Mapping[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "token_normalize_func": lambda name: name.replace("_", "-"),
    "max_content_width": 110,
}


NEVER_AN_ARGUMENT = (
    "which is never an argument: others can read arguments in the list of processes, and what you typed is now in your "
    "shell's history"
)
NEVER_AN_ARGUMENT_ZH = "机密从不作为命令行参数：他人可在进程列表中看到参数，而您输入的内容已留在 shell 历史中"


class _Shared(click.Command):
    """What commands and groups have in common: the common options, and help in two languages."""

    context_class: type[click.Context] = HelpContext

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings["context_settings"] = {**SETTINGS, **settings.get("context_settings", {})}
        super().__init__(*args, **settings)
        self._own = list(self.params)
        self.params.extend(common_options())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments. An option that would be a secret's is refused with what to do in its place."""
        words = list(args)
        try:
            with told_with(ctx):
                return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if (secret := self.refusal_of(error.option_name.lstrip("-"))) is not None:
                raise click.UsageError(f"{error.option_name} {secret}", ctx) from None
            if meant := meant_by(error, self, words):
                raise click.UsageError(f"{error.message.rstrip('.')}. {meant}", ctx) from None
            raise click.NoSuchOption(error.option_name, error.message, similar_options(error), ctx) from None
        except click.UsageError as error:
            if meant := meant_by(error, self, words):
                raise click.UsageError(f"{error.format_message().rstrip('.')}. {meant}", ctx) from None
            raise

    def refusal_of(self, name: str) -> str | None:
        """Return why an option that is not there never will be, as it would take a secret; None if it would not."""
        from cds_eks.redaction import is_secret_name

        if not is_secret_name(name.rpartition(".")[2].replace("-", "_")):
            return None
        return say(
            f"would be a secret, {NEVER_AN_ARGUMENT}. Keys are read from CDS_SECRET_ID and CDS_SECRET_KEY, or from a "
            "profile: cds-eks profiles set NAME.",
            f"会是机密，{NEVER_AN_ARGUMENT_ZH}。密钥取自 CDS_SECRET_ID 和 CDS_SECRET_KEY，或配置档："
            "cds-eks profiles set NAME。",
        )

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how it is called."""
        words = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, words, prefix=say("Usage: ", "用法："))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that shows the help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = say("Show this text.", "显示本帮助。")
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options: its own, and those that every command takes, which only the root explains."""
        is_root = ctx.parent is None
        common = [param for param in self.params if param not in self._own]
        helping = self.get_help_option(ctx)
        own = [param for param in self._own if isinstance(param, click.Option)]
        shown = [*own, *(common if is_root else ()), *([helping] if helping else ())]
        records = [record for param in shown if (record := param.get_help_record(ctx)) is not None]
        if records:
            with formatter.section(say("Options", "选项")):
                formatter.write_dl(records)
        if not is_root:
            names = [min(param.opts, key=len) if "-o" in param.opts else param.opts[-1] for param in common]
            with formatter.section(
                say("Options of every command (see `cds-eks --help`)", "通用选项（见 `cds-eks --help`）")
            ):
                formatter.write_text(" ".join(names))


class Command(_Shared):
    """A command of `cds-eks`: `@click.command(cls=Command)`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, after what is asked of its result was checked."""
        with told_with(ctx):
            ctx.obj.check()
            return super().invoke(ctx)


class Group(_Shared, click.Group):
    """A group of `cds-eks`, of commands that are imported when they are used.

    Args:
        lazy: Its commands by name.
    """

    command_class: type[click.Command] | None = Command

    def __init__(self, *args: Any, lazy: Mapping[str, Entry] | None = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click asks so
        """Return the names of its commands, in their order."""
        return [*self._lazy, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported if it must be."""
        entry = self._lazy.get(cmd_name)
        return super().get_command(ctx, cmd_name) if entry is None else loaded(cmd_name, entry)

    def help_of(self, ctx: click.Context, name: str) -> str:
        """Return what a command does; one that is written by hand is not imported for it."""
        if (entry := self._lazy.get(name)) is not None:
            return say(entry[1], entry[2])
        command = self.get_command(ctx, name)
        return command.get_short_help_str(200) if command is not None else ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write its commands."""
        rows = [(name, self.help_of(ctx, name)) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section(say("Commands", "命令")):
                formatter.write_dl(rows)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def completed_commands(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return its commands that begin so; none is imported for it."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [CompletionItem(name, help=self.help_of(ctx, name)) for name in names]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return how a word may go on."""
        return [*self.completed_commands(ctx, incomplete), *click.Command.shell_complete(self, ctx, incomplete)]

    def absence_of(self, name: str) -> str:  # noqa: ARG002 - groups of operations look
        """Return why a command that one would expect is not there, and what to use; empty if nothing is known of it."""
        return ""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name, and the rest of them."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if absent := self.absence_of(args[0]):
                raise click.UsageError(f"{error.message} {absent}", ctx) from None
            from cds_eks.cli.suggestions import suggestion

            if told := suggestion(ctx, self, args):
                raise click.UsageError(f"{error.message} {told}", ctx) from None
            raise


def loaded(name: str, entry: Entry) -> click.Command:
    """Import a command."""
    module, _, attribute = entry[0].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    command: click.Command = found if isinstance(found, click.Command) else found()
    command.name = name
    return command
