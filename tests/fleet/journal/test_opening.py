"""Which journal a text names."""

from __future__ import annotations

import builtins
import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.base import JournalError, JournalUnavailable
from cds_eks.fleet.journal.opening import open_journal

from .items import cluster

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
async def test_a_file(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("relative.db", str(tmp_path / "absolute with space, ?, # and %20.db")):
        async with open_journal(form.format(path)) as journal:
            await journal.add([cluster(1)])
        assert Path(path).exists()
    assert len(list(tmp_path.iterdir())) == 2


async def test_a_path(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "fleet.db") as journal:
        await journal.add([cluster(1)])
    assert (tmp_path / "fleet.db").exists()


@pytest.mark.parametrize(
    "where", ["", ":memory:", "sqlite://", "sqlite:///:memory:", "mysql://u@h/d", "postgresql://h:x/"]
)
async def test_what_is_no_journal(where: str) -> None:
    if where.startswith("postgresql"):
        pytest.importorskip("sqlalchemy")
    with pytest.raises(ConfigurationError):
        async with open_journal(where):
            pass


def unreadable(path: Path) -> None:
    path.write_bytes(b"this is no database at all" * 100)


def anothers(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")


@pytest.mark.parametrize("spoil", [unreadable, anothers, Path.mkdir])
async def test_of_a_journal_that_can_not_be_opened_nothing_was_sent(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    spoil(tmp_path / "fleet.db")
    with pytest.raises(JournalError) as caught:
        async with open_journal(tmp_path / "fleet.db"):
            pass
    assert caught.value.outcome == "not_sent"
    assert "unknown" not in str(caught.value)


async def test_of_a_journal_that_can_not_be_reached_or_read_any_more_nothing_was_sent(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    with pytest.raises(JournalUnavailable) as away:
        async with open_journal("postgresql://u@127.0.0.1:1/d", timeout=0.01):
            pass
    assert away.value.outcome == "not_sent"
    async with open_journal(tmp_path / "fleet.db") as journal:
        with closing(sqlite3.connect(tmp_path / "fleet.db")) as connection:
            connection.execute("ALTER TABLE items RENAME TO gone")
            connection.commit()
        with pytest.raises(JournalError) as unread:
            await journal.items()
        with pytest.raises(JournalError) as unwritten:
            await journal.add([cluster(1)])
    assert (unread.value.outcome, unwritten.value.outcome) == ("not_sent", "not_sent")
    assert pickle.loads(pickle.dumps(unread.value)).outcome == "not_sent"


async def test_a_password_is_not_shown() -> None:
    pytest.importorskip("sqlalchemy")
    for where in ("postgresql://u:hunter2@h:x/d", "postgresql://u:hunter2@127.0.0.1:1/d?password=hunter2"):
        with pytest.raises((ConfigurationError, JournalUnavailable)) as caught:
            async with open_journal(where, timeout=0.1):
                pass
        assert "hunter2" not in str(caught.value) + repr(caught.value)
    assert "postgresql://127.0.0.1:1/d: can't be reached" in str(caught.value)


@pytest.mark.parametrize("missing", ["sqlalchemy", "psycopg"])
async def test_the_extra_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "cds_eks.fleet.journal.postgres" or name.startswith(missing):
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"pip install 'cds-eks\[fleet-postgres\]'"):
        async with open_journal("postgresql://h/d"):
            pass
