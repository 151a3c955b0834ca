"""The emulator's own speed: requests that were signed beforehand, beside a bare app on the same server."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping

from benchmarks.emulator import Request, Sockets, create_request, signed
from benchmarks.speed.turns import Turns

__all__ = ["KINDS", "emulator"]

KINDS = ("get", "find", "nodes")
"""What is asked of each world: one cluster by its id, a list by name, the nodes of one."""


def _reads(kind: str, clusters: int, count: int) -> list[Request]:
    picked = [(at * 7919) % clusters for at in range(count)]
    action, arguments = {
        "get": ("GetCluster", [{"ClusterId": f"c-{number:05d}"} for number in picked]),
        "find": ("ListClusters", [{"Keyword": f"gpu-{number:05d}"} for number in picked]),
        "nodes": ("ListNodes", [{"ClusterId": f"c-{number:05d}", "PageSize": "10"} for number in picked]),
    }[kind]
    return [("GET", signed(action, "GET", **each), b"") for each in arguments]


def emulator(turns: Turns, *, servers: Mapping[str, tuple[str, int]], sizes: Mapping[str, int], requests: int) -> None:
    """Measure how many requests a second of the server's CPU answers, by kind and size of the world.

    Args:
        turns: When to measure.
        servers: The URL and the process id of each: `bare`, `small` and `large`.
        sizes: How many clusters the last two have.
        requests: How many of each kind, in each turn.
    """

    async def measure() -> None:
        targets = {name: Sockets(url, pid) for name, (url, pid) in servers.items()}
        numbers = itertools.count(1_000_000)  # so that no name is one that a world begins with

        async def rates(name: str, quantity: str, sent: list[Request]) -> dict[str, float]:
            cpu, wall = targets[name].cpu(), time.perf_counter()
            answers = await targets[name].send(sent)
            cpu, wall = targets[name].cpu() - cpu, time.perf_counter() - wall
            if failed := [each for each in answers if b'"Code": "Success"' not in each]:
                raise RuntimeError(f"{quantity}: {failed[0][:200]!r}")
            return {quantity: len(sent) / cpu, f"{quantity}_wall": len(sent) / wall}

        result: dict[str, float] | None = None
        while turns.next(result):
            result = await rates("bare", "bare", _reads("get", sizes["small"], requests))
            for name in ("small", "large"):
                for kind in KINDS:
                    result |= await rates(name, f"{kind}_{name}", _reads(kind, sizes[name], requests))
            creates = [create_request(next(numbers)) for _ in range(max(1, requests // 10))]
            result |= await rates("large", "create_large", creates)

    asyncio.run(measure())
