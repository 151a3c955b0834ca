"""Forks, in processes of their own: a child has a loop, connections and nonces of its own, the parent keeps its own."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cds_eks import EksClient
from cds_eks._runtime.private_names import ANYIO_ASYNCIO_BACKEND
from cds_eks.errors import ConfigurationError
from support.contract_clients import SETTINGS
from support.contract_server import Seen, Server, envelope
from support.eventually import EVENT_TIMEOUT
from support.forked_child import pass_for_child
from sync.processes import Ended, run

HEAD = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of a fork with threads, which is the point

def in_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except Exception:
            traceback.print_exc()
        sys.stdout.flush()
        sys.exit(0)  # the long way out: atexit, garbage and all
    return pid
"""


def fork(script: str, server: Server) -> Ended:
    """Run a script; each of its processes must end well and silently."""
    ended = run(HEAD + script, server)
    assert ended.stderr == ""
    assert ended.code == 0
    assert server.problems == []  # no nonce was used twice, by whichever process
    return ended


def ports(server: Server, keyword: str) -> set[int]:
    return {seen.port for seen in server.seen if seen.arguments.get("Keyword") == keyword}


def test_a_client_made_before_a_fork_is_used_on_both_sides(server: Server) -> None:
    script = """
eks = client()
pid = in_child(lambda: say("child", eks.clusters.list(keyword="child").code))
say("parent", eks.clusters.list(keyword="parent").code, reap(pid))
"""
    assert sorted(fork(script, server).lines) == ["child Success", "parent Success 0"]


def test_a_client_used_before_a_fork_is_used_on_both_sides_and_the_parent_s_connection_stays_good(
    server: Server,
) -> None:
    script = """
eks = client()
for _ in range(3): eks.clusters.list(keyword="parent")
def work():
    for _ in range(3): eks.clusters.list(keyword="child")
    say("child", len([thread for thread in threading.enumerate() if thread.name == "cds-eks"]))
pids = [in_child(work) for _ in range(3)]
say([reap(pid) for pid in pids])
for _ in range(3): eks.clusters.list(keyword="parent")
eks.close()
say("parent", threading.active_count())
"""
    assert fork(script, server).lines == ["child 1"] * 3 + ["[0, 0, 0]", "parent 1"]
    assert len(ports(server, "parent")) == 1
    assert len(ports(server, "child")) == 3
    assert not ports(server, "parent") & ports(server, "child")
    nonces = {seen.common["SignatureNonce"].partition("-")[0] for seen in server.seen}
    assert len(nonces) == 4


def test_a_fork_in_the_middle_of_another_thread_s_call_disturbs_neither(server: Server) -> None:
    def slow(seen: Seen) -> dict[str, Any]:
        with server.changed:
            server.changed.wait_for(lambda: any(seen.action == "Release" for seen in server.seen), EVENT_TIMEOUT)
        return envelope({"TaskId": "t", "TaskStatus": "finish"})

    server.replies["TaskStatus"] = slow
    server.replies["Waiting?"] = lambda seen: envelope(any(seen.action == "TaskStatus" for seen in server.seen))
    script = """
eks = client()
answers = []
calls = [lambda: eks.tasks.get_status("t").data.task_status, lambda: eks.wait.task("t", on_change=print).task_id]
threads = [threading.Thread(target=lambda call=call: answers.append(call())) for call in calls]
for thread in threads: thread.start()
until(lambda: eks.call("Waiting?")["Data"])
def work():
    say("child", eks.clusters.list().code, threading.active_count())
    eks.close()
    say("child", threading.active_count())
say(reap(in_child(work)))
eks.call("Release")
for thread in threads: thread.join(20)
say("parent", sorted(answers))
"""
    lines = fork(script, server).lines
    assert lines[:3] + lines[4:] == ["child Success 2", "child 1", "0", "parent ['finish', 't']"]
    assert lines[3].startswith("TaskStatus(")


