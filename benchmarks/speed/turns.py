"""How a contender's process is told to measure, and tells what it has measured: a line of JSON each."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

__all__ = ["Turns"]


class Turns:
    """The turns of one process. Between two of them it stands still and costs nothing.

    Args:
        source: Where each line is a turn; by default standard input.
        target: Where the results go; by default standard output.
    """

    def __init__(self, source: TextIO | None = None, target: TextIO | None = None) -> None:
        self._source = source or sys.stdin
        self._target = target or sys.stdout

    def read(self) -> dict[str, Any]:
        """Return what is to be measured: the first line."""
        job: dict[str, Any] = json.loads(self._source.readline())
        return job

    def next(self, result: Mapping[str, Any] | None) -> bool:
        """Say what came of the last turn, and wait for the next.

        Args:
            result: What was measured, by name; None before the first turn.

        Returns:
            Whether there is another.
        """
        print(json.dumps({} if result is None else result), file=self._target, flush=True)
        return bool(self._source.readline())
