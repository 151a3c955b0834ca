"""The command line: whole processes, each beside the one that it is compared with."""

from __future__ import annotations

import os

from benchmarks.cli import LINES, cost_of
from benchmarks.speed.turns import Turns
from cds_eks.emulator.http.auth import CREDENTIALS

__all__ = ["PROGRAMS", "commands"]

PROGRAMS = ("pass", "rich", "help", "completion", "script", "list")
"""Those of `benchmarks.cli` that are measured here."""


def commands(turns: Turns, *, url: str, repeats: int) -> None:
    """Measure whole processes, one after another: CPU and wall time in ms.

    Args:
        turns: When to measure.
        url: Where the emulator is.
        repeats: How often each, in each turn.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "COMP_"))}
    environ |= {
        "CDS_EKS_ENDPOINT": url,
        "CDS_SECRET_ID": CREDENTIALS.access_key_id,
        "CDS_SECRET_KEY": CREDENTIALS.secret_access_key,
    }
    for name in PROGRAMS:
        cost_of(name, environ, LINES.get(name))  # once, so that everything is compiled and read
    result = None
    while turns.next(result):
        result = {f"{name}_{figure}": list[float]() for name in PROGRAMS for figure in ("cpu", "wall")}
        for _ in range(repeats):
            for name in PROGRAMS:
                cost = cost_of(name, environ, LINES.get(name))
                result[f"{name}_cpu"].append(cost.cpu)
                result[f"{name}_wall"].append(cost.wall)
