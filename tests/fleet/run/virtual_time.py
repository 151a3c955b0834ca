"""Event loops whose time jumps to the next timer when nothing else is to be done: waits take no real time."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anyio
import trio
import trio.testing

T = TypeVar("T")

BEGAN = 1_760_000_000.0


class LoopClock:
    """The time of the loop that runs, as seconds since the epoch: for an emulator and a journal."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._last = 0.0

    def now(self) -> float:
        with contextlib.suppress(Exception):  # outside of a loop time stands still
            self._last = anyio.current_time()
        return BEGAN + self._last + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: puts the loop's time ahead instead."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout is None:
            return super().select(None)
        if not found and timeout is not None and timeout > 0:
            self.time += timeout
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.time


def run(work: Callable[[], Coroutine[Any, Any, T]], backend: str) -> T:
    """Run a coroutine function on a backend in virtual time."""
    if backend == "trio":
        # What runs beside it runs in threads of nobody: as soon as nothing is ready, time jumps.
        return trio.run(work, clock=trio.testing.MockClock(autojump_threshold=0))
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work())
