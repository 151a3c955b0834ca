"""The soak from beginning to end: the service, the calls at once, the memory, and the judgement."""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO

import anyio
import attrs

from benchmarks.chaos.calls import Caller, CallReport
from benchmarks.chaos.faults import LATE, chaos
from benchmarks.chaos.judge import Judgement, Violation, judge
from benchmarks.chaos.memory import WARM_UP, Sample, growth, kept_objects, resident
from benchmarks.chaos.service import CREDENTIALS, SPEED, Evidence, ServiceProcess
from benchmarks.chaos.traffic import Traffic

__all__ = ["Result", "Settings", "Tally", "soak"]

WAITING = 0.1
"""How many more calls than there are connections are under way: they are queued, and are cancelled there."""

MOST_GROWTH = 0.5
"""MB for each 1,000 calls: more is a leak. Each call's request and answer, kept, would be about 10 MB.

Where the processor is shared, the allocator comes to its plateau late: 0.8 was seen in 13,000 calls that kept nothing.
"""

ENOUGH_CALLS = 2 * WARM_UP
"""Fewer calls than this don't tell how memory grows: the allocator's own steps are larger."""

MOST_KEPT = 50
"""How many more objects of the SDK than before the first call may be left when all have ended."""


@attrs.frozen(kw_only=True)
class Settings:
    """What is asked for.

    Attributes:
        creates: How many creates.
        seed: Of the faults' random numbers, of what is called, and of what is cancelled.
        in_flight: How many connections; a tenth more calls are under way.
        fault_rate: The share of creates that a fault strikes.
        cancel_rate: The share of calls that are cancelled.
        seconds: No create is begun later; None for no limit.
        backend: The client's backend, by its name.
        most_growth: How many MB memory may grow for each 1,000 calls after the warm-up.
    """

    creates: int = 10_000
    seed: int = 1
    in_flight: int = 500
    fault_rate: float = 0.2
    cancel_rate: float = 0.05
    seconds: float | None = None
    backend: str = "httpx"
    most_growth: float = MOST_GROWTH


@attrs.define(kw_only=True)
class Tally:
    """How far it is.

    Attributes:
        calls: How many calls have ended.
        creates: How many creates have, by outcome.
        under_way: How many attempts are under way.
        memory: MB of this process.
        elapsed: Seconds since the first call.
    """

    calls: int = 0
    creates: Counter[str] = attrs.field(factory=Counter)
    under_way: int = 0
    memory: float = 0.0
    elapsed: float = 0.0


@attrs.frozen(kw_only=True)
class Result:
    """What came of it.

    Attributes:
        settings: What was asked for.
        judgement: What the ledger says to it.
        tally: How many calls there were.
        struck: How often each kind of fault has struck.
        requests: How many requests came to the service.
        most_under_way: The most attempts that were under way at once.
        memory: MB at the beginning, after the warm-up, and at the end, and the growth in MB for each 1,000 calls.
        kept: What is left of the SDK's objects, by class, beyond what there was before the first call.
    """

    settings: Settings
    judgement: Judgement
    tally: Tally
    struck: dict[str, int]
    requests: int
    most_under_way: int
    memory: dict[str, float]
    kept: dict[str, int]


class _Reports:
    """What the client says of all calls, kept in a file, so that memory stays what it is."""

    def __init__(self, file: IO[str], tally: Tally) -> None:
        self._file = file
        self._tally = tally

    def add(self, report: CallReport) -> None:
        self._tally.calls += 1
        if report.kind == "create":
            self._tally.creates[report.outcome] += 1
        self._file.write(json.dumps(attrs.asdict(report)) + "\n")

    def __iter__(self) -> Iterator[CallReport]:
        self._file.seek(0)
        for line in self._file:
            yield CallReport(**json.loads(line))


