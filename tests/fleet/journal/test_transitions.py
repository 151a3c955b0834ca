"""Changes of items in any journal: which may follow which, all or none, and what the audit says."""

from __future__ import annotations

import os
import socket

import anyio
import pytest

from cds_eks.fleet.items import FOLLOWS, STATES, Item, State, may_follow
from cds_eks.fleet.journal.base import Journal, LeaseLost

from .conftest import Journals
from .items import LEASE, claimed, cluster, to

pytestmark = pytest.mark.anyio


async def test_the_way_of_an_item(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        (item,) = await claimed(journal)
        (item,) = await journal.write(to(item, "sending", deadline=20.0, call_id="call-1", action="CreateCluster"))
        assert (item.state, item.epoch, item.call_id) == ("sending", 1, "call-1")
        assert item.intent_at is not None
        assert item.deadline == item.intent_at + 20.0
        (item,) = await journal.write(
            to(item, "accepted", ids={"cluster_id": "c-1"}, origin="created", request_id="r-1", action="CreateCluster")
        )
        assert item.deadline is not None
        (item,) = await journal.write(
            to(item, "accepted", ids={"task_id": "t-1"}, error={"message": "slow"}, replicas=5)
        )
        (item,) = await journal.write(to(item, "ready", error={}))
        assert (item.ids, item.origin, item.request_id, item.error) == (
            {"cluster_id": "c-1", "task_id": "t-1"},
            *("created", "r-1", None),
        )
        assert (item.replicas, item.epoch, item.call_id) == (5, 1, "call-1")
        assert await journal.get(item.id) == item
        assert [
            (entry.state, entry.epoch, entry.action, entry.request_id) for entry in await journal.audit(item.id)
        ] == [
            ("planned", 0, "add", None),
            ("sending", 1, "CreateCluster", None),
            ("accepted", 1, "CreateCluster", "r-1"),
            ("accepted", 1, "", None),
            ("ready", 1, "", None),
        ]


async def test_nothing_of_a_deleted_one_is_told_of_the_next(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        (item,) = await claimed(journal)
        for state in ("ready", "deleted"):
            (item,) = await journal.write(
                to(item, state, ids={"cluster_id": "c-1"}, origin="created", request_id="r-1")
            )
        (item,) = await journal.write(to(item, "sending"))
        assert (item.ids, item.origin, item.request_id) == ({}, None, None)


async def test_the_audit_says_who(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(2), cluster(1)])
        (item, _) = await claimed(journal, "runner-1")
        await journal.write(to(item, "sending"))
        entries = await journal.audit()
        assert len(entries) == 3
        assert {(entry.host, entry.pid) for entry in entries} == {(socket.gethostname(), os.getpid())}
        assert entries[-1].runner == "runner-1"
        assert all(entry.user for entry in entries)


@pytest.mark.parametrize("before", STATES)
async def test_a_state_follows_only_those_it_may(before: State, journals: Journals) -> None:
    way: dict[State, list[State]] = {
        "planned": [],
        "sending": ["sending"],
        "accepted": ["accepted"],
        "refused": ["sending", "refused"],
        "unknown": ["sending", "unknown"],
        "ready": ["ready"],
        "failed": ["ready", "failed"],
        "deleting": ["ready", "deleting"],
        "deleted": ["ready", "deleted"],
    }
    assert way.keys() == FOLLOWS.keys()
    async with journals.open() as journal:
        await journal.add([cluster(n) for n in range(len(STATES))])
        for item, state in zip(await claimed(journal), STATES, strict=True):
            now = item
            for step in way[before]:
                (now,) = await journal.write(to(now, step))
            if may_follow(state, before):
                assert (await journal.write(to(now, state)))[0].state == state
            else:
                with pytest.raises(ValueError, match="can't follow"):
                    await journal.write(to(now, state))
                assert await journal.get(item.id) == now


async def test_who_does_not_hold_the_lease_writes_nothing(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        (free,) = await journal.items()
        with pytest.raises(LeaseLost) as caught:
            await journal.write(to(free, "sending", runner="a"))
        assert caught.value.item_id == free.id
        (item,) = await claimed(journal, "a")
        for change in (to(item, "sending", runner="b"), to(item, "sending", epoch=1)):
            with pytest.raises(LeaseLost):
                await journal.write(change)
        assert await journal.items() == [item]
        assert len(await journal.audit()) == 1


async def test_a_frozen_runner_can_write_nothing(journals: Journals) -> None:
    async with journals.open() as journal, journals.open() as other:
        await journal.add([cluster(1)])
        (frozen,) = await claimed(journal, "a")
        (frozen,) = await journal.write(to(frozen, "sending", deadline=5))
        journals.advance(LEASE + 1)
        with pytest.raises(LeaseLost):  # nobody has it yet
            await journal.write(to(frozen, "accepted"))
        (item,) = await claimed(other, "b")
        for change in (to(frozen, "accepted"), to(frozen, "planned"), to(item, "planned", runner="a")):
            with pytest.raises(LeaseLost):
                await journal.write(change)
        (item,) = await other.write(to(item, "planned"))
        (item,) = await other.write(to(item, "sending"))
        await other.release("b")
        (again,) = await claimed(journal, "a")
        with pytest.raises(LeaseLost, match="epoch"):  # it is the runner's again, but what it knows is old
            await journal.write(to(frozen, "accepted"))
        assert (again.state, again.epoch) == ("sending", 2)


async def test_changes_are_written_all_or_none(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1), cluster(2)])
        one, two = before = await claimed(journal)
        for wrong in (
            to(two, "deleted"),
            to(two, "sending", epoch=7),
            to(two, "sending", item_id="none"),
            to(two, "sending", error={"password": "x"}),
            to(two, "sending", ids={"cluster_id": "x" * 1000}),
            to(two, "sending", ids={"password": "x"}),
            to(two, "sending", request_id="x" * 1000),
        ):
            with pytest.raises((LeaseLost, ValueError)):
                await journal.write(to(one, "sending"), wrong)
            assert await journal.items() == before
        assert len(await journal.audit()) == 2
        both = await journal.write(to(one, "sending"), to(two, "ready"))
        assert both == await journal.items()
        twice = await journal.write(to(both[0], "unknown"), to(both[0], "accepted", ids={"cluster_id": "c"}))
        assert [item.state for item in twice] == ["unknown", "accepted"]
        assert await journal.write() == []


