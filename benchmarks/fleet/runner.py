"""A run in a process of its own: it carries a plan out, and tells on a line how long it took and what it needed."""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import anyio

from benchmarks.fleet.plan import plan_of
from benchmarks.fleet.queueing import queued
from benchmarks.speed.machine import raise_fd_limit, resident_bytes
from cds_eks import AsyncEksClient, Limits, fleet
from cds_eks.emulator.http.auth import CREDENTIALS

MIB = 2**20


async def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Carry a plan out, and return what was measured."""
    plan = plan_of(job["clusters"], job["pools"])
    limits = fleet.FleetLimits(
        creates=job["in_flight"],
        reads=job["in_flight"],
        polls=job["in_flight"],
        batch=job["in_flight"],
        poll_interval=job["interval"],
        pool_fallback=60 / job["speed"],
        requests_per_second=job["rate"],
        lease=60.0,
    )
    with tempfile.TemporaryDirectory(prefix="cds-eks-fleet-") as folder:
        async with (
            AsyncEksClient(
                CREDENTIALS,
                endpoint=job["url"],
                backend=job["transport"],
                limits=Limits(max_connections=job["in_flight"]),
            ) as eks,
            fleet.open_journal(str(Path(folder) / "fleet.db")) as journal,
        ):
            began = time.perf_counter()
            await eks.clusters.list()
            latency = time.perf_counter() - began
            await fleet.destroy(eks, plan_of(1, job["pools"]), journal=journal, limits=limits).report()
            gc.collect()
            idle, cpu, waited = _restart_peak(), time.process_time(), queued() or 0.0
            run = fleet.provision(eks, plan, journal=journal, limits=limits)
            began = time.perf_counter()
            async with anyio.create_task_group() as group:
                lag = _Lag()
                group.start_soon(lag.watch)
                async for event in run:
                    if isinstance(event, fleet.RunEnded):
                        took = time.perf_counter() - began
                group.cancel_scope.cancel()
            peak, cpu, waited = _peak(), time.process_time() - cpu, (queued() or 0.0) - waited
            began = time.perf_counter()
            report = await run.report()
            reported = time.perf_counter() - began
            seconds = Counter(int(entry.at) for entry in await journal.audit() if entry.runner)
    return {
        "took": took,
        "states": {kind: dict(counts) for kind, counts in report.counts.items()},
        "idle_mib": idle / MIB,
        "run_mib": (peak - idle) / MIB,
        "report_mib": (_peak() - idle) / MIB,
        "report_s": reported,
        "cpu": cpu,
        "queued": waited,
        "latency": latency,
        "lag": lag.longest,
        "rounds": run.poller.rounds,
        "lists": run.poller.lists,
        "pool_polls": run.waits.polls,
        "steps": sum(seconds.values()),
        "steps_s": max(seconds.values()),
    }


class _Lag:
    """How long the event loop was busy at one go."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Watch it until cancelled."""
        while True:
            began = time.perf_counter()
            await anyio.sleep(0.01)
            self.longest = max(self.longest, time.perf_counter() - began - 0.01)


def _restart_peak() -> int:
    """Forget the most memory that was in use, and return what is in use now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resident_bytes()


def _peak() -> int:
    """Return the most memory that was in use since then, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("the system does not tell how much memory was in use")


def main(job: dict[str, Any]) -> None:
    """Measure, and print what was measured."""
    raise_fd_limit()
    told = anyio.run(measure, job, backend=job["backend"])
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
