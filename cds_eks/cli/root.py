"""`cds-eks` itself: its groups, and how a run of it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from cds_eks._version import __version__
from cds_eks.cli import signals, streams
from cds_eks.cli.context import Context
from cds_eks.cli.groups import Entry, Group, loaded
from cds_eks.cli.language import say
from cds_eks.cli.operations import GROUPS
from cds_eks.cli.options import MACHINE_FORMATS, wanted_format

COMPLETION = "_CDS_EKS_COMPLETE"
"""The variable by which a shell asks for completions."""

SHORTENED = "fleet"
"""The group whose commands work at the top level too; the help does not list them there."""


class Root(Group):
    """The root of all commands.

    Args:
        commands: Those that are written by hand; see `COMMANDS` in `cds_eks.cli.main`.
    """

    def __init__(self, commands: Mapping[str, Entry]) -> None:
        top = {name: entry for name, entry in commands.items() if " " not in name}
        generated = {name.replace("_", "-"): ("", *words) for name, words in GROUPS.items()}
        super().__init__(
            "cds-eks",
            lazy={**generated, **top},
            help=say(
                "The GPU container service (EKS) of the CDS cloud.\n\nCredentials are read from CDS_SECRET_ID and "
                "CDS_SECRET_KEY, or from a profile (`cds-eks profiles`); secrets are never arguments.",
                "首云 GPU 容器服务（EKS）。\n\n凭证取自 CDS_SECRET_ID 和 CDS_SECRET_KEY，或配置档（`cds-eks "
                "profiles`）；机密从不作为命令行参数。",
            ),
        )
        self._added = {name: entry for name, entry in commands.items() if " " in name}
        self.params.append(
            click.Option(
                ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_show_version,
                help=say("Show the version.", "显示版本。"),
            )
        )  # fmt: skip

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a group that is made of the API's description, or what was written by hand."""
        if (group := cmd_name.replace("-", "_")) not in GROUPS:
            found = super().get_command(ctx, cmd_name)
            return self._shortened().get_command(ctx, cmd_name) if found is None else found
        from cds_eks.cli.operation_group import OperationGroup

        added = {
            name.partition(" ")[2]: entry for name, entry in self._added.items() if name.startswith(f"{cmd_name} ")
        }
        return OperationGroup(group, added)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return how a word may go on; what works at the top level, and is not listed, once it is begun."""
        found = super().shell_complete(ctx, incomplete)
        if not incomplete or incomplete.startswith("-"):
            return found
        return [*found, *self._shortened().completed_commands(ctx, incomplete)]

    def _shortened(self) -> Group:
        entry = self._lazy.get(SHORTENED)
        group = loaded(SHORTENED, entry) if entry is not None else None
        return group if isinstance(group, Group) else Group(SHORTENED)

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> Any:
        """Run it and end the process, as click's own `main` does."""
        sys.exit(self.run(sys.argv[1:] if args is None else args))

    def run(self, arguments: Sequence[str], *, is_process: bool = False) -> int:
        """Run it.

        Args:
            arguments: The command line.
            is_process: Whether the process ends with it.

        Returns:
            The exit code.
        """
        context = Context()
        context.wanted_format = wanted_format(arguments)
        failure: BaseException | None = None
        with streams.guarded_stderr(), signals.handled(is_process=is_process) as came:
            try:
                try:
                    return self._carry_out(context, arguments)
                except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is told and ends it
                    failure = error
                    signals.ignore()
            except KeyboardInterrupt as second:
                signals.ignore()
                failure = failure or second
            finally:
                if (logs := sys.modules.get("cds_eks.cli.logs")) is not None:
                    logs.restore()
            from cds_eks.cli.reporting import report

            return report(context.with_ids_of_answer(came.named(failure)), context, arguments)

    def _carry_out(self, context: Context, arguments: Sequence[str]) -> int:
        try:
            with self.make_context("cds-eks", list(arguments), obj=context) as ctx:
                self.invoke(ctx)
                streams.flush_out()
        except click.exceptions.Exit as done:
            return done.exit_code
        except BrokenPipeError:
            if context.has_unprinted_write:
                raise
            streams.discard(sys.stdout)  # whoever read has had enough, which is no failure
        return 0


def run(commands: Mapping[str, Entry], arguments: Sequence[str], *, is_process: bool = False) -> int:
    """Run `cds-eks`, or tell a shell how a command line may go on."""
    root = Root(commands)
    if instruction := os.environ.get(COMPLETION):
        from click.shell_completion import shell_complete

        return shell_complete(root, {"obj": Context()}, "cds-eks", COMPLETION, instruction)
    return root.run(arguments, is_process=is_process)


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        if ctx.obj.wanted_format in MACHINE_FORMATS:
            ctx.obj.note("output", ctx.obj.wanted_format)
            ctx.obj.emit({"name": "cds-eks", "version": __version__})
        else:
            streams.write_out(f"cds-eks {__version__}\n")
        ctx.exit()
