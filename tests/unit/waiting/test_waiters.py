"""Waiting for tasks, events, clusters and node pools; time, chance and sleep are the test's own."""

from __future__ import annotations

import math
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from cds_eks._runtime.numbers import shown_number
from cds_eks.errors import InvalidRequestError, NotFound, WaitTimeout
from cds_eks.models import ClusterDetail, TaskStatus
from cds_eks.wire import Response
from support.eventually import EVENT_TIMEOUT
from support.scripted_service import ScriptedService, cluster, event, task

pytestmark = pytest.mark.anyio


async def test_the_first_poll_comes_at_once_and_a_done_task_needs_no_other() -> None:
    world = ScriptedService(task("finish"))
    assert await world.wait.task("t-1") == task("finish")
    assert (world.polls, world.pauses, world.asked) == ([1000.0], [], [("t-1",)])


@pytest.mark.parametrize("chance", [0.0, 0.25, 0.999999])
async def test_pauses_grow_from_1_to_15_seconds_and_are_shortened_by_a_quarter_at_most(chance: float) -> None:
    world = ScriptedService(*[task("doing")] * 30, task("finish"), chance=chance)
    await world.wait.task("t-1")
    plain = [min(15.0, 1.5**index) for index in range(30)]
    assert world.pauses == pytest.approx([pause * (0.75 + 0.25 * chance) for pause in plain])
    assert all(0.75 * pause <= actual <= pause for pause, actual in zip(plain, world.pauses, strict=True))
    assert plain[0] == 1.0
    assert plain[-1] == 15.0


async def test_each_pause_is_shortened_anew() -> None:
    world = ScriptedService(*[task("doing")] * 3, task("finish"))
    numbers = iter([0.0, 1.0, 0.0])
    world.random = lambda: next(numbers)
    await world.wait.task("t-1")
    assert world.pauses == pytest.approx([0.75, 1.5, 0.75 * 2.25])


async def test_the_last_pause_ends_with_the_time_and_one_more_poll_is_made_then() -> None:
    world = ScriptedService(task("doing"), chance=1.0)
    with pytest.raises(WaitTimeout):
        await world.wait.task("t-1", timeout=10.0)
    assert world.pauses == pytest.approx([1.0, 1.5, 2.25, 3.375, 1.875])
    assert world.polls[-1] == pytest.approx(1010.0)


async def test_a_task_that_ends_at_the_last_moment_is_not_late() -> None:
    world = ScriptedService(*[task("doing")] * 5, task("finish"), chance=1.0)
    assert await world.wait.task("t-1", timeout=10.0) == task("finish")


async def test_the_time_that_polls_take_counts() -> None:
    world = ScriptedService(task("doing"), poll_takes=4.0, chance=1.0)
    with pytest.raises(WaitTimeout):
        await world.wait.task("t-1", timeout=10.0)
    assert world.polls == [1000.0, 1005.0, 1010.0]


@pytest.mark.parametrize("timeout", [None, 1e308, 10**300])
async def test_without_a_timeout_it_waits_as_long_as_it_takes(timeout: float | None) -> None:
    world = ScriptedService(*[task("doing")] * 400, task("finish"))
    assert await world.wait.task("t-1", timeout=timeout) == task("finish")
    assert world.now > 1000.0 + 3600.0


async def test_the_usual_timeout_is_an_hour() -> None:
    world = ScriptedService(task("doing"))
    with pytest.raises(WaitTimeout, match="within 3600 s"):
        await world.wait.task("t-1")
    assert world.now == pytest.approx(1000.0 + 3600.0)


GOING_ON = [None, "", "a status of 2030", "pending", "unfinished", "not running"]


@pytest.mark.parametrize("status", ["doing", "success", "running", *GOING_ON])
async def test_an_unknown_task_status_is_pending(status: str | None) -> None:
    world = ScriptedService(task(status), task(status), task("finish"))
    assert (await world.wait.task("t-1")).task_status == "finish"
    assert len(world.polls) == 3


@pytest.mark.parametrize("status", ["doing", "finish", "running", *GOING_ON])
async def test_an_unknown_event_status_is_pending(status: str | None) -> None:
    world = ScriptedService(event(status), event("success"))
    assert await world.wait.event("e-1") == event("success")
    assert (len(world.polls), world.asked[0]) == (2, ("e-1",))


@pytest.mark.parametrize("status", ["creating", "finish", "success", *GOING_ON])
async def test_an_unknown_cluster_status_is_pending(status: str | None) -> None:
    world = ScriptedService(cluster(status), cluster("running"))
    assert await world.wait.cluster_running("c-1") == cluster("running")
    assert (len(world.polls), world.asked[0]) == (2, ("c-1",))


@pytest.mark.parametrize("status", ["deleting", "Running", "deleted", *GOING_ON])
async def test_a_cluster_is_deleted_when_it_is_not_found_and_not_before(status: str | None) -> None:
    world = ScriptedService(cluster(status), cluster(status), NotFound("gone"))
    await world.wait.cluster_deleted("c-1")
    assert len(world.polls) == 3


