"""Memory: what a call in flight takes."""

from __future__ import annotations

import asyncio
import gc

from benchmarks.speed.contenders import opened
from benchmarks.speed.load import run
from benchmarks.speed.machine import resident_bytes
from benchmarks.speed.turns import Turns

__all__ = ["memory"]


def memory(turns: Turns, *, contender: str, url: str, in_flight: int) -> None:
    """Measure the memory of calls in flight: resident memory with them, minus that of the idle client, in KiB a call.

    Args:
        turns: When to measure; only the first one begins with an idle client.
        contender: Its name.
        url: Where the stub is; it holds calls until there are as many, and then a little longer.
        in_flight: How many.
    """

    async def measure() -> None:
        async with opened(contender, url, in_flight) as call, opened(contender, url, in_flight, "held") as held:
            await call()
            result = None
            while turns.next(result):
                gc.collect()
                before = resident_bytes()
                tasks = [asyncio.create_task(held()) for _ in range(in_flight)]
                within = before
                while not any(task.done() for task in tasks):
                    within = resident_bytes()
                    await asyncio.sleep(0.05)
                await asyncio.gather(*tasks)
                result = {"kib": (within - before) / in_flight / 1024}

    run(contender, measure)
