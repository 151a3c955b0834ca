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
    gevent.joinall(jobs, timeout=10)
    return [job.value for job in jobs]
""",
    "eventlet": """
import sys
sys.modules["trio"] = None  # can't be imported after the patch
import eventlet
eventlet.monkey_patch(all=True, thread={thread})
def in_greenlets(call):
    return [job.wait() for job in [eventlet.spawn(call) for _ in range(5)]]
""",
}

MESSAGE = (
    "gevent or eventlet has patched threading, so that the event loops of two clients would share a thread: "
    "share one client, or leave threading as it is (`thread=False`)"
)
INSTALLED = [
    pytest.param(name, marks=pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"needs {name}"))
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
