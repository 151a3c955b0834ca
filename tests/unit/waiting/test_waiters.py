"""Waiting for tasks, events, clusters and node pools; time, chance and sleep are the test's own."""

from __future__ import annotations

import math
import pickle
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from cds_eks import errors
from cds_eks._runtime.numbers import shown_number
from cds_eks.errors import EksError, InvalidRequestError, NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterDetail, ClusterSummary, NodePoolList, TaskStatus
from cds_eks.waiting import UNSEEN, Waiters
from cds_eks.waiting.intervals import LAST_INTERVAL
from cds_eks.wire import Response
from support.scripted_service import ScriptedService, cluster, event, listed, pool, pools, summary, task

pytestmark = pytest.mark.anyio

PASSING = [
    errors.ConnectionLost("lost"),
    errors.ConnectFailed("refused"),
    errors.TransportError("odd"),
    errors.Throttled("slow down"),
    errors.ServerFault("oops", http_status=500),
    errors.UnreadableResponse("a page", http_status=502),
    errors.UnreadableResponse("a page", http_status=408),
    errors.UnreadableResponse("half a body", http_status=200),
    errors.DeadlineExceeded("late"),
]
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


def by_class(error: EksError) -> str:
    return type(error).__name__


# --- when it polls


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


# --- what ends a wait well, and what goes on

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


# --- what ends it badly


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


# --- polls that fail


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


# --- real time, and cancellation


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
    with anyio.fail_after(10), pytest.raises(WaitTimeout) as caught:
        await getattr(world.wait, method)("the-id" if method == "task" else ["the-id"], timeout=0.03)
    assert fates == ["begun", "cut"]
    assert "the-id" in str(caught.value)


async def test_an_on_change_that_hangs_is_cut_when_the_time_is_up() -> None:
    async def hang(_: TaskStatus) -> None:
        await anyio.sleep(20)

    with anyio.fail_after(10), pytest.raises(WaitTimeout) as caught:
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


# --- on_change

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


# --- arguments

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


# --- node pools


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


# --- many clusters


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
    with anyio.fail_after(10), pytest.raises(WaitTimeout):
        await wait.task("t-1", timeout=0.05)
