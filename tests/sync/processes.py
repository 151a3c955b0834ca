"""Scripts that run in processes of their own, within a time limit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.contract_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server
from support.eventually import EVENT_TIMEOUT, WAIT_TIMEOUT

PREAMBLE = f"""
import asyncio, atexit, gc, os, signal, sys, threading, time, traceback
from cds_eks import Credentials, EksClient, Limits, RetryPolicy
from cds_eks.errors import ConfigurationError, EksError, NotFound, TransportError

signal.signal(signal.SIGINT, signal.default_int_handler)

def client(**more):
    more = {{"endpoint": sys.argv[1], "retry": RetryPolicy.none()}} | more
    return EksClient(Credentials({ACCESS_KEY_ID!r}, {SECRET_ACCESS_KEY!r}), **more)

def say(*words):
    # In one piece, so that the lines of several processes do not mix.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def until(is_so):
    end = time.monotonic() + {EVENT_TIMEOUT}
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)

def reap(pid):
    # The exit code of a child, which must end in time.
    end = time.monotonic() + {EVENT_TIMEOUT}
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return "hung"
        time.sleep(0.005)
"""


def loop_threads() -> set[threading.Thread]:
    """The event-loop threads of all clients of this process."""
    return {thread for thread in threading.enumerate() if thread.name == "cds-eks"}


@dataclass(frozen=True)
class Ended:
    """How a script ended, and what it wrote."""

    code: int
    lines: list[str]
    stderr: str
    seconds: float


@contextmanager
def started(script: str, server: Server, *flags: str, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """Start a script (after the preamble, and what is to be done before that) in a process of its own.

    It is killed if the test leaves it behind.
    """
    process = subprocess.Popen(
        [sys.executable, *flags, "-c", before + PREAMBLE + script, server.url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ
        | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDEVMODE": "", "COVERAGE_PROCESS_START": ""},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str], patience: float = WAIT_TIMEOUT) -> Ended:
    """Wait for a script to end."""
    begin = time.monotonic()
    out, stderr = process.communicate(timeout=patience)
    return Ended(process.returncode, out.splitlines(), stderr, time.monotonic() - begin)


def run(script: str, server: Server, *flags: str, before: str = "") -> Ended:
    """Run a script to its end, which must come in time."""
    with started(script, server, *flags, before=before) as process:
        return finish(process)
