"""`cds-eks emulator`: the service on this machine. All arguments are those of `python -m cds_eks.emulator`."""

from __future__ import annotations

from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.language import say
from cds_eks.cli.options import MACHINE_FORMATS, wanted_format


class EmulatorCommand(click.Command):
    """Passes its command line on: the emulator has its own parser, and help."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Return the options of the emulator's parser."""
        from cds_eks.emulator.__main__ import make_parser

        if not incomplete.startswith("-"):
            return []
        options = make_parser("cds-eks emulator")._option_string_actions  # noqa: SLF001 - argparse has no public list
        return [
            CompletionItem(name, help=action.help)
            for name, action in options.items()
            if name.startswith("--") and name.startswith(incomplete)
        ]


def _check(arguments: tuple[str, ...]) -> None:
    """Refuse what the emulator's parser refuses, as other commands do: in JSON.

    Raises:
        UsageError: It does.
    """
    from cds_eks.emulator.__main__ import make_parser

    def refuse(message: str) -> NoReturn:
        raise click.UsageError(message)

    parser = make_parser("cds-eks emulator")
    parser.error = refuse  # type: ignore[method-assign]  # argparse has no other way
    parser.parse_args(arguments)


@pass_context
def _emulator(context: Context, arguments: tuple[str, ...]) -> None:
    from cds_eks.emulator.__main__ import main

    if context.options.is_for_machines or wanted_format(arguments) in MACHINE_FORMATS:
        _check(arguments)
    raise click.exceptions.Exit(main(arguments, program="cds-eks emulator"))


def command() -> click.Command:
    """Return the command."""
    settings: dict[str, Any] = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    return EmulatorCommand(
        "emulator",
        callback=_emulator,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        add_help_option=False,
        context_settings=settings,
        help=say("Serve an emulator of the service on this machine.", "在本机运行服务的模拟器。"),
    )
