"""Where a client lives: the event loop, and the process, of its first call."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio.lowlevel

from cds_eks._runtime import forks
from cds_eks.errors import ConfigurationError


class LoopAffinity:
    """The event loop that runs now, which owns a client's connections and queues from now on."""

    def __init__(self) -> None:
        anyio.lowlevel.current_token()  # has anyio load what it needs now, and not when descriptors have run out
        self._loop = _running()
        self._process = forks.process()

    def check(self) -> None:
        """Refuse another event loop, or process.

        Raises:
            ConfigurationError: This is another one.
        """
        # In this order: asked in a child, asyncio has no loop.
        if forks.process() != self._process or _running() != self._loop:
            raise _elsewhere()

    @property
    def is_inherited(self) -> bool:
        """Whether it is that of a parent process, whose connections are the parent's too."""
        return forks.process() != self._process

    def has_ended(self) -> bool:
        """Whether its event loop does not run any more, so that nobody but the caller can use what belongs to it.

        Raises:
            ConfigurationError: It runs, but not here, or it is that of another process.
        """
        if self.is_inherited:
            raise _elsewhere()
        if _running() == self._loop:
            return False
        if _is_running(self._loop):
            raise _elsewhere()
        return True


def _elsewhere() -> ConfigurationError:
    return ConfigurationError(
        "the client belongs to the event loop of its first call: make one for each loop, and for each process"
    )


def _running() -> object:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return anyio.lowlevel.current_token()


def _is_running(loop: Any) -> bool:
    if isinstance(loop, asyncio.AbstractEventLoop):
        return loop.is_running()
    try:
        getattr(loop, "native_token", loop).run_sync_soon(bool)  # trio's token, in one of anyio's
    except RuntimeError:  # its RunFinishedError is one
        return False
    return True
