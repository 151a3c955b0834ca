"""A journal in an SQLite file: its file, its errors, its versions, its commits."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest

from cds_eks.fleet.items import STATES
from cds_eks.fleet.journal.base import JournalError, JournalGone, JournalTooNew, JournalUnavailable
from cds_eks.fleet.journal.grouped import GroupWriter, QueryReader
from cds_eks.fleet.journal.opening import open_journal
from cds_eks.fleet.journal.operations import Operation
from cds_eks.fleet.journal.sqlite import SqliteFile, SqliteReads, sqlite_journal
from cds_eks.fleet.journal.sqlite_schema import VERSION_1, migrate
from cds_eks.fleet.journal.threaded import ThreadedJournal
from support.eventually import EVENT_TIMEOUT, WAIT_TIMEOUT
from support.memory_journal import ManualClock

from .items import LEASE, cluster, to

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fleet.db"


async def use(path: Path, **more: Any) -> None:
    async with open_journal(path, **more) as journal:
        await journal.add([cluster(1)])


async def test_the_file_is_its_users_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_journal(path) as journal:
            await journal.add([cluster(1)])
            assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
            assert [each.name for each in sorted(path.parent.iterdir())] == ["fleet.db", "fleet.db-shm", "fleet.db-wal"]
    finally:
        os.umask(before)
    assert [each.name for each in path.parent.iterdir()] == ["fleet.db"]


async def test_commits_wait_for_the_disk(path: Path) -> None:
    file = SqliteFile(path, timeout=1, clock=ManualClock())
    pragmas = {
        name: file.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    }
    file.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}


async def test_changes_that_arrive_meanwhile_are_committed_together(path: Path) -> None:
    groups: list[int] = []
    is_first, may_go = threading.Event(), threading.Event()

    def writer() -> GroupWriter:
        file = SqliteFile(path, timeout=1, clock=ManualClock())

        def commit(operations: Sequence[Operation[Any]]) -> list[Any]:
            groups.append(len(operations))
            is_first.set()
            assert may_go.wait(EVENT_TIMEOUT)
            return file.commit(operations)

        return GroupWriter(commit, file.close)

    def reader() -> QueryReader:
        file = SqliteReads(path, timeout=1, clock=ManualClock())
        return QueryReader(file.answer, file.close)

    journal = ThreadedJournal("test", writer, reader)
    await journal.start()
    async with journal, anyio.create_task_group() as group:
        group.start_soon(journal.add, [cluster(0)])
        await anyio.to_thread.run_sync(is_first.wait, 10)
        for n in range(1, 50):
            group.start_soon(journal.add, [cluster(n)])
        await anyio.wait_all_tasks_blocked()
        may_go.set()
    assert groups == [1, 49]


async def test_the_audit_is_append_only(path: Path) -> None:
    await use(path)
    connection = sqlite3.connect(path)
    for statement in ("DELETE FROM audit", "UPDATE audit SET user = 'nobody'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


async def test_a_newer_file_is_refused(path: Path) -> None:
    await use(path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 0)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalTooNew, match=r"fleet\.db: its format is 99.*update cds-eks"):
        await use(path)
    assert path.read_bytes() == before


def test_an_older_file_is_brought_forward_step_by_step(path: Path) -> None:
    second = (
        "ALTER TABLE items ADD COLUMN region TEXT NOT NULL DEFAULT ''",
        "UPDATE items SET region = 'r-' || vpc_id",
    )
    third = ("CREATE TABLE later (n INTEGER)",)
    old = SqliteFile(path, timeout=1, clock=ManualClock(7.0))
    connection = old.connection
    connection.execute(
        "INSERT INTO items (id, kind, name, vpc_id, cluster_name, position, digest, replicas, protect, state, epoch,"
        " ids, changed_at) VALUES ('x', 'cluster', 'x', 'v', 'x', 0, '', 0, 0, 'ready', 1, '{}', 0)"
    )
    migrate(connection, "x", 8.0, (VERSION_1, second, third))
    assert connection.execute("SELECT version, at FROM schema_version").fetchall() == [(1, 7.0), (2, 8.0), (3, 8.0)]
    assert connection.execute("SELECT id, region FROM items").fetchall() == [("x", "r-v")]
    migrate(connection, "x", 9.0, (VERSION_1, second, third))
    assert connection.execute("SELECT count(*) FROM schema_version").fetchone() == (3,)
    old.close()


def test_a_migration_is_done_whole_or_not_at_all(path: Path) -> None:
    SqliteFile(path, timeout=1, clock=ManualClock()).close()
    before = path.read_bytes()
    broken = ("CREATE TABLE half (n INTEGER)", "SELECT no_such_function()")
    with pytest.raises(JournalError, match="no_such_function"):
        SqliteFile(path, timeout=1, clock=ManualClock(), migrations=(VERSION_1, broken))
    SqliteFile(path, timeout=1, clock=ManualClock()).close()
    assert path.read_bytes() == before


async def test_what_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("[defaults]\n" * 100)
    with pytest.raises(JournalError, match=r"fleet\.db: is no SQLite database: choose another file"):
        await use(path)
    assert path.read_text() == "[defaults]\n" * 100


async def test_another_programs_database_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE items (id TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"fleet\.db: .*not a journal"):
        await use(path)
    assert path.read_bytes() == before


async def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"no/fleet\.db: its folder does not exist: make it first"):
        await use(tmp_path / "no" / "fleet.db")


async def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="a journal is a file"):
        await use(tmp_path)


OPENER = """
import os, pwd, sys