def test_a_fork_while_the_locks_are_held_hangs_no_child(server: Server) -> None:
    script = """
eks = client()
eks.clusters.list()
is_held, release = threading.Event(), threading.Event()
def hold():
    with eks._portal._lock.of_this_process(), eks._portal._loop_thread._lock:
        is_held.set()
        release.wait(20)
holder = threading.Thread(target=hold)
holder.start()
is_held.wait(20)
say(reap(in_child(lambda: say("child", eks.clusters.list().code))))
release.set()
say("parent", eks.clusters.list().code)
"""
    assert fork(script, server).lines == ["child Success", "0", "parent Success"]


@pytest.mark.slow
def test_children_that_are_forked_while_threads_call_all_the_time_all_work(server: Server) -> None:
    """Whatever the threads are at when the fork comes: starting a loop, holding a lock, waiting.

    But for the process's very first call, which imports: a fork while another thread imports is beyond CPython itself.
    """
    script = """
stop = threading.Event()
clients = [client()]
clients[0].clusters.list()
def work():
    while not stop.is_set():
        clients[0].clusters.list()
        clients[0] = client()
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
codes = []
for _ in range(8):
    codes.append(reap(in_child(lambda: clients[0].clusters.list(keyword="child"))))
stop.set()
for thread in threads: thread.join(20)
say(set(codes))
"""
    assert fork(script, server).lines == ["{0}"]
    assert sum(seen.arguments.get("Keyword") == "child" for seen in server.seen) == 8


def test_a_child_that_uses_nothing_ends_cleanly(server: Server) -> None:
    script = """
eks = client()
eks.clusters.list()
nodes = eks.nodes.iterate("c")
next(nodes, None)
say([reap(in_child(lambda: None)), reap(in_child(lambda: eks.close())), reap(in_child(lambda: gc.collect()))])
def drop():
    global eks, nodes
    del eks, nodes
    gc.collect()
say(reap(in_child(drop)))
say("parent", eks.clusters.list().code)
"""
    assert fork(script, server).lines == ["[0, 0, 0]", "0", "parent Success"]


def test_a_child_of_a_child_works_too(server: Server) -> None:
    script = """
eks = client()
eks.clusters.list()
def work():
    say("child", eks.clusters.list().code)
    say("child", reap(in_child(lambda: say("grandchild", eks.clusters.list().code))))
    say("child", eks.clusters.list().code)
say(reap(in_child(work)))
say("parent", eks.clusters.list().code)
"""
    assert fork(script, server).lines == [
        "child Success",
        "grandchild Success",
        "child 0",
        "child Success",
        "0",
        "parent Success",
    ]
    assert len({seen.port for seen in server.seen}) == 3


def test_a_client_closed_before_a_fork_stays_closed(server: Server) -> None:
    script = """
eks = client()
eks.clusters.list()
eks.close()
def work():
    try:
        eks.clusters.list()
    except ConfigurationError as error:
        say(error.message)
say(reap(in_child(work)))
"""
    assert fork(script, server).lines == ["the client is closed", "0"]


def test_an_iterator_begun_before_a_fork_is_refused_in_the_child_and_goes_on_in_the_parent(server: Server) -> None:
    server.replies["ListNodes"] = lambda seen: envelope(
        [{"NodeId": "n-" + seen.arguments["PageIndex"]}] if int(seen.arguments["PageIndex"]) < 4 else []
    )
    script = """
eks = client()
nodes = eks.nodes.iterate("c")
next(nodes)
def work():
    try:
        next(nodes)
    except ConfigurationError as error:
        say(error.message)
    say([node.node_id for node in eks.nodes.iterate("c")])
say(reap(in_child(work)))
say([node.node_id for node in nodes])
"""
    assert fork(script, server).lines == [
        "what was begun before a fork can't go on in the child",
        "['n-1', 'n-2', 'n-3']",
        "0",
        "['n-2', 'n-3']",
    ]


