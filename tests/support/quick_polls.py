"""Polls of waits and fleets, as frequent as an emulator is fast: for the fixture `quick_polls`, and for programs.

python tests/support/quick_polls.py (-m MODULE | PROGRAM) [ARGUMENT]...
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

INTERVAL = 0.1
"""Seconds; at a speed of 6000 they are ten minutes of the service, in which everything it does has ended."""

RUN_WITH_QUICK_POLLS = str(Path(__file__).resolve())
"""What stands before the program, or `-m` and the module, in a command line."""


def fleet_defaults() -> dict[str, Any]:
    """Return what `FleetLimits` has if nothing else is given, to be changed."""
    from cds_eks.fleet.run.limits import FleetLimits

    defaults = FleetLimits.__init__.__kwdefaults__
    assert defaults is not None
    assert "poll_interval" in defaults
    return defaults


def main(arguments: list[str]) -> None:
    """Run the program as Python would."""
    from cds_eks.waiting import intervals

    intervals.FIRST_INTERVAL = INTERVAL
    fleet_defaults()["poll_interval"] = INTERVAL
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path[0] = str(Path(arguments[0]).parent)
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
