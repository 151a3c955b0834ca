"""Start: what an import takes, and a process that makes one call."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.speed.answers import LIST_CLUSTERS
from benchmarks.speed.contenders import KEY
from benchmarks.speed.turns import Turns

__all__ = ["startup"]

OURS = """
import asyncio, cds_eks
async def main():
    async with cds_eks.AsyncEksClient(cds_eks.Credentials(*{key!r}), endpoint={url!r}, backend={backend!r}) as eks:
        assert len((await eks.clusters.list()).data) == 2
asyncio.run(main())
"""

HTTPX = """
import asyncio, httpx
async def main():
    async with httpx.AsyncClient() as client:
        assert len((await client.get({url!r})).json()["Data"]) == 2
asyncio.run(main())
"""


def startup(turns: Turns, *, url: str, repeats: int, has_native: bool) -> None:
    """Measure whole processes, one after another: wall time in ms.

    Args:
        turns: When to measure.
        url: Where the stub is.
        repeats: How often each, in each turn.
        has_native: Whether there is a native backend.
    """
    programs = {
        "bare": "pass",
        "import": "import cds_eks",
        "httpx": HTTPX.format(url=url + LIST_CLUSTERS),
        "default": OURS.format(key=KEY, url=url, backend="httpx"),
    }
    if has_native:
        programs["native"] = OURS.format(key=KEY, url=url, backend="native")
    for program in programs.values():
        _run(program)  # once, so that everything is compiled and read
    result = None
    while turns.next(result):
        times: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(repeats):
            for name, program in programs.items():
                began = time.perf_counter()
                _run(program)
                times[name].append((time.perf_counter() - began) * 1e3)
        result = times


def _run(program: str) -> None:
    # `-S` and `-I` are not given: it is to be as a user's own program is.
    subprocess.run([sys.executable, "-c", program], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