def test_a_backend_of_one_s_own_is_refused_in_the_child_in_clear_words(server: Server) -> None:
    script = """
import httpx
eks = client(backend=httpx.AsyncHTTPTransport())
say(eks.clusters.list().code)
def work():
    with eks:
        for _ in range(2):
            try:
                eks.clusters.list()
            except ConfigurationError as error:
                say(error.message)
say(reap(in_child(work)))
say(eks.clusters.list().code)
eks.close()
"""
    message = "a client with a backend of your own can't be used after a fork: make a new one"
    assert fork(script, server).lines == ["Success", message, message, "0", "Success"]
    assert len({seen.port for seen in server.seen}) == 1


def test_multiprocessing_with_fork_uses_the_parent_s_client(server: Server) -> None:
    server.replies["ListClusters"] = lambda seen: envelope([{"ClusterId": seen.arguments["Keyword"]}])
    script = """
import multiprocessing
context = multiprocessing.get_context("fork")
eks = client()
eks.clusters.list(keyword="parent")
def work(keyword):
    return eks.clusters.list(keyword=keyword).data[0].cluster_id
with context.Pool(3) as pool:
    say(pool.map(work, [f"k{index}" for index in range(12)], chunksize=1))
process = context.Process(target=work, args=("one",))
process.start()
process.join(20)
say(process.exitcode)
say(work("parent"))
"""
    assert fork(script, server).lines == [str([f"k{index}" for index in range(12)]), "0", "parent"]
    assert len(ports(server, "parent")) == 1


def test_the_environment_of_the_child_does_not_matter(server: Server) -> None:
    script = """
os.environ |= {"CDS_SECRET_ID": %r, "CDS_SECRET_KEY": %r, "CDS_EKS_ENDPOINT": sys.argv[1]}
eks = EksClient()
for name in ("CDS_SECRET_ID", "CDS_SECRET_KEY", "CDS_EKS_ENDPOINT"): del os.environ[name]
say(reap(in_child(lambda: say(eks.clusters.list().code))))
"""
    credentials = SETTINGS["credentials"]
    script %= (credentials.access_key_id, credentials.secret_access_key)
    assert fork(script, server).lines == ["Success", "0"]


