"""`provision --runners N`: processes that share a plan."""

from __future__ import annotations

import json
import signal
from collections import Counter

import pytest

from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from cli.fleet.conftest import QUICK
from cli.fleet.test_interrupts import NAMES, made, started, until
from support.eventually import PATIENCE

WORDS = (*QUICK, "--lease", "2s", "--runners", "2")


def test_events_and_profiles_are_refused(cli: CommandLine, plan: str) -> None:
    events = cli("provision", plan, *WORDS, "-o", "jsonl")
    assert (events.code, "use -o json" in events.failure["message"]) == (2, True)
    assert cli("provision", plan, *WORDS, "--profile", "work").code == 2
    assert cli("provision", plan, *WORDS, env={"CDS_PROFILE": "work"}).code == 2


@pytest.mark.long
def test_two_runners_make_each_once(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    with started(["provision", plan, *WORDS]) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert "9 of 9 ready" in err
    assert made(emulator) == Counter(NAMES)
    assert "gpu-001/workers" in out


@pytest.mark.long
def test_ctrl_c_stops_all_of_them_and_the_same_command_goes_on(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("task_never_ends", "CreateCluster", count=3))
    with started(["provision", plan, *WORDS, "-o", "json"]) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    failure = json.loads(err)
    assert process.returncode == failure["exit_code"] == 130
    assert json.loads(out)["counts"]["cluster"] == {"accepted": 3}
    again = cli("provision", plan, *QUICK, "--timeout", "1s", "-o", "json")  # the journal stops nobody any more
    assert again.code == 124
    assert again.json["stopped"] == "the time of --timeout is over"
    assert made(emulator) == Counter(NAMES)


@pytest.mark.long
def test_a_timeout_stops_all_of_them(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("task_never_ends", "CreateCluster"))
    with started(["provision", plan, *WORDS, "-o", "json", "--timeout", "5s"]) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == json.loads(err)["exit_code"] == 124
    assert json.loads(out)["ok"] is False
    again = cli("provision", plan, *QUICK, "--timeout", "1s", "-o", "json")
    assert again.json["stopped"] == "the time of --timeout is over"
    assert emulator.ledger.count("CreateCluster", "Success") == 3
