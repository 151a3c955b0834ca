"""Threads that are none: gevent and eventlet patch the standard library; subinterpreters may forbid them."""

from __future__ import annotations

import importlib.util

import pytest

from cds_eks import EksClient
from cds_eks.errors import TransportError
from support.contract_clients import SETTINGS
from support.contract_server import Server
from sync.processes import run

PATCHES = {
    "gevent": """
from gevent import monkey
monkey.patch_all(thread={thread})
import gevent
def in_greenlets(call):
    jobs = [gevent.spawn(call) for _ in range(5)]
    gevent.joinall(jobs, timeout=20)
    return [job.value for job in jobs]
def kill(job):
    job.kill(block=False)
    gevent.sleep(0)
spawn = gevent.spawn
""",
    "eventlet": """
import sys
sys.modules["trio"] = None  # can't be imported after the patch
import eventlet
eventlet.monkey_patch(all=True, thread={thread})
def in_greenlets(call):
    return [job.wait() for job in [eventlet.spawn(call) for _ in range(5)]]
def kill(job):
    eventlet.spawn_n(job.kill)
    eventlet.sleep(0)
spawn = eventlet.spawn
""",
}

MESSAGE = (
    "gevent or eventlet has patched threading, so that this client's event loop would share a thread with one "
    "that runs already, of another client or your own: share one client, make its first call outside of an "
    "event loop, or leave threading as it is (`thread=False`)"
)
INSTALLED = [
    pytest.param(
        name,
        marks=[
            pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"needs {name}"),
            *([pytest.mark.slow] if name == "eventlet" else []),  # the same again, in other words
        ],
    )
    for name in PATCHES
]


@pytest.mark.parametrize("name", INSTALLED)
def test_one_client_works_for_all_greenlets_and_a_second_one_says_what_to_do(server: Server, name: str) -> None:
    script = """
eks = client()
say(eks.clusters.list().code, in_greenlets(lambda: eks.clusters.list().code))
second = client()
try:
    second.clusters.list()
except ConfigurationError as error:
    say(error.outcome, error.message)
eks.close()
say(second.clusters.list().code)
second.close()
"""
    ended = run(script, server, "-W", "ignore", before=PATCHES[name].format(thread=True))
    assert (ended.stderr, ended.code) == ("", 0)
    assert ended.lines == [
        f"Success {['Success'] * 5}",
        "not_sent " + MESSAGE,
        "Success",
    ]


# Has a cold client do something in the middle of its first use, once, on its event loop.
MEANWHILE = """
eks = client()
make_client = eks._portal._make_client
def interrupted():
    eks._portal._make_client = make_client
    meanwhile()
    return make_client()
eks._portal._make_client = interrupted
def outcome():
    try:
        return eks.clusters.list().code
    except EksError as error:
        return type(error).__name__, error.outcome, error.message
def loops():
    return len([thread for thread in threading.enumerate() if thread.name == "cds-eks"])
"""


@pytest.mark.parametrize("name", INSTALLED)
def test_the_first_calls_of_a_client_may_come_from_several_greenlets_at_once(server: Server, name: str) -> None:
    script = """
meanwhile = lambda: time.sleep(0.01)  # others run
say(in_greenlets(outcome), loops())
eks.close()
say(loops())
"""
    ended = run(MEANWHILE + script, server, "-W", "ignore", before=PATCHES[name].format(thread=True))
    assert (ended.stderr, ended.code, ended.lines) == ("", 0, [f"{['Success'] * 5} 1", "0"])


@pytest.mark.parametrize("name", INSTALLED)
def test_greenlets_that_wait_for_a_start_that_is_cut_off_start_again(server: Server, name: str) -> None:
    script = """
def first():
    try:
        outcome()
    finally:
        say("cut off")
jobs = []
def meanwhile():
    jobs.append(spawn(lambda: say(in_greenlets(outcome), loops())))
    time.sleep(0.01)  # they wait
    kill(starting)
starting = spawn(first)
until(lambda: jobs)
jobs[0].wait() if hasattr(jobs[0], "wait") else jobs[0].join()
eks.close()
"""
    ended = run(MEANWHILE + script, server, "-W", "ignore", before=PATCHES[name].format(thread=True))
    assert (ended.stderr, ended.code, ended.lines) == ("", 0, ["cut off", f"{['Success'] * 5} 1"])


@pytest.mark.parametrize("name", INSTALLED)
def test_a_client_that_another_greenlet_closes_while_it_starts_stays_closed(server: Server, name: str) -> None:
    script = """
meanwhile = lambda: eks.close()
say(outcome())
say(outcome())
until(lambda: not loops())
"""
    ended = run(MEANWHILE + script, server, "-W", "ignore", before=PATCHES[name].format(thread=True))
    assert (ended.stderr, ended.code) == ("", 0)
    assert ended.lines == [
        "('TransportError', 'not_sent', 'the client was closed while the call was under way')",
        "('ConfigurationError', 'not_sent', 'the client is closed')",
    ]
    assert server.seen == []


@pytest.mark.parametrize("name", INSTALLED)
def test_a_call_of_the_greenlet_that_starts_is_refused(server: Server, name: str) -> None:
    """A signal handler may interrupt it; it would wait for itself."""
    script = """
def handler(number, frame):
    try:
        eks.clusters.list()
    except RuntimeError as error:
        say(str(error)[:61])
signal.signal(signal.SIGUSR1, handler)
meanwhile = lambda: signal.raise_signal(signal.SIGUSR1)
say(outcome())
eks.close()
"""
    ended = run(MEANWHILE + script, server, "-W", "ignore", before=PATCHES[name].format(thread=True))
    assert (ended.stderr, ended.code) == ("", 0)
    assert ended.lines == ["a blocking call on the client's own event-loop thread (from a", "Success"]


@pytest.mark.parametrize("name", INSTALLED)
def test_any_number_of_clients_work_where_threading_is_left_as_it_is(server: Server, name: str) -> None:
    script = """
with client() as one, client() as two:
    say(one.clusters.list().code, two.clusters.list().code, in_greenlets(lambda: two.clusters.list().code))
"""
    ended = run(script, server, "-W", "ignore", before=PATCHES[name].format(thread=False))
    assert (ended.stderr, ended.code, ended.lines) == ("", 0, [f"Success Success {['Success'] * 5}"])


def test_threads_that_are_not_allowed_are_an_error_of_ours(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a subinterpreter of Python 3.12 that allows no daemon threads."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("daemon threads are disabled in this (sub)interpreter")

    with EksClient(endpoint=server.url, **SETTINGS) as eks:
        with monkeypatch.context() as patch:
            patch.setattr("threading.Thread.__init__", refuse)
            with pytest.raises(TransportError, match="daemon threads are disabled") as caught:
                eks.clusters.list()
        assert caught.value.outcome == "not_sent"
        assert eks.clusters.list().code == "Success"
