"""Waits that report to the caller's thread."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from operations.faces import sync_client
from operations.server import HANG, Seen, Server, envelope
from patience import until

from cds_eks.errors import TaskFailed, WaitTimeout
from cds_eks.models import ClusterSummary, TaskStatus


def statuses(*script: str) -> Any:
    """Task after task as told; the last for ever."""
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
    heard: list[tuple[str | None, int]] = []

    def hear(task: TaskStatus) -> None:
        heard.append((task.task_status, threading.get_ident()))
        eks.clusters.list()

    with sync_client(server) as eks:
        assert eks.wait.task("t", on_change=hear).task_status == "finish"
    me = threading.get_ident()
    assert heard == [("doing", me), ("halfway", me), ("finish", me)]
    assert [seen.action for seen in server.seen].count("ListClusters") == 3


def test_all_changes_are_heard_before_the_wait_returns_even_if_hearing_takes_longer(server: Server) -> None:
    server.replies["TaskStatus"] = statuses("a", "b", "c", "finish")
    heard: list[str | None] = []

    def hear(task: TaskStatus) -> None:
        if not heard:
            server.wait_for(4)  # the task has ended before the first change is dealt with
        heard.append(task.task_status)

    with sync_client(server) as eks:
        eks.wait.task("t", on_change=hear)
    assert heard == ["a", "b", "c", "finish"]


def test_a_failure_comes_after_its_change_was_heard(server: Server) -> None:
    server.replies["TaskStatus"] = statuses("doing", "error")
    heard = []
    with sync_client(server) as eks, pytest.raises(TaskFailed) as caught:
        eks.wait.task("t", on_change=lambda task: heard.append(task.task_status))
    assert heard == ["doing", "error"]
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
        assert server.seen[1].is_dropped.wait(5)
        assert eks.clusters.list().code == "Success"
    assert len(server.seen) == 3


def test_time_that_runs_out_is_told_with_the_last_state(server: Server) -> None:
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
    heard: list[Any] = []
    with sync_client(server) as eks:
        for on_change in (None, heard.append):
            assert eks.wait.task("t", on_change=on_change).task_status == "finish"
            assert eks.wait.event("e", timeout=None, on_change=on_change).event_status == "success"
            assert eks.wait.cluster_running("c", on_change=on_change).cluster_id == "c"
            assert eks.wait.node_pool_ready("c", "p", 2, on_change=on_change).id == "p"
            running = eks.wait.clusters_running(["c"], on_change=on_change)
            assert type(running["c"]) is ClusterSummary
        server.replies["GetCluster"] = lambda seen: next(gone)
        assert eks.wait.cluster_deleted("c", on_change=heard.append) is None  # type: ignore[func-returns-value]
    kinds = ["TaskStatus", "Event", "ClusterDetail", "NodePool", "ClusterSummary", "ClusterDetail"]
    assert [type(one).__name__ for one in heard] == kinds
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
            thread.join(10)
        until(lambda: len(results) == 16)
        assert time.monotonic() - begin < 10
    assert set(results) == {"finish"}
