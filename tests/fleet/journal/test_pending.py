"""Outcomes that can't be written now are kept, and written later in their order."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from cds_eks.fleet.items import STATES, Item
from cds_eks.fleet.journal.base import JournalError, JournalUnavailable, LeaseLost
from cds_eks.fleet.journal.pending import Pending
from support.memory_journal import ManualClock, MemoryJournal

from .items import LEASE, cluster, to

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def journal(clock: ManualClock) -> MemoryJournal:
    return MemoryJournal(clock)


async def sent(journal: MemoryJournal, count: int = 2) -> list[Item]:
    await journal.add([cluster(n) for n in range(count)])
    items = await journal.claim("a", limit=count, lease=LEASE, states=STATES)
    return await journal.write(*(to(item, "sending") for item in items))


async def test_what_can_be_written_is_written(journal: MemoryJournal) -> None:
    one, _ = await sent(journal)
    pending = Pending(journal)
    assert await pending.write(to(one, "accepted")) == [await journal.get(one.id)]
    assert (pending.is_empty, len(pending), await pending.flush()) == (True, 0, [])


async def test_outcomes_are_kept_and_written_in_order(journal: MemoryJournal) -> None:
    one, two = await sent(journal)
    pending = Pending(journal)
    journal.unavailable = JournalUnavailable("away")
    changes = [to(one, "accepted", ids={"cluster_id": "c"}), to(two, "unknown"), to(one, "ready"), to(one, "failed")]
    for change in changes[:3]:
        assert await pending.write(change) is None
    with pytest.raises(JournalUnavailable):
        await pending.flush()
    journal.unavailable = None
    assert await pending.write(changes[3]) is None  # it stays behind what is kept
    assert pending.kept == tuple(changes)
    assert len(pending) == 4
    assert await pending.flush() == []
    assert pending.is_empty
    assert [entry.state for entry in await journal.audit(one.id)] == [
        "planned",
        "sending",
        "accepted",
        "ready",
        "failed",
    ]
    assert [item.state for item in await journal.items()] == ["failed", "unknown"]


async def test_what_was_written_though_nobody_said_so_may_be_written_again(journal: MemoryJournal) -> None:
    one, _ = await sent(journal)
    pending = Pending(journal)
    outcomes = [to(one, "accepted", ids={"cluster_id": "c"}), to(one, "ready")]
    await journal.write(*outcomes)
    journal.unavailable = JournalUnavailable("away")
    for outcome in outcomes:
        await pending.write(outcome)
    journal.unavailable = None
    assert await pending.flush() == []
    found = await journal.get(one.id)
    assert found is not None
    assert (found.state, found.ids) == ("ready", {"cluster_id": "c"})


async def test_what_the_journal_refuses_by_then_is_told_once(journal: MemoryJournal, clock: ManualClock) -> None:
    one, two = await sent(journal)
    pending = Pending(journal)
    journal.unavailable = JournalUnavailable("away")
    outcomes = [to(one, "accepted"), to(two, "accepted"), to(two, "planned")]
    for outcome in outcomes:
        await pending.write(outcome)
    journal.unavailable = None
    clock.advance(LEASE + 1)
    await journal.claim("b", limit=1, lease=LEASE, states=STATES)
    await journal.renew("a", lease=LEASE)
    refusals = await pending.flush()
    assert [refusal.changes for refusal in refusals] == [(outcomes[0],), (outcomes[2],)]
    assert [type(refusal.error) for refusal in refusals] == [LeaseLost, ValueError]
    assert await pending.flush() == []
    assert [item.state for item in await journal.items()] == ["sending", "accepted"]


async def test_a_refusal_is_told_though_the_journal_goes_away_again(journal: MemoryJournal) -> None:
    one, two = await sent(journal)

    class Away(MemoryJournal):
        pass

    pending = Pending(journal)
    journal.unavailable = JournalUnavailable("away")
    await pending.write(to(one, "deleted"))
    await pending.write(to(two, "accepted"))
    journal.unavailable = None
    write = journal.write
    calls = []

    async def write_once(*changes: object) -> list[Item]:
        calls.append(changes)
        if len(calls) == 2:
            raise JournalUnavailable("away")
        return await write(*changes)  # type: ignore[arg-type]

    journal.write = write_once  # type: ignore[method-assign]
    with pytest.raises(JournalUnavailable):
        await pending.flush()
    assert len(pending) == 1
    assert [type(refusal.error) for refusal in await pending.flush()] == [ValueError]
    assert pending.is_empty


async def test_an_intent_is_never_kept(journal: MemoryJournal) -> None:
    await journal.add([cluster(1)])
    (item,) = await journal.claim("a", limit=1, lease=LEASE, states=STATES)
    pending = Pending(journal)
    with pytest.raises(ValueError, match="intent"):
        await pending.write(to(item, "sending"))
    assert pending.is_empty


async def test_other_errors_are_the_callers(journal: MemoryJournal) -> None:
    one, _ = await sent(journal)
    pending = Pending(journal)
    with pytest.raises(ValueError, match="can't follow"):
        await pending.write(to(one, "deleted"))
    journal.unavailable = JournalError("damaged")
    with pytest.raises(JournalError, match="damaged"):
        await pending.write(to(one, "accepted"))
    assert pending.is_empty


async def test_an_outcome_is_kept_if_its_caller_is_cancelled(journal: MemoryJournal) -> None:
    one, _ = await sent(journal)
    pending = Pending(journal)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await pending.write(to(one, "accepted"))
    assert scope.cancelled_caught
    assert len(pending) == 1
    assert await pending.flush() == []
    found = await journal.get(one.id)
    assert found is not None
    assert found.state == "accepted"


async def test_flushes_at_once_write_everything_once(journal: MemoryJournal) -> None:
    items = await sent(journal, 10)
    pending = Pending(journal)
    journal.unavailable = JournalUnavailable("away")
    for item in items:
        await pending.write(to(item, "accepted"))
    journal.unavailable = None
    flush: Callable[[], object] = pending.flush
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(flush)  # type: ignore[arg-type]
    assert [entry.state for entry in await journal.audit()].count("accepted") == 10
