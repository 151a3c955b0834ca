"""A cold start: so many calls at once by a new client, each of which needs a connection of its own."""

from __future__ import annotations

import asyncio

from benchmarks.speed.contenders import opened
from benchmarks.speed.load import Meter, run
from benchmarks.speed.turns import Turns

__all__ = ["cold"]


def cold(turns: Turns, *, contender: str, url: str, server: int, calls: int) -> None:
    """Measure the time and the CPU from a new client to the last answer.

    The server answers none before all have come, so that no connection can serve a second call.

    Args:
        turns: When to measure.
        contender: Its name.
        url: Where the stub is; it holds calls until there are as many.
        server: The stub's process id.
        calls: How many calls, and connections.
    """

    async def measure() -> None:
        async with opened(contender, url, 1) as call:
            await call()  # all is imported then
        meter, result = Meter(server), None
        while turns.next(result):
            meter.start()
            async with opened(contender, url, calls, "held") as call:
                seen = await asyncio.gather(*[call() for _ in range(calls)])
                result = meter.stop(calls)
            if set(seen) != {2}:
                raise RuntimeError(f"calls saw {sorted(set(seen))} clusters and not 2")
            rate = result.pop("rate")
            assert rate is not None
            result["ms"] = calls / rate * 1e3

    run(contender, measure)