async def soak(settings: Settings, show: Callable[[Tally], None] = lambda _: None) -> Result:
    """Make all calls, and judge them.

    Args:
        settings: What is asked for.
        show: Given how far it is, twice a second.
    """
    faults = chaos(settings.fault_rate, settings.creates)
    tally, samples = Tally(), list[Sample]()
    with ServiceProcess(settings.seed, faults) as service, tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        reports = _Reports(file, tally)
        caller = Caller(
            service.place.url,
            CREDENTIALS,
            in_flight=settings.in_flight,
            cancel_rate=settings.cancel_rate,
            backend=settings.backend,
        )
        traffic = Traffic(caller, service.place, settings.seed, reports.add)
        async with caller.client:
            kept = kept_objects()
            samples.append((0, resident()))
            async with anyio.create_task_group() as ticking:
                ticking.start_soon(_tick, caller, tally, samples, show)
                await _provision(settings, traffic)
                ticking.cancel_scope.cancel()
            samples.append((tally.calls, resident()))
            await _forget_timers()
            for create in caller.client.open_creates:  # kept until somebody has looked, and here the ledger does
                caller.client.dismiss(create)
            kept = kept_objects() - kept
            lost = await _probe(service, caller, traffic, settings.in_flight)
            await anyio.sleep(2 * LATE / SPEED)
            evidence = service.evidence()
        judgement = judge(reports, evidence)
    memory = _memory(samples)
    judgement.violations += [*lost, *_leaks(tally, memory, kept, settings.most_growth)]
    return Result(
        settings=settings,
        judgement=judgement,
        tally=tally,
        struck=dict(evidence.struck),
        requests=_came(evidence),
        most_under_way=caller.most_under_way,
        memory=memory,
        kept=dict(kept),
    )


async def _forget_timers() -> None:
    """Have asyncio throw away cancelled timers, and what hangs on them: it does so when most timers are cancelled."""
    loop = asyncio.get_running_loop()
    for _ in range(10_000):
        loop.call_later(60, int).cancel()
    await anyio.sleep(0.01)


async def _provision(settings: Settings, traffic: Traffic) -> None:
    """Make the creates: each worker takes the next number until there is none, or time is up."""
    numbers = iter(range(settings.creates))
    ends = time.monotonic() + (settings.seconds if settings.seconds is not None else 1e9)

    async def work() -> None:
        for number in numbers:
            await traffic.create(number)
            if time.monotonic() >= ends:
                return

    async with anyio.create_task_group() as workers:
        for _ in range(min(settings.creates, int(settings.in_flight * (1 + WAITING)))):
            workers.start_soon(work)


async def _tick(caller: Caller, tally: Tally, samples: list[Sample], show: Callable[[Tally], None]) -> None:
    began = time.monotonic()
    for _ in itertools.count():
        tally.under_way, tally.memory, tally.elapsed = caller.under_way, resident(), time.monotonic() - began
        samples.append((tally.calls, tally.memory))
        show(tally)
        await anyio.sleep(0.5)


async def _probe(service: ServiceProcess, caller: Caller, traffic: Traffic, in_flight: int) -> list[Violation]:
    """See whether, without faults, the client can still have as many calls in flight as it should."""
    await anyio.to_thread.run_sync(service.calm)
    caller.cancel_rate, caller.most_under_way, most = 0.0, 0, caller.most_under_way
    failed: list[CallReport] = []

    async def call(number: int) -> None:
        report = await traffic.probe(number)
        if report.outcome != "accepted":
            failed.append(report)

    async with anyio.create_task_group() as group:
        for number in range(in_flight):
            group.start_soon(call, number)
    at_once, caller.most_under_way = caller.most_under_way, most
    found = [Violation(rule="a call fails after all is well again", call_id=each.call_id) for each in failed]
    if at_once < in_flight:
        found.append(Violation(rule=f"of {in_flight} places in the client only {at_once} can be used afterwards"))
    return found


def _memory(samples: list[Sample]) -> dict[str, float]:
    warm = samples[len(samples) // 3]
    last = samples[-1]
    return {
        "before_mb": round(samples[0][1], 1),
        "warm_mb": round(warm[1], 1),
        "end_mb": round(last[1], 1),
        "growth_mb_per_1000_calls": round(growth(samples), 3),
    }


def _leaks(tally: Tally, memory: dict[str, float], kept: Counter[str], most_growth: float) -> list[Violation]:
    found = []
    if tally.calls >= ENOUGH_CALLS and (grown := memory["growth_mb_per_1000_calls"]) > most_growth:
        found.append(Violation(rule=f"memory grows by {grown:g} MB for each 1,000 calls"))
    if (left := kept.total()) > MOST_KEPT:
        found.append(Violation(rule=f"{left} objects of the SDK are left behind: {dict(kept.most_common(5))}"))
    return found


def _came(evidence: Evidence) -> int:
    return sum(len(entries) for entries in evidence.requests.values())