import anyio

from cds_eks.fleet.journal.opening import open_journal


async def main():
    await anyio.sleep(0)
    if os.geteuid() == 0:  # whom nothing is forbidden; all is imported by now
        os.setegid(pwd.getpwnam("nobody").pw_gid)
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        async with open_journal(sys.argv[1]) as journal:
            await journal.add([])
    except Exception as error:
        print(type(error).__name__, error, flush=True)


anyio.run(main)
"""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_file_that_may_not_be_written(anyio_backend: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to other users
        path = Path(folder) / "fleet.db"
        await use(path)
        Path(folder).chmod(0o555)
        path.chmod(0o444)
        command = [sys.executable, "-c", OPENER, str(path)]
        said = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=True).stdout
        Path(folder).chmod(0o755)
    assert said.startswith("JournalError")
    assert "fleet.db: can't be opened for writing (Permission denied)" in said


async def test_a_damaged_file(path: Path) -> None:
    async with open_journal(path) as journal:
        await journal.add([cluster(n) for n in range(500)])
    content = bytearray(path.read_bytes())
    content[8192 : len(content) // 2] = os.urandom(1) * (len(content) // 2 - 8192)
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"fleet\.db: .*damaged.*restore a backup"):
        await use(path)


async def test_a_full_disk_takes_nothing_with_it(path: Path) -> None:
    files: list[SqliteFile] = []

    def writer() -> GroupWriter:
        files.append(SqliteFile(path, timeout=1, clock=ManualClock()))
        return GroupWriter(files[0].commit, files[0].close)

    def reader() -> QueryReader:
        file = SqliteReads(path, timeout=1, clock=ManualClock())
        return QueryReader(file.answer, file.close)

    journal = ThreadedJournal("test", writer, reader)
    await journal.start()
    async with journal:
        await journal.add([cluster(1)])
        (item,) = await journal.claim("a", limit=1, lease=LEASE, states=STATES)
        pages = files[0].connection.execute("PRAGMA page_count").fetchone()[0]
        files[0].connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalUnavailable, match=r"fleet\.db: the disk is full.*make room"):
            await journal.add([cluster(n) for n in range(500)])
        assert await journal.items() == [item]
        files[0].connection.execute("PRAGMA max_page_count = 100000")
        await journal.write(to(item, "sending"))
        await journal.add([cluster(n) for n in range(500)])
        assert len(await journal.items()) == 500


async def test_a_lock_that_is_not_given_up(path: Path) -> None:
    async with open_journal(path, timeout=0.05) as journal:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await journal.items() == []  # reading goes on
        with pytest.raises(JournalUnavailable, match=r"fleet\.db: another process has had it locked"):
            await journal.add([cluster(1)])
        other.execute("ROLLBACK")
        other.close()
        await journal.add([cluster(1)])
        assert len(await journal.items()) == 1


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    def open_and_close(path: Path, barrier: threading.Barrier) -> None:
        barrier.wait(WAIT_TIMEOUT)
        file = SqliteFile(path, timeout=20, clock=ManualClock())
        assert file.commit([]) == []
        file.close()

    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            barrier = threading.Barrier(8)
            path = tmp_path / f"{n}.db"
            for opened in [pool.submit(open_and_close, path, barrier) for _ in range(8)]:
                opened.result()


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "deleted"])
async def test_a_file_that_is_gone_is_noticed(is_replaced: bool, path: Path) -> None:
    async with open_journal(path) as journal:
        await journal.add([cluster(1)])
        path.rename(path.with_name("moved.db"))
        if is_replaced:
            path.touch()
        with pytest.raises(JournalError, match="deleted or replaced"):
            await journal.add([cluster(2)])


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "deleted"])
async def test_a_log_that_is_gone_is_noticed(is_replaced: bool, path: Path) -> None:
    log = path.with_name("fleet.db-wal")
    async with open_journal(path) as journal:
        await journal.add([cluster(1)])
        log.rename(path.with_name("moved-wal"))
        if is_replaced:
            log.touch()
        with pytest.raises(JournalGone, match=r"its log \(-wal\), was deleted or replaced"):
            await journal.add([cluster(2)])


async def test_a_file_that_is_named_by_a_link_has_its_log_beside_itself(path: Path) -> None:
    path.with_name("there").mkdir()
    path.symlink_to(path.with_name("there") / "fleet.db")
    async with open_journal(path) as journal:
        await journal.add([cluster(1)])
        assert path.with_name("there").joinpath("fleet.db-wal").exists()
        await journal.add([cluster(2)])
    async with open_journal(path) as journal:
        assert len(await journal.items()) == 2


async def test_who_opens_it_twice_keeps_its_locks(path: Path) -> None:
    """To close any descriptor of a file drops all of a process's locks on it: another would take the log away."""
    log = path.with_name("fleet.db-wal")
    async with open_journal(path) as journal:
        await journal.add([cluster(1)])
        async with open_journal(path) as again:
            await again.add([cluster(2)])
        before = log.stat().st_ino
        count = "print(*c.execute('SELECT count(*) FROM items').fetchone())"
        program = f"import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); {count}"
        for _ in range(2):
            said = await anyio.run_process([sys.executable, "-c", program, str(path)])
            assert said.stdout == b"2\n"
        assert log.stat().st_ino == before
        await journal.add([cluster(3)])
        said = await anyio.run_process([sys.executable, "-c", program, str(path)])
        assert said.stdout == b"3\n"


