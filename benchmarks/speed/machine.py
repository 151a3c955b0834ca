"""The machine: which core a process runs on, how many files it may open, and what kind of machine it is."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from pathlib import Path

__all__ = ["CLIENT_CORE", "SERVER_CORE", "cpu_seconds_of", "describe", "pin", "raise_fd_limit", "resident_bytes"]

CLIENT_CORE, SERVER_CORE = 0, 1


def pin(core: int) -> None:
    """Stay on one core from now on, where there are several and the system can do it.

    Args:
        core: Its number; 0 is the first.
    """
    if sys.platform == "linux" and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(0, {cores[core % len(cores)]})


def raise_fd_limit() -> int:
    """Allow this process as many open files as it may have, and return how many that is."""
    if sys.platform == "win32":
        return 512
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else sys.maxsize


def cpu_seconds_of(pid: int) -> float | None:
    """Return how many seconds of CPU another process has had, or None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        return time.clock_gettime(~pid << 3 | 2)  # the process's CPU clock, as clock_getcpuclockid(3) makes it
    except OSError:
        return None


def resident_bytes() -> int:
    """Return how many bytes of memory this process has.

    Raises:
        OSError: The system does not tell.
    """
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def describe() -> str:
    """Return what kind of machine this is, in words that fit any like it: no names of hosts or users."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    model = _model() or platform.machine()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{cores} core{'s' if cores != 1 else ''} of {model}, {platform.system()}, {python}"


def _model() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*:\s*(.+)$", facts, flags=re.MULTILINE)
    return re.sub(r"\s+", " ", re.sub(r"\((R|TM)\)", "", found[1])).strip() if found else platform.processor()