def test_the_refusal_of_a_backend_seen_in_this_process(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Backend:
        async def send(self, request: object) -> Any: ...

        async def aclose(self) -> None: ...

    eks = EksClient(endpoint=server.url, backend=Backend(), **SETTINGS)
    pid = threading.get_native_id() + 1_000_000
    pass_for_child(monkeypatch, pid)
    with pytest.raises(ConfigurationError, match="make a new one") as caught:
        eks.clusters.list()
    assert caught.value.outcome == "not_sent"


@pytest.mark.parametrize("slow", ["cds_eks.resources.clusters", ANYIO_ASYNCIO_BACKEND])
def test_a_fork_waits_until_what_another_thread_uses_for_the_first_time_is_there(server: Server, slow: str) -> None:
    """The child would inherit the lock of an import that nobody goes on with: its first call would wait for ever."""
    script = f"""
import importlib.abc
class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {slow!r} and os.getpid() == parent:
            importing.set()
            time.sleep(0.3)
parent, importing = os.getpid(), threading.Event()
sys.meta_path.insert(0, Slow())
eks, other = client(), client()
thread = threading.Thread(target=eks.clusters.list)
thread.start()
assert importing.wait(20)
def work():
    say("child", other.clusters.list().code)
    eks.close()
say(reap(in_child(work)))
thread.join()
"""
    assert fork(script, server).lines == ["child Success", "0"]


# --- forks that Python does not see, as of uWSGI: nothing that `os.register_at_fork` has is run

UNSEEN = (
    HEAD
    + """
import ctypes

def in_child(work):
    # Threads that want to go on just now would be lacking in the child, whose interpreter lock waits for them: that is
    # Python's own affair, and why it asks of programs in C to call PyOS_AfterFork_Child.
    time.sleep(0.1)
    pid = ctypes.PyDLL(None).fork()
    if pid == 0:
        signal.alarm(10)
        try:
            work()
        except Exception:
            traceback.print_exc()
        os._exit(0)
    return pid
"""
)


def unseen(script: str, server: Server) -> Ended:
    ended = run(UNSEEN + script, server)
    assert (ended.stderr, ended.code, server.problems) == ("", 0, [])
    return ended


@pytest.mark.parametrize("backend", ["httpx", "native"])
def test_a_child_of_an_unseen_fork_answers_with_nonces_of_its_own(server: Server, backend: str) -> None:
    script = f"""
eks, unused = client(backend={backend!r}), client(backend={backend!r})
eks.clusters.list(keyword="parent")
def work():
    for used in (eks, unused, client(backend={backend!r})): used.clusters.list(keyword="child")
    eks.close()
    say("child")
say([reap(in_child(work)) for _ in range(3)])
eks.clusters.list(keyword="parent")
eks.close()
"""
    assert unseen(script, server).lines == ["child"] * 3 + ["[0, 0, 0]"]
    assert len(ports(server, "parent")) == 1
    assert len(ports(server, "child")) == 9
    nonces = {seen.common["SignatureNonce"] for seen in server.seen}
    assert len(nonces) == len(server.seen) == 11
    assert len({seen.headers["cds-request-id"] for seen in server.seen}) == 11


def test_an_unseen_fork_in_the_middle_of_another_thread_s_call_with_all_locks_held(server: Server) -> None:
    def slow(seen: Seen) -> dict[str, Any]:
        with server.changed:
            server.changed.wait_for(lambda: any(seen.action == "Release" for seen in server.seen), EVENT_TIMEOUT)
        return envelope({"TaskId": "t", "TaskStatus": "finish"})

    server.replies |= {
        "TaskStatus": slow,
        "Waiting?": lambda seen: envelope(any(seen.action == "TaskStatus" for seen in server.seen)),
        "ListNodes": lambda seen: envelope([{"NodeId": "n"}]),
    }
    script = """
from cds_eks import Limits
from cds_eks._runtime import forks
from cds_eks.config import AdaptiveRate
rate = AdaptiveRate()
eks = client(limits=Limits(adaptive=rate))
answers = []
thread = threading.Thread(target=lambda: answers.append(eks.tasks.get_status("t").data.task_status))
thread.start()
until(lambda: eks.call("Waiting?")["Data"])
nodes = eks.nodes.iterate("c")
next(nodes)
is_held, release = threading.Event(), threading.Event()
def hold():
    with (
        eks._portal._lock.of_this_process(),
        eks._portal._loop_thread._lock,
        forks.first_use.of_this_process(),
        rate._lock.of_this_process(),
    ):
        is_held.set()
        release.wait(20)
holder = threading.Thread(target=hold)
holder.start()
is_held.wait(20)
def work():
    global eks
    try:
        next(nodes)
    except ConfigurationError as error:
        say(error.message)
    say("child", eks.clusters.list().code)
    del eks
    gc.collect()  # takes no lock of the parent's
say(reap(in_child(work)))
release.set()
eks.call("Release")
thread.join(20)
say("parent", answers)
"""
    assert unseen(script, server).lines == [
        "what was begun before a fork can't go on in the child",
        "child Success",
        "0",
        "parent ['finish']",
    ]


def test_an_async_client_is_refused_in_the_child_of_an_unseen_fork(server: Server) -> None:
    script = """
from cds_eks import AsyncEksClient
async def main():
    eks = AsyncEksClient(Credentials("AKID/test+key id", "secret/test+key=~"), endpoint=sys.argv[1])
    await eks.clusters.list()
    def work():
        for call in (eks.clusters.list(), eks.aclose()):
            try:
                call.send(None)
            except ConfigurationError as error:
                say(error.message)
    say(reap(in_child(work)))
    say((await eks.clusters.list()).code)
    await eks.aclose()
asyncio.run(main())
"""
    message = "the client belongs to the event loop of its first call: make one for each loop, and for each process"
    assert unseen(script, server).lines == [message, message, "0", "Success"]
