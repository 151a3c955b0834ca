"""A journal in PostgreSQL: its errors, its versions, a server that goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import anyio
import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")

import psycopg
import sqlalchemy
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from cds_eks.fleet.ensure.attempt import Writer
from cds_eks.fleet.items import STATES, Item
from cds_eks.fleet.journal.base import JournalError, JournalTooNew, JournalUnavailable
from cds_eks.fleet.journal.opening import open_journal
from cds_eks.fleet.journal.operations import Add, Claim, Write
from cds_eks.fleet.journal.postgres import Database, PostgresWrites
from cds_eks.fleet.journal.postgres_errors import may_pass
from cds_eks.fleet.journal.postgres_schema import VERSION_1, migrate
from support.eventually import EVENT_TIMEOUT, WAIT_TIMEOUT
from support.postgres_server import MISSING, PostgresServer, find_programs

from .items import LEASE, cluster, to

pytestmark = pytest.mark.anyio
T = TypeVar("T")


@pytest.fixture
def where(postgres_server: PostgresServer) -> str:
    return postgres_server.new_database()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that the test may stop."""
    if find_programs() is None:
        pytest.skip(MISSING)
    server = PostgresServer()
    yield server
    server.close()


def database(where: str, kind: Callable[..., Database] = Database, **more: Any) -> Database:
    return kind(make_url(where).set(drivername="postgresql+psycopg"), **{"timeout": 5.0, **more})


async def use(where: str, **more: Any) -> None:
    async with open_journal(where, **more) as journal:
        await journal.add([cluster(1)])


def test_the_audit_is_append_only(where: str, postgres_server: PostgresServer, anyio_backend: str) -> None:
    anyio.run(use, where, backend=anyio_backend)
    for statement in ("DELETE FROM fleet_audit", "UPDATE fleet_audit SET pid = 1", "TRUNCATE fleet_audit"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            postgres_server.execute(statement, where)


async def test_a_newer_database_is_refused(where: str, postgres_server: PostgresServer) -> None:
    await use(where)
    postgres_server.execute("INSERT INTO fleet_schema_version (version) VALUES (99)", where)
    with pytest.raises(JournalTooNew, match=r"its format is 99.*update cds-eks"):
        await use(where)


def test_an_older_database_is_brought_forward_step_by_step(where: str) -> None:
    second = (
        "ALTER TABLE fleet_items ADD COLUMN region text NOT NULL DEFAULT ''",
        "UPDATE fleet_items SET region = 'r-' || vpc_id",
    )
    third = ("CREATE TABLE fleet_later (n bigint)",)
    opened = database(where)
    migrate(opened.engine, "x")
    PostgresWrites(opened).commit([Add((cluster(1),))])
    for _ in range(2):
        migrate(opened.engine, "x", (VERSION_1, second, third))
    with opened.engine.connect() as connection:
        text = sqlalchemy.text
        versions = connection.execute(text("SELECT version FROM fleet_schema_version ORDER BY 1")).scalars().all()
        assert versions == [1, 2, 3]
        assert connection.execute(text("SELECT region FROM fleet_items")).scalar_one() == "r-vpc"
    with pytest.raises(DBAPIError):
        migrate(opened.engine, "x", (VERSION_1, second, third, ("CREATE TABLE fleet_half (n int)", "SELECT nothing()")))
    with opened.engine.connect() as connection:  # a migration is done whole or not at all
        assert connection.execute(text("SELECT to_regclass('fleet_half') IS NULL")).scalar_one()
    opened.close()


async def test_a_database_that_is_not_there(where: str) -> None:
    with pytest.raises(JournalError, match="has no such database: create it first") as caught:
        await use(where + "_no")
    assert not isinstance(caught.value, JournalUnavailable)


async def test_a_user_who_is_not_there(where: str) -> None:
    with pytest.raises(JournalError, match="has no such user"):
        await use(where.replace("fleet@", "nobody@"))


async def test_a_user_who_may_not_write(where: str, postgres_server: PostgresServer) -> None:
    await use(where)
    postgres_server.execute(f"CREATE ROLE {(name := where.rpartition('/')[2])} LOGIN")
    with pytest.raises(JournalError, match="may not read and write the journal's tables"):
        await use(where.replace("fleet@", f"{name}@"))
    # who may, but could not create them, can use them
    postgres_server.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}", where)
    await use(where.replace("fleet@", f"{name}@"))


async def test_a_database_that_can_only_be_read(where: str, postgres_server: PostgresServer) -> None:
    await use(where)
    postgres_server.execute(f"ALTER DATABASE {where.rpartition('/')[2]} SET default_transaction_read_only = on")
    with pytest.raises(JournalError, match="can be read only: give the address of the primary"):
        await use(where)


