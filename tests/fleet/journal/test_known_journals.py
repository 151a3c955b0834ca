"""A journal that is known is opened, and no other: none is made in its place, and nothing is written elsewhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cds_eks.fleet.journal.base import JournalGone, JournalTooNew
from cds_eks.fleet.journal.opening import open_journal, open_known_journal
from support.postgres_server import PostgresServer

from .items import cluster

pytestmark = pytest.mark.anyio


async def identity_of(where: str) -> str:
    async with open_journal(where) as journal:
        await journal.add([cluster(1)])
        return await journal.identity()


async def open_as(where: str, identity: str) -> list[str]:
    async with open_known_journal(where, identity=identity) as journal:
        return [item.name for item in await journal.items()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fleet.db"


async def test_the_one_that_is_meant_is_opened(path: Path) -> None:
    assert await open_as(str(path), await identity_of(str(path))) == [cluster(1).name]


async def test_one_that_is_not_there_is_not_made(path: Path) -> None:
    with pytest.raises(
        JournalGone, match=r"fleet\.db: there is no such file on .*deleted.*another file system"
    ) as caught:
        await open_as(str(path), "an identity")
    assert caught.value.outcome == "not_sent"
    assert list(path.parent.iterdir()) == []


async def emptied(path: Path) -> None:
    path.write_bytes(b"")


async def never_used(path: Path) -> None:
    async with open_journal(path):
        pass


async def used(path: Path) -> None:
    await identity_of(str(path))


async def half_made(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")


@pytest.mark.parametrize("make", [emptied, never_used, used, half_made])
async def test_another_one_is_left_alone(make: Callable[[Path], object], path: Path) -> None:
    await make(path)  # type: ignore[misc]
    before = path.read_bytes()
    with pytest.raises(JournalGone):
        await open_as(str(path), "an identity")
    assert path.read_bytes() == before


async def test_a_newer_one_is_told_from_another(path: Path) -> None:
    identity = await identity_of(str(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 0)")
    with pytest.raises(JournalTooNew):
        await open_as(str(path), identity)


async def test_a_file_that_is_replaced_is_noticed_by_who_asks_for_its_identity(path: Path) -> None:
    async with open_journal(path) as journal:
        await journal.identity()
        for each in path.parent.iterdir():
            each.unlink()
        await identity_of(str(path))
        with pytest.raises(JournalGone, match="deleted or replaced"):
            await journal.identity()


async def test_another_database_is_left_alone(postgres_server: PostgresServer) -> None:
    where, other = postgres_server.new_database(), postgres_server.new_database()
    identity = await identity_of(where)
    assert await open_as(where, identity) == [cluster(1).name]
    with pytest.raises(JournalGone, match="this is another journal than that of the launch"):
        await open_as(other, identity)
    with pytest.raises(Exception, match="fleet_items"):
        postgres_server.execute("SELECT 1 FROM fleet_items", other)
    await identity_of(other)
    with pytest.raises(JournalGone, match="this is another journal than that of the launch"):
        await open_as(other, identity)
