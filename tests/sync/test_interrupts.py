"""Ctrl-C: a real SIGINT to a process of its own, in the middle of a call that hangs."""

from __future__ import annotations

import re
import signal
import time
from typing import Any

import pytest

from support.contract_server import HANG, Seen, Server, envelope
from support.eventually import EVENT_TIMEOUT
from sync.processes import finish, started

AT_ONCE = """
from cds_eks.sync import call as _call, event_loop_thread as _event_loop_thread
_call.GRACE_PERIOD = _event_loop_thread.JOIN_TIMEOUT = 30.0  # so that whoever waits for them is seen
"""
SCRIPT = """
eks = client()
eks.call("Warm")
try:
    {call}
except KeyboardInterrupt as error:
    say("interrupted", error.__cause__, [type(one).__name__ for one in (error.__context__,) if one])
until(lambda: len(__import__("asyncio").all_tasks(eks._portal.loop_thread().loop)) == 1)
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
    with started(SCRIPT.format(call=call), server, before=AT_ONCE) as process:
        server.wait_for(1 + len(actions))
        if name == "a pause of a wait":
            time.sleep(0.1)  # the answer has come, and the pause of 0.75 s or more has begun
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    warned = "Make ended, and its outcome is unknown: error=CancelledError, outcome=unknown"
    plain = re.sub(r"attempts=1, |call_id=[0-9a-f-]{36}, ", "", ended.stderr)
    assert plain.strip() == (warned if name == "a create" else "")
    assert ended.lines == ["interrupted None []", "cancelled", "Success 2", "1"]
    assert ended.code == 0
    assert ended.seconds < 10
    assert [seen.action for seen in server.seen] == ["Warm", *actions, "ListClusters"]
    if name != "a pause of a wait":
        assert server.seen[len(actions)].is_dropped.wait(EVENT_TIMEOUT)


def test_ctrl_c_without_a_handler_ends_the_program_with_a_plain_keyboard_interrupt(server: Server) -> None:
    server.replies["GetCluster"] = HANG
    with started("with client() as eks:\n    eks.clusters.get('c')", server, before=AT_ONCE) as process:
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    assert ended.code == -signal.SIGINT
    assert ended.stderr.strip().endswith("KeyboardInterrupt")
    assert "During handling" not in ended.stderr
    assert ended.seconds < 10


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
thread.join(20)
say(done)
eks.close()
"""

    def task(_: Seen) -> Any:
        with server.changed:
            server.changed.wait_for(lambda: any(seen.action == "Release" for seen in server.seen), EVENT_TIMEOUT)
        return envelope({"TaskId": "t", "TaskStatus": "finish"})

    server.replies["GetCluster"] = HANG
    server.replies["TaskStatus"] = task
    with started(script, server) as process:
        server.wait_for(2)
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    assert (ended.stderr, ended.lines, ended.code) == ("", ["interrupted", "['finish']"], 0)


# --- what Ctrl-C notes of a create ----------------------------------------------------------------------------------

NOTED = """
import logging
logging.disable()
eks = client({settings})
try:
    eks.network_interfaces.create("s-1", netcard_name="card", vpc_id="v-1")
except KeyboardInterrupt as error:
    say(*getattr(error, "__notes__", ["nothing"]))
say([(each.outcome, each.name, each.vpc_id, dict(each.ids), each.cause) for each in eks.open_creates])
eks.close()
say([each.outcome for each in eks.open_creates], eks.dismiss(eks.open_creates[0]), eks.open_creates)
"""


def test_ctrl_c_notes_a_create_that_may_have_been_carried_out(server: Server) -> None:
    server.replies["CreateNetworkInterface"] = HANG
    with started(NOTED.format(settings=""), server, before=AT_ONCE) as process:
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    key = "subnet_id='s-1' netcard_name='card'"
    assert ended.lines[0].startswith("CreateNetworkInterface may or may not have been carried out [attempts=1, ")
    assert all(word in ended.lines[0] for word in key.split())
    assert ended.lines[1] == "[('unknown', 'card', 'v-1', {}, 'KeyboardInterrupt')]"
    assert ended.lines[2:] == ["['unknown'] True ()"]
    assert (ended.stderr, ended.code) == ("", 0)
    assert ended.seconds < 10


