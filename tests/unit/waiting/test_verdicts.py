"""What statuses mean to the waits, however they are spelt, and what errors tell of them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.errors import NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterEvent
from cds_eks.schema.status import normal
from cds_eks.waiting import UNSEEN
from cds_eks.waiting.intervals import LAST_INTERVAL
from cds_eks.waiting.verdicts import judge_idle
from support.scripted_service import ScriptedService, cluster, event, listed, pool, task

pytestmark = pytest.mark.anyio

FAILURES = ["failed", "FAILED", "create_failed", "Create-Failed", "create failed", "ERROR", " error ", "ErrorCreating"]


@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize("wait", ["task", "event", "cluster_running", "clusters_running", "node_pool_ready", "tasks"])
async def test_a_status_like_error_or_failed_is_a_failure_in_every_wait(wait: str, status: str) -> None:
    state: dict[str, Any] = {
        "task": task(status),
        "tasks": task(status),
        "event": event(status),
        "cluster_running": cluster(status),
        "clusters_running": listed(c=status),
        "node_pool_ready": pool(1, 3, status=status),
    }
    ids: dict[str, Any] = {"node_pool_ready": ("c", "p-1"), "clusters_running": (["c"],), "tasks": (["t-1"],)}
    with pytest.raises(TaskFailed) as caught:
        await getattr(ScriptedService(state[wait]).wait, wait)(*ids.get(wait, ("c",)), timeout=60)
    assert status in str(caught.value) or normal(status) == "error"


@pytest.mark.parametrize(
    ("wait", "state"),
    [
        ("task", task("FINISH")),
        ("task", task(" Finished")),
        ("event", event("Success")),
        ("event", event("SUCCEEDED")),
        ("cluster_running", cluster("Running")),
        ("cluster_running", cluster("RUNNING ")),
    ],
    ids=repr,
)
async def test_success_is_success_however_it_is_spelt(wait: str, state: Any) -> None:
    assert await getattr(ScriptedService(state).wait, wait)("c") == state


async def test_an_unknown_status_is_logged_once_for_each_wait_and_value(caplog: pytest.LogCaptureFixture) -> None:
    odd = "Half\nway " + "x" * 100
    world = ScriptedService(task("Paused"), task("Paused"), task(odd), task("Paused"), task("finish"))
    await world.wait.task("t-1")
    told = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    words = "a status that is not known, the wait goes on:"
    assert told == [
        ("cds_eks.waiting", "WARNING", f"{words} 'Paused' of task_id t-1"),
        ("cds_eks.waiting", "WARNING", f"{words} 'Half\\nway {'x' * 71}…' of task_id t-1"),
    ]
    caplog.clear()
    half = listed(a="Paused", b="running")
    world = ScriptedService(listed(a="Paused", b="Paused"), half, half, listed(a="running", b="running"))
    await world.wait.clusters_running(["a", "b"])
    assert [record.getMessage() for record in caplog.records] == [
        f"{words} 'Paused' of cluster_id a",
        f"{words} 'Paused' of cluster_id b",
    ]


@pytest.mark.parametrize("status", ["doing", "DOING", "Deleting", "creating", "pending", None, "", "running"])
async def test_a_known_pending_status_is_not_logged(status: str | None, caplog: pytest.LogCaptureFixture) -> None:
    await ScriptedService(task(status), task("finish")).wait.task("t-1")
    assert caplog.records == []


async def test_the_last_status_stands_in_the_text_of_what_is_raised() -> None:
    with pytest.raises(WaitTimeout, match="it did not end within 5 s; its last status was 'creating'") as late:
        await ScriptedService(cluster("creating")).wait.cluster_running("c-1", timeout=5)
    assert late.value.status == "creating"
    with pytest.raises(TaskFailed, match=r"no stock \[status='Create_Failed', task_id=t-1") as failed:
        await ScriptedService(task("Create_Failed", "no stock")).wait.task("t-1")
    assert failed.value.status == "Create_Failed"
    copy = pickle.loads(pickle.dumps(failed.value))
    assert (copy.status, str(copy)) == ("Create_Failed", str(failed.value))
    with pytest.raises(WaitTimeout, match="it showed no status"):
        await ScriptedService(task(None)).wait.task("t-1", timeout=5)
    with pytest.raises(WaitTimeout, match=r"'scaling' \(2 nodes up of 3, 3 wanted\)"):
        await ScriptedService(pool(2, 3, status="scaling")).wait.node_pool_ready("c", "p-1", timeout=5)


@pytest.mark.parametrize("wait", ["task", "event", "cluster_running", "node_pool_ready", "idle"])
async def test_something_never_seen_may_appear_for_a_minute_and_the_error_says_so(wait: str) -> None:
    ids = ("c", "p-1") if wait == "node_pool_ready" else ("c",)
    with pytest.raises(WaitTimeout, match="it was never seen; the last 5 polls did not find it") as late:
        await getattr(ScriptedService(NotFound("no")).wait, wait)(*ids, timeout=6)
    assert late.value.last is None
    assert isinstance(late.value.__cause__, NotFound)
    world = ScriptedService(NotFound("no such thing"))
    with pytest.raises(NotFound, match=r"no such thing \(it was never seen\)") as caught:
        await getattr(world.wait, wait)(*ids, timeout=None)
    assert UNSEEN <= sum(world.pauses) < UNSEEN + LAST_INTERVAL
    assert list(caught.value.ids.values()) == list(ids)


@pytest.mark.parametrize(
    ("wait", "first", "last"),
    [
        ("task", task("doing"), task("finish")),
        ("event", event("doing"), event("success")),
        ("node_pool_ready", pool(0, 0), pool(3, 3)),
    ],
    ids=["task", "event", "node_pool_ready"],
)
async def test_what_was_just_begun_may_not_be_found_at_first_but_must_not_vanish(
    wait: str, first: Any, last: Any
) -> None:
    ids = ("c", "p-1") if wait == "node_pool_ready" else ("c",)
    assert await getattr(ScriptedService(NotFound("no"), NotFound("no"), first, last).wait, wait)(*ids)
    with pytest.raises(NotFound, match=r"gone \(it is gone\)"):
        await getattr(ScriptedService(first, NotFound("gone")).wait, wait)(*ids, timeout=None)


async def test_a_pool_that_vanishes_from_the_list_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"not among those of the cluster \(it is gone\)") as caught:
        await ScriptedService(pool(0, 0), pool(3, 3, pool_id="other")).wait.node_pool_ready("c", "p-1", timeout=None)
    assert (caught.value.action, caught.value.ids) == ("ListNodePools", {"cluster_id": "c", "node_pool_id": "p-1"})


async def test_a_wait_timeout_names_the_failures_of_the_last_polls() -> None:
    lost = errors.ConnectionLost("the service is not there")
    with pytest.raises(
        WaitTimeout, match="last status was 'doing'; the last 4 polls failed, at last with Conn"
    ) as late:
        await ScriptedService(task("doing"), lost).wait.task("t-1", timeout=6)
    assert late.value.__cause__ is lost
    with pytest.raises(WaitTimeout, match="never seen; the last 5 polls failed, at last with ConnectionLost: the serv"):
        await ScriptedService(lost).wait.task("t-1", timeout=6)
    with pytest.raises(WaitTimeout, match="the last poll failed with ConnectionLost"):
        await ScriptedService(*[task("doing")] * 4, lost).wait.task("t-1", timeout=6)
    with pytest.raises(WaitTimeout, match=r"never seen\. The last 5 polls failed, at last with Conn") as many:
        await ScriptedService(lost).wait.clusters_running(["a"], timeout=6)
    assert many.value.__cause__ is lost


@pytest.mark.parametrize("wait", ["task", "event", "cluster_running", "cluster_deleted", "idle", "node_pool_ready"])
async def test_every_error_that_leaves_a_wait_has_the_ids(wait: str) -> None:
    ids = ("c", "p-1") if wait == "node_pool_ready" else ("c",)
    with pytest.raises(errors.PermissionDenied) as caught:
        await getattr(ScriptedService(errors.PermissionDenied("no")).wait, wait)(*ids)
    assert list(caught.value.ids.values()) == list(ids)


# --- a cluster that is deleted


async def test_an_id_that_was_never_seen_is_no_deleted_cluster() -> None:
    world = ScriptedService(NotFound("no such cluster"))
    with pytest.raises(NotFound, match=r"never seen by this wait; .* pass missing_ok=True") as caught:
        await world.wait.cluster_deleted("typo")
    assert (caught.value.ids, len(world.polls)) == ({"cluster_id": "typo"}, 1)


@pytest.mark.parametrize("how", ["missing_ok", "task_id", "noted", "noted without a task", "seen"])
async def test_a_cluster_that_is_known_to_have_been_is_deleted_when_it_is_not_found(how: str) -> None:
    world = ScriptedService(*([cluster("deleting")] if how == "seen" else []), NotFound("gone"))
    if how.startswith("noted"):
        world.deletions.note("c-1", "" if "without" in how else "t-1")
    said: dict[str, Any] = {"missing_ok": {"missing_ok": True}, "task_id": {"task_id": "t-1"}}
    heard: list[Any] = []
    await world.wait.cluster_deleted("c-1", on_change=heard.append, **said.get(how, {}))
    assert heard == ([cluster("deleting")] if how == "seen" else [])


async def test_a_deletion_that_failed_ends_the_wait() -> None:
    world = ScriptedService(cluster("running"), cluster("Deleting"), cluster("running"))
    with pytest.raises(TaskFailed, match="it is running again: it was not deleted") as caught:
        await world.wait.cluster_deleted("c-1", timeout=None)
    assert (caught.value.cluster_id, len(world.polls)) == ("c-1", 3)


@pytest.mark.parametrize("status", ["running", "error"])
async def test_a_deletion_whose_task_failed_ends_the_wait_whatever_the_cluster_looks_like(status: str) -> None:
    for noted in (False, True):
        # Each poll of a cluster that does not look as if it was being deleted asks for the task as well.
        world = ScriptedService(
            cluster(status), task("doing"), cluster(status), NotFound("?"), cluster(status), task("error", "no")
        )
        if noted:
            world.deletions.note("c-1", "t-1")
        with pytest.raises(TaskFailed, match="no"):
            await world.wait.cluster_deleted("c-1", task_id=None if noted else "t-1", timeout=None)
        assert world.asked == [("c-1",), ("t-1",)] * 3


# --- a cluster that takes the next operation


def step(status: str, name: str = "Add nodes") -> ClusterEvent:
    return ClusterEvent(status=status, subtask_name=name, subtask_type="x", subtask_start_time="2026-01-01 00:00:00")


async def test_a_cluster_is_idle_when_neither_a_pool_nor_a_step_is_under_way() -> None:
    free = pool(3, 3, status="Running")
    # A poll of a running cluster reads it, its pools, and its steps.
    world = ScriptedService(
        *(cluster("creating"), cluster("running"), pool(3, 3, status="scaling")),
        *(cluster("running"), free, cluster("running"), free),
    )
    world.steps = [[], [step("FINISH"), step("doing")], [step("FINISH"), step("Success"), step("error")]]
    heard: list[Any] = []
    assert await world.wait.idle("c-1", on_change=heard.append) == cluster("running")
    assert len(world.asked) == 7
    assert world.asked[2] == ("c-1", None)
    assert heard == [cluster("creating"), cluster("running")]


async def test_a_wait_for_an_idle_cluster_says_what_is_under_way() -> None:
    world = ScriptedService(*[cluster("running"), pool(3, 3)] * 50)
    world.steps = [[step("doing")]]
    with pytest.raises(WaitTimeout, match=r"'running' \(step 'Add nodes' is 'doing'\)"):
        await world.wait.idle("c-1", timeout=6)
    with pytest.raises(WaitTimeout, match=r"'running' \(node pool p-1 is 'Scaling'\)"):
        await ScriptedService(*[cluster("running"), pool(3, 3, status="Scaling")] * 50).wait.idle("c-1", timeout=6)
    with pytest.raises(TaskFailed, match="in error"):
        await ScriptedService(cluster("Error")).wait.idle("c-1")


async def test_what_is_not_known_of_a_pool_or_a_step_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    world = ScriptedService(*[cluster("running"), pool(3, 3)] * 50)
    world.steps = [[step("paused")], [step("paused")], [step("done")]]
    await world.wait.idle("c-1")
    assert [record.getMessage() for record in caplog.records] == [
        "a status that is not known, the wait goes on: 'paused' of cluster_id c-1"
    ]


# --- a node pool with an autoscaler


async def test_a_pool_that_keeps_more_nodes_than_asked_for_is_ready_when_it_stays_so() -> None:
    world = ScriptedService(pool(3, 4, 2), pool(4, 4, 2))
    assert (await world.wait.node_pool_ready("c", "p-1", 2)).available_node_count == 4
    assert len(world.polls) == 8
    assert sum(world.pauses) > 15  # longer than reads are known to lag behind
    world = ScriptedService(pool(4, 4, 4))
    assert (await world.wait.node_pool_ready("c", "p-1", 2)).available_node_count == 4


async def test_a_pool_that_has_not_begun_to_shrink_is_not_ready() -> None:
    world = ScriptedService(
        pool(3, 3, 3), pool(3, 3, 2), pool(2, 3, 2, status="scaling"), pool(2, 2, 2, status="running")
    )
    assert (await world.wait.node_pool_ready("c", "p-1", 2)).total_node_count == 2


async def test_a_pool_that_wants_fewer_nodes_of_itself_fails_after_a_minute() -> None:
    world = ScriptedService(pool(2, 2, 2, status="running"))
    with pytest.raises(TaskFailed, match="has settled at 2 nodes of itself, 3 were asked for"):
        await world.wait.node_pool_ready("c", "p-1", 3, timeout=None)
    assert UNSEEN <= sum(world.pauses) < UNSEEN + LAST_INTERVAL


def test_a_cluster_that_does_not_run_is_not_idle_whatever_its_parts_say() -> None:
    settled = pool(3, 3, status="running").node_pool
    assert not judge_idle(cluster("creating"), settled, []).done
    assert judge_idle(cluster("running"), settled, []).done
