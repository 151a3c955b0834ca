"""What every journal does, whatever keeps it."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.items import Change, State

from .conftest import Journals
from .items import claimed, cluster, pool, to

pytestmark = pytest.mark.anyio


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