def test_commits_wait_for_the_disk_whatever_the_database_is_used_to(
    where: str, postgres_server: PostgresServer
) -> None:
    postgres_server.execute(f"ALTER DATABASE {where.rpartition('/')[2]} SET synchronous_commit = off")
    opened = database(where)
    shown = {
        name: opened.connection().execute(sqlalchemy.text(f"SHOW {name}")).scalar_one()
        for name in ("synchronous_commit", "idle_in_transaction_session_timeout", "lock_timeout")
    }
    assert shown == {
        "synchronous_commit": "on",
        "idle_in_transaction_session_timeout": "15s",  # a runner that is frozen in a transaction stops nobody for long
        "lock_timeout": "20s",
    }
    opened.close()


async def test_a_claim_waits_for_nobody(where: str) -> None:
    async with open_journal(where) as journal:
        await journal.add([cluster(n) for n in range(4)])
        with psycopg.connect(where) as other:
            other.execute("SELECT id FROM fleet_items WHERE position IN (0, 2) FOR UPDATE")
            with anyio.fail_after(EVENT_TIMEOUT):
                items = await journal.claim("a", limit=3, lease=LEASE, states=STATES)
        assert [item.position for item in items] == [1, 3]


async def test_an_open_journal_leaves_nothing_behind(where: str, postgres_server: PostgresServer) -> None:
    async with open_journal(where) as journal:
        await journal.add([cluster(1)])
        assert postgres_server.execute("SELECT count(*) FROM fleet_writers", where) == [(1,)]
    assert postgres_server.execute("SELECT count(*) FROM fleet_writers", where) == [(0,)]


def away(_connection: Any = None) -> Any:
    raise OperationalError("SELECT 1", None, psycopg.errors.lookup("57P03")("the database system is starting up"))


