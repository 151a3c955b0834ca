"""Waiting for many things at once, at intervals of one's own, and hearing of the steps meanwhile."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.errors import InvalidRequestError, NotFound, TaskFailed, WaitTimeout
from cds_eks.models import TaskStatus
from cds_eks.waiting import LOOKUPS_AT_ONCE, PollInterval
from support.scripted_service import ScriptedService, cluster, event, pool, task
from unit.waiting.steps_of_waits import Scripts, named

pytestmark = pytest.mark.anyio


WAITS: list[tuple[str, Any, Any, Any]] = [
    ("task", "t-1", task("doing"), task("finish")),
    ("tasks", ["t-1"], task("doing"), task("finish")),
    ("event", "e-1", event("doing"), event("success")),
    ("cluster_running", "c-1", cluster("creating"), cluster("running")),
    ("cluster_deleted", "c-1", cluster("deleting"), NotFound("gone")),
    ("node_pools_ready", [("c", "p-1")], pool(0, 3), pool(3, 3)),
]


@pytest.mark.parametrize(("wait", "ids", "going", "done"), WAITS, ids=[name for name, *_ in WAITS])
async def test_a_number_is_the_length_of_all_pauses(wait: str, ids: Any, going: Any, done: Any) -> None:
    for seconds in (0.002, 5, 100.0):
        world = ScriptedService(*[going] * 6, done, chance=1.0)
        await getattr(world.wait, wait)(ids, poll_interval=seconds)
        assert world.pauses == pytest.approx([seconds] * 6)


@pytest.mark.parametrize(("wait", "ids", "going", "done"), WAITS, ids=[name for name, *_ in WAITS])
async def test_pauses_may_grow_as_one_likes(wait: str, ids: Any, going: Any, done: Any) -> None:
    world = ScriptedService(*[going] * 5, done, chance=1.0)
    await getattr(world.wait, wait)(ids, poll_interval=PollInterval(first=2, growth=3, longest=20))
    assert world.pauses == pytest.approx([2, 6, 18, 20, 20])


BAD_INTERVALS = [0, 0.0, -1, math.inf, math.nan, True, "5", [1], 10**400]


@pytest.mark.parametrize("bad", BAD_INTERVALS, ids=lambda each: repr(each)[:9])
@pytest.mark.parametrize(("wait", "ids"), [(name, ids) for name, ids, *_ in WAITS], ids=[name for name, *_ in WAITS])
async def test_an_interval_is_a_finite_number_above_0(wait: str, ids: Any, bad: Any) -> None:
    world = ScriptedService(None)
    with pytest.raises(InvalidRequestError, match="poll_interval: must be a finite number of seconds above 0"):
        await getattr(world.wait, wait)(ids, poll_interval=bad)
    assert world.polls == []
    for name in ("first", "growth", "longest"):
        with pytest.raises(InvalidRequestError, match=f"poll_interval.{name}"):
            PollInterval(**{name: bad})


async def test_pauses_do_not_become_shorter() -> None:
    with pytest.raises(InvalidRequestError, match="at least as long as the first"):
        PollInterval(first=20)
    with pytest.raises(InvalidRequestError, match=r"growth: must be a finite number of at least 1"):
        PollInterval(growth=0.5)
    assert repr(PollInterval()) == "PollInterval(first=1.0, growth=1.5, longest=15.0)"


async def test_many_tasks_are_waited_for_with_ten_polls_at_once() -> None:
    ids = [f"t{index}" for index in range(35)]
    world = Scripts(**{id_: [named(id_, "doing"), named(id_, "finish")] for id_ in ids})
    heard: list[TaskStatus] = []
    found = await world.wait.tasks(iter([*ids, ids[0]]), on_change=heard.append)
    assert list(found) == ids
    assert {each.task_status for each in found.values()} == {"finish"}
    assert (world.most, len(world.polls), len(heard)) == (LOOKUPS_AT_ONCE, 70, 70)


async def test_a_task_that_fails_does_not_stop_the_others() -> None:
    world = Scripts(
        a=[named("a", "error", "no stock")],
        b=[named("b", "doing")] * 5 + [named("b", "finish")],
        c=[named("c", "doing"), NotFound("gone")],
        d=[errors.Throttled("slow down"), named("d", "finish")],
    )
    with pytest.raises(TaskFailed) as caught:
        await world.wait.tasks(["a", "b", "c", "d"])
    error = caught.value
    assert error.message == "a: no stock; c: gone (it is gone)"
    assert (error.failed_ids, error.pending_ids, error.ids["task_ids"]) == (("a", "c"), (), ("a", "c"))
    assert {id_: state.task_status for id_, state in error.last.items()} == {
        "a": "error",
        "b": "finish",
        "c": "doing",
        "d": "finish",
    }
    assert "failed_ids=('a', 'c')" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


async def test_a_wait_timeout_lists_failed_and_pending_tasks_apart() -> None:
    scripts = {f"t{index}": [named(f"t{index}", "doing")] for index in range(15)}
    world = Scripts(bad=[named("bad", "error", "no")], good=[named("good", "finish")], **scripts)
    with pytest.raises(WaitTimeout) as caught:
        await world.wait.tasks(["bad", "good", *scripts], timeout=20)
    error = caught.value
    assert error.message.startswith("15 of 17 did not end within 20 s: t0: its last status was 'doing'; t1: its ")
    assert error.message.endswith("and 5 more. 1 failed: bad: no")
    assert (error.failed_ids, error.pending_ids) == (("bad",), tuple(scripts))
    assert "'t9', and 5 more)" in str(error)
    assert world.now == pytest.approx(1020.0)


async def test_a_poll_that_fails_for_good_ends_the_wait_for_many_with_just_that_error() -> None:
    refused = errors.PermissionDenied("no")
    world = Scripts(a=[named("a", "doing")], b=[named("b", "doing"), refused])
    with pytest.raises(errors.PermissionDenied) as caught:
        await world.wait.tasks(["a", "b"])
    assert caught.value is refused
    assert refused.ids == {"task_id": "b"}
    with pytest.raises(ZeroDivisionError):
        await Scripts(a=[ZeroDivisionError()]).wait.tasks(["a"])


async def test_what_on_change_raises_passes_through_a_wait_for_many() -> None:
    mine = errors.NotFound("mine")

    def complain(_: TaskStatus) -> None:
        raise mine

    with pytest.raises(NotFound) as caught:
        await Scripts(a=[named("a", "doing")], b=[named("b", "doing")]).wait.tasks(["a", "b"], on_change=complain)
    assert caught.value is mine
    with pytest.raises(InvalidRequestError, match="on_change: must be callable"):
        await ScriptedService(None).wait.tasks(["a"], on_change=7)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="on_change: must be callable"):
        await ScriptedService([]).wait.clusters_running(["a"], on_change=7)  # type: ignore[arg-type]


async def test_many_node_pools_are_waited_for_each_with_its_number_of_nodes() -> None:
    world = Scripts(p1=[pool(1, 3, pool_id="p1"), pool(3, 3, pool_id="p1")], p2=[pool(5, 5, pool_id="p2")])
    found = await world.wait.node_pools_ready({("c", "p1"): None, ("d", "p2"): 5})
    assert {pair: each.available_node_count for pair, each in found.items()} == {("c", "p1"): 3, ("d", "p2"): 5}
    failing = Scripts(p1=[pool(1, 3, pool_id="p1", status="Failed")], p2=[pool(3, 3, pool_id="p2")])
    with pytest.raises(TaskFailed, match="c/p1: the node pool is in state 'Failed'") as caught:
        await failing.wait.node_pools_ready([("c", "p1"), ["d", "p2"]])  # type: ignore[list-item]
    assert caught.value.failed_ids == (("c", "p1"),)


BAD_PAIRS = [[], "cp", None, [("c",)], [("c", "")], [("c", 1)], ["cp"], [("c", "p", "x")], 7]


@pytest.mark.parametrize("bad", BAD_PAIRS, ids=repr)
async def test_node_pools_are_pairs_of_ids(bad: Any) -> None:
    with pytest.raises(InvalidRequestError, match="node_pools: must be a list of at least one pair"):
        await ScriptedService(None).wait.node_pools_ready(bad)


async def test_how_many_nodes_each_is_to_have_is_a_whole_number() -> None:
    with pytest.raises(InvalidRequestError, match="replicas: must be a whole number"):
        await ScriptedService(None).wait.node_pools_ready({("c", "p"): -1})
