"""A journal that is damaged, or was cut off, says so: it is neither believed nor taken for a new one."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from cds_eks.fleet.items import Item
from cds_eks.fleet.journal.base import JournalError, JournalGone
from cds_eks.fleet.journal.opening import open_journal
from cds_eks.fleet.journal.rows import item_of
from cds_eks.fleet.journal.sqlite_creation import make_file

from .items import LEASE, cluster, to

ROW: dict[str, Any] = {
    "id": "cluster/vpc/a",
    "kind": "cluster",
    "name": "a",
    "vpc_id": "vpc",
    "cluster_name": "a",
    "protect": 1,
    "state": "ready",
    "origin": "created",
    "ids": '{"cluster_id": "c"}',
    "error": None,
}
DAMAGES = [
    {"ids": "{"},
    {"ids": "[]"},
    {"ids": None},
    {"error": "3"},
    {"error": "{'a'}"},
    {"state": "wat"},
    {"state": None},
    {"kind": "x"},
    {"origin": "y"},
]


def test_a_row_is_an_item() -> None:
    expected = Item(
        id="cluster/vpc/a",
        kind="cluster",
        name="a",
        vpc_id="vpc",
        cluster_name="a",
        protect=True,
        state="ready",
        origin="created",
        ids={"cluster_id": "c"},
    )
    assert item_of(ROW) == expected
    assert item_of({**ROW, "ids": {"cluster_id": "c"}}) == expected
    assert item_of({**ROW, "error": '{"class": "x"}'}).error == {"class": "x"}


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_a_row_that_nobody_has_written_is_damaged(damage: dict[str, Any]) -> None:
    with pytest.raises(JournalGone, match=r"its row of 'cluster/vpc/a'.*backup"):
        item_of({**ROW, **damage})


@pytest.mark.anyio
@pytest.mark.parametrize("change", ["ids = '{'", "state = 'wat'"])
async def test_a_damaged_row_is_told_by_what_reads_and_by_what_writes(change: str, tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    async with open_journal(path) as journal:
        await journal.add([cluster(1), cluster(2)])
        first, second = await journal.claim("a", limit=2, lease=LEASE, states={"planned"})
        connection = sqlite3.connect(path)
        connection.execute(f"UPDATE items SET {change} WHERE id = ?", (first.id,))
        connection.commit()
        connection.close()
        with pytest.raises(JournalGone, match="damaged"):
            await journal.items()
        with pytest.raises(JournalGone, match="damaged"):
            await journal.write(to(first, "sending"))
        assert (await journal.write(to(second, "sending")))[0].state == "sending"


@pytest.mark.anyio
async def test_a_file_that_was_cut_off_to_nothing_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    async with open_journal(path) as journal:
        await journal.add([cluster(1)])
    os.truncate(path, 0)
    with pytest.raises(JournalError, match=r"is empty.*adopt='matching'"):
        async with open_journal(path):
            pass
    assert path.stat().st_size == 0


def test_a_file_is_made_whole_for_its_user_alone_and_nothing_is_left_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_file(tmp_path / "one.db")
    before = (tmp_path / "one.db").read_bytes()
    make_file(tmp_path / "one.db")
    assert (tmp_path / "one.db").read_bytes() == before != b""
    (tmp_path / "link.db").symlink_to(tmp_path / "target.db")
    make_file(tmp_path / "link.db")

    def no_links(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", no_links)
    make_file(tmp_path / "two.db")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.db", "one.db", "target.db", "two.db"]
    for name in ("one.db", "two.db", "target.db"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_who_comes_second_takes_the_file_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fleet.db"
    link = os.link

    def late(*args: Any) -> None:
        monkeypatch.setattr(os, "link", link)
        make_file(path)
        link(*args)

    monkeypatch.setattr(os, "link", late)
    make_file(path)
    assert [each.name for each in tmp_path.iterdir()] == ["fleet.db"]
