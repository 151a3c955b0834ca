"""uWSGI, which makes its workers by forks that Python does not see: needs `pip install uwsgi`, which builds it.

By default it forks without holding Python's GIL. If another thread has it just then, the worker waits for it for ever
(https://github.com/unbit/uwsgi/issues/2387). With `py-call-uwsgi-fork-hooks` it holds the GIL, and tells Python of the
fork.
"""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from support.contract_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server
from support.eventually import WAIT_TIMEOUT

UWSGI = Path(sys.executable).with_name("uwsgi")
WORKERS = 4
APP = f"""
import os, threading, time
from cds_eks import Credentials, EksClient, RetryPolicy

eks = EksClient(Credentials({ACCESS_KEY_ID!r}, {SECRET_ACCESS_KEY!r}), endpoint=URL, retry=RetryPolicy.none())
eks.clusters.list(keyword="master")

def application(environ, start_response):
    answer = eks.clusters.list(keyword=str(os.getpid()))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{{os.getpid()}} {{answer.code}}".encode()]
"""
REST = """
def is_at_rest(thread):
    try:
        with open(f"/proc/self/task/{thread.native_id}/wchan") as function:
            return "poll" in function.read()  # where a thread sleeps that waits for the GIL, it says futex
    except OSError:
        return True

ends = time.monotonic() + 5
while not all(is_at_rest(each) for each in threading.enumerate()[1:]) and time.monotonic() < ends:
    time.sleep(0.001)
"""
"""The event loop's thread has done all, and holds no GIL when the forks come."""

CALLS = """
def call():
    for _ in range(300):
        eks.clusters.list(keyword="master")

threading.Thread(target=call, daemon=True).start()
"""
"""Another thread is in the midst of calls when the forks come."""

FLAGS = [(), ("--enable-threads",), ("--enable-threads", "--threads", "2")]

pytestmark = pytest.mark.skipif(not UWSGI.exists(), reason="needs uwsgi beside this Python")


@contextlib.contextmanager
def serving(server: Server, folder: Path, before_forks: str, *flags: str) -> Iterator[str]:
    """Run uWSGI with an app that is loaded, and has called, before the fork; yield its URL."""
    app, log = folder / "app.py", folder / "log"
    app.write_text(f"URL = {server.url!r}\n{APP}{before_forks}", encoding="utf-8")
    command = [str(UWSGI), "--http-socket", "127.0.0.1:0", "--wsgi-file", str(app), "--master", "--die-on-term"]
    command += ["--processes", str(WORKERS), "--harakiri", "30", "--virtualenv", sys.prefix, *flags]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
        )
    try:
        yield _url_in(log, process)
    finally:
        process.terminate()
        try:
            process.wait(WAIT_TIMEOUT)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # workers that hang heed no SIGTERM
            process.wait(WAIT_TIMEOUT)


def _url_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Return where it says that it listens, once all workers are there."""
    end = time.monotonic() + WAIT_TIMEOUT
    while time.monotonic() < end and process.poll() is None:
        said = log.read_text(errors="replace")
        if said.count("spawned uWSGI worker") == WORKERS:
            address = next(line for line in said.splitlines() if "bound to TCP address" in line)
            return "http://" + address.partition("bound to TCP address ")[2].split()[0]
        time.sleep(0.02)
    raise AssertionError(log.read_text(errors="replace"))


def ask(url: str) -> list[str]:
    with urllib.request.urlopen(url, timeout=WAIT_TIMEOUT) as answer:
        return cast("list[str]", answer.read().decode().split())


@pytest.mark.parametrize(
    ("before_forks", "flags"),
    [
        *((REST, flags) for flags in FLAGS),
        *((CALLS, ("--py-call-uwsgi-fork-hooks", *flags)) for flags in FLAGS[1:]),
    ],
    ids=["unseen", "unseen, threads enabled", "unseen, threads", "seen, threads enabled", "seen, threads"],
)
def test_every_worker_of_a_preloaded_app_answers_and_no_nonce_occurs_twice(
    server: Server, tmp_path: Path, before_forks: str, flags: tuple[str, ...]
) -> None:
    workers: collections.Counter[str] = collections.Counter()
    with serving(server, tmp_path, before_forks, *flags) as url, ThreadPoolExecutor(2 * WORKERS) as pool:
        end = time.monotonic() + WAIT_TIMEOUT
        while len(workers) < WORKERS and time.monotonic() < end:
            for worker, code in pool.map(ask, [url] * 2 * WORKERS):
                assert code == "Success"
                workers[worker] += 1
    assert len(workers) == WORKERS
    assert server.problems == []
    nonces = [seen.common["SignatureNonce"] for seen in server.seen]
    of_master = [seen for seen in server.seen if seen.arguments["Keyword"] == "master"]
    assert len(of_master) == 1 or before_forks == CALLS
    assert len(set(nonces)) == len(nonces) == len(of_master) + workers.total()
    assert len({nonce.partition("-")[0] for nonce in nonces}) == 1 + WORKERS
