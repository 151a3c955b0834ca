"""Runs `cds-eks` in this process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import attrs
from click.testing import CliRunner

from cds_eks.cli.groups import Entry
from cds_eks.cli.main import COMMANDS
from cds_eks.cli.root import Root


@attrs.frozen
class Run:
    """What a run has left: its exit code, and what it has written."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which must be one document."""
        return json.loads(self.out)

    @property
    def failure(self) -> dict[str, Any]:
        """Stderr, which must be one line of JSON."""
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        found: dict[str, Any] = json.loads(self.err)
        return found


class CommandLine:
    """`cds-eks`, with further commands if a test has some."""

    def __init__(self, commands: Mapping[str, Entry] = COMMANDS) -> None:
        self._commands = commands

    def __call__(self, *arguments: str, stdin: str | None = None, env: Mapping[str, str] | None = None) -> Run:
        result = CliRunner().invoke(Root(self._commands), list(arguments), input=stdin, env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Run(result.exit_code, result.stdout, result.stderr)

    def done(self, *arguments: str, stdin: str | None = None, env: Mapping[str, str] | None = None) -> Run:
        """The same, of a run that must succeed."""
        run = self(*arguments, stdin=stdin, env=env)
        assert run.code == 0, run.err
        return run


PROCESS = [sys.executable, "-m", "cds_eks.cli"]


def process(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own."""
    return subprocess.run([*PROCESS, *arguments], capture_output=True, encoding="utf-8", check=False, **settings)
