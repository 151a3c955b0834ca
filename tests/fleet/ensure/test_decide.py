"""What follows from an item's state and what was seen of it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cds_eks.fleet.ensure.decide import (
    CANDIDATES,
    FOUND,
    TIMESTAMP_WINDOW,
    Consider,
    Create,
    Fail,
    Follow,
    Leave,
    Look,
    Recover,
    decide,
    found_text,
    may_be_of,
    settled_after,
)
from cds_eks.fleet.ensure.sighting import Sighting
from cds_eks.fleet.items import OPEN, STATES, Item, State, may_follow

SETTLE = 60.0


def item(state: State, **fields: Any) -> Item:
    return Item(id="cluster/vpc-1/a", kind="cluster", name="a", vpc_id="vpc-1", cluster_name="a", state=state, **fields)


SENDING = item("sending", epoch=1, intent_at=100.0, deadline=160.0, changed_at=100.0)
UNKNOWN = item("unknown", epoch=1, intent_at=100.0, deadline=160.0, changed_at=105.0)


def seen_once(began: float, *ids: str, leaving: tuple[str, ...] = (), is_blank: bool = False) -> Sighting:
    return Sighting(began=began, ids=ids, leaving=leaving, is_blank=is_blank).after(None)


def seen(began: float, *ids: str, leaving: tuple[str, ...] = ()) -> Sighting:
    """Return what a look has shown that the look right before it has shown as well."""
    return Sighting(began=began, ids=ids, leaving=leaving).after(seen_once(began - 0.0001, *ids, leaving=leaving))


@pytest.mark.parametrize("open_item", [SENDING, UNKNOWN])
def test_an_open_create_is_looked_for_before_anything_else(open_item: Item) -> None:
    assert isinstance(decide(open_item, None, settle=SETTLE), Look)
    assert decide(open_item, seen(101.0, "c-1"), settle=SETTLE) == Recover(id="c-1")


@pytest.mark.parametrize(("open_item", "ends"), [(SENDING, 220.0), (UNKNOWN, 165.0)])
def test_what_is_listed_without_its_name_is_neither_recovered_nor_made_a_second_time(
    open_item: Item, ends: float
) -> None:
    nameless = attrs.evolve(seen(ends), nameless=("c-9",))
    assert isinstance(decide(open_item, nameless, settle=SETTLE), Look)
    later = decide(open_item, attrs.evolve(nameless, began=ends + 1), settle=SETTLE)
    assert isinstance(later, Fail)
    assert (later.ids, later.may_be_ours) == (("c-9",), True)
    assert "c-9" in later.message
    assert "without its name" in later.message
    # What has the name is it, and so is what its own answer has named.
    assert decide(open_item, attrs.evolve(nameless, ids=("c-1",)), settle=SETTLE) == Recover(id="c-1")
    told = attrs.evolve(open_item, ids={"cluster_id": "c-9"})
    assert decide(told, nameless, settle=SETTLE) == Recover(id="c-9")


@pytest.mark.parametrize(("open_item", "ends"), [(SENDING, 220.0), (UNKNOWN, 165.0)])
def test_what_is_listed_in_another_case_is_neither_recovered_nor_made_a_second_time(
    open_item: Item, ends: float
) -> None:
    similar = attrs.evolve(seen(ends), similar=("c-9",))
    assert isinstance(decide(open_item, similar, settle=SETTLE), Look)
    later = decide(open_item, attrs.evolve(similar, began=ends + 1), settle=SETTLE)
    assert isinstance(later, Fail)
    assert (later.ids, later.may_be_ours) == (("c-9",), True)
    assert "in another case" in later.message
    assert decide(open_item, attrs.evolve(similar, ids=("c-1",)), settle=SETTLE) == Recover(id="c-1")
    told = attrs.evolve(open_item, ids={"cluster_id": "c-9"})
    assert decide(told, similar, settle=SETTLE) == Recover(id="c-9")


@pytest.mark.parametrize(("open_item", "ends"), [(SENDING, 220.0), (UNKNOWN, 165.0)])
def test_what_is_deleted_for_ever_without_a_name_is_not_waited_for_for_ever(open_item: Item, ends: float) -> None:
    stuck = attrs.evolve(seen(ends + 1, leaving=("c-9",)), similar=("c-9",))
    assert isinstance(decide(open_item, stuck, settle=SETTLE), Fail)
    assert isinstance(decide(open_item, stuck.without({"c-9"}).after(seen(ends + 0.5)), settle=SETTLE), Create)
    # What has the name and is being deleted will be gone.
    assert isinstance(decide(open_item, attrs.evolve(stuck, leaving=("c-8", "c-9")), settle=SETTLE), Look)


def test_what_was_never_created_is_created_beside_others_in_another_case() -> None:
    assert isinstance(decide(item("planned"), attrs.evolve(seen(500.0), similar=("c-9",)), settle=SETTLE), Create)
    doubted = item("failed", ids={CANDIDATES: "c-9"})
    assert isinstance(decide(doubted, attrs.evolve(seen(500.0), similar=("c-9",)), settle=SETTLE), Fail)


def test_names_are_waited_for_before_a_new_item_fails_for_want_of_them() -> None:
    first = attrs.evolve(seen(500.0), nameless=("c-9",)).after(None)
    assert first.nameless_since == 500.0
    assert isinstance(decide(item("planned"), first, settle=SETTLE), Look)
    later = attrs.evolve(seen(500.0 + SETTLE), nameless=("c-9",)).after(first)
    assert isinstance(decide(item("planned"), later, settle=SETTLE), Look)
    last = attrs.evolve(seen(501.0 + SETTLE), nameless=("c-9",)).after(later)
    assert isinstance(decide(item("planned"), last, settle=SETTLE), Fail)
    assert seen(502.0 + SETTLE).after(last).nameless_since is None


@pytest.mark.parametrize("adopt", ["never", "matching", "require"])
def test_nothing_is_created_beside_what_may_be_it_nor_is_that_adopted(adopt: Any) -> None:
    nameless = attrs.evolve(seen(500.0), nameless=("c-8", "c-9"))
    action = decide(item("planned"), nameless, settle=SETTLE, adopt=adopt)
    assert isinstance(action, Fail)
    assert (action.kind, action.ids, action.may_be_ours) == ("AlreadyExists", ("c-8", "c-9"), False)


@pytest.mark.parametrize(("open_item", "ends"), [(SENDING, 220.0), (UNKNOWN, 165.0)])
def test_a_second_create_needs_the_window_to_have_passed_after_the_first_could_be_sent_last(
    open_item: Item, ends: float
) -> None:
    assert settled_after(open_item, settle=SETTLE, strict=False) == ends
    assert isinstance(decide(open_item, seen(ends), settle=SETTLE), Look)
    assert decide(open_item, seen(ends + 0.001), settle=SETTLE) == Create()


def test_a_create_that_nobody_knows_the_end_of_may_be_sent_until_its_deadline() -> None:
    assert isinstance(decide(attrs.evolve(SENDING, deadline=1000.0), seen(500.0), settle=SETTLE), Look)


@pytest.mark.parametrize("open_item", [SENDING, UNKNOWN])
def test_in_strict_a_second_create_also_needs_the_first_to_be_too_old_for_the_service(open_item: Item) -> None:
    ends = 100.0 + TIMESTAMP_WINDOW
    assert isinstance(decide(open_item, seen(ends), settle=SETTLE, strict=True), Look)
    assert decide(open_item, seen(ends + 1), settle=SETTLE, strict=True) == Create()


def test_what_is_being_deleted_is_waited_for_as_it_may_be_what_was_made() -> None:
    assert isinstance(decide(UNKNOWN, seen(10_000.0, leaving=("c-1",)), settle=SETTLE), Look)


@pytest.mark.parametrize("adopt", ["never", "matching", "require"])
@pytest.mark.parametrize("state", ["planned", "refused", "sending", "unknown", "deleted"])
def test_several_of_one_name_are_told_and_none_is_chosen(state: State, adopt: Any) -> None:
    action = decide(item(state), seen(1.0, "c-1", "c-2"), settle=SETTLE, adopt=adopt)
    assert isinstance(action, Fail)
    assert (action.kind, action.ids) == ("DuplicateFound", ("c-1", "c-2"))
    assert "c-1, c-2" in action.message


def test_a_second_one_beside_that_which_an_answer_has_named_is_a_duplicate() -> None:
    told = attrs.evolve(UNKNOWN, ids={"cluster_id": "c-1"})
    assert decide(told, seen(101.0, "c-1"), settle=SETTLE) == Recover(id="c-1")
    action = decide(told, seen(101.0, "c-2"), settle=SETTLE)
    assert isinstance(action, Fail)
    assert action.ids == ("c-1", "c-2")


def test_a_new_one_is_created_only_after_a_look() -> None:
    assert isinstance(decide(item("planned"), None, settle=SETTLE), Look)
    assert decide(item("planned"), seen(1.0), settle=SETTLE) == Create()
    assert decide(item("planned"), seen(1.0, leaving=("old",)), settle=SETTLE) == Create()


def test_never_adopts_nothing() -> None:
    action = decide(item("planned"), seen(1.0, "c-1"), settle=SETTLE, adopt="never")
    assert isinstance(action, Fail)
    assert (action.kind, action.ids) == ("AlreadyExists", ("c-1",))


def test_matching_considers_what_is_there_and_creates_what_is_not() -> None:
    assert decide(item("planned"), seen(1.0, "c-1"), settle=SETTLE, adopt="matching") == Consider(id="c-1")
    assert decide(item("planned"), seen(1.0), settle=SETTLE, adopt="matching") == Create()


def test_require_creates_nothing() -> None:
    assert decide(item("planned"), seen(1.0, "c-1"), settle=SETTLE, adopt="require") == Consider(id="c-1")
    action = decide(item("planned"), seen(1.0), settle=SETTLE, adopt="require")
    assert isinstance(action, Fail)
    assert action.kind == "NotThere"


@pytest.mark.parametrize("state", ["accepted", "ready", "failed"])
def test_what_is_there_is_followed(state: State) -> None:
    assert decide(item(state, ids={"cluster_id": "c-1"}), None, settle=SETTLE) == Follow()


def test_what_is_being_deleted_is_left_alone() -> None:
    assert decide(item("deleting", ids={"cluster_id": "c-1"}), None, settle=SETTLE) == Leave()


def test_a_duplicate_of_which_all_but_one_are_gone_is_that_one() -> None:
    failed = item("failed", ids={CANDIDATES: "c-1,c-2"})
    assert isinstance(decide(failed, None, settle=SETTLE), Look)
    assert decide(failed, seen(9.0, "c-2"), settle=SETTLE) == Recover(id="c-2")


def test_only_one_of_those_that_an_open_create_may_have_made_is_ours() -> None:
    duplicate = decide(UNKNOWN, seen(101.0, "c-1", "c-2"), settle=SETTLE)
    assert isinstance(duplicate, Fail)
    assert duplicate.may_be_ours
    failed = item("failed", ids={CANDIDATES: "c-1,c-2", FOUND: "c-1"})
    for other in ("c-1", "c-3"):  # c-1 was there before, and c-3 was not among them
        action = decide(failed, seen(9.0, other), settle=SETTLE)
        assert isinstance(action, Fail)
        assert action.kind == "AlreadyExists"
        assert decide(failed, seen(9.0, other), settle=SETTLE, adopt="matching") == Consider(id=other)


@pytest.mark.parametrize("ids", [(), ("c-1",), ("c-1", "c-2")])
def test_those_of_one_name_that_no_create_was_open_for_never_get_ours(ids: tuple[str, ...]) -> None:
    failed = item("failed", ids={FOUND: "c-1,c-2"})
    action = decide(failed, seen(9.0, *ids), settle=SETTLE)
    assert not isinstance(action, Recover)
    assert not (isinstance(action, Fail) and action.may_be_ours)


@pytest.mark.parametrize("open_item", [SENDING, UNKNOWN])
def test_what_was_there_before_an_open_create_is_not_what_it_made(open_item: Item) -> None:
    tried = attrs.evolve(open_item, ids={FOUND: "c-1"})
    assert isinstance(decide(tried, seen(101.0, "c-1"), settle=SETTLE), Look)
    assert decide(tried, seen(101.0, "c-2"), settle=SETTLE) == Recover(id="c-2")
    action = decide(tried, seen(1000.0, "c-1"), settle=SETTLE)
    assert isinstance(action, Fail)
    assert (action.kind, action.may_be_ours) == ("AlreadyExists", False)


def test_candidates_that_a_list_does_not_show_are_looked_for_until_it_can_not_lag() -> None:
    failed = item("failed", ids={CANDIDATES: "c-1,c-2"}, changed_at=200.0)
    assert isinstance(decide(failed, seen(201.0), settle=SETTLE), Look)
    assert isinstance(decide(failed, seen(300.0, leaving=("c-1",)), settle=SETTLE), Look)
    assert decide(failed, seen(300.0), settle=SETTLE) == Create()


@pytest.mark.parametrize("adopt", ["never", "matching", "require"])
def test_a_list_that_shows_what_was_just_deleted_lags_behind(adopt: Any) -> None:
    deleted = item("deleted", ids={"cluster_id": "c-1"}, changed_at=200.0)
    assert isinstance(decide(deleted, seen(199.0, "c-1"), settle=SETTLE, adopt=adopt), Look)
    assert isinstance(decide(deleted, seen(250.0, "c-1"), settle=SETTLE, adopt=adopt), Look)
    assert isinstance(decide(deleted, seen(261.0, "c-1"), settle=SETTLE, adopt=adopt), (Fail, Consider))
    assert isinstance(decide(deleted, seen(199.0, "c-2"), settle=SETTLE, adopt=adopt), (Fail, Consider))


@pytest.mark.parametrize("adopt", ["never", "matching", "require"])
@pytest.mark.parametrize("state", STATES)
def test_whatever_is_decided_can_be_written(state: State, adopt: Any) -> None:
    """No state is one that an item can't leave as it has to: that ended the whole run, each time."""
    after: dict[type, State] = {Create: "sending", Recover: "accepted", Consider: "accepted", Fail: "failed"}
    for ids in ((), ("c-1",), ("c-1", "c-2")):
        action = decide(item(state), seen(10_000.0, *ids), settle=SETTLE, adopt=adopt)
        if type(action) in after:
            assert may_follow(after[type(action)], state), action
        if isinstance(action, (Create, Consider)):  # it can't be prepared (a secret is away), or differs
            assert may_follow("failed", state) or state in OPEN


