"""The emulator in a process of its own, each answer so much later: it tells on a line what it has seen."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import anyio

from benchmarks.fleet.queueing import queued
from benchmarks.speed.machine import raise_fd_limit
from cds_eks.emulator import Emulator

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

KINDS = ("cluster", "node_pool")


class FarEmulator(Emulator):
    """An emulator that is some way off.

    Args:
        latency: By how many seconds each request is delayed.
        settings: See `Emulator`.
    """

    def __init__(self, *, latency: float, **settings: Any) -> None:
        super().__init__(**settings)
        self._latency = latency

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Be an ASGI app."""
        await anyio.sleep(self._latency)
        await super().__call__(scope, receive, send)

    def seen(self) -> dict[str, Any]:
        """Return what came, and what was made of it."""
        requests = self.ledger.requests
        made = self.ledger.resources
        clusters = self._world.clusters.values()
        names = Counter(each.name for each in made if each.kind == "cluster")
        pools = Counter((cluster.name, pool.name) for cluster in clusters for pool in cluster.pools.values())
        return {
            "requests": dict(Counter(each.action for each in requests).most_common()),
            "made": {kind: sum(each.kind == kind for each in made) for kind in KINDS},
            "twice": sum(count - 1 for count in (*names.values(), *pools.values())),
            "cpu": time.process_time(),
            "queued": queued(),
        }


def main(job: dict[str, Any]) -> None:
    """Serve until standard input ends; each line there is answered with what was seen by then."""
    raise_fd_limit()
    emulator = FarEmulator(latency=job["latency"], speed=job["speed"], ledger_limit=1_000_000)
    with emulator.serve() as url:
        print(json.dumps({"url": url}), flush=True)
        for _ in sys.stdin:
            print(json.dumps(emulator.seen()), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
