"""How a failure is told on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli.context import Context, Declined, is_terminal
from cds_eks.cli.failures import INTERRUPTED, as_data, as_lines, exit_code
from cds_eks.cli.options import MACHINE_FORMATS, wanted_format
from cds_eks.cli.output.structured import one_line
from cds_eks.cli.output.text import visible

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
    is_json = wanted_format(arguments) in MACHINE_FORMATS or context.options.is_for_machines
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        if not is_json:
            click.echo(error.format_message(), err=True)
            return error.exit_code
        error = click.UsageError("Missing command.", error.ctx)
    code = exit_code(error)
    try:
        sys.stdout.flush()
    except OSError:
        silence_stdout()
    if context.options.debug and not isinstance(error, click.ClickException):
        _write("".join(traceback.format_exception(error)))
    open_creates = context.open_creates if code == INTERRUPTED else ()
    if is_json:
        more: dict[str, Any] = {"open_creates": [_open_as_data(each) for each in open_creates]} if open_creates else {}
        _write(one_line(as_data(_told(error)) | more) + "\n")
        return code
    lines = as_lines(_told(error))
    lines += [f"  open: {_open_as_text(each)}" for each in open_creates]
    begin = "\n" if code == INTERRUPTED and is_terminal(sys.stderr) else ""  # behind the ^C that the terminal shows
    _write(begin + "".join(f"{visible(line, keep=chr(10))}\n" for line in lines))
    return code


def silence_stdout() -> None:
    """Send what is left for stdout nowhere: Python would fail at its exit, with words and a code of its own."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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


def _write(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text)
        sys.stderr.flush()
