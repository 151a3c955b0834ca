"""Runs of fleets in processes of their own."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cds_eks.emulator import Emulator
from cli.command_line import PROCESS

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


def made(emulator: Emulator) -> Counter[str]:
    return Counter(each.name for each in emulator.ledger.created("cluster"))
