"""Ctrl-C: a real SIGINT to a process of its own, in the middle of a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator, Fault
from support.eventually import WAIT_TIMEOUT, until

pytestmark = pytest.mark.long

TESTS = Path(__file__).resolve().parents[2]

SCRIPT = """
import os, signal, sys
from cds_eks import EksClient
from cds_eks.emulator.http.auth import CREDENTIALS
from cds_eks.fleet import FleetLimits, sync
from fleet.run.world import plan_of

signal.signal(signal.SIGINT, signal.default_int_handler)

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

limits = FleetLimits(poll_interval=0.05, creates=4, grace=GRACE, lease=5.0, create_timeout=CREATE)
with EksClient(CREDENTIALS, endpoint=sys.argv[1]) as eks, sync.open_journal(eks, sys.argv[2]) as journal:
    run = sync.provision(eks, plan_of(20, 1), journal=journal, limits=limits, settle=0.1)
    try:
        WAIT
    except KeyboardInterrupt as error:
        say("interrupted", run.is_over, type(error.__context__).__name__, *getattr(error, "__notes__", ()))
        states = [item.state for item in journal.items() if item.kind == "cluster"]
        say(*(f"{state}={states.count(state)}" for state in sorted(set(states))))
say("left")
"""

WAITS = {"its report": "run.report()", "its events": "for event in run: pass"}


@contextmanager
def started(
    url: str, journal: Path, wait: str, grace: float, create_timeout: float = 50.0
) -> Iterator[subprocess.Popen[str]]:
    path = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            SCRIPT.replace("WAIT", wait).replace("GRACE", str(grace)).replace("CREATE", str(create_timeout)),
            url,
            str(journal),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_lets_creates_end_begins_no_other_and_says_what_is_open(wait: str, tmp_path: Path) -> None:
    emulator = Emulator(faults=[Fault("hang_after_commit", "CreateCluster", seconds=1.5)])
    with emulator.serve() as url, started(url, tmp_path / "fleet.db", WAITS[wait], 30.0) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_TIMEOUT)
    said = "the fleet's run was stopped: nothing is open; run it again with the same journal to go on"
    assert out.splitlines() == [f"interrupted True NoneType {said}", "accepted=4 planned=16", "left"]
    assert err == ""
    assert emulator.ledger.count("CreateCluster") == 4


def test_what_takes_longer_than_the_grace_is_told_as_open(tmp_path: Path) -> None:
    emulator = Emulator(faults=[Fault("hang_after_commit", "CreateCluster", seconds=30.0)])
    with emulator.serve() as url, started(url, tmp_path / "fleet.db", "run.report()", 0.2) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 4)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=WAIT_TIMEOUT)
    told, states, left = out.splitlines()
    names = ", ".join(f"cluster/vpc-1/gpu-{number:03d}" for number in range(1, 5))
    assert f"4 creates may or may not have been carried out: {names}; run it again" in told
    assert (states, left) == ("planned=16 sending=4", "left")


def test_ctrl_c_twice_leaves_at_once_and_the_next_run_finds_what_was_open(tmp_path: Path) -> None:
    fault = Fault("hang_after_commit", "CreateCluster", seconds=60.0)
    emulator = Emulator(faults=[fault], speed=300.0)
    with emulator.serve() as url:
        with started(url, tmp_path / "fleet.db", "run.report()", 60.0, 3.0) as process:
            until(lambda: emulator.ledger.count("CreateCluster") == 4)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)  # nothing of another process shows that it waits for the run by now
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=WAIT_TIMEOUT)
        assert time.monotonic() - began < 5.0
        assert out.splitlines() == ["interrupted False NoneType", "planned=16 sending=4", "left"]
        assert "Traceback" not in err
        emulator.faults.clear()
        with started(url, tmp_path / "fleet.db", "say(run.report().ok)", 60.0, 3.0) as process:
            out, _ = process.communicate(timeout=2 * WAIT_TIMEOUT)
    assert out.splitlines() == ["True", "left"]
    made = Counter(each.name for each in emulator.ledger.created("cluster"))
    assert (len(made), made.total()) == (20, 20)
