"""Leases of any journal: claims, heartbeats, and who may write."""

from __future__ import annotations

import pytest

from cds_eks.fleet.items import STATES

from .conftest import Journals
from .items import LEASE, claimed, cluster, to

pytestmark = pytest.mark.anyio


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
