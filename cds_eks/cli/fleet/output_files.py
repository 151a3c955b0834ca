"""The files that a command of fleets writes: refused before anything is begun, if they can't be, or must not be."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import click

from cds_eks.cli.fleet.journals import path_of
from cds_eks.cli.language import say


def check_files(html: str | None, csv: str | None, plan: str, journal: str | None = None) -> None:
    """Refuse files that can't be written, or that something else is in.

    Args:
        html: What `--html` says, or None.
        csv: What `--csv` says, or None.
        plan: The plan's file; `-` for stdin.
        journal: The journal's path or address, if there is one.

    Raises:
        UsageError: A folder is not there, a file is the plan or the journal, or what makes the page is not installed.
    """
    taken = _inputs(plan, journal)
    for option, name in (("--html", html), ("--csv", csv)):
        if name is not None:
            check_file(f"{option} {name}", name, taken)
            taken = [*taken, (name, (f"what {option} is to be", f"{option} 的文件"))]
    if html is not None and find_spec("jinja2") is None:
        raise click.UsageError("--html needs an extra of this package: pip install 'cds-eks[cli,fleet]'")


def check_saved(file: str, plan: str, journal: str) -> None:
    """Refuse the file that a plan is to be saved in, for the same reasons."""
    check_file(file, file, _inputs(plan, journal))


Taken = tuple[str, tuple[str, str]]
"""A file, and what is in it in English and in Chinese."""


def _inputs(plan: str, journal: str | None) -> list[Taken]:
    found = [] if plan == "-" else [(plan, ("the plan", "计划文件"))]
    path = None if journal is None else path_of(journal)
    return found if path is None or "://" in path else [*found, (path, ("the journal", "执行记录"))]


def check_file(told: str, name: str, taken: list[Taken]) -> None:
    """Refuse a file.

    Args:
        told: What to call it.
        name: Its path.
        taken: The files that it must not be.
    """
    if name == "-":
        raise click.UsageError(
            say(f"{told}: is no file; -o csv prints a table", f"{told}：不是文件；-o csv 可输出表格")
        )
    path = Path(name).absolute()
    for other, (en, zh) in taken:
        if path.resolve() == Path(other).resolve() or (path.exists() and Path(other).exists() and path.samefile(other)):
            raise click.UsageError(say(f"{told}: is {en}, which would be overwritten", f"{told}：是{zh}，会被覆盖"))
    if not path.parent.is_dir():
        raise click.UsageError(f"{told}: there is no such folder")
    if path.is_dir():
        raise click.UsageError(f"{told}: is a folder")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.UsageError(f"{told}: can't be written")
