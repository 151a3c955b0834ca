"""Ctrl-C, SIGTERM and SIGKILL in the middle of a run, and the same command again."""

from __future__ import annotations

import json
import re
import signal
import time
from collections import Counter

import pytest

from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from cli.fleet.conftest import QUICK
from cli.fleet.started_runs import NAMES, made, started
from cli.terminals import ended, spawned
from support.eventually import WAIT_TIMEOUT, until

pytestmark = pytest.mark.long


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_first_lets_creates_end_and_says_what_is_open(
    cli: CommandLine, emulator: Emulator, plan: str, sent: signal.Signals
) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=1.0))
    with started(["provision", plan, *QUICK, "--creates", "1", "-o", "json"]) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 1)
        process.send_signal(sent)
        out, err = process.communicate(timeout=WAIT_TIMEOUT)
    failure, report = json.loads(err), json.loads(out)
    assert process.returncode == failure["exit_code"] == 130
    assert (failure["class"], failure["outcome"], failure["open_items"]) == ("KeyboardInterrupt", None, [])
    assert failure["message"].startswith("interrupted; ")
    assert report["stopped"] == "it was interrupted"
    assert report["counts"]["cluster"] == {"accepted": 1, "planned": 2}
    assert cli.done("provision", plan, *QUICK, "-o", "json").json["ok"]
    assert made(emulator) == Counter(NAMES)


def test_what_takes_longer_than_the_grace_is_told_as_open(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=60.0))
    with started(["provision", plan, *QUICK, "--grace", "0.2s", "-o", "json"]) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=WAIT_TIMEOUT)
    failure = json.loads(err)
    assert process.returncode == 130
    assert failure["outcome"] == "unknown"
    assert [name.rpartition("/")[2] for name in failure["open_items"]] == NAMES


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_second_one_leaves_at_once(cli: CommandLine, emulator: Emulator, plan: str, form: str) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=60.0, count=3))
    arguments = ["provision", plan, *QUICK, "--create-timeout", "3s", "--grace", "60s", "-o", form]
    with started(arguments) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 3)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)  # nothing of another process shows that it has taken the first
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_TIMEOUT)
    assert time.monotonic() - began < 5.0
    assert (process.returncode, out) == (130, "")
    if form == "json":
        assert json.loads(err)["exit_code"] == 130
    else:
        assert "press Ctrl-C again to leave at once" in err
    assert "it looks for them first" in err
    assert cli.done("provision", plan, *QUICK, "-o", "json").json["ok"]
    assert made(emulator) == Counter(NAMES)


def test_a_terminal_has_its_cursor_back(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=60.0))
    child = spawned("provision", plan, *QUICK, "--grace", "60s", codec_errors="replace")
    until(lambda: emulator.ledger.count("CreateCluster") == 3)
    child.sendintr()
    child.expect_exact("press Ctrl-C again to leave at once")
    child.sendintr()
    shown, code = ended(child)
    assert code == 130
    assert "hint: left at once" in shown
    assert re.findall(r"\x1b\[\?25[hl]", shown)[-1] == "\x1b[?25h"


def test_a_killed_run_goes_on_with_the_same_command(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=60.0, count=2))
    with started(["provision", plan, *QUICK, "--create-timeout", "3s", "--lease", "2s"]) as process:
        until(lambda: emulator.ledger.count("CreateCluster") >= 2)
        process.kill()
        process.communicate()
    again = cli.done("provision", plan, *QUICK, "--create-timeout", "3s", "--lease", "2s")
    assert "it goes on where the last run has stopped" in again.err
    assert "creates of an earlier run are open: they are looked for first" in again.err
    assert "9 of 9 ready" in again.err
    assert made(emulator) == Counter(NAMES)
