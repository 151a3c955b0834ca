"""Run commands, and make virtual environments."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Broken", "Command", "Environment", "output_of"]

Command = Sequence[str | Path]
"""The arguments of a command."""

LAST_LINES = 15
"""How much of a command's output is shown, if it fails."""


class Broken(Exception):
    """A command failed; the text has the end of its output."""


def output_of(
    command: Command, *, folder: Path, variables: Mapping[str, str] | None = None, timeout: float = 900.0
) -> str:
    """Run a command, and return what it wrote, errors included.

    Args:
        command: Its arguments.
        folder: Where it runs.
        variables: Of the environment, beside those of this process.
        timeout: Seconds that it may take.

    Raises:
        Broken: It failed.
    """
    name = " ".join([Path(command[0]).name, *map(str, command[1:])])[:120]
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env=_environment() | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError:
        raise Broken(f"there is no {command[0]}: pip install -c tools/dev.txt -e '.[release]'") from None
    except subprocess.TimeoutExpired:
        raise Broken(f"{name}: it took more than {timeout:g} s") from None
    if done.returncode:
        last = "\n".join(done.stdout.strip().splitlines()[-LAST_LINES:])
        raise Broken(f"{name}: exit code {done.returncode}\n{last}")
    return done.stdout


def _environment() -> dict[str, str]:
    """The environment without what leads to another tree of the package, or to keys."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CDS_", "EKS_API_", "PYTHON", "VIRTUAL_ENV", "COV_"))
    }


class Environment:
    """A virtual environment outside of the checkout.

    Args:
        folder: Where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        self._bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self._bin / ("python.exe" if os.name == "nt" else "python")

    def install(self, *requirements: str | Path, constraints: Path | None = None) -> None:
        """Install packages with this process's pip.

        Raises:
            Broken: They can't be installed.
        """
        options = [] if constraints is None else ["--constraint", str(constraints)]
        command: Command = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            self.python,
            "install",
            "--quiet",
            *options,
            *requirements,
        ]
        output_of(command, folder=self.folder)

    def run(self, *arguments: str | Path, timeout: float = 120.0) -> str:
        """Run its Python, and return what that wrote.

        Raises:
            Broken: It failed.
        """
        variables = {"PATH": f"{self._bin}{os.pathsep}{os.environ.get('PATH', '')}"}
        return output_of([self.python, *arguments], folder=self.folder, variables=variables, timeout=timeout)

    def installed(self) -> dict[str, str]:
        """Return the version of each distribution in it."""
        program = "import importlib.metadata as m\nfor d in m.distributions(): print(d.metadata['Name'], d.version)"
        pairs = (line.split() for line in self.run("-I", "-c", program).splitlines())
        return {name.lower().replace("_", "-"): version for name, version in pairs}
