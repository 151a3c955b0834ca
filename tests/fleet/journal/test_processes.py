"""Journals and processes: some are killed, several share a journal."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cds_eks.fleet.items import STATES
from cds_eks.fleet.journal.opening import open_journal
from support.eventually import WAIT_TIMEOUT
from support.postgres_server import PostgresServer

from .items import cluster

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.parametrize("anyio_backend", ["asyncio"]),  # the processes matter here
]

PAIRS = 24

WRITER = """
import sys

import anyio

from cds_eks.fleet.items import Change, STATES
from cds_eks.fleet.journal.opening import open_journal

WAY = ["sending", "unknown", "sending", "accepted", "ready", "deleting", "deleted", "planned"]


async def write(journal, one, two):
    while True:
        for state in WAY:
            changes = [Change(item_id=each.id, runner="a", epoch=each.epoch, state=state) for each in (one, two)]
            one, two = await journal.write(*changes)
            print(one.id, two.id, one.state, one.epoch, flush=True)


async def main():
    async with open_journal(sys.argv[1]) as journal:
        items = await journal.claim("a", limit=1000, lease=60, states=STATES)
        async with anyio.create_task_group() as group:
            for one, two in zip(items[::2], items[1::2]):
                group.start_soon(write, journal, one, two)


anyio.run(main)
"""

CLAIMER = """
import json, sys

import anyio

from cds_eks.fleet.items import Change
from cds_eks.fleet.journal.opening import open_journal


async def main():
    where, runner = sys.argv[1:]
    claimed = []
    async with open_journal(where) as journal:
        print("open", flush=True)
        sys.stdin.readline()
        while items := await journal.claim(runner, limit=7, lease=60, states=["planned"]):
            claimed += [item.id for item in items]
            await journal.write(*(Change(item_id=i.id, runner=runner, epoch=i.epoch, state="sending") for i in items))
    print(json.dumps(claimed), flush=True)


anyio.run(main)
"""


def start(script: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


async def fill(where: str | Path, count: int) -> None:
    async with open_journal(where) as journal:
        await journal.add([cluster(n) for n in range(count)])


def killed_in_mid_write(where: str, seed: int) -> dict[tuple[str, str], int]:
    """Kill a process that writes after some of its writes were acknowledged; return how many were, of each pair."""
    acknowledged: Counter[tuple[str, str]] = Counter()
    with start(WRITER, where) as process:
        assert process.stdout is not None
        for _ in range(random.Random(seed).randint(1, 40 * PAIRS)):
            one, two, *_ = process.stdout.readline().split()
            acknowledged[one, two] += 1
        process.send_signal(signal.SIGKILL)
        for line in process.stdout.read().splitlines(keepends=True):
            if line.endswith("\n"):  # it may have been killed while it wrote the line
                one, two, *_ = line.split()
                acknowledged[one, two] += 1
    assert process.returncode == -signal.SIGKILL
    return acknowledged


async def check_after_kill(where: str | Path, acknowledged: dict[tuple[str, str], int]) -> None:
    async with open_journal(where) as journal:
        await journal.add([cluster(n) for n in range(2 * PAIRS)])  # waits for a transaction that is being carried out
        items = {item.id: item for item in await journal.items()}
        audit = await journal.audit()
        steps = Counter(entry.item_id for entry in audit if entry.action == "")
        last = {entry.item_id: (entry.state, entry.epoch) for entry in audit}
        assert len(items) == 2 * PAIRS
        assert acknowledged
        for (one, two), count in acknowledged.items():
            assert steps[one] >= count  # what was acknowledged is there
            assert steps[one] - count <= 1  # and at most the one write that was on its way
            assert (steps[one], items[one].state, items[one].epoch) == (steps[two], items[two].state, items[two].epoch)
        for item in items.values():
            assert last[item.id] == (item.state, item.epoch)


@pytest.mark.parametrize("seed", range(20))
async def test_what_was_acknowledged_outlives_the_process_in_sqlite(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    await fill(path, 2 * PAIRS)
    await check_after_kill(path, killed_in_mid_write(str(path), seed))


@pytest.mark.parametrize("seed", range(5))
async def test_what_was_acknowledged_outlives_the_process_in_postgres(
    seed: int, postgres_server: PostgresServer
) -> None:
    where = postgres_server.new_database()
    await fill(where, 2 * PAIRS)
    await check_after_kill(where, killed_in_mid_write(where, seed))


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a journal is that processes can share."""
    if request.param == "sqlite":
        return str(tmp_path / "fleet.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


async def test_processes_that_claim_at_once_never_get_the_same(where: str) -> None:
    await fill(where, 400)
    runners = [start(CLAIMER, where, runner) for runner in ("a", "b", "c")]
    for runner in runners:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "open\n"
    for runner in runners:
        assert runner.stdin is not None
        runner.stdin.write("go\n")
        runner.stdin.flush()
    claimed: list[list[Any]] = [json.loads(runner.communicate(timeout=WAIT_TIMEOUT)[0]) for runner in runners]
    counts = Counter(each for one in claimed for each in one)
    assert len(counts) == 400
    assert set(counts.values()) == {1}
    assert sum(map(bool, claimed)) > 1, "only one of them has claimed anything"
    async with open_journal(where) as journal:
        assert {(item.state, item.epoch) for item in await journal.items(states=STATES)} == {("sending", 1)}


async def test_processes_may_open_a_new_journal_at_once(where: str) -> None:
    runners = [start(CLAIMER, where, runner) for runner in ("a", "b", "c")]
    for runner in runners:
        assert json.loads(runner.communicate("go\n", timeout=WAIT_TIMEOUT)[0].splitlines()[-1]) == []
    async with open_journal(where) as journal:
        assert await journal.items() == []
