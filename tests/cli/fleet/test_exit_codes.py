"""How runs end, one by one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet.journal.base import JournalUnavailable
from cli.command_line import CommandLine
from cli.fleet.conftest import QUICK
from cli.fleet.started_runs import NAMES


def test_0_all_ready(cli: CommandLine, plan: str) -> None:
    assert cli("provision", plan, *QUICK).code == 0


def test_1_some_have_failed(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("task_fails", "CreateCluster", count=1))
    run = cli("provision", plan, *QUICK, "-o", "json")
    assert (run.code, run.json["ok"]) == (1, False)
    assert {"class": "FleetFailed", "outcome": None, "exit_code": 1, "open_items": []}.items() <= run.failure.items()
    assert "3 of 9 are not ready" in run.failure["message"]
    assert "run the same command again" in run.failure["hint"]


def test_1_stops_at_the_first_failure_if_that_is_said(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("status", "CreateCluster", status=400, code="InvalidParameter", message="no", count=1))
    run = cli("provision", plan, *QUICK, "--creates", "1", "--stop-on-error", "-o", "json")
    assert run.code == 1
    assert run.json["counts"]["cluster"] == {"refused": 1, "planned": 2}


def test_2_wrong_usage(cli: CommandLine, plan: str) -> None:
    for words in (["--adopt", "always"], ["--creates", "0"], ["--poll-interval", "soon"], ["--no-such"]):
        assert cli("provision", plan, *words).code == 2, words


def test_4_the_key_is_wrong(cli: CommandLine, plan: str) -> None:
    run = cli("provision", plan, *QUICK, "-o", "json", env={"CDS_SECRET_KEY": "wrong"})
    assert run.code == 4
    assert run.failure["class"] == "AuthenticationError"
    assert run.json["counts"]["cluster"] == {"planned": 3}


def test_5_the_fate_of_a_create_is_unknown(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("reset_before_commit", "CreateCluster", count=1))
    run = cli("provision", plan, "--poll-interval", "0.02s", "--settle", "1h", "--timeout", "1s", "-o", "json")
    assert run.code == 5
    assert (run.failure["class"], run.failure["outcome"]) == ("AmbiguousCreate", "unknown")
    (open_item,) = run.failure["open_items"]
    assert open_item.startswith("cluster/")
    assert f"1 creates may or may not have been carried out: {open_item}" in run.failure["message"]
    people = cli("provision", plan, "--poll-interval", "0.02s", "--settle", "1h", "--timeout", "1s")
    assert people.code == 5
    assert "1 creates of an earlier run are open: they are looked for first" in people.err
    assert "hint: run the same command again" in people.err


def test_7_the_balance_is_spent(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("status", "CreateCluster", status=400, code="NotEnoughBalance", message="spent"))
    run = cli("provision", plan, *QUICK, "-o", "json")
    assert run.code == 7
    assert run.failure["class"] == "QuotaExceeded"
    assert "NotEnoughBalance" in run.failure["message"]


@pytest.mark.parametrize("how", ["--timeout", "--cluster-timeout"])
def test_124_the_time_is_over(cli: CommandLine, emulator: Emulator, plan: str, how: str) -> None:
    emulator.faults.add(Fault("task_never_ends", "CreateCluster"))
    run = cli("provision", plan, *QUICK, how, "1s", "-o", "json")
    assert run.code == 124
    assert run.failure["class"] == "WaitTimeout"
    assert run.json["counts"]["cluster"] == {"accepted": 3}


@pytest.mark.parametrize("verb", ["provision", "apply", "destroy"])
def test_124_while_the_service_is_away_and_the_same_command_goes_on(
    cli: CommandLine, emulator: Emulator, plan: str, verb: str
) -> None:
    if verb == "destroy":
        cli.done("provision", plan, *QUICK)
    saved = str(Path(plan).with_name("saved.json"))
    cli.done("plan", "save", plan, saved)
    actions = {"provision": "ListNodePools", "apply": "ListNodePools", "destroy": "DeleteCluster"}
    fault = emulator.faults.add(Fault("status", actions[verb], status=503))
    words = [verb, saved if verb == "apply" else plan, *QUICK, "--grace", "0.2s", "-o", "json", "--yes"]
    run = cli(*words, "--timeout", "1s")
    assert run.code == 124
    assert (run.json["timed_out"], run.json["stopped"]) == (True, "the time of --timeout is over")
    assert run.failure["message"].startswith("the time of --timeout is over; ")
    assert run.failure["hint"].startswith("run the same command again")
    emulator.faults.remove(fault)
    again = cli.done(*(["provision", plan, *words[2:]] if verb == "apply" else words))
    assert (again.json["ok"], again.json["timed_out"]) == (True, False)
    assert Counter(each.name for each in emulator.ledger.created("cluster")) == dict.fromkeys(NAMES, 1)


def test_124_though_the_journal_that_knows_what_is_done_can_not_be_read(
    cli: CommandLine, emulator: Emulator, plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise JournalUnavailable("fleet.db: the disk is gone")

    emulator.faults.add(Fault("task_never_ends", "CreateCluster"))
    monkeypatch.setattr("cds_eks.fleet.run.fleet_run.report_of", away)
    run = cli("provision", plan, *QUICK, "--timeout", "1s", "-o", "json")
    assert run.code == 124
    assert run.failure["class"] == "WaitTimeout"
    assert "the journal, which knows what is done, can't be read: fleet.db: the disk is gone" in run.failure["message"]
    assert run.failure["hint"].startswith("once the journal can be read, run the same command again")


@pytest.mark.parametrize(("bound", "code"), [(["--timeout", "0.001s"], 124), (["--timeout", "1h"], 1), ([], 1)])
def test_124_of_several_runners_too_if_their_time_was_over_by_then(
    cli: CommandLine, plan: str, monkeypatch: pytest.MonkeyPatch, bound: list[str], code: int
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise JournalUnavailable("fleet.db: the disk is gone")

    monkeypatch.setattr("cds_eks.fleet.launch", away)
    run = cli("provision", plan, *QUICK, "--runners", "2", *bound, "-o", "json")
    assert (run.code, "fleet.db: the disk is gone" in run.failure["message"]) == (code, True)
    assert run.failure["class"] == ("WaitTimeout" if code == 124 else "JournalUnavailable")
