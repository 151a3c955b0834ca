"""One run: every point in every round, the contenders of a group by turns."""

from __future__ import annotations

import contextlib
import datetime
import importlib.util
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.speed.contenders import CONTENDERS, INSTALL, missing
from benchmarks.speed.machine import describe
from benchmarks.speed.point import Point, Settings
from benchmarks.speed.processes import Failed, Stubs, Worker
from benchmarks.speed.result import Result, versions

__all__ = ["available", "run"]

Samples = dict[str, dict[str, list[float | None]]]


ALONE = ("overhead", "decode", "cli", "emulator", "provision")
"""Sections whose processes are not told of a contender."""


def available(points: Sequence[Point]) -> tuple[list[Point], list[str]]:
    """Return the points that can be measured here, and a line on each contender that can't."""
    reasons = {name: missing(CONTENDERS[name]) for name in dict.fromkeys(each.contender for each in points)}
    notes = [reason for reason in reasons.values() if reason is not None]
    there = [each for each in points if reasons[each.contender] is None]
    if any(_needs_orjson(each) for each in there) and importlib.util.find_spec("orjson") is None:
        notes.append(f"what needs orjson is skipped: there is no orjson; {INSTALL}")
        there = [each for each in there if not _needs_orjson(each)]
    return there, notes


def _needs_orjson(point: Point) -> bool:
    return point.section in ("overhead", "decode") and point.key.endswith("orjson")


def run(points: Sequence[Point], notes: Sequence[str], settings: Settings, show: Callable[[str, int], None]) -> Result:
    """Measure.

    Args:
        points: What.
        notes: What was skipped.
        settings: How long and how often.
        show: Is told what comes next, and how many measurements are done.
    """
    samples: Samples = {}
    said = list(notes)
    has_native = missing(CONTENDERS["native"]) is None
    with Stubs(settings) as stubs:
        for _, group in itertools.groupby(points, key=lambda point: point.group):
            _Group(list(group), stubs, has_native, samples, said).measure(settings.rounds, show)
    return Result(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        machine=describe(),
        rounds=settings.rounds,
        seconds=settings.seconds,
        versions=versions(),
        notes=said,
        samples=samples,
    )


class _Group:
    """Points that are measured by turns.

    Args:
        points: Which.
        stubs: What they call.
        has_native: Whether there is a native backend.
        samples: Where what they give is put.
        notes: Where what goes wrong is put.
    """

    def __init__(
        self, points: Sequence[Point], stubs: Stubs, has_native: bool, samples: Samples, notes: list[str]
    ) -> None:
        self._points = points
        self._stubs = stubs
        self._has_native = has_native
        self._samples = samples
        self._notes = notes
        self._out: set[str] = set()

    def measure(self, rounds: int, show: Callable[[str, int], None]) -> None:
        """Measure all of them in each round, each round beginning with another one."""
        with contextlib.ExitStack() as stack:
            workers: dict[str, Worker] = {}
            for point in self._points:
                show(f"{point.key} gets ready", 0)
                if point.is_fresh:
                    continue
                try:
                    workers[point.key] = stack.enter_context(contextlib.closing(self._start(point)))
                except Failed as error:
                    self._give_up(point, error)
            for number in range(rounds):
                first = number % len(self._points)
                for point in (*self._points[first:], *self._points[:first]):
                    show(f"{point.key}, round {number + 1}", 0)
                    self._keep(point, self._turn(point, workers, number), number)
                    show(point.key, 1)

    def _turn(self, point: Point, workers: Mapping[str, Worker], number: int) -> dict[str, Any]:
        """Return what a point gives in this round; nothing if it can't be measured."""
        if point.key in self._out or (point.most_rounds and number >= point.most_rounds):
            return {}
        try:
            if not point.is_fresh:
                return workers[point.key].measure()
            with contextlib.closing(self._start(point)) as worker:
                return worker.measure()
        except Failed as error:
            self._give_up(point, error)
        return {}

    def _give_up(self, point: Point, error: Failed) -> None:
        self._out.add(point.key)
        self._notes.append(f"{point.key} failed: {error}")

    def _start(self, point: Point) -> Worker:
        job = dict(point.job)
        if point.stub is not None:
            job["url"], server = self._stubs.at(point.stub)
            if job["job"] in ("load", "fleet", "threads", "cold"):
                job["server"] = server
        if point.servers:
            job["servers"] = {name: self._stubs.at(stub) for name, stub in point.servers.items()}
        if job["job"] == "startup":
            job["has_native"] = self._has_native
        elif point.section not in ALONE:
            job["contender"] = point.contender
        return Worker(job, self._stubs.environment(point.stub))

    def _keep(self, point: Point, result: dict[str, Any], number: int) -> None:
        """Put a round's result to the samples, so that those of a round stand in the same place everywhere."""
        kept = self._samples.setdefault(point.key, {})
        for name, value in result.items():
            values = kept.setdefault(name, [None] * number)
            values += value if isinstance(value, list) else [value]
        if not result:
            for values in kept.values():
                values.append(None)
