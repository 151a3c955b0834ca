"""Waits that end badly, and polls that fail."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.errors import EksError, NotFound, TaskFailed, WaitTimeout
from support.scripted_service import ScriptedService, cluster, event, pool, task
from unit.waiting.poll_world import PASSING, by_class

pytestmark = pytest.mark.anyio


LASTING = [
    errors.NotFound("no"),
    errors.PermissionDenied("no"),
    errors.AuthenticationError("no"),
    errors.BadArgument("no"),
    errors.Conflict("no"),
    errors.QuotaExceeded("no"),
    errors.ServiceError("no"),
    errors.InvalidRequestError("task_id", "no"),
    errors.ConfigurationError("closed"),
    errors.UnreadableResponse("a page", http_status=404),
    errors.UnreadableResponse("a page", http_status=302),
]


async def test_a_failed_task_raises_its_message_and_its_id() -> None:
    world = ScriptedService(task("doing"), task("error", "no stock of this GPU"))
    with pytest.raises(TaskFailed) as caught:
        await world.wait.task("t-1")
    error = caught.value
    assert (error.message, error.task_id, error.ids) == ("no stock of this GPU", "t-1", {"task_id": "t-1"})
    assert error.last == task("error", "no stock of this GPU")
    assert (error.outcome, error.event_id, error.cluster_id, error.cluster_ids) == ("accepted", None, None, ())
    assert "t-1" in str(error)


@pytest.mark.parametrize("msg", [None, ""])
async def test_a_failed_task_without_a_message_still_says_what_happened(msg: str | None) -> None:
    with pytest.raises(TaskFailed, match="the task failed"):
        await ScriptedService(task("error", msg)).wait.task("t-1")


async def test_the_message_of_a_failure_is_one_line_of_bounded_length() -> None:
    long = "no capacity\n\x1b[31m" * 10_000
    for given, wait, ids in (
        (task("error", long), "task", ["t-1"]),
        (task(f"error {long}", ""), "task", ["t-1"]),
        (event("failed", long), "event", ["e-1"]),
        (event(f"failed {long}"), "event", ["e-1"]),
        (cluster("error", long), "cluster_running", ["c-1"]),
        (cluster(f"error {long}"), "cluster_running", ["c-1"]),
        (pool(0, 1, status=f"failed {long}"), "node_pool_ready", ["c-1", "p-1"]),
    ):
        with pytest.raises(TaskFailed) as caught:
            await getattr(ScriptedService(given).wait, wait)(*ids)
        assert len(caught.value.message) < 1100
        assert str(caught.value).isprintable()


async def test_a_status_that_is_empty_is_not_shown() -> None:
    with pytest.raises(WaitTimeout) as caught:
        await ScriptedService(task("")).wait.task("t-1", timeout=1)
    assert "status=" not in str(caught.value)


@pytest.mark.parametrize("status", ["failed", "error"])
async def test_a_failed_event_raises_its_text_and_its_id(status: str) -> None:
    with pytest.raises(TaskFailed, match="挂载失败") as caught:
        await ScriptedService(event(status, "挂载失败")).wait.event("e-1")
    assert (caught.value.event_id, caught.value.last) == ("e-1", event(status, "挂载失败"))
    with pytest.raises(TaskFailed, match=f"ended with '{status}'"):
        await ScriptedService(event(status)).wait.event("e-1")


@pytest.mark.parametrize("method", ["cluster_running", "cluster_deleted"])
async def test_a_cluster_in_error_raises_its_text_and_its_id(method: str) -> None:
    with pytest.raises(TaskFailed, match="部署失败") as caught:
        await getattr(ScriptedService(cluster("creating"), cluster("error", "部署失败")).wait, method)("c-1")
    assert (caught.value.cluster_id, caught.value.last) == ("c-1", cluster("error", "部署失败"))
    with pytest.raises(TaskFailed, match="the cluster is in error"):
        await getattr(ScriptedService(cluster("creating"), cluster("error")).wait, method)("c-1")
    with pytest.raises(TaskFailed, match="the cluster is in error"):  # a text that says no more than the status
        await getattr(ScriptedService(cluster("creating"), cluster("error", "Error")).wait, method)("c-1")


async def test_a_cluster_that_never_came_up_is_in_error() -> None:
    with pytest.raises(TaskFailed, match="the cluster is in error"):
        await ScriptedService(cluster("error")).wait.cluster_running("c-1")


async def test_a_cluster_in_error_can_be_waited_for_until_it_is_deleted() -> None:
    world = ScriptedService(cluster("error"), cluster("error"), cluster("deleting"), NotFound("gone"))
    await world.wait.cluster_deleted("c-1")
    assert len(world.polls) == 4
    with pytest.raises(TaskFailed):
        await ScriptedService(cluster("error"), cluster("deleting"), cluster("error")).wait.cluster_deleted("c-1")


@pytest.mark.parametrize("method", ["task", "event", "cluster_running", "cluster_deleted"])
async def test_a_wait_timeout_has_the_ids_and_the_last_state(method: str) -> None:
    states: dict[str, Any] = {"task": task("doing"), "event": event("doing")}
    state = states.get(method, cluster("creating"))
    with pytest.raises(WaitTimeout, match="it did not end within 30 s") as caught:
        await getattr(ScriptedService(state).wait, method)("the-id", timeout=30)
    error = caught.value
    assert error.last == state
    assert list(error.ids.values()) == ["the-id"]
    assert "the-id" in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize("kind", [TaskFailed, WaitTimeout])
async def test_what_a_wait_raises_can_be_pickled_with_its_ids_and_its_last_state(
    kind: type[TaskFailed | WaitTimeout],
) -> None:
    world = ScriptedService(task("error" if kind is TaskFailed else "doing", "why"))
    with pytest.raises(kind) as caught:
        await world.wait.task("t-1")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is kind
    assert (copy.task_id, copy.last, copy.message, str(copy)) == (
        "t-1",
        caught.value.last,
        caught.value.message,
        str(caught.value),
    )


@pytest.mark.parametrize("error", PASSING, ids=by_class)
@pytest.mark.parametrize("method", ["task", "event", "cluster_running", "cluster_deleted"])
async def test_a_poll_that_fails_in_passing_does_not_end_the_wait(error: EksError, method: str) -> None:
    ends: dict[str, Any] = {"task": task("finish"), "event": event("success"), "cluster_running": cluster("running")}
    world = ScriptedService(error, error, ends.get(method, NotFound("gone")))
    world.deletions.note("the-id", "")
    await getattr(world.wait, method)("the-id")
    assert len(world.polls) == 3
    assert len(world.pauses) == 2


@pytest.mark.parametrize("error", LASTING, ids=by_class)
@pytest.mark.parametrize("method", ["task", "event", "cluster_running", "cluster_deleted"])
async def test_a_poll_that_fails_for_good_ends_the_wait(error: EksError, method: str) -> None:
    if isinstance(error, NotFound):  # what is not found may appear yet, and is what `cluster_deleted` waits for
        error = errors.PermissionDenied("no")
    world = ScriptedService(PASSING[0], error)
    with pytest.raises(type(error)) as caught:
        await getattr(world.wait, method)("the-id")
    assert caught.value is error
    assert list(error.ids.values()) == ["the-id"]
    assert len(world.polls) == 2
    error.ids = {}


async def test_time_that_ran_out_while_polls_failed_names_their_failure_as_its_cause() -> None:
    lost = errors.ConnectionLost("lost")
    with pytest.raises(WaitTimeout) as caught:
        await ScriptedService(task("doing"), lost).wait.task("t-1", timeout=10)
    assert caught.value.__cause__ is lost
    assert caught.value.last == task("doing")


async def test_a_failure_that_has_passed_is_not_named_as_the_cause() -> None:
    with pytest.raises(WaitTimeout) as caught:
        await ScriptedService(errors.ConnectionLost("lost"), task("doing")).wait.task("t-1", timeout=10)
    assert caught.value.__cause__ is None


async def test_when_no_poll_succeeded_there_is_no_last_state() -> None:
    with pytest.raises(WaitTimeout) as caught:
        await ScriptedService(errors.Throttled("no")).wait.task("t-1", timeout=10)
    assert caught.value.last is None


async def test_a_bug_in_a_poll_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        await ScriptedService(ZeroDivisionError()).wait.task("t-1")
