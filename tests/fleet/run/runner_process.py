"""A runner in a process of its own, to be killed: `python -m fleet.run.runner_process URL JOURNAL COUNT`."""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio

from cds_eks import AsyncEksClient, RetryPolicy
from cds_eks.emulator.http.auth import CREDENTIALS
from cds_eks.fleet.journal.opening import open_journal
from cds_eks.fleet.run.limits import FleetLimits
from cds_eks.fleet.run.provision import provision
from fleet.run.world import plan_of

LIMITS = FleetLimits(poll_interval=0.1, pool_fallback=1.0, create_timeout=0.7, lease=0.7, creates=6, grace=2.0)
SETTLE = 0.6


async def main(url: str, journal_path: str, count: int) -> None:
    retry = RetryPolicy(max_attempts=3, base_delay=0.01)
    async with (
        AsyncEksClient(CREDENTIALS, endpoint=url, retry=retry) as eks,
        open_journal(journal_path) as journal,
    ):
        run = provision(eks, plan_of(count, 2), journal=journal, settle=SETTLE, limits=LIMITS)
        report = await run.report()
    told: list[dict[str, Any]] = [
        {"kind": item.kind, "name": item.name, "cluster": item.cluster_name, "state": item.state, "ids": dict(item.ids)}
        for item in report.items
    ]
    print(json.dumps(told))


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]))
