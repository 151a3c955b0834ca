"""Ctrl-C: a real SIGINT to a process of its own, in the middle of a call that hangs."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest
from operations.server import HANG, Seen, Server, envelope

from sync.processes import finish, started

SCRIPT = """
eks = client()
eks.call("Warm")
try:
    {call}
except KeyboardInterrupt as error:
    say("interrupted", error.__cause__, [type(one).__name__ for one in (error.__context__,) if one])
until(lambda: len(__import__("asyncio").all_tasks(eks._portal._running()._call_soon.__self__)) == 1)
say("cancelled")
say(eks.clusters.list().code, threading.active_count())
eks.close()
say(threading.active_count())
"""

CALLS = {
    "a call": ("eks.clusters.get('c')", ["GetCluster"]),
    "a create": ("eks.call('Make', method='POST', body={})", ["Make"]),
    "a poll of a wait": ("eks.wait.task('t', timeout=60)", ["TaskStatus"]),
    "a pause of a wait": ("eks.wait.event('e', timeout=60)", ["QueryEventStatus"]),
    "a wait that reports": ("eks.wait.task('t', on_change=print)", ["TaskStatus"]),
    "the first page": ("list(eks.nodes.iterate('c-1'))", ["ListNodes"]),
    "the second page": ("list(eks.nodes.iterate('c-2'))", ["ListNodes", "ListNodes"]),
}


def nodes(seen: Seen) -> Any:
    if seen.arguments["ClusterId"] == "c-2" and seen.arguments["PageIndex"] == "1":
        return envelope([{"NodeId": "n"}])
    return HANG


@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c_ends_the_wait_at_once_cancels_the_call_and_leaves_the_client_usable(server: Server, name: str) -> None:
    call, actions = CALLS[name]
    server.replies |= dict.fromkeys(("GetCluster", "Make", "TaskStatus"), HANG)
    server.replies["QueryEventStatus"] = envelope({"EventId": "e", "EventStatus": "doing"})
    server.replies["ListNodes"] = nodes
    with started(SCRIPT.format(call=call), server) as process:
        server.wait_for(1 + len(actions))
        if name == "a pause of a wait":
            time.sleep(0.1)  # the answer has come, and the pause of 0.75 s or more has begun
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    assert ended.complaints == ""
    assert ended.lines == ["interrupted None []", "cancelled", "Success 2", "1"]
    assert ended.code == 0
    assert ended.seconds < 3
    assert [seen.action for seen in server.seen] == ["Warm", *actions, "ListClusters"]
    if name != "a pause of a wait":
        assert server.seen[len(actions)].is_dropped.wait(5)


def test_ctrl_c_without_a_handler_ends_the_program_with_a_plain_keyboard_interrupt(server: Server) -> None:
    server.replies["GetCluster"] = HANG
    with started("with client() as eks:\n    eks.clusters.get('c')", server) as process:
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    assert ended.code == -signal.SIGINT
    assert ended.complaints.strip().endswith("KeyboardInterrupt")
    assert "During handling" not in ended.complaints
    assert ended.seconds < 3


def test_ctrl_c_in_a_thread_pool_leaves_the_other_threads_calls_alone(server: Server) -> None:
    """Python delivers it to the main thread; the calls of other threads go on."""
    script = """
eks = client()
done = []
thread = threading.Thread(target=lambda: done.append(eks.tasks.get_status("t").data.task_status))
thread.start()
try:
    eks.clusters.get("c")
except KeyboardInterrupt:
    say("interrupted")
eks.call("Release")
thread.join(10)
say(done)
eks.close()
"""

    def task(_: Seen) -> Any:
        with server.changed:
            server.changed.wait_for(lambda: any(seen.action == "Release" for seen in server.seen), 10)
        return envelope({"TaskId": "t", "TaskStatus": "finish"})

    server.replies["GetCluster"] = HANG
    server.replies["TaskStatus"] = task
    with started(script, server) as process:
        server.wait_for(2)
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    assert (ended.complaints, ended.lines, ended.code) == ("", ["interrupted", "['finish']"], 0)