async def test_tasks_that_write_at_once_see_only_their_own_errors(journals: Journals) -> None:
    failed: list[int] = []

    async def write(journal: Journal, item: Item) -> None:
        try:
            (after,) = await journal.write(to(item, "ready" if item.position % 2 else "deleted"))
        except ValueError:
            failed.append(item.position)
        else:
            assert (after.position, after.state) == (item.position, "ready")

    async with journals.open() as journal:
        await journal.add([cluster(n) for n in range(50)])
        items = await claimed(journal)
        async with anyio.create_task_group() as group:
            for item in items:
                group.start_soon(write, journal, item)
        assert sorted(failed) == list(range(0, 50, 2))
        assert [item.position for item in await journal.items(states=["ready"])] == list(range(1, 50, 2))


async def test_odd_text_is_kept_as_far_as_it_can_be(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        (item,) = await claimed(journal, "a'; DROP TABLE items; --")
        message = "内部错误 \0 \ud800 \U0001f600 'quoted' \\ :rows %s"
        (item,) = await journal.write(
            to(item, "sending", error={"class": "E", "code": 7, "message": message, "outcome": None})
        )
        assert item.error == {
            "class": "E",
            "code": 7,
            "outcome": None,
            "message": "内部错误 \ufffd \ufffd \U0001f600 'quoted' \\ :rows %s",
        }
        assert await journal.items() == [item]


async def test_what_was_written_is_there_when_it_is_opened_again(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(n) for n in range(3)])
        items = await claimed(journal)
        await journal.write(to(items[0], "sending", deadline=3.5))
        await journal.stop("enough")
        before, audit = await journal.items(), await journal.audit()
    async with journals.open() as journal:
        assert await journal.items() == before
        assert await journal.audit() == audit
        assert (await journal.renew("b", lease=1)).stop == "enough"


@pytest.mark.parametrize("lease", [0.0, -1.0, float("inf"), float("nan")])
async def test_a_lease_is_a_time(lease: float, journals: Journals) -> None:
    async with journals.open() as journal:
        with pytest.raises(ValueError, match="lease"):
            await journal.claim("a", limit=1, lease=lease, states=STATES)
        with pytest.raises(ValueError, match="lease"):
            await journal.renew("a", lease=lease)
        with pytest.raises(ValueError, match="runner"):
            await journal.renew("", lease=1)
