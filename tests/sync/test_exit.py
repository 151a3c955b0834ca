"""The end of the interpreter: exit code 0, soon, and not a word on stderr."""

from __future__ import annotations

import pytest

from support.contract_server import HANG, Seen, Server, envelope
from sync.processes import Ended, run

PROMPTLY = 10.0

SCRIPTS = {
    "without close": """
eks = client()
say(eks.clusters.list().code)
""",
    "never used": """
eks = client()
""",
    "closed": """
with client() as eks:
    say(eks.clusters.list().code)
""",
    "dropped": """
say(client().clusters.list().code)
""",
    "held by a cycle": """
class Holder: pass
holder = Holder()
holder.me, holder.eks = holder, client()
holder.eks.clusters.list()
del holder
""",
    "many": """
clients = [client() for _ in range(20)]
for eks in clients: eks.clusters.list()
""",
    "an iterator left half-way": """
eks = client()
nodes = eks.nodes.iterate("c")
say(next(nodes).node_id)
""",
    "an iterator left half-way, and closed": """
with client() as eks:
    nodes = eks.nodes.iterate("c")
    say(next(nodes).node_id)
""",
    "an error that is kept": """
eks = client()
try:
    eks.call("Missing")
except NotFound as error:
    kept = error
""",
    "a call in flight in a daemon thread": """
eks = client()
threading.Thread(target=lambda: eks.clusters.get("hangs"), daemon=True).start()
until(lambda: eks.call("Ready?")["Data"])
""",
    "waits and iterations in flight in daemon threads": """
eks = client()
def wait(): eks.wait.task("t")
def wait_with_callback(): eks.wait.task("t", on_change=lambda _: None)
def walk(): list(eks.nodes.iterate("x"))
for call in (wait, wait_with_callback, walk): threading.Thread(target=call, daemon=True).start()
until(lambda: len(__import__("asyncio").all_tasks(eks._portal.loop_thread().loop)) == 4)
time.sleep(0.05)
""",
    "calls made all the time in daemon threads": """
eks = client()
def work():
    while True: eks.clusters.list()
for _ in range(4): threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
""",
    "a call in flight in a thread that finishes": """
eks = client()
def work():
    time.sleep(0.2)  # the main thread has ended by now
    say(eks.clusters.list().code)
    say([node.node_id for node in eks.nodes.iterate("c")])
threading.Thread(target=work).start()
""",
    "calls in atexit, registered before and after the first call": """
def last(name):
    say(name, eks.clusters.list().code, eks.wait.event("e").event_id)
atexit.register(last, "first")
eks = client()
eks.clusters.list()
atexit.register(last, "second")
""",
    "the first call in atexit": """
eks = client()
atexit.register(lambda: say(eks.clusters.list().code))
""",
    "closed in atexit": """
eks = client()
eks.clusters.list()
atexit.register(eks.close)
""",
    "names looked up after the main thread has ended, in a thread and in atexit": """
by_name = dict(endpoint=sys.argv[1].replace("127.0.0.1", "localhost"), limits=Limits(keepalive_expiry=0.001))
clients = [client(**by_name, backend=backend) for backend in ("httpx", "native")]
for eks in clients: eks.clusters.list()
def work():
    time.sleep(0.2)
    for eks in clients: say(eks.clusters.list().code)
threading.Thread(target=work).start()
atexit.register(lambda: [say(eks.clusters.list().code) for eks in clients])
""",
    "a name that is none, and a port where nobody listens, after the main thread has ended": """
def work():
    time.sleep(0.2)
    for backend in ("httpx", "native"):
        for endpoint in ("http://nowhere.invalid:1", "http://localhost:1"):
            try: client(endpoint=endpoint, backend=backend).call("Create", method="POST")
            except EksError as error: say(type(error).__name__, error.outcome, error.attempts)
eks = client()
eks.clusters.list()
threading.Thread(target=work).start()
""",
    "calls from __del__ at the very end": """
class Last:
    def __init__(self):
        self.eks, self.fresh = client(), client()
        self.nodes = self.eks.nodes.iterate("c")
    def __del__(self):
        for call in (self.eks.clusters.list, self.fresh.clusters.list, lambda: list(self.nodes)):
            try: call()
            except TransportError as error: say(error.outcome, error.message)
        self.eks.close()
        say("closed")
last = Last()
next(last.nodes)
sys.modules["kept"] = last
""",
    "dropped at the very end while another thread holds the locks": """
eks = client()
eks.clusters.list()
is_held = threading.Event()
def hold(portal, loop_thread):
    with portal._lock.of_this_process(), loop_thread._lock:
        is_held.set()
        time.sleep(60)
threading.Thread(target=hold, args=(eks._portal, eks._portal._loop_thread), daemon=True).start()
is_held.wait(20)
sys.modules["kept"] = eks
del eks
""",
    "sys.exit in a with": """
with client() as eks:
    say(eks.clusters.list().code)
    sys.exit(0)
""",
}
SAID = {
    "without close": ["Success"],
    "closed": ["Success"],
    "dropped": ["Success"],
    "an iterator left half-way": ["n-0"],
    "an iterator left half-way, and closed": ["n-0"],
    "a call in flight in a thread that finishes": ["Success", "['n-0', 'n-1']"],
    "calls in atexit, registered before and after the first call": ["second Success e", "first Success e"],
    "the first call in atexit": ["Success"],
    "names looked up after the main thread has ended, in a thread and in atexit": ["Success"] * 4,
    "a name that is none, and a port where nobody listens, after the main thread has ended": [
        "ConnectFailed not_sent 1"
    ]
    * 4,
    "calls from __del__ at the very end": [
        *(["not_sent the interpreter is shutting down: no more calls can be made"] * 3),
        "closed",
    ],
    "sys.exit in a with": ["Success"],
}


def prepare(server: Server) -> None:
    def is_ready(_: Seen) -> dict[str, object]:
        return envelope(any(seen.action == "GetCluster" for seen in server.seen))

    def nodes(seen: Seen) -> object:
        if seen.arguments["ClusterId"] == "x":
            return HANG
        return envelope([{"NodeId": "n-0"}, {"NodeId": "n-1"}] if seen.arguments["PageIndex"] == "1" else [])

    server.replies |= {
        "GetCluster": HANG,
        "Ready?": is_ready,
        "ListNodes": nodes,
        "TaskStatus": envelope({"TaskId": "t", "TaskStatus": "doing"}),
        "QueryEventStatus": envelope({"EventId": "e", "EventStatus": "success"}),
        "Missing": {"Code": "ResourceNotFound"},
    }


def check(ended: Ended, name: str) -> None:
    assert ended.stderr == ""
    assert ended.lines == SAID.get(name, [])
    assert ended.code == 0
    assert ended.seconds < PROMPTLY


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_process_ends_soon_and_silently(server: Server, name: str) -> None:
    prepare(server)
    check(run(SCRIPTS[name], server), name)
    assert server.problems == []


@pytest.mark.parametrize("name", ["without close", "dropped", "an iterator left half-way", "held by a cycle"])
def test_it_is_silent_with_all_warnings_shown_too(server: Server, name: str) -> None:
    """Of a resource that is left open, say, or of a coroutine that is never awaited."""
    prepare(server)
    check(run(SCRIPTS[name], server, "-W", "default"), name)


def test_an_error_in_the_main_thread_is_shown_and_nothing_else(server: Server) -> None:
    ended = run("eks = client()\neks.clusters.list()\nraise ValueError('mine')", server)
    assert ended.code == 1
    assert ended.stderr.splitlines()[-1] == "ValueError: mine"
    assert ended.stderr.count("Traceback") == 1
