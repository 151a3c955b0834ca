"""Waits that take no time: the emulator's clock steps with each look at it."""

from __future__ import annotations

import pytest

from cds_eks.emulator import Emulator
from cli.stepping import SteppingClock

FAST = ["--poll-interval", "0.001"]
WAIT = ["--wait", *FAST]
JSON = ["-o", "json"]


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=SteppingClock())
