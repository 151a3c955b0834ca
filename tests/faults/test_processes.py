"""The life of a process: forks, loops, exits and Ctrl-C with calls in flight, and file descriptors that run out.

Each scenario is a script in a process of its own; the emulator's ledger, which is in this one, judges it.
"""

from __future__ import annotations

import copy
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_eks import AsyncEksClient, EksClient
from cds_eks.emulator import Fault, RequestEntry
from faults.scenarios import Service
from support.eventually import WAIT_TIMEOUT, until

PREAMBLE = """
import asyncio, os, signal, socket, sys, threading, time, warnings
from cds_eks import AsyncEksClient, EksClient, RetryPolicy, Timeouts, errors
from cds_eks.emulator.http.auth import CREDENTIALS

warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of a fork with threads, which is the point
signal.signal(signal.SIGINT, signal.default_int_handler)
records = []

async def watch(request, send):
    records.append(request.record)
    return await send(request)

def settings():
    retry = RetryPolicy(max_attempts=4, base_delay=0.001, max_delay=0.01)
    backend = os.environ.get("BACKEND_UNDER_TEST", "httpx")
    return dict(credentials=CREDENTIALS, endpoint=sys.argv[1], retry=retry, per_call=[watch], backend=backend)

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def outcome():
    return records[-1].outcome
"""

SCRIPTS: dict[str, tuple[str, list[Fault], list[str], list[bool]]] = {
    # name: the script, the faults, what it says, and which of its creates (in order) the ledger has as carried out
    "fork with a create in flight-sync": (
        """
eks = EksClient(**settings())
thread = threading.Thread(target=lambda: say("parent", eks.network_interfaces.create("subnet-1").code))
thread.start()
while not records or outcome() != "unknown": time.sleep(0.002)
pid = os.fork()
if pid == 0:
    say("child", *[eks.network_interfaces.create("subnet-2").code for _ in range(3)])
    os._exit(0)
os.waitpid(pid, 0)
thread.join()
eks.close()
""",
        [Fault("hang_after_commit", seconds=0.6, count=1)],
        ["child Success Success Success", "parent Success"],
        [True] * 4,
    ),
    "fork with a create in flight-async": (
        """
async def main():
    eks = AsyncEksClient(**settings())
    task = asyncio.ensure_future(eks.network_interfaces.create("subnet-1"))
    while not records or outcome() != "unknown": await asyncio.sleep(0.002)
    pid = os.fork()
    if pid == 0:
        async def use():
            try:
                await eks.network_interfaces.create("subnet-2")
            except errors.ConfigurationError as error:
                say("child", error.outcome)
            async with AsyncEksClient(**settings()) as own:
                say("child", (await own.network_interfaces.create("subnet-2")).code)
        asyncio.events._set_running_loop(None)
        asyncio.run(use())
        os._exit(0)
    os.waitpid(pid, 0)
    say("parent", (await task).code)
    await eks.aclose()
asyncio.run(main())
""",
        [Fault("hang_after_commit", seconds=0.6, count=1)],
        ["child not_sent", "child Success", "parent Success"],
        [True] * 2,
    ),
    "interpreter exit with a create in flight-sync": (
        """
eks = EksClient(**settings())
threading.Thread(target=lambda: eks.network_interfaces.create("subnet-1"), daemon=True).start()
while not records or outcome() != "unknown": time.sleep(0.002)
time.sleep(0.1)
say(outcome())
""",
        [Fault("hang_after_commit")],
        ["unknown"],
        [True],
    ),
    "interpreter exit with a create in flight-async": (
        """
import logging
class Said(logging.Handler):
    def emit(self, record):
        told = dict(record.cds_eks)
        say(len(told.pop("call_id")), told)
logging.getLogger("cds_eks").addHandler(Said())
async def main():
    eks = AsyncEksClient(**settings())
    task = asyncio.ensure_future(eks.network_interfaces.create("subnet-1"))
    while not records or outcome() != "unknown": await asyncio.sleep(0.002)
    await asyncio.sleep(0.1)
asyncio.run(main())
say(outcome())
""",
        [Fault("hang_after_commit")],
        [
            (
                "36 {'action': 'CreateNetworkInterface', 'event': 'ended, and its outcome is unknown', 'attempts': 1, "
                "'error': 'CancelledError', 'outcome': 'unknown'}"
            ),
            "unknown",
        ],
        [True],
    ),
    "file descriptors run out-sync": (
        """
import resource, cds_eks.resources.network_interfaces
eks = EksClient(**settings())
eks.clusters.list()
slow = threading.Thread(target=lambda: say(eks.clusters.list().code))
slow.start()
time.sleep(0.1)  # now its one connection is busy
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
hoard = []
while True:
    try:
        hoard.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        break
try:
    eks.network_interfaces.create("subnet-1")
except errors.ConnectFailed as error:
    say(error.outcome, error.attempts)
try:
    eks.scaling_groups.describe("g-1")  # whose module is not imported yet
except errors.TransportError as error:
    say(error.outcome, error.attempts)
for each in hoard: os.close(each)
slow.join()
say(eks.network_interfaces.create("subnet-1").code)
eks.close()
""",
        [Fault("hang_before_commit", "ListClusters", seconds=0.4, skip=1, count=1)],
        ["not_sent 4", "not_sent 0", "Success", "Success"],
        [True],
    ),
    "file descriptors run out-async": (
        """
import resource, cds_eks.resources.network_interfaces
async def main():
    async with AsyncEksClient(**settings()) as eks:
        await eks.clusters.list()
        slow = asyncio.ensure_future(eks.clusters.list())
        await asyncio.sleep(0.1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        hoard = []
        while True:
            try:
                hoard.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                break
        try:
            await eks.network_interfaces.create("subnet-1")
        except errors.ConnectFailed as error:
            say(error.outcome, error.attempts)
        try:
            await eks.scaling_groups.describe("g-1")  # whose module is not imported yet
        except errors.TransportError as error:
            say(error.outcome, error.attempts)
        for each in hoard: os.close(each)
        say((await slow).code)
        say((await eks.network_interfaces.create("subnet-1")).code)
asyncio.run(main())
""",
        [Fault("hang_before_commit", "ListClusters", seconds=0.4, skip=1, count=1)],
        ["not_sent 4", "not_sent 0", "Success", "Success"],
        [True],
    ),
    "second event loop-async": (
        """
async def create():
    return (await eks.network_interfaces.create("subnet-1")).code
def elsewhere():
    for work in (create(), eks.aclose()):
        try:
            asyncio.run(work)
        except errors.ConfigurationError as error:
            say(error.outcome, "event loop" in str(error))
async def main():
    global eks
    async with AsyncEksClient(**settings()) as eks:
        say(await create())
        await asyncio.to_thread(elsewhere)
        say(await create())
asyncio.run(main())
""",
        [],
        ["Success", "not_sent True", "not_sent True", "Success"],
        [True] * 2,
    ),
    "second event loop-sync": (
        """
async def create():
    return eks.network_interfaces.create("subnet-1").code  # it has a loop of its own, whichever loop calls
eks = EksClient(**settings())
say(asyncio.run(create()), asyncio.run(create()))
eks.close()
""",
        [],
        ["Success Success"],
        [True] * 2,
    ),
}

