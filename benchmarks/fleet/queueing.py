"""How long a process was ready to run and had no core, because others had them."""

from __future__ import annotations

from pathlib import Path

TASKS = Path("/proc/self/task")


def queued() -> float | None:
    """Return for how many seconds the threads of this process have waited for a core; None if the system does not tell.

    It is what a loaded machine adds to a run, which says nothing of the run.
    """
    try:
        return sum(int((task / "schedstat").read_text(encoding="ascii").split()[1]) for task in TASKS.iterdir()) / 1e9
    except OSError:
        return None
