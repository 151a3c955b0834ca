"""A fleet from a plan, each run with an emulator and a runner of its own: see `python -m benchmarks.fleet`."""

from __future__ import annotations

from typing import Any

from benchmarks.fleet.__main__ import measure
from benchmarks.speed.turns import Turns

__all__ = ["provision"]


def provision(turns: Turns, **job: Any) -> None:
    """Measure how long a plan takes beside its bound, and what the runner needs for each cluster.

    Args:
        turns: When to measure.
        job: What `benchmarks.fleet` is told.
    """
    result: dict[str, float] | None = None
    while turns.next(result):
        figures = measure({"rate": None, "transport": "httpx", "backend": "asyncio", **job})
        if not figures.is_right:
            raise RuntimeError(f"not each was made once: {figures.seen['made']}, {figures.run['states']}")
        result = {
            "took_s": figures.run["took"],
            "bound_s": figures.bound,
            "kib": figures.kib_a_cluster,
            "cpu_ms": figures.cpu_a_cluster,
            "lists": figures.lists_a_cluster,
        }