def test_what_was_refused_is_created_again() -> None:
    assert decide(item("refused", epoch=3), seen(1.0), settle=SETTLE) == Create()
    assert decide(item("failed"), seen(1.0), settle=SETTLE) == Create()


def test_found_ids_are_kept_whole() -> None:
    assert found_text(("a", "b")) == "a,b"
    long = found_text(tuple(f"{number:037d}" for number in range(20)))
    assert len(long) <= 300
    assert all(len(each) == 37 for each in long.split(","))


@pytest.mark.parametrize("state", ["planned", "refused", "failed", "sending", "unknown"])
@pytest.mark.parametrize("ids", [{}, {FOUND: "c-1"}, {CANDIDATES: "c-1,c-2"}, {FOUND: "c-1", CANDIDATES: "c-1,c-2"}])
def test_what_may_be_an_items_is_what_no_run_refuses_as_somebody_elses(state: State, ids: dict[str, str]) -> None:
    known = item(state, epoch=1, intent_at=100.0, deadline=160.0, changed_at=105.0, ids=ids)
    action = decide(known, seen(1e9, "c-1"), settle=SETTLE)
    assert may_be_of(known, "c-1") is (action == Recover(id="c-1"))
    assert isinstance(action, Recover) or (isinstance(action, Fail) and action.kind == "AlreadyExists")


