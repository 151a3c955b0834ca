"""Who is told to stop: all runners of a journal, or those of one launch; and what is left of that afterwards."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from cds_eks.fleet.journal.opening import open_journal_of_launch, open_known_journal
from cds_eks.fleet.journal.operations import Renew, Stop
from cds_eks.fleet.journal.stop_marks import ALL, OUTDATED, mark_of, new_launch, outdated
from cds_eks.fleet.journal.threaded import JournalOfOperations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .conftest import Journals

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened(journals: Journals, launch: str | None = None) -> AsyncIterator[JournalOfOperations]:
    async with journals.open() as journal:
        assert isinstance(journal, JournalOfOperations)
        journal.launch = launch
        yield journal


async def told(journal: JournalOfOperations, launch: str | None = None) -> str | None:
    """Return why a runner of a launch, or one of none, is to stop."""
    reason = (await journal.change(Renew("a-runner", 10.0, launch))).stop
    await journal.release("a-runner")
    return reason


async def test_a_launch_stops_its_own_runners_only(journals: Journals) -> None:
    async with opened(journals, "a") as journal:
        await journal.stop_launch("it was interrupted")
        assert (await journal.renew("a-runner", lease=10.0)).stop == "it was interrupted"
        assert await told(journal, "b") is None
        assert await told(journal) is None
        await journal.stop_launch(None)
        assert await told(journal, "a") is None


async def test_what_stops_all_stops_those_of_launches_too_and_is_told_first(journals: Journals) -> None:
    async with opened(journals, "a") as journal:
        await journal.stop_launch("it was interrupted")
        await journal.stop("maintenance")
        assert [await told(journal, launch) for launch in ("a", "b", None)] == ["maintenance"] * 3
        await journal.stop_launch(None)
        assert [await told(journal, launch) for launch in ("a", "b", None)] == ["maintenance"] * 3
        await journal.stop(None)
        assert [await told(journal, launch) for launch in ("a", "b", None)] == [None] * 3


async def test_a_launch_that_begins_lets_no_runner_of_one_that_is_being_stopped_go_on(journals: Journals) -> None:
    async with opened(journals, "a") as journal:
        await journal.stop_launch("it was interrupted")
        await journal.stop(None)
        assert await told(journal, "a") == "it was interrupted"


async def test_the_audit_names_the_launch_that_is_stopped_and_not_its_end(journals: Journals) -> None:
    async with opened(journals, "a") as journal:
        await journal.stop_launch("it was interrupted")
        await journal.stop_launch(None)
        await journal.stop("maintenance")
        await journal.stop(None)
        entries = [(entry.action, entry.runner) for entry in await journal.audit("")]
    assert entries == [("stop", "launch a"), ("stop", ""), ("resume", "")]


async def test_what_launches_have_left_long_ago_is_removed_and_nothing_else(journals: Journals) -> None:
    async with opened(journals) as journal:
        now, identity = await journal.now(), await journal.identity()
        await journal.belong_to("https://service")
        old, late = new_launch(now - OUTDATED - 3600.0), new_launch(now - OUTDATED + 3600.0)
        for launch in (old, late):
            await journal.change(Stop("it was interrupted", launch))
        assert await told(journal, old) == "it was interrupted"
        await journal.stop(None)  # as each launch does when it begins
        assert [await told(journal, launch) for launch in (old, late)] == [None, "it was interrupted"]
        assert await journal.identity() == identity
        assert await journal.belong_to("another") == "https://service"


async def test_a_journal_that_is_open_for_no_launch_stops_none(journals: Journals) -> None:
    async with opened(journals) as journal:
        with pytest.raises(ValueError, match="launch"):
            await journal.stop_launch("it was interrupted")
        assert await told(journal) is None


async def test_each_launch_has_a_name_of_its_own_and_its_runners_heed_that(tmp_path: Path) -> None:
    path = str(tmp_path / "fleet.db")
    async with (
        open_journal_of_launch(path, timeout=5.0) as one,
        open_journal_of_launch(path, timeout=5.0) as other,
        open_known_journal(path, identity=await one.identity(), launch=one.launch) as of_a_runner,
    ):
        assert one.launch != other.launch
        await other.stop_launch("the other was interrupted")
        assert (await of_a_runner.renew("a-runner", lease=10.0)).stop is None
        await one.stop_launch("it was interrupted")
        assert (await of_a_runner.renew("a-runner", lease=10.0)).stop == "it was interrupted"


@pytest.mark.parametrize("now", [0.0, OUTDATED, 1_700_000_000.5, 9_999_999_999.0])
def test_names_of_launches_sort_by_their_time_and_differ_at_the_same(now: float) -> None:
    assert len({new_launch(now) for _ in range(100)}) == 100
    assert re.fullmatch(r"\d{12}-[0-9a-f]{16}", new_launch(now))
    oldest, newest = outdated(now)
    assert not oldest < ALL < newest
    assert not oldest < mark_of(new_launch(now)) < newest
    assert not oldest < mark_of(new_launch(now - OUTDATED + 1.0)) < newest
    assert (oldest < mark_of(new_launch(now - OUTDATED - 1.0)) < newest) == (now > OUTDATED)
