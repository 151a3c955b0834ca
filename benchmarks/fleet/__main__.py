"""Measure how long a fleet takes beside the least that it can take, and what it needs of memory, polls and journal.

python -m benchmarks.fleet
python -m benchmarks.fleet --clusters 1000 10000
python -m benchmarks.fleet --clusters 200 --speed 20 --rate 100

The emulator has a process of its own, and answers each request 50 ms later; the run has another. The bound is what the
emulator's own task times and the rate allow at the best. The exit code is 1 if a bar is missed, or if the ledger of the
emulator has a cluster or pool twice, or not at all. The emulator's share of a core says whether it is the bottleneck:
then a lower speed makes its tasks longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.fleet.figures import Figures, table
from benchmarks.fleet.plan import bound
from benchmarks.speed.machine import describe
from cds_eks.fleet import FleetLimits

ROOT = Path(__file__).parents[2]


def _process(module: str, job: dict[str, Any], **streams: Any) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", f"benchmarks.fleet.{module}", json.dumps(job)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT, **streams)


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    if not (line := process.stdout.readline()):
        raise SystemExit(f"a process of the benchmark ended with {process.wait()}")
    told: dict[str, Any] = json.loads(line)
    return told


def measure(job: dict[str, Any]) -> Figures:
    """Carry a plan out once, with both processes new."""
    server = _process("server", job, stdin=subprocess.PIPE)
    try:
        url = _line(server)["url"]
        assert server.stdin is not None
        before = _ask(server)
        runner = _process("runner", {**job, "url": url})
        try:
            told = _line(runner)
        finally:
            runner.kill()
            runner.communicate()
        seen = _ask(server)
    finally:
        server.kill()
        server.communicate()
    names = ("clusters", "pools")
    least = bound(
        *(job[name] for name in names), **{name: job[name] for name in ("speed", "latency", "in_flight", "rate")}
    )
    used = {name: seen[name] - before[name] for name in ("cpu", "queued") if seen[name] is not None}
    return Figures(job=job, bound=least, run=told, seen={**seen, **used})


def _ask(server: subprocess.Popen[str]) -> dict[str, Any]:
    assert server.stdin is not None
    server.stdin.write("\n")
    server.stdin.flush()
    return _line(server)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clusters", type=int, nargs="+", default=[1_000], metavar="N")
    parser.add_argument("--pools", type=int, default=2, metavar="N", help="of each cluster (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=256, metavar="N", help="requests (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=0.05, metavar="S", help="(default: %(default)s)")
    parser.add_argument("--speed", type=float, default=5.0, metavar="X", help="of the emulator (default: %(default)s)")
    parser.add_argument(
        "--interval", type=float, metavar="S", help="between polls (default: that of a run, in service time)"
    )
    parser.add_argument("--rate", type=float, metavar="N", help="requests a second (default: no limit)")
    parser.add_argument("--transport", choices=["httpx", "native"], default="httpx")
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    options = vars(parser.parse_args(arguments))
    options["interval"] = options["interval"] or FleetLimits().poll_interval / options["speed"]
    print(f"{describe()}; load {os.getloadavg()[0]:.1f}")
    found: list[Figures] = []
    for clusters in options.pop("clusters"):
        found.append(measure({**options, "clusters": clusters}))
        print(table(found[-1], found[0]), flush=True)
    return 0 if all(each.is_right and not each.missed(found[0]) for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
