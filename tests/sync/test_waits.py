"""Waits that report to the caller's thread."""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import Any

import pytest

from cds_eks.errors import ConnectionLost, InvalidRequestError, NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterEvent, ClusterSummary, TaskStatus
from support.contract_clients import sync_client
from support.contract_server import HANG, Seen, Server, envelope
from support.eventually import EVENT_TIMEOUT, until


def statuses(*script: str) -> Any:
    """The statuses one after another; the last for ever."""
    left = list(script)

    def reply(seen: Seen) -> dict[str, Any]:
        return envelope({"TaskId": "t", "TaskStatus": left.pop(0) if len(left) > 1 else left[0]})

    return reply


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_eks.waiting.intervals.FIRST_INTERVAL", 0.01)
    monkeypatch.setattr("cds_eks.waiting.intervals.LAST_INTERVAL", 0.01)


def test_on_change_runs_in_the_thread_that_waits_and_may_call_the_client(server: Server) -> None:
    server.replies["TaskStatus"] = statuses("doing", "doing", "halfway", "finish")
    reported: list[tuple[str | None, int]] = []

    def report(task: TaskStatus) -> None:
        reported.append((task.task_status, threading.get_ident()))
        eks.clusters.list()

    with sync_client(server) as eks:
        assert eks.wait.task("t", on_change=report).task_status == "finish"
    me = threading.get_ident()
    assert reported == [("doing", me), ("halfway", me), ("finish", me)]
    assert [seen.action for seen in server.seen].count("ListClusters") == 3


def test_all_changes_are_reported_before_the_wait_returns_even_if_the_callback_takes_longer(server: Server) -> None:
    server.replies["TaskStatus"] = statuses("a", "b", "c", "finish")
    reported: list[str | None] = []

    def report(task: TaskStatus) -> None:
        if not reported:
            server.wait_for(4)  # the task has ended before the first change is dealt with
        reported.append(task.task_status)

    with sync_client(server) as eks:
        eks.wait.task("t", on_change=report)
    assert reported == ["a", "b", "c", "finish"]


def test_a_failure_comes_after_its_change_was_reported(server: Server) -> None:
    server.replies["TaskStatus"] = statuses("doing", "error")
    reported = []
    with sync_client(server) as eks, pytest.raises(TaskFailed) as caught:
        eks.wait.task("t", on_change=lambda task: reported.append(task.task_status))
    assert reported == ["doing", "error"]
    assert caught.value.task_id == "t"


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt(), SystemExit(1)])
def test_what_on_change_raises_ends_the_wait_and_cancels_it(server: Server, error: BaseException) -> None:
    answers = iter([envelope({"TaskId": "t", "TaskStatus": "doing"})])
    server.replies["TaskStatus"] = lambda seen: next(answers, HANG)

    def complain(task: TaskStatus) -> None:
        server.wait_for(2)  # the next poll is under way, and hangs
        raise error

    with sync_client(server) as eks:
        with pytest.raises(type(error)) as caught:
            eks.wait.task("t", on_change=complain)
        assert caught.value is error
        assert server.seen[1].is_dropped.wait(EVENT_TIMEOUT)
        assert eks.clusters.list().code == "Success"
    assert len(server.seen) == 3


def test_time_that_runs_out_is_reported_with_the_last_state(server: Server) -> None:
    server.replies["TaskStatus"] = statuses("doing")
    with sync_client(server) as eks, pytest.raises(WaitTimeout) as caught:
        eks.wait.task("t", timeout=0.1)
    assert (caught.value.task_id, caught.value.last.task_status) == ("t", "doing")


def test_every_wait_waits_for_what_it_says(server: Server) -> None:
    found = {"ClusterId": "c", "ClusterStatus": "running"}
    pool = {"Id": "p", "AvailableNodeCount": 2, "TotalNodeCount": 2, "Replicas": 1}
    gone = iter([envelope(found), {"Code": "ResourceNotFound"}])
    server.replies |= {
        "TaskStatus": statuses("doing", "finish"),
        "QueryEventStatus": envelope({"EventId": "e", "EventStatus": "success"}),
        "ListNodePool": envelope({"Total": 1, "NodePool": [pool]}),
        "ListClusters": envelope([found]),
        "GetCluster": envelope(found),
    }
    reported: list[Any] = []
    with sync_client(server) as eks:
        for on_change in (None, reported.append):
            assert eks.wait.task("t", on_change=on_change).task_status == "finish"
            assert eks.wait.event("e", timeout=None, on_change=on_change).event_status == "success"
            assert eks.wait.cluster_running("c", on_change=on_change).cluster_id == "c"
            assert eks.wait.node_pool_ready("c", "p", 2, on_change=on_change).id == "p"
            running = eks.wait.clusters_running(["c"], on_change=on_change)
            assert type(running["c"]) is ClusterSummary
        server.replies["GetCluster"] = lambda seen: next(gone)
        assert eks.wait.cluster_deleted("c", on_change=reported.append) is None  # type: ignore[func-returns-value]
    kinds = ["TaskStatus", "Event", "ClusterDetail", "NodePool", "ClusterSummary", "ClusterDetail"]
    assert [type(one).__name__ for one in reported] == kinds
    assert server.problems == []


