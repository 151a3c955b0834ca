"""Which journal a text names."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.journal.base import JournalUnavailable
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
