"""The clock of an SQLite journal is not set with the machine's wall clock while anything is open."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import attrs
import pytest

from cds_eks.fleet.journal.sqlite import SqliteFile
from cds_eks.fleet.journal.sqlite_clock import JournalClock, boot_id
from support.memory_journal import ManualClock

BEGAN = 1_760_000_000.0


@attrs.define
class Machine:
    wall: float = BEGAN
    since_boot: float = 500.0
    boot: str | None = "first"

    def clock(self) -> JournalClock:
        return JournalClock(wall=lambda: self.wall, since_boot=lambda: self.since_boot, boot=self.boot)

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.since_boot += seconds


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    file = SqliteFile(tmp_path / "fleet.db", timeout=1, clock=ManualClock())
    yield file.connection
    file.close()


def add_item(connection: sqlite3.Connection, state: str, *, owner: str | None = None, at: float = BEGAN) -> None:
    connection.execute(
        "INSERT INTO items (id, kind, name, vpc_id, cluster_name, position, digest, replicas, protect, state, epoch, "
        "ids, owner, changed_at) VALUES ('i', 'cluster', 'c', 'v', 'c', 0, '', 0, 0, ?, 1, '{}', ?, ?)",
        (state, owner, at),
    )


OPEN = [("sending", None), ("unknown", None), ("planned", "a runner")]


@pytest.mark.parametrize(("state", "owner"), OPEN)
@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_step_of_the_wall_clock_moves_no_window_while_something_is_open(
    connection: sqlite3.Connection, state: str, owner: str | None, step: float
) -> None:
    machine = Machine()
    machine.clock().anchor(connection)
    add_item(connection, state, owner=owner)
    machine.wait(10.0)
    machine.wall += step
    other = machine.clock()  # that of a process that resumes the run
    other.anchor(connection)
    assert other.now(connection) == BEGAN + 10.0


@pytest.mark.parametrize("state", ["planned", "accepted", "ready", "refused", "failed"])
def test_the_wall_clock_is_read_again_when_nothing_is_open(connection: sqlite3.Connection, state: str) -> None:
    machine = Machine()
    running = machine.clock()
    running.anchor(connection)
    add_item(connection, state)
    machine.wall += 3600.0
    assert running.now(connection) == BEGAN
    machine.clock().anchor(connection)
    assert running.now(connection) == BEGAN + 3600.0  # for all who have the file open at once


@pytest.mark.parametrize("shown", [BEGAN + 60.0, BEGAN - 86_400.0])
def test_after_a_boot_the_clock_does_not_go_back_before_what_is_open(
    connection: sqlite3.Connection, shown: float
) -> None:
    machine = Machine()
    machine.clock().anchor(connection)
    add_item(connection, "sending", at=BEGAN)
    booted = Machine(wall=shown, since_boot=3.0, boot="second")
    booted.clock().anchor(connection)
    assert booted.clock().now(connection) == max(shown, BEGAN)


def test_where_no_boot_can_be_told_the_wall_clock_is_gone_by(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_eks.fleet.journal.sqlite_clock.boot_id", lambda: None)
    machine = Machine(boot=None)
    clock = machine.clock()
    clock.anchor(connection)
    machine.wall += 3600.0
    assert clock.now(connection) == BEGAN + 3600.0


def test_a_boot_is_told_from_others() -> None:
    assert boot_id() == boot_id()


def test_an_anchor_that_fails_leaves_no_transaction_open(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO control (name, value) VALUES ('clock', 'no JSON')")
    with pytest.raises(ValueError, match="Expecting value"):
        Machine().clock().anchor(connection)
    assert not connection.in_transaction