def test_what_an_item_has_the_id_of_is_its_own_and_what_no_journal_knows_is_nobodys() -> None:
    assert may_be_of(item("ready", ids={"cluster_id": "c-1", FOUND: "c-1"}), "c-1")
    assert not may_be_of(item("ready", ids={"cluster_id": "c-1"}), "c-2")
    assert not may_be_of(None, "c-1")


@pytest.mark.parametrize(("open_item", "ends"), [(SENDING, 220.0), (UNKNOWN, 165.0)])
def test_one_list_alone_does_not_have_an_open_create_sent_again(open_item: Item, ends: float) -> None:
    first = seen_once(ends + 1)
    assert decide(open_item, first, settle=SETTLE) == Look(after=ends + 1)
    assert decide(open_item, first.after(first), settle=SETTLE) == Look(
        after=ends + 1
    )  # the same list is no second one
    assert decide(open_item, seen_once(ends + 2).after(first), settle=SETTLE) == Create()
    found = seen_once(ends + 2, "c-1").after(first)
    assert decide(open_item, found, settle=SETTLE) == Recover(id="c-1")
    early = seen_once(ends)
    assert decide(open_item, seen_once(ends + 1).after(early), settle=SETTLE) == Look(after=ends + 1)
    between = seen_once(ends + 3, leaving=("c-1",)).after(seen_once(ends + 2))
    assert decide(open_item, seen_once(ends + 4).after(between), settle=SETTLE) == Look(after=ends + 4)