AFTER_THE_ANSWER = """
import anyio

async def late(request, send):
    answer = await send(request)
    say("answered")
    try:
        await anyio.sleep_forever()
    except BaseException:
        with anyio.CancelScope(shield=True):
            await anyio.sleep({seconds})
        say("ended")
        raise
"""


def test_ctrl_c_notes_a_create_that_was_answered_with_its_ids(server: Server) -> None:
    server.replies["CreateNetworkInterface"] = envelope({"NetcardId": "n-1", "EventId": "e-1"})
    script = AFTER_THE_ANSWER.format(seconds=0) + NOTED.format(settings="per_call=[late]")
    with started(script, server) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "answered\n"
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    ended.lines.remove("ended")
    assert ended.lines[0].startswith(
        "CreateNetworkInterface was carried out [netcard_id=n-1, event_id=e-1, request_id="
    )
    assert ended.lines[1] == (
        "[('accepted', 'card', 'v-1', {'netcard_id': 'n-1', 'event_id': 'e-1'}, 'KeyboardInterrupt')]"
    )
    assert (ended.stderr, ended.code) == ("", 0)


def test_a_call_that_does_not_end_is_waited_for_no_longer_than_the_grace_period(server: Server) -> None:
    """What is known by then is noted on the error, and what comes later is among the client's open creates."""
    server.replies["CreateNetworkInterface"] = envelope({"NetcardId": "n-1", "EventId": "e-1"})
    grace_period = """
from cds_eks.sync import call
call.GRACE_PERIOD = 0.2
"""
    noted = NOTED.replace("say([(each.outcome", "say(time.monotonic() - began < 5)\nsay([(each.outcome").replace(
        "except KeyboardInterrupt as error:", "except KeyboardInterrupt as error:\n    began = time.monotonic()"
    )
    script = grace_period + AFTER_THE_ANSWER.format(seconds=30) + noted.format(settings="per_call=[late]")
    with started(script.replace("eks.close()", ""), server) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "answered\n"
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    assert ended.lines[0].startswith("CreateNetworkInterface was carried out [netcard_id=n-1")
    assert ended.seconds < 10


def test_a_second_ctrl_c_leaves_at_once_and_the_first_one_still_has_its_note(server: Server) -> None:
    server.replies["CreateNetworkInterface"] = envelope({"NetcardId": "n-1", "EventId": "e-1"})
    grace_period = """
from cds_eks.sync import call
call.GRACE_PERIOD = 30
handle = signal.getsignal(signal.SIGINT)

def twice(number, frame):
    signal.signal(signal.SIGINT, handle)
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    handle(number, frame)

signal.signal(signal.SIGINT, twice)
"""
    noted = NOTED.replace('error, "__notes__"', 'error.__context__, "__notes__"').replace("eks.close()", "")
    script = grace_period + AFTER_THE_ANSWER.format(seconds=30) + noted.format(settings="per_call=[late]")
    with started(script, server) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "answered\n"
        process.send_signal(signal.SIGINT)
        ended = finish(process)
    assert ended.lines[0].startswith("CreateNetworkInterface was carried out [netcard_id=n-1")
    assert ended.seconds < 10


def test_ctrl_c_before_the_call_has_begun_says_that_nothing_was_sent(server: Server) -> None:
    script = """
eks = client()
eks.call("Warm")
eks._portal.loop_thread().loop.call_soon_threadsafe(time.sleep, 0.5)
threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    eks.call("Make", method="POST")
except KeyboardInterrupt as error:
    say(*error.__notes__)
say(eks.open_creates)
eks.close()
"""
    with started(script, server) as process:
        ended = finish(process)
    assert ended.lines == ["the call had not begun: nothing was sent", "()"]
    assert [seen.action for seen in server.seen] == ["Warm"]