def never(world: ScriptedService) -> list[str]:
    """Make every poll of a world hang; returns what becomes of them."""
    fates: list[str] = []

    async def hang(*_: str) -> Any:
        fates.append("begun")
        try:
            await anyio.sleep(20)
        finally:
            fates.append("cut")

    world.fetch_task = world.fetch_clusters = hang
    return fates


@pytest.mark.parametrize("method", ["task", "clusters_running"])
async def test_a_poll_that_hangs_is_cut_when_the_time_is_up(method: str) -> None:
    world = ScriptedService(None)
    fates = never(world)
    with anyio.fail_after(EVENT_TIMEOUT), pytest.raises(WaitTimeout) as caught:
        await getattr(world.wait, method)("the-id" if method == "task" else ["the-id"], timeout=0.03)
    assert fates == ["begun", "cut"]
    assert "the-id" in str(caught.value)


async def test_an_on_change_that_hangs_is_cut_when_the_time_is_up() -> None:
    async def hang(_: TaskStatus) -> None:
        await anyio.sleep(20)

    with anyio.fail_after(EVENT_TIMEOUT), pytest.raises(WaitTimeout) as caught:
        await ScriptedService(task("doing")).wait.task("t-1", timeout=0.03, on_change=hang)
    assert caught.value.last == task("doing")


@pytest.mark.parametrize("timeout", [None, 3600.0])
async def test_a_cancellation_passes_through(timeout: float | None) -> None:
    world = ScriptedService(None)
    fates = never(world)
    with anyio.move_on_after(0.03) as scope:
        await world.wait.task("t-1", timeout=timeout)
    assert scope.cancelled_caught
    assert fates == ["begun", "cut"]


async def test_a_cancellation_of_look_ups_passes_through() -> None:
    world = ScriptedService([])
    world.details = {"a": None}

    async def hang(_: str) -> Response[ClusterDetail]:
        await anyio.sleep(20)
        raise AssertionError

    world.fetch_cluster = hang
    with anyio.move_on_after(0.03) as scope:
        await world.wait.clusters_running([f"c-{index}" for index in range(30)])
    assert scope.cancelled_caught


WAITS: list[tuple[str, tuple[Any, ...]]] = [
    ("task", ("t",)),
    ("event", ("e",)),
    ("cluster_running", ("c",)),
    ("cluster_deleted", ("c",)),
    ("node_pool_ready", ("c", "p")),
    ("clusters_running", (["c"],)),
]


@pytest.mark.parametrize(
    "timeout",
    [0, 0.0, -1, -math.inf, math.inf, math.nan, True, False, "5", [1], 10**400],
    ids=lambda each: repr(each)[:9],
)
@pytest.mark.parametrize(("method", "ids"), WAITS, ids=[method for method, _ in WAITS])
async def test_a_timeout_is_a_number_above_0_or_none(method: str, ids: tuple[Any, ...], timeout: Any) -> None:
    world = ScriptedService(None)
    with pytest.raises(InvalidRequestError, match="timeout: must be a number of seconds above 0") as caught:
        await getattr(world.wait, method)(*ids, timeout=timeout)
    assert caught.value.outcome == "not_sent"
    assert world.polls == []


@pytest.mark.parametrize("bad", ["", None, 7, b"c"], ids=repr)
@pytest.mark.parametrize(("method", "ids"), WAITS, ids=[method for method, _ in WAITS])
async def test_an_id_is_a_text_that_is_not_empty(method: str, ids: tuple[Any, ...], bad: Any) -> None:
    world = ScriptedService(None)
    given = [["c-1", bad]] if method == "clusters_running" else [bad] + ["x"] * (len(ids) - 1)
    with pytest.raises(InvalidRequestError, match="not empty"):
        await getattr(world.wait, method)(*given)
    assert world.polls == []


async def test_a_node_pool_id_is_checked_too() -> None:
    with pytest.raises(InvalidRequestError, match="node_pool_id"):
        await ScriptedService(None).wait.node_pool_ready("c", "")


@pytest.mark.parametrize("bad", [-1, True, "3", 1.0, 10**5000, -(10**5000)], ids=shown_number)
async def test_replicas_is_a_whole_number_of_at_least_0_or_none(bad: Any) -> None:
    world = ScriptedService(None)
    with pytest.raises(InvalidRequestError, match="replicas: must be a whole number"):
        await world.wait.node_pool_ready("c", "p", bad)
    assert world.polls == []


@pytest.mark.parametrize("bad", [[], (), "c-1", b"c-1", None, 7, {}], ids=repr)
async def test_cluster_ids_is_a_list_of_at_least_one(bad: Any) -> None:
    world = ScriptedService(None)
    with pytest.raises(InvalidRequestError, match="cluster_ids: must be a list of at least one id"):
        await world.wait.clusters_running(bad)
    assert world.polls == []
