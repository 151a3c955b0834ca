"""A runner that is killed at any moment, and resumed: the ledger and the final report say the same."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet.journal.opening import open_journal
from support.eventually import WAIT_TIMEOUT

pytestmark = pytest.mark.long

COUNT = 8
TESTS = Path(__file__).resolve().parents[2]
ALL_REQUESTS = 8 * 2 + 30
"""About how many requests a run makes that is not killed."""


def started(url: str, journal: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "fleet.run.runner_process", url, str(journal), str(COUNT)],
        stdout=subprocess.PIPE,
        stderr=None,  # pytest shows it
        text=True,
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": path},
    )


def freeze(process: subprocess.Popen[str]) -> None:
    """Stop a process, and return when it stands still."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)


def until(is_time: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not is_time() and process.poll() is None:
        assert time.monotonic() < ends, "it takes too long"
        time.sleep(0.002)


def resumed(url: str, journal: Path) -> list[dict[str, Any]]:
    process = started(url, journal)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    told: list[dict[str, Any]] = json.loads(out)
    return told


def assert_once(emulator: Emulator, told: list[dict[str, Any]]) -> None:
    assert {each["state"] for each in told} == {"ready"}
    clusters = emulator.ledger.created("cluster")
    pools = emulator.ledger.created("node_pool")
    assert set(Counter(each.name for each in clusters).values()) == {1}
    assert (len(clusters), len(pools)) == (COUNT, 2 * COUNT)
    assert {each["ids"]["cluster_id"] for each in told if each["kind"] == "cluster"} == {each.id for each in clusters}
    assert {each["ids"]["node_pool_id"] for each in told if each["kind"] == "node_pool"} == {each.id for each in pools}


@pytest.mark.parametrize("seed", range(10))
def test_a_runner_killed_at_a_seeded_moment_and_resumed_makes_everything_once(seed: int, tmp_path: Path) -> None:
    rand = random.Random(f"kill {seed}")
    faults = [Fault("hang_after_commit", "create", seconds=0.2, probability=0.3)] if seed % 2 else []
    faults += [Fault("late", "create", seconds=60.0, probability=0.1)] if seed % 3 == 0 else []
    emulator = Emulator(speed=300.0, seed=seed, faults=faults)
    with emulator.serve() as url:
        for _ in range(2):
            goal = len(emulator.ledger.requests) + rand.randrange(1, ALL_REQUESTS // 2)
            pause = rand.random() * 0.02
            process = started(url, tmp_path / "fleet.db")
            until(lambda goal=goal: len(emulator.ledger.requests) >= goal, process)  # type: ignore[misc]
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert process.returncode == -signal.SIGKILL, "it was over before it could be killed"
        told = resumed(url, tmp_path / "fleet.db")
        assert_once(emulator, told)


def states_in(journal: Path) -> Counter[str]:
    async def read() -> Counter[str]:
        async with open_journal(journal) as opened:
            return Counter(item.state for item in await opened.items() if item.kind == "cluster")

    return anyio.run(read)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_lets_creates_end_and_a_second_one_leaves_at_once(presses: int, tmp_path: Path) -> None:
    emulator = Emulator(speed=300.0, faults=[Fault("hang_after_commit", "CreateCluster", seconds=0.5)])
    with emulator.serve() as url:
        process = started(url, tmp_path / "fleet.db")
        until(lambda: emulator.ledger.count("CreateCluster") >= 6, process)
        for _ in range(presses):
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        process.communicate(timeout=WAIT_TIMEOUT)
        assert process.returncode not in (0, -signal.SIGKILL)
        states = states_in(tmp_path / "fleet.db")
        made = emulator.ledger.count("CreateCluster")
        assert made == 6  # as many as may be under way at once: no other was begun
        if presses == 1:
            assert states == {"accepted": 6, "planned": 2}
        else:
            assert states["sending"] > 0
        emulator.faults.clear()
        assert_once(emulator, resumed(url, tmp_path / "fleet.db"))


@pytest.mark.parametrize("seed", range(3))
def test_of_two_runners_on_one_plan_the_other_goes_on_when_one_is_killed(seed: int, tmp_path: Path) -> None:
    rand = random.Random(f"two {seed}")
    emulator = Emulator(
        speed=300.0, seed=seed, faults=[Fault("hang_after_commit", "create", seconds=0.2, probability=0.3)]
    )
    with emulator.serve() as url:
        killed, other = started(url, tmp_path / "fleet.db"), started(url, tmp_path / "fleet.db")
        goal = rand.randrange(4, ALL_REQUESTS // 2)
        until(lambda: len(emulator.ledger.requests) >= goal, killed)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        out, _ = other.communicate(timeout=60)
        assert other.returncode == 0
        assert_once(emulator, json.loads(out))


def is_locked(journal: Path) -> bool:
    with contextlib.closing(sqlite3.connect(journal, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


@pytest.mark.parametrize("seed", range(3))
def test_a_runner_that_is_frozen_for_three_leases_and_woken_makes_nothing_twice(seed: int, tmp_path: Path) -> None:
    rand = random.Random(f"frozen {seed}")
    emulator = Emulator(
        speed=300.0, seed=seed, faults=[Fault("hang_after_commit", "create", seconds=0.2, probability=0.5)]
    )
    with emulator.serve() as url:
        frozen = started(url, tmp_path / "fleet.db")
        goal = rand.randrange(1, ALL_REQUESTS // 2)
        until(lambda: len(emulator.ledger.requests) >= goal, frozen)
        freeze(frozen)
        while is_locked(tmp_path / "fleet.db"):  # then nobody could go on: SQLite's lock is not given up
            frozen.send_signal(signal.SIGCONT)
            time.sleep(0.003)
            freeze(frozen)
        try:
            told = resumed(url, tmp_path / "fleet.db")  # it waits for three leases and more, and does the rest
            assert_once(emulator, told)
        finally:
            frozen.send_signal(signal.SIGCONT)
        out, _ = frozen.communicate(timeout=60)
        assert frozen.returncode == 0
        assert_once(emulator, json.loads(out))
        assert emulator.ledger.count("CreateCluster", committed=True) == COUNT
