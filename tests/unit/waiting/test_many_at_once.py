"""Waiting for many things at once, at intervals of one's own, and hearing of the steps meanwhile."""

from __future__ import annotations

import math
import pickle
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from cds_eks import errors
from cds_eks.errors import InvalidRequestError, NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterEvent, TaskStatus
from cds_eks.waiting import LOOKUPS_AT_ONCE, Done, PollInterval
from cds_eks.wire import Response
from support.scripted_service import ScriptedService, cluster, event, pool, task

pytestmark = pytest.mark.anyio


class Scripts(ScriptedService):
    """A service that has a script for each id: its states, poll after poll (the last for ever)."""

    def __init__(self, **scripts: list[Any]) -> None:
        super().__init__()
        self.left = {id_: list(states) for id_, states in scripts.items()}
        self.running = self.most = 0

    async def answer(self, *asked: str | None) -> Response[Any]:
        self.asked.append(asked)
        self.polls.append(self.now)
        assert len(self.polls) < 2000, "the wait does not end"
        self.running += 1
        self.most = max(self.most, self.running)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        self.running -= 1
        states = self.left[str(asked[-1])]
        state = states.pop(0) if len(states) > 1 else states[0]
        if isinstance(state, BaseException):
            raise state
        return Response(data=state)


def named(id_: str, status: str, msg: str | None = None) -> TaskStatus:
    return TaskStatus(task_id=id_, task_status=status, task_msg=msg)


async def all_of(walk: AsyncIterator[Done]) -> list[Done]:
    return [each async for each in walk]


# --- intervals

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


# --- many tasks and pools


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


# --- each as it ends


async def test_each_thing_is_yielded_as_it_ends_however_it_ends() -> None:
    world = Scripts(
        slow=[named("slow", "doing")] * 4 + [named("slow", "finish")],
        quick=[named("quick", "finish")],
        bad=[named("bad", "doing"), named("bad", "error", "no stock")],
        gone=[errors.PermissionDenied("no")],
        e1=[event("success")],
        c1=[cluster("creating"), cluster("creating"), cluster("running")],
        p1=[pool(3, 3, pool_id="p1")],
    )
    found = await all_of(
        world.wait.each(
            ["slow", "quick", "bad", "gone"], event_ids=["e1"], cluster_ids=["c1"], node_pools=[("c1", "p1")]
        )
    )
    assert [each.id for each in found[:4]] == ["quick", "gone", "e1", "p1"]
    assert [each.id for each in found[4:]] == ["bad", "c1", "slow"]
    assert [each.kind for each in found] == ["task", "task", "event", "node_pool", "task", "cluster", "task"]
    errors_by_id = {each.id: type(each.error) for each in found if each.error}
    assert errors_by_id == {"bad": TaskFailed, "gone": errors.PermissionDenied}
    assert found[3].ids == {"cluster_id": "c1", "node_pool_id": "p1"}
    assert found[6].state == named("slow", "finish")


async def test_what_has_not_ended_in_time_is_yielded_with_its_error() -> None:
    world = Scripts(a=[named("a", "finish")], b=[named("b", "doing")], c=[NotFound("no")])
    found = await all_of(world.wait.each(list("abc"), timeout=10))
    assert [(each.id, type(each.error)) for each in found] == [
        ("a", type(None)),
        ("b", WaitTimeout),
        ("c", WaitTimeout),
    ]
    assert "last status was 'doing'" in str(found[1].error)
    assert "never seen" in str(found[2].error)


async def test_a_poll_that_hangs_keeps_neither_what_has_ended_nor_the_end_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_eks.waiting.rounds.GRACE", 0.01)
    world = Scripts(a=[named("a", "finish")])
    answer = world.fetch_task

    async def fetch(task_id: str) -> Response[TaskStatus]:
        if task_id == "hangs":
            await anyio.sleep(30)
        return await answer(task_id)

    world.fetch_task = fetch
    with anyio.fail_after(10):
        walk = world.wait.each(["hangs", "a"], timeout=0.3)
        assert (await anext(walk)).id == "a"
        late = await anext(walk)
        assert (late.id, type(late.error)) == ("hangs", WaitTimeout)
        assert await anext(walk, None) is None


async def test_what_came_in_time_is_not_late_because_something_else_hangs() -> None:
    world = Scripts(a=[named("a", "finish")], b=[named("b", "error", "no")])
    answer = world.fetch_task

    async def fetch(task_id: str) -> Response[TaskStatus]:
        if task_id == "hangs":
            await anyio.sleep(30)
        return await answer(task_id)

    world.fetch_task = fetch
    with anyio.fail_after(10), pytest.raises(WaitTimeout) as caught:
        await world.wait.tasks(["hangs", "a", "b"], timeout=0.1)
    assert (caught.value.pending_ids, caught.value.failed_ids) == (("hangs",), ("b",))
    assert caught.value.last["a"] == named("a", "finish")


