"""Load: so many calls in flight for so long; calls per second, and the CPU that each costs."""

from __future__ import annotations

import asyncio
import gc
import math
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from benchmarks.speed.contenders import CONTENDERS, Call, opened
from benchmarks.speed.machine import cpu_seconds_of
from benchmarks.speed.turns import Turns

__all__ = ["Meter", "fleet", "load", "run"]


SETTLING = 10.0
"""Seconds within which a contender must be at its usual pace, once all connections are open."""


class Meter:
    """Measures what happens between `start` and `stop`: wall time, and CPU of this process and of the server.

    Args:
        server: The server's process id.
    """

    def __init__(self, server: int) -> None:
        self._server = server
        self._began = self._now()

    def _now(self) -> tuple[float, float, float | None]:
        return time.perf_counter(), time.process_time(), cpu_seconds_of(self._server)

    def start(self) -> None:
        """Begin. What earlier work left behind is cleared away before that."""
        gc.collect()
        self._began = self._now()

    def stop(self, calls: int) -> dict[str, float | None]:
        """Return calls per second, µs of CPU per call, and which share of the time the server was busy.

        Args:
            calls: How many calls were made since the start.
        """
        if calls == 0:
            raise RuntimeError("not one call ended in the time")
        wall, cpu, served = (
            None if now is None or then is None else now - then
            for now, then in zip(self._now(), self._began, strict=True)
        )
        assert wall is not None
        assert cpu is not None
        return {
            "rate": calls / wall,
            "cpu_us": cpu / calls * 1e6,
            "busy": None if served is None else served / wall,
        }


class Callers:
    """Keeps so many calls in flight, without end.

    A caller that has its answer makes the next call at once. Between two measurements the whole event loop stands
    still, with all calls in flight: some contenders take half a minute to get from an idle client to a thousand calls.

    Args:
        call: Makes a call.
        in_flight: How many callers there are.
        goes_on: Whether a caller goes on while others have not had their first answer yet.
    """

    def __init__(self, call: Call, in_flight: int, *, goes_on: bool) -> None:
        self.done = 0
        self._call = call
        self._may_go_on = asyncio.Event()
        if goes_on:
            self._may_go_on.set()
        self._answered = [asyncio.Event() for _ in range(in_flight)]
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next: tuple[float, Callable[[], None]] = math.inf, lambda: None
        self._tasks = [asyncio.create_task(self._caller(number)) for number in range(in_flight)]

    async def _caller(self, number: int) -> None:
        try:
            while True:
                if (seen := await self._call()) != 2:
                    raise RuntimeError(f"a call saw {seen} clusters and not 2")
                self.done += 1
                self._answered[number].set()
                await self._may_go_on.wait()  # goes by without a pause once it is set
                if number == 0 and time.perf_counter() >= self._next[0]:
                    self._next[1]()
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            if not self._failed.done():
                self._failed.set_exception(error)

    async def _wait(self, what: asyncio.Future[Any], timeout: float | None = None) -> None:
        """Wait for something, for so many seconds at the most, while no caller fails."""
        either = [what, self._failed]
        await asyncio.wait(either, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if self._failed.done():
            self._failed.result()

    async def settle(self) -> None:
        """Wait until every caller has had an answer: all connections are open.

        Who went on before that gets some more time: httpx recovers slowly from a thousand connections opened at once.
        """
        await self._wait(asyncio.gather(*[each.wait() for each in self._answered]))
        end, enough = time.perf_counter() + SETTLING, self.done + 2 * len(self._tasks)
        while self._may_go_on.is_set() and self.done < enough and time.perf_counter() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # a look now and then costs the callers less than events would
        self._may_go_on.set()

    async def measure(self, meter: Meter, warmup: float, seconds: float) -> dict[str, float | None]:
        """Measure from one answer of the first caller to a later one, or for twice the time if none comes.

        Many calls go in waves. A window of a fixed length would hold three beginnings and two ends of them; this one
        holds whole waves.

        Args:
            meter: Measures.
            warmup: Seconds before it begins, at least.
            seconds: How long it takes, at least.
        """
        result: asyncio.Future[dict[str, float | None]] = asyncio.get_running_loop().create_future()
        before = 0

        def start() -> None:
            nonlocal before
            meter.start()
            before = self.done
            self._next = time.perf_counter() + seconds, stop

        def stop() -> None:
            self._next = math.inf, stop
            result.set_result(meter.stop(self.done - before))

        self._next = time.perf_counter() + warmup, start
        await self._wait(result, timeout=2 * warmup)
        if self._next[1] is start:
            start()
        await self._wait(result, timeout=2 * seconds)
        if not result.done():
            stop()
        return result.result()


def load(turns: Turns, *, contender: str, url: str, server: int, in_flight: int, seconds: float, warmup: float) -> None:
    """Measure an async contender with so many calls in flight, one connection for each.

    Args:
        turns: When to measure.
        contender: Its name.
        url: Where the stub is.
        server: The stub's process id.
        in_flight: Calls in flight.
        seconds: How long.
        warmup: Seconds before that, each time.
    """

    async def measure() -> None:
        async with opened(contender, url, in_flight) as call:
            meter = Meter(server)
            callers = Callers(call, in_flight, goes_on=CONTENDERS[contender].goes_on)
            await callers.settle()
            result = None
            while turns.next(result):
                result = await callers.measure(meter, warmup, seconds)

    run(contender, measure)


RARELY = (50_000, 20, 100)
"""With these thresholds the garbage collector runs rarely: see docs/configuration.md on thousands of calls at once."""


def fleet(turns: Turns, *, contender: str, url: str, server: int, in_flight: int, connections: int, calls: int) -> None:
    """Measure a number of calls with so many of them in flight, over so many connections.

    Each time it is done once more, with a garbage collector that runs rarely.

    Args:
        turns: When to measure.
        contender: Its name.
        url: Where the stub is.
        server: The stub's process id.
        in_flight: Calls that are submitted at once.
        connections: Connections, all of them open before.
        calls: How many calls there are in all.
    """

    async def measure() -> None:
        async with opened(contender, url, connections) as call:
            meter = Meter(server)
            await asyncio.gather(*[call() for _ in range(connections)])

            async def caller(left: Iterator[int]) -> None:
                for _ in left:
                    await call()

            async def once() -> dict[str, float | None]:
                left = iter(range(calls))
                meter.start()
                await asyncio.gather(*[caller(left) for _ in range(min(in_flight, calls))])
                return meter.stop(calls)

            result, usual = None, gc.get_threshold()
            while turns.next(result):
                result = await once()
                gc.set_threshold(*RARELY)
                result["rarely_us"] = (await once())["cpu_us"]
                gc.set_threshold(*usual)

    run(contender, measure)


def run(contender: str, measure: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function on a contender's event loop."""
    factory: Any = None
    if contender.endswith("-uvloop"):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(measure())