async def test_an_error_of_one_change_is_no_others(path: Path) -> None:
    async with open_journal(path) as journal:
        failed: list[str] = []

        async def add(number: int, replicas: int) -> None:
            try:
                await journal.add([cluster(number, replicas=replicas)])
            except OverflowError as error:
                failed.append(str(error))

        async with anyio.create_task_group() as group:
            for n in range(20):
                group.start_soon(add, n, 2**70 if n == 7 else 1)
        assert len(failed) == 1
        assert {item.position for item in await journal.items()} == set(range(20)) - {7}


async def test_leases_go_by_the_clock_that_was_given(path: Path) -> None:
    clock = ManualClock(1000.0)
    async with open_journal(path, clock=clock) as journal:
        assert await journal.now() == 1000.0
        await journal.add([cluster(1)])
        clock.advance(5)
        (item,) = await journal.claim("a", limit=1, lease=LEASE, states=STATES)
        (item,) = await journal.write(to(item, "sending", deadline=2.0))
        assert (item.changed_at, item.intent_at, item.deadline, item.lease_until) == (1005.0, 1005.0, 1007.0, 1035.0)
        clock.advance(-100)  # it was set back: the lease lasts longer
        assert await journal.claim("b", limit=1, lease=LEASE, states=STATES) == []


async def test_the_threads_end_with_it(path: Path) -> None:
    before = set(threading.enumerate())
    journal = sqlite_journal(path, timeout=1)
    await journal.start()
    names = {thread.name for thread in set(threading.enumerate()) - before}
    assert names == {"cds-eks journal fleet.db writer", "cds-eks journal fleet.db reader"}
    await journal.aclose()
    await journal.aclose()
    for thread in set(threading.enumerate()) - before:
        await anyio.to_thread.run_sync(thread.join, 10)
    assert not {thread.name for thread in threading.enumerate()} & names
    with pytest.raises(JournalError, match="closed"):
        await journal.add([cluster(1)])
    with pytest.raises(JournalError, match="closed"):
        await journal.items()