async def test_a_walk_can_be_gone_on_with_in_another_task_and_broken_off() -> None:
    world = Scripts(a=[named("a", "finish")], b=[named("b", "doing"), named("b", "finish")], c=[named("c", "doing")])
    walk = world.wait.each(["a", "b", "c"])
    told: list[str] = []

    async def step() -> None:
        told.append((await anext(walk)).id)

    for _ in range(2):
        async with anyio.create_task_group() as group:
            group.start_soon(step)
    assert told == ["a", "b"]
    await walk.aclose()  # type: ignore[attr-defined]
    assert world.running == 0


async def test_a_wait_for_nothing_is_refused_at_once() -> None:
    nothing: list[Any] = [(), [], iter([])]
    for ids in nothing:
        with pytest.raises(InvalidRequestError, match="there is nothing to wait for"):
            ScriptedService(None).wait.each(ids)
    with pytest.raises(InvalidRequestError, match="cluster_ids"):
        ScriptedService(None).wait.each(cluster_ids="c-1")


async def test_each_is_cancelled_with_its_caller() -> None:
    world = Scripts(a=[named("a", "doing")])

    async def hang(_: float) -> None:
        await anyio.sleep(30)

    world.pause = hang
    with anyio.move_on_after(0.03) as scope:
        await all_of(world.wait.each(["a"], timeout=None))
    assert scope.cancelled_caught


# --- steps


def step_of(name: str, status: str, *, error: str = "", took: str = "1s") -> ClusterEvent:
    return ClusterEvent(
        status=status, subtask_name=name, subtask_start_time="t", subtask_elapsed_time=took, error_info=error
    )


STEPS: list[Any] = [
    [step_of("net", "doing")],
    [step_of("net", "doing", took="9s")],
    errors.ConnectionLost("lost"),
    [step_of("net", "finish"), step_of("up", "doing")],
    [step_of("net", "finish"), step_of("up", "doing"), step_of("up", "doing")],
    errors.PermissionDenied("no"),
    [step_of("net", "finish"), step_of("up", "error", error="no stock"), step_of("up", "doing")],
]
TOLD = [("net", "doing"), ("net", "finish"), ("up", "doing"), ("up", "doing"), ("up", "error")]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("wait", ["task", "cluster_running"])
async def test_each_step_is_reported_when_it_appears_and_when_it_changes(
    wait: str, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    going, done = (task("doing"), task("finish")) if wait == "task" else (cluster("creating"), cluster("running"))
    world = ScriptedService(*[going] * 6, done)
    world.steps = list(STEPS)
    told: list[tuple[str | None, str | None]] = []

    def hear(step: ClusterEvent) -> None:
        told.append((step.subtask_name, step.status))

    async def hear_async(step: ClusterEvent) -> None:
        hear(step)

    more = {"cluster_id": "c-1"} if wait == "task" else {}
    await getattr(world.wait, wait)("x", on_step=hear_async if is_async else hear, **more)
    assert told == TOLD
    assert [record.getMessage() for record in caplog.records] == [
        "the steps of a cluster can't be read, the wait goes on: ConnectionLost"
    ]


async def test_steps_that_can_not_be_read_in_time_do_not_make_a_finished_task_late() -> None:
    world = ScriptedService(task("finish"))

    async def hang(_: str) -> Any:
        await anyio.sleep(30)

    world.fetch_steps = hang
    with anyio.fail_after(5):
        found = await world.wait.task("t", cluster_id="c", on_step=lambda _: None, timeout=0.05)
    assert found.task_status == "finish"


async def test_what_on_step_raises_passes_through_and_a_task_needs_its_cluster() -> None:
    world = ScriptedService(cluster("creating"))
    world.steps = [[step_of("net", "doing")]]

    def complain(_: ClusterEvent) -> None:
        raise errors.ConnectionLost("mine")

    with pytest.raises(errors.ConnectionLost, match="mine"):
        await world.wait.cluster_running("c", on_step=complain)
    with pytest.raises(InvalidRequestError, match="cluster_id: must be given with on_step"):
        await world.wait.task("t", on_step=complain)
    with pytest.raises(InvalidRequestError, match="on_step: must be callable"):
        await world.wait.cluster_running("c", on_step=7)  # type: ignore[arg-type]
