"""What waits tell of changes while they go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from cds_eks import errors
from cds_eks.errors import NotFound, TaskFailed
from cds_eks.models import ClusterDetail, TaskStatus
from cds_eks.waiting import UNSEEN
from cds_eks.waiting.intervals import LAST_INTERVAL
from support.scripted_service import ScriptedService, cluster, event, pool, pools, summary, task
from unit.waiting.poll_world import PASSING

pytestmark = pytest.mark.anyio


STATES = [task(None), task("doing"), task("doing"), task("doing", "half"), task("doing"), task("finish")]
CHANGES = [STATES[0], STATES[1], STATES[3], STATES[4], STATES[5]]


async def test_on_change_is_called_with_the_first_state_and_with_each_change_only() -> None:
    heard: list[TaskStatus] = []
    await ScriptedService(*STATES).wait.task("t-1", on_change=heard.append)
    assert heard == CHANGES


async def test_on_change_may_be_async() -> None:
    heard: list[TaskStatus] = []

    async def hear(state: TaskStatus) -> None:
        await anyio.lowlevel.checkpoint()
        heard.append(state)

    await ScriptedService(*STATES).wait.task("t-1", on_change=hear)
    assert heard == CHANGES


async def test_a_cluster_that_was_just_created_may_not_be_found_at_first() -> None:
    heard: list[ClusterDetail] = []
    world = ScriptedService(NotFound("no"), NotFound("no"), cluster("creating"), cluster("running"))
    assert (await world.wait.cluster_running("c-1", on_change=heard.append)) == cluster("running")
    assert heard == [cluster("creating"), cluster("running")]


async def test_a_cluster_that_is_never_found_ends_the_wait_after_a_minute() -> None:
    world = ScriptedService(*[NotFound("no")] * 100)
    with pytest.raises(NotFound):
        await world.wait.cluster_running("c-1")
    assert UNSEEN <= sum(world.pauses) < UNSEEN + LAST_INTERVAL


async def test_a_cluster_that_was_seen_and_is_gone_ends_the_wait() -> None:
    with pytest.raises(NotFound):
        await ScriptedService(cluster("creating"), NotFound("gone")).wait.cluster_running("c-1")


async def test_on_change_is_called_with_the_failure_before_it_is_raised() -> None:
    heard: list[TaskStatus] = []
    with pytest.raises(TaskFailed):
        await ScriptedService(task("doing"), task("error")).wait.task("t-1", on_change=heard.append)
    assert heard == [task("doing"), task("error")]


async def test_a_failed_poll_is_no_change() -> None:
    heard: list[TaskStatus] = []
    await ScriptedService(task("doing"), PASSING[0], task("doing"), task("finish")).wait.task(
        "t-1", on_change=heard.append
    )
    assert heard == [task("doing"), task("finish")]


@pytest.mark.parametrize("error", [ValueError("mine"), errors.ConnectionLost("mine"), errors.NotFound("mine")])
@pytest.mark.parametrize("method", ["task", "cluster_deleted", "clusters_running"])
async def test_what_on_change_raises_ends_the_wait_even_if_a_poll_may_raise_it(error: Exception, method: str) -> None:
    def complain(_: Any) -> None:
        raise error

    states: dict[str, Any] = {"task": task("doing"), "cluster_deleted": cluster("running")}
    world = ScriptedService(states.get(method, [summary("c", "creating")]))
    with pytest.raises(type(error)) as caught:
        await getattr(world.wait, method)(["c"] if method == "clusters_running" else "c", on_change=complain)
    assert caught.value is error
    assert len(world.polls) == 1


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("method", ["event", "cluster_running", "cluster_deleted", "node_pool_ready"])
async def test_every_wait_reports_its_changes(method: str, is_async: bool) -> None:
    scripts: dict[str, list[Any]] = {
        "event": [event("doing"), event("doing"), event("success")],
        "cluster_running": [cluster("a"), cluster("a"), cluster("running")],
        "cluster_deleted": [cluster("a"), cluster("a"), cluster("b"), NotFound("gone")],
        "node_pool_ready": [pools(), pool(1, 3), pool(1, 3), pool(3, 3)],
    }
    expected = {
        "event": [event("doing"), event("success")],
        "cluster_running": [cluster("a"), cluster("running")],
        "cluster_deleted": [cluster("a"), cluster("b")],
        "node_pool_ready": [pool(1, 3).node_pool[0], pool(3, 3).node_pool[0]],
    }
    heard: list[Any] = []

    async def hear(state: Any) -> None:
        heard.append(state)

    on_change: Callable[[Any], Awaitable[None] | None] = hear if is_async else heard.append
    ids = ("c-1", "p-1") if method == "node_pool_ready" else ("c-1",)
    await getattr(ScriptedService(*scripts[method]).wait, method)(*ids, on_change=on_change)
    assert heard == expected[method]
