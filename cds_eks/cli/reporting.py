"""How a failure is told on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli.context import Context, Declined, is_terminal
from cds_eks.cli.failures import INTERRUPTED, Incomplete, as_data, as_lines, exit_code, is_interrupted
from cds_eks.cli.language import say
from cds_eks.cli.open_creates import as_data as open_creates_as_data
from cds_eks.cli.open_creates import as_lines as open_creates_as_lines
from cds_eks.cli.options import MACHINE_FORMATS, Options, wanted_format
from cds_eks.cli.output.structured import one_line
from cds_eks.cli.output.text import visible
from cds_eks.cli.streams import discard, flush_out, write_err
from cds_eks.errors import EksError

if TYPE_CHECKING:
    from cds_eks.outcome.open_creates import OpenCreate


def report(error: BaseException, context: Context, arguments: Sequence[str]) -> int:
    """Tell of a failure.

    Args:
        error: What a command has raised.
        context: The run's.
        arguments: The command line, for options that were not reached.

    Returns:
        The exit code.
    """
    options = context.options
    is_json = wanted_format(arguments) in MACHINE_FORMATS or options.is_for_machines or options.log_format == "json"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        if not is_json:
            write_err(f"{error.format_message()}\n")
            return error.exit_code
        error = click.UsageError("Missing command.", error.ctx)
    code = exit_code(error)
    try:
        flush_out()
    except (OSError, ValueError):
        discard(sys.stdout)
    if options.debug and not isinstance(error, click.ClickException):
        write_err(_traceback(error, is_json=options.log_format == "json"))
    open_creates = _open_creates(error, context)
    if is_json:
        told = as_data(_told(error), context.pending, options)
        if open_creates:
            told |= _of_open_creates(error, open_creates, options)
        write_err(one_line(told) + "\n")
        return code
    lines = as_lines(_told(error), context.pending, options)
    lines += open_creates_as_lines(open_creates, options, has_hints=not isinstance(error, Incomplete))
    begin = "\n" if is_interrupted(error) and is_terminal(sys.stderr) else ""  # behind the ^C that the terminal shows
    write_err(begin + "".join(f"{visible(line, keep=chr(10))}\n" for line in lines))
    return code


def _open_creates(error: BaseException, context: Context) -> Sequence[OpenCreate]:
    """Return the creates whose outcome is open, and that the error itself does not tell of."""
    if isinstance(error, EksError):
        return [create for create in context.open_creates if not create.is_meant_by(error)]
    return context.open_creates if is_interrupted(error) or exit_code(error) == INTERRUPTED else ()


def _of_open_creates(error: BaseException, creates: Sequence[OpenCreate], options: Options) -> dict[str, Any]:
    told = open_creates_as_data(creates, options)
    # An error keeps its own outcome, and a fleet's failure its hint: its journal has what is open.
    return told if is_interrupted(error) else {"open_creates": told["open_creates"]}


def _traceback(error: BaseException, *, is_json: bool) -> str:
    """Return where an error comes from; its text may be another library's, which knows of no secrets."""
    from cds_eks.cli.logs import json_line
    from cds_eks.cli.redacting import secrets_of_environment
    from cds_eks.redaction import redact

    text = redact("".join(traceback.format_exception(error)), secrets_of_environment(os.environ))
    if is_json:
        return json_line("debug", f"{type(error).__name__} was raised", event="traceback", traceback=text) + "\n"
    return visible(text, keep="\n")


def _told(error: BaseException) -> BaseException:
    return (
        click.ClickException(say("declined; nothing was done", "已取消，未做任何操作"))
        if isinstance(error, Declined)
        else error
    )