@pytest.mark.parametrize(("open_item", "ends"), [(SENDING, 220.0), (UNKNOWN, 165.0)])
def test_answers_that_are_no_lists_count_for_less(open_item: Item, ends: float) -> None:
    looks = [seen_once(ends + 1, is_blank=True)]
    for number in range(2, 6):
        assert decide(open_item, looks[-1], settle=SETTLE) == Look(after=ends + number - 1)
        looks.append(seen_once(ends + number, is_blank=True).after(looks[-1]))
    assert decide(open_item, looks[-1], settle=SETTLE) == Create()
    mixed = seen_once(ends + 1)
    for number, is_blank in enumerate((True, True, False), 2):
        assert decide(open_item, mixed, settle=SETTLE) == Look(after=ends + number - 1)
        mixed = seen_once(ends + number, is_blank=is_blank).after(mixed)
    assert decide(open_item, mixed, settle=SETTLE) == Create()


@pytest.mark.parametrize("is_blank", [False, True])
def test_a_new_item_is_created_after_one_list(is_blank: bool) -> None:
    assert decide(item("planned"), seen_once(0.0, is_blank=is_blank), settle=SETTLE) == Create()


def test_what_may_well_be_there_is_not_created_after_lists_that_may_be_none() -> None:
    look = seen_once(0.0, is_blank=True)
    for number in range(1, 5):
        assert decide(item("planned"), look, settle=SETTLE, may_be_there=True) == Look(after=number - 1.0)
        look = seen_once(float(number), is_blank=True).after(look)
    assert decide(item("planned"), look, settle=SETTLE, may_be_there=True) == Create()
    look = seen_once(1.0, "c-1").after(seen_once(0.0, is_blank=True))
    assert isinstance(decide(item("planned"), look, settle=SETTLE, may_be_there=True), Fail)


def test_what_several_may_have_been_made_of_needs_two_lists_as_well() -> None:
    doubted = item("failed", ids={CANDIDATES: "c-8,c-9"}, changed_at=100.0)
    first = seen_once(170.0)
    assert decide(doubted, first, settle=SETTLE) == Look(after=170.0)
    assert decide(doubted, seen_once(171.0).after(first), settle=SETTLE) == Create()