def test_many_threads_wait_at_once(server: Server) -> None:
    server.replies["TaskStatus"] = statuses(*["doing"] * 40, "finish")
    results: list[str | None] = []
    with sync_client(server) as eks:
        threads = [
            threading.Thread(target=lambda: results.append(eks.wait.task("t", on_change=lambda _: None).task_status))
            for _ in range(16)
        ]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(EVENT_TIMEOUT)
        until(lambda: len(results) == 16)
        assert time.monotonic() - begin < 10
    assert set(results) == {"finish"}


def by_task(**scripts: list[str]) -> Any:
    """The statuses of each task, poll after poll; the last for ever."""

    def reply(seen: Seen) -> dict[str, Any]:
        states = scripts[seen.arguments["TaskId"]]
        status = states.pop(0) if len(states) > 1 else states[0]
        return envelope({"TaskId": seen.arguments["TaskId"], "TaskStatus": status})

    return reply


def test_many_tasks_and_pools_are_waited_for_and_an_idle_cluster(server: Server) -> None:
    found = {"ClusterId": "c", "ClusterStatus": "running"}
    server.replies |= {
        "TaskStatus": by_task(a=["doing", "finish"], b=["finish"]),
        "ListNodePool": envelope({"NodePool": [{"Id": "p", "AvailableNodeCount": 2, "Replicas": 2}]}),
        "GetCluster": envelope(found),
        "GetClusterEvents": envelope([{"Status": "finish"}]),
    }
    reported: list[str] = []
    with sync_client(server) as eks:
        tasks = eks.wait.tasks(["a", "b"], poll_interval=0.01, on_change=lambda task: reported.append(task.task_id))
        assert {id_: task.task_status for id_, task in tasks.items()} == {"a": "finish", "b": "finish"}
        assert sorted(reported) == ["a", "a", "b"]
        assert list(eks.wait.node_pools_ready({("c", "p"): 2}, poll_interval=0.01)) == [("c", "p")]
        assert eks.wait.idle("c", poll_interval=0.01).cluster_id == "c"


def test_each_is_an_iterator_that_may_be_broken_off_and_walked_in_another_thread(server: Server) -> None:
    server.replies["TaskStatus"] = by_task(a=["doing", "doing", "finish"], b=["finish"], c=["error"], d=["doing"])
    results: list[tuple[str, bool]] = []
    with sync_client(server) as eks:
        walk = eks.wait.each(["a", "b", "c", "d"], poll_interval=0.01)
        first = next(walk)
        results.append((first.id, first.error is None))
        more = ((done.id, done.error is None) for done in islice(walk, 2))
        thread = threading.Thread(target=lambda: results.extend(more))
        thread.start()
        thread.join(EVENT_TIMEOUT)
        walk.close()  # type: ignore[attr-defined]
        assert eks.clusters.list().code == "Success"
    assert sorted(results[:2]) == [("b", True), ("c", False)]
    assert results[2] == ("a", True)


def test_steps_are_reported_in_the_thread_that_waits_in_order_with_the_changes(server: Server) -> None:
    steps = iter([[("net", "doing")], [("net", "finish"), ("up", "doing")]])
    last: list[Any] = []

    def events(seen: Seen) -> dict[str, Any]:
        last[:] = next(steps, last)
        return envelope([{"SubtaskName": name, "Status": status} for name, status in last])

    server.replies |= {"TaskStatus": statuses("doing", "finish"), "GetClusterEvents": events}
    reported: list[Any] = []

    def report(step: ClusterEvent) -> None:
        reported.append((step.subtask_name, step.status, threading.get_ident()))
        eks.clusters.list()

    with sync_client(server) as eks:
        eks.wait.task("t", cluster_id="c", on_step=report, on_change=lambda task: reported.append(task.task_status))
        server.replies["TaskStatus"] = statuses("finish")
        eks.wait.task("t", cluster_id="c", on_step=reported.append)
        me = threading.get_ident()
        assert reported[:5] == ["doing", ("net", "doing", me), "finish", ("net", "finish", me), ("up", "doing", me)]
        assert [step.subtask_name for step in reported[5:]] == ["net", "up"]

        def complain(step: ClusterEvent) -> None:
            raise ConnectionLost("mine")

        with pytest.raises(ConnectionLost, match="mine"):
            eks.wait.task("t", cluster_id="c", on_step=complain)
        with pytest.raises(InvalidRequestError, match="on_step: must be callable"):
            eks.wait.task("t", cluster_id="c", on_step=7)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", [10**400, float("inf"), float("nan"), -1, True])
def test_a_timeout_that_can_not_be_is_refused(server: Server, timeout: Any) -> None:
    with sync_client(server) as eks, pytest.raises(InvalidRequestError, match="timeout"):
        eks.wait.task("t", timeout=timeout)
    assert server.seen == []


def test_a_deletion_is_known_to_the_client_that_asked_for_it_and_a_mistyped_id_is_not(server: Server) -> None:
    server.replies |= {
        "DeleteCluster": envelope({"ClusterId": "c", "TaskId": "t"}),
        "GetCluster": {"Code": "ResourceNotFound"},
    }
    with sync_client(server) as eks:
        eks.clusters.delete("c")
        eks.wait.cluster_deleted("c")
        with pytest.raises(NotFound, match="missing_ok=True"):
            eks.wait.cluster_deleted("d")
        eks.wait.cluster_deleted("d", missing_ok=True)
