"""Journals of each kind for processes that are killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.fleet_crashes.journals import Journals, journals
from support.postgres_server import MISSING, find_programs


@pytest.fixture(scope="session")
def in_postgres() -> Iterator[Journals]:
    for name in ("sqlalchemy", "psycopg"):
        pytest.importorskip(name)
    if find_programs() is None:
        pytest.skip(MISSING)
    with journals("postgresql") as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def new_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Returns the path or address of a new journal."""
    if request.param == "sqlite":
        numbers = iter(range(100))
        return lambda: str(tmp_path / f"fleet-{next(numbers)}.db")
    made: Journals = request.getfixturevalue("in_postgres")
    return made[0]
