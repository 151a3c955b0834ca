"""Where a client lives: the event loop, and the process, of its first call."""

from __future__ import annotations

import asyncio

import anyio.lowlevel

from cds_eks import forks
from cds_eks.errors import ConfigurationError


class Home:
    """The event loop that runs now, which has a client's connections and lines from now on."""

    def __init__(self) -> None:
        anyio.lowlevel.current_token()  # has anyio load what it needs now, and not when descriptors have run out
        self._loop = _running()
        self._process = forks.process()

    def check(self) -> None:
        """Refuse another event loop, or process.

        Raises:
            ConfigurationError: This is another one.
        """
        if forks.process() == self._process and _running() == self._loop:
            return
        raise ConfigurationError(
            "the client belongs to the event loop of its first call: make one for each loop, and for each process"
        )


def _running() -> object:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return anyio.lowlevel.current_token()
