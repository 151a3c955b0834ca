"""Runs of fleets in processes of their own."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cds_eks.emulator import Emulator
from cli.command_line import PROCESS
from support.eventually import WAIT_TIMEOUT

NAMES = ["gpu-001", "gpu-002", "gpu-003"]


@contextmanager
def started(arguments: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROCESS, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + WAIT_TIMEOUT
    while not is_so():
        assert time.monotonic() < ends, "it did not come to pass"
        time.sleep(0.005)


def made(emulator: Emulator) -> Counter[str]:
    return Counter(each.name for each in emulator.ledger.created("cluster"))
