"""How a failure is told on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli.context import Context, Declined, is_terminal
from cds_eks.cli.failures import as_data, as_lines, exit_code, is_interrupted
from cds_eks.cli.options import MACHINE_FORMATS, wanted_format
from cds_eks.cli.output.structured import one_line
from cds_eks.cli.output.text import visible
from cds_eks.cli.streams import discard, flush_out, write_err

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
    open_creates = context.open_creates if is_interrupted(error) else ()
    if is_json:
        more: dict[str, Any] = {"open_creates": [_open_as_data(each) for each in open_creates]} if open_creates else {}
        write_err(one_line(as_data(_told(error), context.pending) | more) + "\n")
        return code
    lines = as_lines(_told(error), context.pending)
    lines += [f"  open: {_open_as_text(each)}" for each in open_creates]
    begin = "\n" if is_interrupted(error) and is_terminal(sys.stderr) else ""  # behind the ^C that the terminal shows
    write_err(begin + "".join(f"{visible(line, keep=chr(10))}\n" for line in lines))
    return code


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
    return click.ClickException("declined; nothing was done") if isinstance(error, Declined) else error


def _open_as_data(create: OpenCreate) -> dict[str, Any]:
    return {
        "action": create.action,
        "outcome": create.outcome,
        "natural_key": dict(create.natural_key),
        "ids": dict(create.ids),
        "request_id": create.request_id,
        "call_id": create.call_id,
    }


def _open_as_text(create: OpenCreate) -> str:
    facts = {**create.natural_key, **create.ids, "outcome": create.outcome, "request_id": create.request_id}
    return f"{create.action}: " + ", ".join(f"{name}={value}" for name, value in facts.items() if value)
