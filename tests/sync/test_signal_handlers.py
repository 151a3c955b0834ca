"""Blocking calls of signal handlers, with real signals; each in a process of its own, with patience that ends."""

from __future__ import annotations

import re
import sys

import pytest

from support.contract_server import HANG, Server, envelope
from support.eventually import EVENT_TIMEOUT
from sync.processes import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

# What is loaded for the first time raises the signal in its midst: no timing is left to chance.
DURING = """
import importlib.abc

class Interrupting(importlib.abc.MetaPathFinder):
    def __init__(self, name):
        self.name = name

    def find_spec(self, name, path, target=None):
        if name == self.name:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGUSR1)

said = []

def handler(number, frame):
    try:
        said.append(eks.clusters.list().code)
    except ConfigurationError as error:
        said.append((error.outcome, "signal handler" in str(error)))

signal.signal(signal.SIGUSR1, handler)
"""


def test_a_call_while_the_first_one_loads_what_it_needs_is_refused_and_the_first_one_goes_on(server: Server) -> None:
    script = """
eks = client()
from cds_eks._runtime.private_names import ANYIO_ASYNCIO_BACKEND
sys.meta_path.insert(0, Interrupting(ANYIO_ASYNCIO_BACKEND))
say(eks.clusters.list().code, said)
signal.raise_signal(signal.SIGUSR1)
say(said, len([thread for thread in threading.enumerate() if thread.name == "cds-eks"]))
eks.close()
say(threading.active_count())
"""
    ended = run(DURING + script, server)
    refused = "('not_sent', True)"
    assert ended.lines == [f"Success [{refused}]", f"[{refused}, 'Success'] 1", "1"]
    assert (ended.stderr, ended.code) == ("", 0)


def test_a_call_while_a_model_is_loaded_is_refused(server: Server) -> None:
    """The client's thread would need the same modules, and wait for this one for ever."""
    script = """
eks = client()
from cds_eks import models
sys.meta_path.insert(0, Interrupting("cds_eks.models.clusters"))
say(models.ClusterDetail.__name__, said)
say(eks.clusters.list().code)
eks.close()
"""
    ended = run(DURING + script, server)
    assert ended.lines == ["ClusterDetail [('not_sent', True)]", "Success"]
    assert (ended.stderr, ended.code) == ("", 0)


def test_a_call_while_the_clients_thread_starts_leaves_one_thread(server: Server) -> None:
    script = """
eks = client()
start = threading.Thread.start

def interrupted(thread):
    threading.Thread.start = start
    signal.raise_signal(signal.SIGUSR1)
    start(thread)

eks._portal._make_client, make_client = lambda: make_client(), eks._portal._make_client
threading.Thread.start = interrupted
say(eks.clusters.list().code, said)
until(lambda: len([thread for thread in threading.enumerate() if thread.name == "cds-eks"]) == 1)
say(eks.clusters.list().code)
eks.close()
until(lambda: threading.active_count() == 1)
"""
    ended = run(DURING + script, server)
    assert ended.lines == ["Success ['Success']", "Success"]
    assert (ended.stderr, ended.code) == ("", 0)


def test_a_call_in_the_middle_of_another_one_works(server: Server) -> None:
    script = """
eks = client()
threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()

def handler(number, frame):
    say("in between", eks.clusters.list().code)
    eks.call("Release")

signal.signal(signal.SIGUSR1, handler)
say(eks.tasks.get_status("t").data.task_status)
eks.close()
"""

    def task(_: object) -> object:
        with server.changed:
            server.changed.wait_for(lambda: any(seen.action == "Release" for seen in server.seen), EVENT_TIMEOUT)
        return envelope({"TaskId": "t", "TaskStatus": "finish"})

    server.replies["TaskStatus"] = task
    ended = run(DURING + script, server)
    assert ended.lines == ["in between Success", "finish"]
    assert (ended.stderr, ended.code) == ("", 0)


def test_what_a_handler_raises_out_of_a_blocking_create_has_a_note_on_it(server: Server) -> None:
    server.replies["Make"] = HANG
    script = """
import logging
logging.disable()
eks = client()

class OutOfPatience(BaseException):
    pass

def handler(number, frame):
    raise OutOfPatience

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    eks.call("Make", method="POST", body={"ClusterName": "gpu"})
except OutOfPatience as error:
    say(*error.__notes__)
say([(each.action, each.outcome, dict(each.natural_key)) for each in eks.open_creates])
eks.close()
"""
    ended = run(script, server)
    note, found = ended.lines
    assert re.sub(r", call_id=[0-9a-f-]{36}", "", note) == (
        "Make may or may not have been carried out [attempts=1, outcome=unknown, look_for=ClusterName='gpu']; "
        "it is among the client's `open_creates`"
    )
    assert found == "[('Make', 'unknown', {'ClusterName': 'gpu'})]"
    assert (ended.stderr, ended.code) == ("", 0)
