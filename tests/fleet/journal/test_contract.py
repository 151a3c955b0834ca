"""What every journal does, whatever keeps it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import anyio
import attrs
import pytest

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.items import FOLLOWS, STATES, Change, Item, State, may_follow
from cds_eks.fleet.journal.base import Journal, LeaseLost

from .conftest import Journals
from .items import LEASE, cluster, pool, to

pytestmark = pytest.mark.anyio


async def claimed(journal: Journal, runner: str = "a", limit: int = 100) -> list[Item]:
    return await journal.claim(runner, limit=limit, lease=LEASE, states=STATES)


async def test_what_is_added_is_planned_and_in_the_plans_order(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(3), cluster(1), cluster(2)])
        found = await journal.items()
        assert [item.name for item in found] == ["gpu-001", "gpu-002", "gpu-003"]
        assert {item.state for item in found} == {"planned"}
        assert await journal.get(found[0].id) == found[0]
        assert await journal.get("cluster/vpc/none") is None
        assert found[0].changed_at == pytest.approx(await journal.now(), abs=5)
        wanted = cluster(1)
        assert {name: getattr(found[0], name) for name in attrs.asdict(wanted)} == attrs.asdict(wanted)


async def test_the_first_service_that_a_journal_is_used_with_is_noted_for_good(journals: Journals) -> None:
    async with journals.open() as journal:
        assert [await journal.belong_to(name) for name in ("one", "one", "two")] == ["one"] * 3
        await journal.stop("another control value")
        assert await journal.belong_to("two") == "one"
        noted = [entry for entry in await journal.audit() if entry.action.startswith("belongs to")]
        assert [(entry.action, entry.item_id) for entry in noted] == [("belongs to one", "")]


async def test_a_journal_takes_over_another_service_if_it_is_told_to(journals: Journals) -> None:
    async with journals.open() as journal:
        assert await journal.belong_to("one") == "one"
        journal.rebind = True  # type: ignore[attr-defined]
        assert [await journal.belong_to(name) for name in ("two", "two")] == ["two"] * 2
        journal.rebind = False  # type: ignore[attr-defined]
        assert await journal.belong_to("one") == "two"
        noted = [entry.action for entry in await journal.audit() if entry.action.startswith("belongs to")]
        assert noted == ["belongs to one", "belongs to two"]


async def test_a_journal_object_takes_over_one_service_only(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.belong_to("one")
        journal.rebind = True  # type: ignore[attr-defined]
        assert [await journal.belong_to(name) for name in ("two", "one", "three")] == ["two"] * 3
    async with journals.open() as journal:
        journal.rebind = True  # type: ignore[attr-defined]
        assert [await journal.belong_to(name) for name in ("two", "one")] == ["two"] * 2


@pytest.mark.parametrize("state", ["sending", "unknown"])
async def test_with_open_creates_no_other_service_is_taken_over(state: State, journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.belong_to("one")
        await journal.add([cluster(n) for n in range(23)])
        for item in await claimed(journal):
            await journal.write(Change(item_id=item.id, runner="a", epoch=0, state="sending", deadline=1.0))
            if state == "unknown":
                await journal.write(Change(item_id=item.id, runner="a", epoch=1, state="unknown"))
        journal.rebind = True  # type: ignore[attr-defined]
        with pytest.raises(ConfigurationError) as caught:
            await journal.belong_to("two")
        said = caught.value.message
        assert said.startswith(f"the journal belongs to the service at one, where creates are open: {cluster(0).id}, ")
        assert f"{cluster(19).id}, 3 more; at two they would be made again" in said
        assert cluster(20).id not in said
        assert await journal.belong_to("one") == "one"  # which is no change
        assert len([entry for entry in await journal.audit() if entry.action.startswith("belongs to")]) == 1


async def test_what_is_built_or_ready_may_be_taken_over(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.belong_to("one")
        await journal.add([cluster(1)])
        [item] = await claimed(journal)
        await journal.write(Change(item_id=item.id, runner="a", epoch=0, state="sending", deadline=1.0))
        await journal.write(Change(item_id=item.id, runner="a", epoch=1, state="accepted"))
        journal.rebind = True  # type: ignore[attr-defined]
        assert await journal.belong_to("two") == "two"


async def test_each_journal_has_an_identity_for_good(make_journals: Callable[[], Journals]) -> None:
    one, other = make_journals(), make_journals()
    async with one.open() as first, one.open() as second, other.open() as another:
        identity = await first.identity()
        assert identity
        assert await second.identity() == identity != await another.identity()
    async with one.open() as again:
        assert await again.identity() == identity


async def test_who_is_alive_is_known_to_those_that_are_no_runners(journals: Journals) -> None:
    async with journals.open() as journal:
        assert await journal.runners() == 0
        await journal.renew("a", lease=10.0)
        await journal.renew("b", lease=100.0)
        assert await journal.runners() == 2
        journals.advance(31)
        assert await journal.runners() == 1
        await journal.release("b")
        assert await journal.runners() == 0


async def test_items_are_chosen_by_state_and_by_id(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(n) for n in range(4)])
        one, two, *_ = await claimed(journal)
        await journal.write(to(one, "sending"), to(two, "ready"))
        assert [item.position for item in await journal.items(states={"sending", "ready"})] == [0, 1]
        assert [item.position for item in await journal.items(states={"planned"}, ids={two.id})] == []
        assert [item.position for item in await journal.items(ids={two.id, "none"})] == [1]
        assert await journal.items(ids=()) == []
        assert await journal.items(states=()) == []


async def test_items_are_chosen_by_their_cluster(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(n) for n in (1, 10)])
        await journal.add([pool(n, name) for n in (1, 10) for name in ("a", "b")])
        found = await journal.items(clusters={"cluster/vpc/gpu-001", "cluster/vpc/none"})
        assert [item.id for item in found] == [
            *("node_pool/vpc/gpu-001/a", "node_pool/vpc/gpu-001/b", "cluster/vpc/gpu-001")
        ]
        assert len(await journal.items(clusters={"cluster/vpc/gpu-001", "cluster/vpc/gpu-010"})) == 6
        assert await journal.items(clusters=()) == []
        assert await journal.items(clusters={"cluster/vpc/gpu-001"}, states={"ready"}) == []


async def test_an_intent_tells_what_is_asked_for_whatever_plan_was_added_meanwhile(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        [item] = await claimed(journal)
        await journal.add([cluster(1, digest="sha256:other")])
        [after] = await journal.write(to(item, "sending", deadline=60.0, digest="sha256:1"))
        [after] = await journal.write(to(after, "accepted", ids={"cluster_id": "c-1"}))
        assert after.digest == "sha256:1"
        assert await journal.get(item.id) == after


async def test_an_item_that_is_added_again_keeps_its_state(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1, protect=True), cluster(2)])
        _, second = await claimed(journal)
        await journal.write(to(second, "ready", ids={"cluster_id": "c-2"}))
        await journal.add(
            [cluster(1, position=9, digest="sha256:2"), cluster(2, digest="sha256:2", protect=True), cluster(3)]
        )
        second, third, first = await journal.items()
        assert (second.state, second.digest, second.protect, second.ids) == (
            *("ready", "sha256:1", True),  # that is what the service was asked for
            {"cluster_id": "c-2"},
        )
        assert (first.digest, first.position, first.protect) == ("sha256:2", 9, True)  # nothing was asked for yet
        assert third.name == "gpu-003"


async def test_what_is_claimed_is_nobody_elses(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(n) for n in range(5)])
        first = await claimed(journal, "a", limit=2)
        assert [item.position for item in first] == [0, 1]
        assert {item.owner for item in first} == {"a"}
        assert first[0].lease_until == pytest.approx(await journal.now() + LEASE, abs=5)
        assert [item.position for item in await claimed(journal, "b")] == [2, 3, 4]
        assert await claimed(journal, "c") == []
        assert first == (await journal.items())[:2]


async def test_claims_are_restricted(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(n) for n in range(5)])
        everything = await journal.items()
        ids = {everything[4].id, everything[1].id, "none"}
        assert [item.position for item in await journal.claim("a", limit=1, lease=1, states=["planned"], ids=ids)] == [
            1
        ]
        assert await journal.claim("a", limit=9, lease=1, states=["ready"]) == []
        assert await journal.claim("a", limit=9, lease=1, states=[]) == []
        assert await journal.claim("a", limit=0, lease=1, states=STATES) == []
        assert await journal.claim("a", limit=9, lease=1, states=STATES, ids=[]) == []


async def test_claims_of_several_states_are_in_the_plans_order(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(n) for n in range(6)])
        everything = await claimed(journal)
        await journal.write(*(to(item, "ready") for item in everything[::2]))
        await journal.release("a")
        found = await journal.claim("a", limit=4, lease=1, states=["ready", "planned"])
        assert [item.position for item in found] == [0, 1, 2, 3]


async def test_a_lease_that_has_ended_can_be_claimed(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        await claimed(journal, "a")
        journals.advance(LEASE - 5)
        assert await claimed(journal, "b") == []
        journals.advance(10)
        (item,) = await claimed(journal, "b")
        assert item.owner == "b"


async def test_a_renewed_lease_lasts(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        await claimed(journal, "a")
        for _ in range(3):
            journals.advance(LEASE - 5)
            assert (await journal.renew("a", lease=LEASE)).lost == frozenset()
        assert await claimed(journal, "b") == []


async def test_a_lease_that_ended_is_renewed_unless_somebody_else_had_the_item(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1), cluster(2)])
        one, two = await claimed(journal, "a")
        journals.advance(LEASE + 1)
        await journal.claim("b", limit=1, lease=LEASE, states=STATES, ids=[two.id])
        assert (await journal.renew("a", lease=LEASE)).lost == {two.id}
        await journal.write(to(one, "sending"))
        await journal.release("b")
        assert (await journal.renew("a", lease=LEASE)).lost == {two.id}  # it has been another's
        await journal.release("a", [two.id])
        assert (await journal.renew("a", lease=LEASE)).lost == frozenset()


async def test_what_is_claimed_anew_is_lost_no_longer(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1)])
        await claimed(journal, "a")
        journals.advance(LEASE + 1)
        await claimed(journal, "b")
        await journal.release("b")
        await claimed(journal, "a")
        assert (await journal.renew("a", lease=LEASE)).lost == frozenset()


async def test_a_heartbeat_counts_the_runners_that_are_alive(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([])
        assert (await journal.renew("a", lease=10)).runners == 1
        assert (await journal.renew("b", lease=10)).runners == 2
        journals.advance(25)
        assert (await journal.renew("a", lease=10)).runners == 2
        journals.advance(10)
        assert (await journal.renew("a", lease=10)).runners == 1
        assert (await journal.renew("b", lease=10)).runners == 2
        await journal.release("b", [])
        assert (await journal.renew("a", lease=10)).runners == 2
        await journal.release("b")
        beat = await journal.renew("a", lease=10)
        assert beat.runners == 1
        assert beat.now == pytest.approx(await journal.now(), abs=5)


async def test_protection_is_taken_back_in_so_many_words_alone(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1, protect=True), cluster(2, protect=True), cluster(3)])
        await journal.add([cluster(1, protect=False), cluster(2, protect=False)])
        await journal.unprotect([cluster(1).id, cluster(3).id, "cluster/vpc/none"])
        assert [item.protect for item in await journal.items()] == [False, True, False]
        told = [(entry.item_id, entry.state) for entry in await journal.audit() if entry.action == "unprotect"]
        assert told == [(cluster(1).id, "planned")]
    async with journals.open() as journal:
        assert [item.protect for item in await journal.items()] == [False, True, False]


async def test_runners_learn_that_they_are_to_stop(journals: Journals) -> None:
    async with journals.open() as journal, journals.open() as other:
        assert (await journal.renew("a", lease=10)).stop is None
        await other.stop("the balance is used up")
        await other.stop("the keys are wrong")
        assert (await journal.renew("a", lease=10)).stop == "the keys are wrong"
        await other.stop(None)
        assert (await journal.renew("a", lease=10)).stop is None
        assert [entry.action for entry in await journal.audit("")] == ["stop", "stop", "resume"]


async def test_what_is_released_can_be_claimed(journals: Journals) -> None:
    async with journals.open() as journal:
        await journal.add([cluster(1), cluster(2)])
        one, two = await claimed(journal, "a")
        await journal.release("b", [one.id])
        await journal.release("b")
        assert await claimed(journal, "b") == []
        await journal.release("a", [two.id])
        assert [item.id for item in await claimed(journal, "b")] == [two.id]
        await journal.release("a")
        assert [item.id for item in await claimed(journal, "b")] == [one.id]


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
