"""Looking for what a create may have made."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks import errors, models
from cds_eks.lookup import OpenCreateLike
from cds_eks.wire import Response
from unit.listed_clusters import Entry, Time, cluster, clusters, listed, lost

pytestmark = pytest.mark.anyio


async def test_what_is_there_is_found_at_once() -> None:
    time = Time()
    group, service = clusters(lambda _: listed(cluster()), time)
    assert await group.find(lost()) == cluster()
    assert (service.asked[0].keyword, service.asked[0].vpc_id) == ("gpu-1", "v-1")
    assert time.pauses == []


async def test_what_is_listed_late_is_found_within_the_window() -> None:
    time = Time()
    group, _ = clusters(lambda now: listed(cluster()) if now >= 10 else listed(), time)
    assert await group.find(lost()) == cluster()
    assert 10 <= time.now <= 15


async def test_none_comes_only_of_a_look_after_the_window() -> None:
    time = Time()
    group, service = clusters(lambda _: listed(), time)
    assert await group.find(lost(), settle=20) is None
    assert time.now == pytest.approx(20)
    assert len(service.asked) >= 5
    # One that is listed in the very moment in which the window passes is found.
    late = Time()
    group, _ = clusters(lambda now: listed(cluster()) if now >= 20 else listed(), late)
    assert await group.find(lost(), settle=20) == cluster()


async def test_the_window_is_a_minute_if_nothing_is_said() -> None:
    time = Time()
    group, _ = clusters(lambda _: listed(), time)
    assert await group.find(lost()) is None
    assert time.now == pytest.approx(60)


async def test_no_window_looks_once() -> None:
    time = Time()
    group, service = clusters(lambda _: listed(), time)
    assert await group.find(lost(), settle=0) is None
    assert (len(service.asked), time.pauses) == (1, [])


async def test_pauses_grow_from_the_poll_interval() -> None:
    time = Time()
    group, _ = clusters(lambda _: listed(), time)
    await group.find(lost(), settle=1, poll_interval=0.1)
    assert time.pauses[:3] == pytest.approx([0.1, 0.15, 0.225])
    slow = Time()
    group, _ = clusters(lambda _: listed(), slow)
    await group.find(lost(), settle=60, poll_interval=20)
    assert slow.pauses == pytest.approx([20, 20, 20])


async def test_names_are_compared_exactly() -> None:
    time = Time()
    others = (cluster("c-2", "gpu-10"), cluster("c-3", "GPU-1"), cluster("c-4", "gpu-1", "v-2"))
    group, _ = clusters(lambda _: listed(*others), time)
    assert await group.find(lost(), settle=0) is None
    group, _ = clusters(lambda _: listed(*others, cluster()), time)
    assert await group.find(lost(), settle=0) == cluster()


async def test_a_missing_vpc_id_counts_as_equal() -> None:
    group, _ = clusters(lambda _: listed(cluster(vpc=None)), Time())
    assert await group.find(lost(), settle=0) == cluster(vpc=None)


async def test_several_are_an_error_with_all_ids() -> None:
    group, _ = clusters(lambda _: listed(cluster("c-1"), cluster("c-2"), cluster("c-3", "other")), Time())
    with pytest.raises(errors.DuplicateFound) as caught:
        await group.find(lost(), settle=0)
    assert caught.value.found == ("c-1", "c-2")
    assert "c-1" in str(caught.value)
    assert "c-2" in str(caught.value)
    assert caught.value.natural_key == {"cluster_name": "gpu-1", "vpc_id": "v-1"}


async def test_the_same_cluster_listed_twice_is_one() -> None:
    group, _ = clusters(lambda _: listed(cluster(), cluster()), Time())
    assert await group.find(lost(), settle=0) == cluster()


async def test_a_list_that_was_cut_is_an_error_that_keeps_what_it_found() -> None:
    time = Time()
    group, _ = clusters(lambda _: listed(cluster("c-9", "gpu-10"), total=2), time)
    with pytest.raises(errors.IncompleteList) as caught:
        await group.find(lost())
    assert (caught.value.seen, caught.value.total_count, caught.value.found) == (1, 2, ())
    assert time.pauses == []
    group, _ = clusters(lambda _: listed(cluster(), total=2), time)
    with pytest.raises(errors.IncompleteList) as caught:
        await group.find(lost())
    assert caught.value.found == ("c-1",)
    assert "c-1" in str(caught.value)


async def test_an_id_that_an_answer_named_decides() -> None:
    both = (cluster("c-1"), cluster("c-2"))
    group, _ = clusters(lambda _: listed(*both), Time())
    assert await group.find(lost({"cluster_id": "c-2"}), settle=0) == both[1]
    renamed = cluster("c-2", "renamed-since")
    group, _ = clusters(lambda _: listed(renamed), Time())
    assert await group.find(lost({"cluster_id": "c-2"}), settle=0) == renamed


async def test_an_id_that_an_answer_named_is_waited_for_though_another_has_its_name() -> None:
    older, made = cluster("c-1"), cluster("c-2")
    time = Time()
    group, _ = clusters(lambda now: listed(older) if now < 10 else listed(older, made), time)
    assert await group.find(lost({"cluster_id": "c-2"})) == made
    group, _ = clusters(lambda _: listed(older), Time())
    with pytest.raises(errors.DuplicateFound) as caught:  # neither chosen nor forgotten
        await group.find(lost({"cluster_id": "c-2"}))
    assert caught.value.found == ("c-2", "c-1")
    group, _ = clusters(lambda _: listed(), Time())
    assert await group.find(lost({"cluster_id": "c-2"})) is None


async def test_an_id_that_an_answer_named_is_found_in_a_list_that_was_cut() -> None:
    group, _ = clusters(lambda _: listed(cluster(), total=100), Time())
    assert await group.find(lost({"cluster_id": "c-1"})) == cluster()


async def test_a_namesake_that_is_being_deleted_hides_nothing() -> None:
    made = cluster("c-2")
    leaving = models.ClusterSummary(cluster_id="c-1", cluster_name="gpu-1", vpc_id="v-1", cluster_status="Deleting")
    group, _ = clusters(lambda _: listed(leaving, made), Time())
    assert await group.find(lost()) == made
    late = Time()
    group, _ = clusters(lambda now: listed(leaving) if now < 30 else listed(made), late)
    assert await group.find(lost()) == made
    group, _ = clusters(lambda now: listed(leaving) if now < 30 else listed(), Time())
    assert await group.find(lost()) is None
    late = Time()
    group, _ = clusters(lambda _: listed(leaving), late)
    assert await group.find(lost()) == leaving  # never None for what may be it
    assert late.now == pytest.approx(60)


@pytest.mark.parametrize("blank", [models.ClusterSummary(cluster_id=""), cluster("")])
async def test_what_is_listed_without_an_id_is_neither_found_nor_not_there(blank: models.ClusterSummary) -> None:
    group, _ = clusters(lambda now: listed(blank) if now < 5 else listed(cluster()), Time())
    assert await group.find(lost()) == cluster()
    group, _ = clusters(lambda _: listed(blank), Time())
    with pytest.raises(errors.UnreadableResponse, match="without its id"):
        await group.find(lost())


@pytest.mark.parametrize("name", [None, ""])
async def test_what_is_listed_without_its_name_is_neither_found_nor_not_there(name: str | None) -> None:
    nameless = models.ClusterSummary(cluster_id="c-9", cluster_name=name, vpc_id="v-1")
    group, _ = clusters(lambda now: listed(nameless) if now < 5 else listed(cluster("c-9")), Time())
    assert await group.find(lost()) == cluster("c-9")
    group, _ = clusters(lambda _: listed(nameless), Time())
    with pytest.raises(errors.UnreadableResponse, match="without its name"):
        await group.find(lost())
    elsewhere = models.ClusterSummary(cluster_id="c-9", cluster_name=name, vpc_id="v-2")
    group, _ = clusters(lambda _: listed(elsewhere), Time())
    assert await group.find(lost(), settle=0) is None


@pytest.mark.parametrize("name", [None, ""])
async def test_what_is_listed_without_its_name_does_not_hide_what_has_the_name(name: str | None) -> None:
    nameless = models.ClusterSummary(cluster_id="c-9", cluster_name=name, vpc_id="v-1")
    group, _ = clusters(lambda _: listed(nameless, cluster()), Time())
    assert await group.find(lost(), settle=0) == cluster()


async def test_a_status_without_a_code_does_not_say_that_nothing_is_there() -> None:
    def answer(_: float) -> Response[Any]:
        raise errors.NotFound("a gateway's", http_status=404)

    time = Time()
    group, _ = clusters(answer, time)
    with pytest.raises(errors.NotFound):
        await group.find(lost())
    assert time.now == pytest.approx(60)


async def test_an_id_alone_is_searched_for() -> None:
    group, service = clusters(lambda _: listed(cluster()), Time())
    assert await group.find(lost({"cluster_id": "c-1"}, key={}), settle=0) == cluster()
    assert (service.asked[0].keyword, service.asked[0].vpc_id) == ("c-1", None)


async def test_a_request_and_an_open_create_are_looked_for_too(create_cluster_body: dict[str, Any]) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    made = cluster(name=request.cluster_name, vpc=request.vpc_id)
    group, _ = clusters(lambda _: listed(made), Time())
    assert await group.find(request, settle=0) == made
    assert isinstance(Entry(), OpenCreateLike)
    group, _ = clusters(lambda _: listed(cluster()), Time())
    assert await group.find(Entry(), settle=0) == cluster()
