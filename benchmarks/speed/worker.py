"""One contender in a process of its own: `python -m benchmarks.speed.worker CORE`, and its job in JSON on a line."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from benchmarks.speed.machine import pin, raise_fd_limit
from benchmarks.speed.turns import Turns

__all__ = ["main"]

JOBS = {
    "load": "benchmarks.speed.load",
    "fleet": "benchmarks.speed.load",
    "threads": "benchmarks.speed.threads",
    "overhead": "benchmarks.speed.overhead",
    "nodes": "benchmarks.speed.decoding",
    "memory": "benchmarks.speed.memory",
    "startup": "benchmarks.speed.startup",
    "cold": "benchmarks.speed.cold",
    "commands": "benchmarks.speed.commands",
    "emulator": "benchmarks.speed.emulating",
    "provision": "benchmarks.speed.provisioning",
}
"""Where each job is."""


def main() -> None:
    """Do the job that the first line names; each further line is a turn to measure."""
    raise_fd_limit()
    turns = Turns()
    options: dict[str, Any] = turns.read()
    if options.pop("is_pinned", True):
        pin(int(sys.argv[1]))
    for name in options.pop("without", ()):
        sys.modules[name] = None  # type: ignore[assignment]  # so that it can't be imported
    name = options.pop("job")
    getattr(importlib.import_module(JOBS[name]), name)(turns, **options)


if __name__ == "__main__":
    try:
        main()
    except Exception as failure:  # noqa: BLE001 - the parent says so in its table, and goes on
        sys.stderr.write(f"{type(failure).__name__}: {failure}"[:500] + "\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # what is still open ends with the process; closing a thousand connections would take its time
