"""Slices of `python -m benchmarks.fleet_crashes`: kill -9 at seeded moments, resumed each time; the ledger judges."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.fleet_crashes.__main__ import main
from benchmarks.fleet_crashes.campaign import Campaign
from benchmarks.fleet_crashes.faults import faults_of
from benchmarks.fleet_crashes.journals import Journals
from benchmarks.fleet_crashes.judge import faults_found
from benchmarks.fleet_crashes.plans import plan_of
from benchmarks.fleet_crashes.processes import Made, Provisioner, Service, Work

pytestmark = pytest.mark.long

FAST = 400.0
"""How fast the service is: a cluster is up within a second."""

FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "one request in five fails": {"faults": 0.2},
    "lists are stale by 10 s": {"stale": 10.0},
    "creates are delivered late": {"late": True},
    "two runners": {"runners": 2},
    "all of it": {"faults": 0.2, "stale": 10.0, "late": True, "runners": 2},
}


MATRIX = [(form, "sqlite") for form in FORMS] + [("all of it", "postgresql")]
"""`python -m benchmarks.fleet_crashes` has the other ones, too, and many more kills."""


@pytest.mark.parametrize(("form", "new_journal"), MATRIX, indirect=["new_journal"])
def test_killed_at_random_moments_and_resumed_everything_is_there_once(
    form: str, new_journal: Callable[[], str]
) -> None:
    outcome = Campaign(new_journal=new_journal, kills=3, seed=1, clusters=3, speed=FAST, **FORMS[form]).run()
    assert outcome.wrong == ()
    assert outcome.kills == 3
    assert sum(outcome.origins.values()) == outcome.rounds * 3 * 3
    assert set(outcome.origins) <= {"created", "recovered"}


def test_postgresql_stopped_at_once_for_five_seconds_in_mid_run_loses_and_doubles_nothing(
    in_postgres: Journals,
) -> None:
    new_journal, outage = in_postgres
    outcome = Campaign(new_journal=new_journal, kills=0, clusters=6, speed=FAST, outage=lambda: outage(5.0)).run()
    assert outcome.wrong == ()
    assert sum(outcome.origins.values()) == 6 * 3


def test_with_the_journal_lost_after_a_kill_the_same_plan_makes_nothing_twice(
    new_journal: Callable[[], str],
) -> None:
    with Service(7, speed=FAST) as service:
        work = Work(url=service.url, journal=new_journal(), clusters=4)
        process = Provisioner(work)
        while service.requests("CreateNodePool") < 2:
            assert not process.wait(0.01)
        process.kill()
        lost = Work(url=service.url, journal=new_journal(), clusters=4, adopt="matching")
        report = Provisioner(lost).report()
        assert faults_found(4, service.made(), report) == []
        assert "adopted" in {item["origin"] for item in report["items"]}


def test_with_the_journal_lost_after_all_was_made_nothing_is_created(new_journal: Callable[[], str]) -> None:
    with Service(8, speed=FAST) as service:
        assert Provisioner(Work(url=service.url, journal=new_journal(), clusters=3)).report()["ok"]
        made = service.made()
        creates = service.requests("CreateCluster"), service.requests("CreateNodePool")
        lost = Work(url=service.url, journal=new_journal(), clusters=3, adopt="matching")
        report = Provisioner(lost).report()
        assert (service.requests("CreateCluster"), service.requests("CreateNodePool")) == creates
        assert faults_found(3, made, report) == []
        assert {item["origin"] for item in report["items"]} == {"adopted"}


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_once_or_twice_and_resumed_everything_is_there_once(
    presses: int, new_journal: Callable[[], str]
) -> None:
    with Service(9, faults_of(), speed=FAST) as service:
        work = Work(url=service.url, journal=new_journal(), clusters=4)
        process = Provisioner(work)
        while service.creates() < 2:
            assert not process.wait(0.002)
        for _ in range(presses):
            process.interrupt()
            time.sleep(0.02)
        with pytest.raises(RuntimeError, match="without a report"):
            process.report()
        assert service.creates() <= 4  # as many as may be under way at once
        report = Provisioner(work).report()
        assert faults_found(4, service.made(), report) == []


def test_the_command_tells_what_it_has_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--kills", "1", "--clusters", "1", "--speed", "400"]) == 0
    assert "1 kills in 1 fleets, 3 created: 0 wrong" in capsys.readouterr().out.replace(", 0 recovered", "")


def report_of(made: list[Made], **changes: Any) -> dict[str, Any]:
    ids = {"cluster": "cluster_id", "node_pool": "node_pool_id"}
    items = [
        {"kind": each.kind, "name": each.name, "state": "ready", "ids": {ids[each.kind]: each.id}, "error": None}
        for each in made
    ]
    return {"items": [{**item, **changes} for item in items]}


def test_the_judge_sees_what_is_wrong() -> None:
    made, more = (
        [Made(kind=item.kind, id=f"id-{number}", name=item.name) for number, item in enumerate(plan_of(count).items())]
        for count in (1, 2)
    )
    assert faults_found(1, made, report_of(made)) == []
    twice = Made(kind="cluster", id="id-9", name="c000")
    assert any("made 2 times" in each for each in faults_found(1, [*made, twice], report_of(made)))
    assert any("is not there" in each for each in faults_found(1, made[:-1], report_of(made)))
    assert any("was never asked for" in each for each in faults_found(1, more, report_of(more)))
    assert any("not in the report" in each for each in faults_found(1, made, report_of(made[:-1])))
    assert any("in the ledger" in each for each in faults_found(1, made, report_of(made, ids={})))
    assert any("is unknown in the report" in each for each in faults_found(1, made, report_of(made, state="unknown")))