INTERRUPTED: dict[str, tuple[str, list[str]]] = {
    "Ctrl-C during a wait-sync": (
        """
eks = EksClient(**settings())
made = eks.network_interfaces.create("subnet-1").data
say("waiting")
try:
    eks.wait.event(made.event_id)
except KeyboardInterrupt:
    say("interrupted", records[0].answer["Data"]["NetcardId"] == made.netcard_id)
say(eks.network_interfaces.create("subnet-1").code)
eks.close()
""",
        ["waiting", "interrupted True", "Success"],
    ),
    "Ctrl-C during a wait-async": (
        """
async def main():
    async with AsyncEksClient(**settings()) as eks:
        made = (await eks.network_interfaces.create("subnet-1")).data
        say("waiting")
        try:
            await eks.wait.event(made.event_id)
        except asyncio.CancelledError:
            say("cancelled", (await eks.network_interfaces.create("subnet-1")).code)
            raise
try:
    asyncio.run(main())
except KeyboardInterrupt:
    say("interrupted", records[0].outcome)
""",
        ["waiting", "cancelled Success", "interrupted accepted"],
    ),
}


def start(script: str, service: Service) -> subprocess.Popen[str]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COVERAGE_PROCESS_START": ""}
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + script, service.url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
    )


def creates(service: Service, since: int) -> list[RequestEntry]:
    return [entry for entry in service.emulator.ledger.requests[since:] if entry.method == "POST"]


def check(service: Service, since: int, committed: list[bool]) -> None:
    """Each call was sent once, and no nonce was used twice by whichever process."""
    until(lambda: len(creates(service, since)) == len(committed))
    entries = creates(service, since)
    assert [entry.committed for entry in entries] == committed
    assert len({entry.call_id for entry in entries}) == len(entries)
    nonces = [entry.nonce for entry in service.emulator.ledger.requests[since:]]
    assert len(set(nonces)) == len(nonces)


@pytest.mark.parametrize("scenario", SCRIPTS)
def test_processes(scenario: str, service: Service) -> None:
    script, faults, lines, committed = SCRIPTS[scenario]
    emulator = service.emulator
    since = len(emulator.ledger.requests)
    emulator.faults.clear()
    for fault in faults:
        emulator.faults.add(fault)
    try:
        with start(script, service) as process:
            out, complaints = process.communicate(timeout=WAIT_TIMEOUT)
    finally:
        emulator.faults.clear()
    assert (complaints, out.splitlines(), process.returncode) == ("", lines, 0)
    check(service, since, committed)


@pytest.mark.parametrize("scenario", INTERRUPTED)
def test_interrupts(scenario: str, service: Service) -> None:
    script, lines = INTERRUPTED[scenario]
    since = len(service.emulator.ledger.requests)
    with start(script, service) as process:
        until(lambda: len(service.emulator.ledger.requests) >= since + 2, 20)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=WAIT_TIMEOUT)
    assert (complaints, out.splitlines(), process.returncode) == ("", lines, 0)
    check(service, since, [True] * 2)


@pytest.mark.parametrize("use", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda use: str(use.__name__))
@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient], ids=["async", "sync"])
def test_clients_are_neither_copied_nor_pickled(kind: type, use: Callable[[object], object], service: Service) -> None:
    client = kind(service.emulator.credentials, endpoint=service.url)
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        use(client)
