"""Waits for node pools, and for many clusters by one list."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from cds_eks import errors
from cds_eks.errors import EksError, NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterDetail, ClusterSummary, NodePoolList, TaskStatus
from cds_eks.waiting import UNSEEN, Waiters
from cds_eks.waiting.intervals import LAST_INTERVAL
from cds_eks.wire import Response
from support.eventually import EVENT_TIMEOUT
from support.scripted_service import ScriptedService, cluster, listed, pool, pools, summary, task
from unit.waiting.poll_world import PASSING, by_class

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("state", "replicas"),
    [
        (pool(3, 3, 3), None),
        (pool(3, None, 3), None),
        (pool(3, 3, 9), 3),
        (pool(3, 3, None), 3),
        (pool(0, 0, 0), None),
        (pool(0, 0, 5), 0),
        (pool(3, 3, 3, status="a state of 2030"), None),
    ],
)
async def test_a_node_pool_is_ready_when_it_has_just_its_nodes_and_all_are_up(
    state: NodePoolList, replicas: int | None
) -> None:
    world = ScriptedService(state)
    assert await world.wait.node_pool_ready("c-1", "p-1", replicas) == state.node_pool[0]
    assert world.asked == [("c-1", "p-1")]


@pytest.mark.parametrize(
    ("state", "replicas"),
    [
        (pools(), None),
        (pool(3, 3, 3, pool_id="another"), None),
        (pool(2, 3, 3), None),
        (pool(3, 4, 3), None),
        (pool(4, 5, 3), None),
        (pool(4, 4, 3, status="scaling"), None),
        (pool(None, 3, 3), None),
        (pool(None, None, 0), None),
        (pool(3, 3, None), None),
        (pool(3, 3, 3), 4),
        (pool(3, 3, 3, status="Deleting"), 0),
        (pool(3, 3, 3, status="scaling"), 2),
    ],
)
async def test_a_node_pool_is_not_ready_otherwise(state: NodePoolList, replicas: int | None) -> None:
    with pytest.raises(WaitTimeout) as caught:
        await ScriptedService(state).wait.node_pool_ready("c-1", "p-1", replicas, timeout=5)
    assert (caught.value.cluster_id, caught.value.node_pool_id) == ("c-1", "p-1")
    found = next((one for one in state.node_pool if one.id == "p-1"), None)
    assert caught.value.last == found


async def test_a_node_pool_is_found_among_others() -> None:
    state = pools(*pool(0, 0, 3, pool_id="p-0").node_pool, *pool(3, 3, 3).node_pool)
    assert (await ScriptedService(state).wait.node_pool_ready("c-1", "p-1")).id == "p-1"


@pytest.mark.parametrize("status", ["error", "failed", "CREATE_FAILED", "Scale Error"])
async def test_a_node_pool_in_error_fails_though_its_nodes_are_up(status: str) -> None:
    with pytest.raises(TaskFailed, match=f"in state '{status}'") as caught:
        await ScriptedService(pool(3, 3, 3, status=status)).wait.node_pool_ready("c-1", "p-1")
    assert caught.value.ids == {"cluster_id": "c-1", "node_pool_id": "p-1"}


async def test_many_clusters_take_one_list_a_poll() -> None:
    world = ScriptedService(listed(a="creating", b="running", other="error"), listed(a="running", b="running"))
    found = await world.wait.clusters_running(["a", "b"])
    assert found == {"a": summary("a", "running"), "b": summary("b", "running")}
    assert list(found) == ["a", "b"]
    assert (world.asked, world.lookups) == ([(), ()], [])


@pytest.mark.parametrize("kind", [list, tuple, dict.fromkeys, iter])
async def test_ids_given_twice_count_once_and_keep_their_order(kind: Callable[[list[str]], Iterable[str]]) -> None:
    heard: list[ClusterSummary] = []
    ids = kind(["b", "a", "b", "b"])
    found = await ScriptedService(listed(a="running", b="running")).wait.clusters_running(ids, on_change=heard.append)
    assert list(found) == ["b", "a"]
    assert heard == list(found.values())


async def test_a_cluster_that_is_not_listed_is_looked_up() -> None:
    world = ScriptedService(listed(a="running"))
    world.details = {"b": cluster("running", "up", "b")}
    found = await world.wait.clusters_running(["a", "b"])
    assert found == {"a": summary("a", "running"), "b": summary("b", "running", "up")}
    assert type(found["b"]) is ClusterSummary
    assert world.lookups == ["b"]


async def test_a_cluster_that_is_not_found_yet_is_pending() -> None:
    world = ScriptedService(listed(a="running"), listed(a="running"), listed(a="running", b="running"))
    world.details = {"b": NotFound("not yet")}
    assert list(await world.wait.clusters_running(["a", "b"])) == ["a", "b"]
    assert world.lookups == ["b", "b"]


async def test_look_ups_run_ten_at_a_time() -> None:
    world = ScriptedService([])
    ids = [f"c-{index}" for index in range(35)]
    running, most = 0, 0

    async def look_up(cluster_id: str) -> Response[ClusterDetail]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        running -= 1
        return Response(data=cluster("running", None, cluster_id))

    world.fetch_cluster = look_up
    assert list(await world.wait.clusters_running(ids)) == ids
    assert most == 10


@pytest.mark.parametrize("error", PASSING, ids=by_class)
async def test_a_look_up_that_fails_in_passing_does_not_end_the_wait(error: EksError) -> None:
    world = ScriptedService([], [], listed(a="running", b="running"))
    world.details = {"a": error, "b": cluster("creating", None, "b")}
    await world.wait.clusters_running(["a", "b"])
    assert len(world.polls) == 3


@pytest.mark.parametrize(
    "error", [errors.PermissionDenied("no"), errors.ConfigurationError("closed"), ZeroDivisionError(), OSError(24, "x")]
)
@pytest.mark.parametrize("count", [1, 40])
async def test_a_look_up_that_fails_for_good_ends_the_wait_with_just_that_error(error: Exception, count: int) -> None:
    """Never wrapped in an exception group, be it one or many that fail, ours or a bug."""
    world = ScriptedService([])
    world.details = {f"c-{index}": error for index in range(count)}
    with pytest.raises(type(error)) as caught:
        await world.wait.clusters_running(world.details)
    assert caught.value is error
    assert len(world.lookups) <= 10


async def test_a_list_that_fails_in_passing_does_not_end_the_wait_and_one_that_fails_for_good_does() -> None:
    await ScriptedService(PASSING[0], listed(a="running")).wait.clusters_running(["a"])
    with pytest.raises(errors.PermissionDenied):
        await ScriptedService(errors.PermissionDenied("no")).wait.clusters_running(["a"])


async def test_a_failed_cluster_is_raised_only_when_all_have_settled() -> None:
    world = ScriptedService(
        [summary("a", "error", "no stock"), summary("b", "creating"), summary("c", "error")],
        [summary("a", "error", "no stock"), summary("b", "running"), summary("c", "error")],
    )
    with pytest.raises(TaskFailed) as caught:
        await world.wait.clusters_running(["a", "b", "c"])
    error = caught.value
    assert len(world.polls) == 2
    assert error.message == "a: no stock; c: the cluster is in error"
    assert error.cluster_ids == ("a", "c")
    assert set(error.last) == {"a", "b", "c"}
    assert error.last["b"] == summary("b", "running")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.cluster_ids, copy.last) == (error.cluster_ids, error.last)


async def test_a_failed_cluster_that_recovers_is_no_failure() -> None:
    world = ScriptedService(listed(a="error", b="creating"), listed(a="running", b="running"))
    assert len(await world.wait.clusters_running(["a", "b"])) == 2


async def test_a_wait_timeout_lists_failed_and_pending_clusters_apart() -> None:
    world = ScriptedService(listed(a="running", b="creating", d="error"), listed(a="running", b="creating"))
    world.details = dict.fromkeys("cd", NotFound("not there"))
    with pytest.raises(WaitTimeout) as caught:
        await world.wait.clusters_running(["a", "b", "c", "d"], timeout=20)
    error = caught.value
    assert (error.failed_ids, error.pending_ids, error.cluster_ids) == (("d",), ("b", "c"), ("b", "c", "d"))
    assert error.last == {"a": summary("a", "running"), "b": summary("b", "creating"), "d": summary("d", "error")}
    assert error.message == (
        "2 of 4 did not end within 20 s: b: its last status was 'creating'; c: it was never seen. "
        "1 failed: d: it is gone"
    )
    assert "failed_ids=('d',), pending_ids=('b', 'c')" in str(error)
    assert "cluster_ids" not in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.cluster_ids, copy.last, str(copy)) == (error.cluster_ids, error.last, str(error))


async def test_a_cluster_of_many_that_has_vanished_is_settled() -> None:
    world = ScriptedService(listed(a="creating", b="creating"), listed(a="running"))
    world.details = {"b": NotFound("gone")}
    with pytest.raises(TaskFailed, match="b: it is gone") as caught:
        await world.wait.clusters_running(["a", "b"], timeout=None)
    assert (caught.value.failed_ids, caught.value.cluster_ids) == (("b",), ("b",))
    assert caught.value.last["a"] == summary("a", "running")


async def test_a_cluster_of_many_that_is_never_seen_fails_after_a_minute() -> None:
    world = ScriptedService(listed(a="running"))
    world.details = {"typo": NotFound("no")}
    with pytest.raises(TaskFailed, match="typo: it was never seen"):
        await world.wait.clusters_running(["a", "typo"], timeout=None)
    assert UNSEEN <= sum(world.pauses) < UNSEEN + LAST_INTERVAL


async def test_when_no_list_came_in_time_all_are_named() -> None:
    with pytest.raises(WaitTimeout) as caught:
        await ScriptedService(errors.Throttled("no")).wait.clusters_running(["a", "b"], timeout=20)
    assert (caught.value.cluster_ids, caught.value.last) == (("a", "b"), {})


@pytest.mark.parametrize("is_async", [False, True])
async def test_each_change_of_each_cluster_is_reported_once(is_async: bool) -> None:
    world = ScriptedService(
        listed(a="creating", b="creating"),
        listed(a="creating", b="running"),
        listed(b="running"),
        listed(a="running", b="running"),
    )
    world.details = {"a": cluster("creating", None, "a")}
    heard: list[tuple[str, str | None]] = []

    def hear(state: ClusterSummary) -> None:
        heard.append((state.cluster_id, state.cluster_status))

    async def hear_async(state: ClusterSummary) -> None:
        hear(state)

    await world.wait.clusters_running(["a", "b"], on_change=hear_async if is_async else hear)
    assert heard == [("a", "creating"), ("b", "creating"), ("b", "running"), ("a", "running")]


async def test_the_waiters_use_the_real_clock_random_and_sleep_by_default() -> None:
    async def fetch(task_id: str) -> Response[TaskStatus]:
        return Response(data=task("doing"))

    no: Any = ScriptedService(None).answer
    wait = Waiters(task=fetch, event=no, cluster=no, clusters=no, node_pools=no, steps=no)
    with anyio.fail_after(EVENT_TIMEOUT), pytest.raises(WaitTimeout):
        await wait.task("t-1", timeout=0.05)
