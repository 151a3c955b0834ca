"""Rounds of one fleet each: its processes are killed at random moments and started again, until it is there."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import attrs

from benchmarks.fleet_crashes.faults import SPEED, faults_of
from benchmarks.fleet_crashes.judge import faults_found
from benchmarks.fleet_crashes.processes import Provisioner, Service, Work

__all__ = ["Campaign", "Outcome"]

LONGEST_LIFE = 1.6
"""A process is killed within so many seconds after it was started, or after another one was killed."""

AT_A_CREATE = 0.5
"""The share of kills that come while a create is under way; all others come at any time."""

LONGEST_CREATE = 0.3


@attrs.frozen(kw_only=True)
class Outcome:
    """What has come of it.

    Attributes:
        kills: How many processes were killed.
        rounds: How many fleets were carried out.
        wrong: All that is wrong, in words.
        origins: How many items were created, and how many recovered.
        seconds: How long it took.
    """

    kills: int
    rounds: int
    wrong: tuple[str, ...]
    origins: dict[str, int]
    seconds: float


@attrs.frozen(kw_only=True)
class Campaign:
    """What is done.

    Args:
        new_journal: Returns the path or address of a new journal.
        kills: How many processes are killed.
        seed: Of all moments.
        clusters: How many clusters each round has.
        runners: How many processes carry one fleet out together.
        faults: The share of requests that go wrong.
        stale: By how many seconds of the service lists lag behind.
        late: Whether creates are delivered late.
        speed: How fast the service is.
        outage: Is called in the middle of each round, and returns when it is over.
    """

    new_journal: Callable[[], str]
    kills: int = 50
    seed: int = 0
    clusters: int = 12
    runners: int = 1
    faults: float = 0.0
    stale: float = 0.0
    late: bool = False
    speed: float = SPEED
    outage: Callable[[], None] | None = None

    def run(self, tell: Callable[[str], None] = lambda _text: None) -> Outcome:
        """Do it."""
        began = time.monotonic()
        rand = random.Random(f"fleet crashes {self.seed}")
        kills, rounds, wrong, origins = 0, 0, [], {"created": 0, "recovered": 0}
        while kills < self.kills or not rounds:
            faults = faults_of(rate=self.faults, stale=self.stale, late=self.late, speed=self.speed)
            with Service(self.seed * 1000 + rounds, faults, speed=self.speed) as service:
                work = Work(url=service.url, journal=self.new_journal(), clusters=self.clusters)
                killed, reports = self._one_round(service, work, rand, self.kills - kills)
                kills += killed
                rounds += 1
                made = service.made()
                for report in reports:
                    found = report if isinstance(report, str) else faults_found(self.clusters, made, report)
                    wrong += [f"round {rounds}: {each}" for each in ([found] if isinstance(found, str) else found)]
                for item in reports[-1]["items"] if not isinstance(reports[-1], str) else ():
                    origins[item["origin"] or "none"] = origins.get(item["origin"] or "none", 0) + 1
            tell(
                f"round {rounds}: {kills} kills, {len(made)} made, {len(wrong)} wrong, {time.monotonic() - began:.0f} s"
            )
        return Outcome(
            kills=kills,
            rounds=rounds,
            wrong=tuple(wrong),
            origins=origins,
            seconds=time.monotonic() - began,
        )

    def _one_round(
        self, service: Service, work: Work, rand: random.Random, most: int
    ) -> tuple[int, list[dict[str, Any] | str]]:
        """Carry one fleet out; return how many were killed, and the reports of those that ended by themselves."""
        running = [Provisioner(work) for _ in range(self.runners)]
        killed = 0
        try:
            if self.outage is not None:
                _wait_for_a_create(service)
                time.sleep(rand.uniform(0.0, 0.5))
                self.outage()
            while killed < most:
                if rand.random() < AT_A_CREATE:
                    _wait_for_a_create(service)
                    time.sleep(rand.uniform(0.0, LONGEST_CREATE))
                else:
                    time.sleep(rand.uniform(0.0, LONGEST_LIFE) / self.runners)
                alive = [each for each in running if not each.is_over]
                if len(alive) < len(running):
                    break  # it is carried out: what is left is to end by itself
                victim = rand.choice(alive)
                victim.kill()
                killed += 1
                running[running.index(victim)] = Provisioner(work)
            reports: list[dict[str, Any] | str] = []
            for each in running:
                try:
                    reports.append(each.report())
                except RuntimeError as error:
                    reports.append(str(error))
            return killed, reports
        finally:
            for each in running:
                with suppress(ValueError):
                    each.kill()


def _wait_for_a_create(service: Service) -> None:
    before, give_up = service.creates(), time.monotonic() + 2 * LONGEST_LIFE
    while service.creates() == before and time.monotonic() < give_up:
        time.sleep(0.01)