class TestOpening:
    """A database that is away when a journal is opened; no server, and no real time."""

    URL = make_url("postgresql+psycopg://fleet:hunter2@db.example:5433/fleet?password=hunter3")

    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [0.0]
        monkeypatch.setattr("cds_eks.fleet.journal.postgres.clocks.monotonic", lambda: now[0])
        return now

    @staticmethod
    def sleeping(now: list[float]) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            assert seconds > 0
            now[0] += seconds

        return sleep

    def test_it_is_tried_again_until_it_is_there(
        self, now: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        opened: list[float] = []

        def migrating(*_: object) -> None:
            opened.append(now[0])
            if now[0] < 12.0:
                away()

        monkeypatch.setattr("cds_eks.fleet.journal.postgres.migrate", migrating)
        Database(self.URL, timeout=30.0, sleep=self.sleeping(now)).open(())
        assert 12.0 <= opened[-1] < 13.1
        assert len(opened) > 10
        (record,) = caplog.records  # whoever waits is told what for, once
        assert "postgresql://db.example:5433/fleet" in record.getMessage()
        assert "hunter" not in record.getMessage()

    def test_after_its_time_it_is_given_up_with_what_is_out_of_reach(
        self, now: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cds_eks.fleet.journal.postgres.migrate", lambda *_: away())
        with pytest.raises(JournalUnavailable) as caught:
            Database(self.URL, timeout=30.0, sleep=self.sleeping(now)).open(())
        assert now == [30.0]
        assert caught.value.message == (
            "postgresql://db.example:5433/fleet: can't be reached (tried for 30 s): the database system is starting up "
            "(57P03): see that it runs; nothing was begun"
        )
        assert caught.value.outcome == "not_sent"

    def test_what_does_not_pass_is_told_at_once(self, now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
        def refused(*_: object) -> None:
            raise OperationalError("SELECT 1", None, psycopg.errors.lookup("42501")("permission denied"))

        monkeypatch.setattr("cds_eks.fleet.journal.postgres.migrate", refused)
        with pytest.raises(JournalError, match="may not read and write") as caught:
            Database(self.URL, timeout=30.0, sleep=self.sleeping(now)).open(())
        assert not isinstance(caught.value, JournalUnavailable)
        assert now == [0.0]


class LostAfterCommit(Database):
    """The connection is lost when the database has committed, before it could say so."""

    def persistently(self, work: Callable[[], T], **more: Any) -> T:
        work()
        self.disconnect()
        return super().persistently(work, **more)


def test_a_commit_that_nobody_confirmed_is_not_done_twice(where: str) -> None:
    opened = database(where, LostAfterCommit)
    migrate(opened.engine, "x")
    writes = PostgresWrites(opened)
    writes.commit([Add((cluster(1),))])
    ((item,),) = writes.commit([Claim(runner="a", limit=1, lease=LEASE, states=frozenset(STATES), ids=None)])
    ((sent,),) = writes.commit([Write((to(item, "sending"),))])
    assert (sent.state, sent.epoch) == ("sending", 1)
    ((*_, again),) = writes.commit([Write((to(sent, "planned"), to(sent, "sending")))])
    assert (again.state, again.epoch) == ("sending", 2)
    with opened.engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT count(*) FROM fleet_audit")).scalar_one() == 4
    writes.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *(("08006", True), ("40001", True), ("40P01", True), ("53100", True), ("53300", True), ("57P01", True)),
        *(("57P02", True), ("57P03", True), ("58030", True), ("25P03", True), ("55P03", True)),
        *(("25006", False), ("42501", False), ("42P01", False), ("22P02", False), ("23505", False)),
    ],
)
def test_which_errors_pass(code: str, expected: bool) -> None:
    original = psycopg.errors.lookup(code)("said the server")
    assert may_pass(OperationalError("SELECT 1", None, original)) is expected


async def test_a_connection_that_is_ended_is_made_anew(where: str, postgres_server: PostgresServer) -> None:
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE application_name = 'cds-eks fleet' AND datname = '{where.rpartition('/')[2]}'"
    )
    async with open_journal(where) as journal:
        for n in range(3):
            await journal.add([cluster(n)])
            assert len(await journal.items()) == n + 1
            assert len(postgres_server.execute(end)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_database_that_is_away_for_too_long(own_server: PostgresServer) -> None:
    name = own_server.new_database().rpartition("/")[2]
    async with open_journal(own_server.address(name), timeout=0.3) as journal:
        await journal.add([cluster(1), cluster(2)])
        items = await journal.claim("a", limit=2, lease=600, states=STATES)
        one, two = await journal.write(*(to(item, "sending") for item in items))
        writer = Writer(journal=journal, runner="a", lease=600, on_item=lambda _now, _before: None)

        async def tell(item: Item) -> None:
            item = await writer.insist(item, state="accepted", ids={"cluster_id": "c-1"})
            await writer.insist(item, state="ready")

        async def open_another() -> None:
            async with open_journal(own_server.address(name), timeout=30.0) as other:  # it is away until later
                assert len(await other.items()) == 2

        own_server.stop(immediate=True)
        async with anyio.create_task_group() as group:
            group.start_soon(tell, one)
            group.start_soon(open_another)
            with pytest.raises(JournalUnavailable, match="can't be reached"):
                await journal.write(to(two, "planned"))
            with pytest.raises(JournalUnavailable, match="can't be reached"):
                await journal.items()
            own_server.start()
        (one, two) = await journal.items()
        assert (one.state, one.ids, two.state) == ("ready", {"cluster_id": "c-1"}, "sending")


@pytest.mark.slow
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_server_that_crashes_loses_nothing_that_was_acknowledged(own_server: PostgresServer) -> None:
    way = ("sending", "unknown", "sending", "accepted", "ready", "deleting", "deleted", "planned")
    known: dict[str, Item] = {}
    steps: dict[str, int] = {}
    is_over = False
    goes_on = anyio.Event()
    enough = float("inf")

    async with open_journal(own_server.new_database(), timeout=30) as journal:
        await journal.add([cluster(n) for n in range(20)])

        async def work(item: Item) -> None:
            while not is_over:
                for state in way:
                    (item,) = await journal.write(to(item, state))  # type: ignore[arg-type]
                    known[item.id] = item
                    steps[item.id] = steps.get(item.id, 0) + 1
                    if sum(steps.values()) > enough:
                        goes_on.set()

        async with anyio.create_task_group() as group:
            for item in await journal.claim("a", limit=20, lease=600, states=STATES):
                group.start_soon(work, item)
            await anyio.sleep(0.5)
            before = sum(steps.values())
            await anyio.to_thread.run_sync(lambda: own_server.stop(immediate=True))
            await anyio.sleep(1)  # the server is away, and the writers try on
            assert sum(steps.values()) - before < 200
            await anyio.to_thread.run_sync(own_server.start)
            enough = sum(steps.values()) + 200
            with anyio.fail_after(WAIT_TIMEOUT):
                await goes_on.wait()
            is_over = True
        assert before > 0
        assert {item.id: item for item in await journal.items()} == known
        for item_id, count in steps.items():  # each step once: none was lost, and none done twice
            told = [entry.state for entry in await journal.audit(item_id) if entry.action == ""]
            assert told == [way[n % len(way)] for n in range(count)]
