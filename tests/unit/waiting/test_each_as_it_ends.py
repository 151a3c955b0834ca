"""What is yielded as each of many things ends, and the steps meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from cds_eks import errors
from cds_eks.errors import InvalidRequestError, NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterEvent, TaskStatus
from cds_eks.waiting import Done
from cds_eks.wire import Response
from support.eventually import EVENT_TIMEOUT
from support.scripted_service import ScriptedService, cluster, event, pool, task
from unit.waiting.steps_of_waits import Scripts, named

pytestmark = pytest.mark.anyio


async def all_of(walk: AsyncIterator[Done]) -> list[Done]:
    return [each async for each in walk]


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
    with anyio.fail_after(EVENT_TIMEOUT):
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
    with anyio.fail_after(EVENT_TIMEOUT), pytest.raises(WaitTimeout) as caught:
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
    with anyio.fail_after(EVENT_TIMEOUT):
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
