"""Journals of each kind, whose clocks the tests set forward."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest

from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.journal.opening import open_journal
from support.memory_journal import ManualClock, MemoryJournal
from support.postgres_server import MISSING, PostgresServer, find_programs


class Journals(Protocol):
    """Opens one and the same journal, any number of times."""

    def open(self) -> AbstractAsyncContextManager[Journal]: ...

    def advance(self, seconds: float) -> None:
        """Set its clock forward."""


class InMemory:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.journal = MemoryJournal(self.clock)

    def open(self) -> AbstractAsyncContextManager[Journal]:
        return self.journal

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


class InSqlite:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock()

    def open(self) -> AbstractAsyncContextManager[Journal]:
        return open_journal(self.path, clock=self.clock)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


class InPostgres:
    """The clock is the database's: instead of it, all that was written is made older."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.address = server.empty_database()

    def open(self) -> AbstractAsyncContextManager[Journal]:
        return open_journal(self.address)

    def advance(self, seconds: float) -> None:
        self.server.execute(f"UPDATE fleet_items SET lease_until = lease_until - {seconds}", self.address)
        self.server.execute(f"UPDATE fleet_runners SET seen = seen - {seconds}", self.address)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    for name in ("sqlalchemy", "psycopg"):
        pytest.importorskip(name)
    if find_programs() is None:
        pytest.skip(MISSING)
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def make_journals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Journals]]:
    """Makes journals that are empty, of the kind under test."""
    numbers = itertools.count()
    in_postgres: list[InPostgres] = []

    def make() -> Journals:
        if request.param == "memory":
            return InMemory()
        if request.param == "sqlite":
            return InSqlite(tmp_path / f"fleet-{next(numbers)}.db")
        in_postgres.append(InPostgres(request.getfixturevalue("postgres_server")))
        return in_postgres[-1]

    yield make
    for each in in_postgres:
        each.server.recycle(each.address)


@pytest.fixture
def journals(make_journals: Callable[[], Journals]) -> Journals:
    return make_journals()
