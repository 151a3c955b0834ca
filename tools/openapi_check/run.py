"""A run of schemathesis against the emulator, and what was seen in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from schemathesis.cli import schemathesis as command

from cds_eks.emulator.faults.schedule import Faults
from cds_eks.emulator.http.server import Serving
from tools.openapi_check.checks import REPLACED, hooked
from tools.openapi_check.seeded import World
from tools.openapi_check.signed import Signed

__all__ = ["Run"]


class Run:
    """The emulator on a socket, for as long as the block lasts.

    Attributes:
        seen: How often each operation was answered with which status.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._url = ""
        self.seen: Counter[tuple[str, int]] = Counter()

    def __enter__(self) -> Self:
        world = World()
        self._url = self._stack.enter_context(Serving(world, "127.0.0.1", 0, Faults((), 0)))
        self._stack.enter_context(hooked(Signed(world.credentials), self._count))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _count(self, name: str, status: int) -> None:
        self.seen[name, status] += 1

    def schemathesis(self, document: Path, *, cases: int, seed: int, phases: str, only: Sequence[str] = ()) -> bool:
        """Run schemathesis, which prints what it finds; returns whether anything failed.

        Args:
            document: The document's file; what schemathesis writes goes into its folder.
            cases: How many requests an operation is sent, beside those of the other phases.
            seed: Of what is random.
            phases: Those of schemathesis.
            only: Operations; all if empty.
        """
        options = [f"--url={self._url}", f"--max-examples={cases}", f"--seed={seed}", f"--phases={phases}"]
        options += ["--checks=all", f"--exclude-checks={','.join(REPLACED)}", "--continue-on-failure"]
        options += ["--generation-database=none", "--generation-with-security-parameters=false", "--warnings=off"]
        options += [f"--include-operation-id={each}" for each in only]
        before = Path.cwd()
        os.chdir(document.parent)
        try:
            return bool(command.main(["run", str(document), *options], standalone_mode=False))
        except SystemExit as exited:
            return bool(exited.code)
        finally:
            os.chdir(before)

    def table(self) -> str:
        """Return how often each operation was answered with which status."""
        rows = []
        for name in sorted({name for name, _ in self.seen}):
            found = {status: count for (each, status), count in sorted(self.seen.items()) if each == name}
            counts = "  ".join(f"{status}: {count}" for status, count in found.items())
            rows.append(f"{name:28} {sum(found.values()):6}  {counts}")
        return "\n".join(rows)
