"""The account's rate, shared by all runners of a journal, while they join and die."""

from __future__ import annotations

import anyio

STALE = 0.5
"""After which part of a lease what a heartbeat has told is no longer relied on; it is renewed after a third."""


class SharedRate:
    """Says when the next request may begin, so that all runners together stay below a rate.

    A runner that joins says so in the journal before it sends anything, and waits until all others must have learned of
    it: each of them relies on its latest heartbeat for no longer than it waits. One that could not say that it is alive
    (the journal is away, or the process was frozen) sends nothing until it can, and joins anew after a whole lease,
    for the others may have divided the rate without it. That holds if all runners have the same lease.

    Args:
        rate: Requests in a second by all runners together; None for no limit.
        lease: How long a lease is, in seconds.
    """

    def __init__(self, rate: float | None, *, lease: float) -> None:
        self._rate = rate
        self._lease = lease
        self._runners = 1
        self._is_shared = False
        self._renewed: float | None = None
        self._begins = 0.0
        self._last: float | None = None
        self._first_in_queue = anyio.Lock()
        self._more = anyio.Event()

    def hold(self) -> None:
        """Begin nothing until the first heartbeat: others may be there."""
        self._is_shared = True

    def share_among(self, runners: int) -> None:
        """Have the rate divided by the runners that are alive."""
        self._runners = max(1, runners)

    def beat(self, runners: int, began: float) -> None:
        """Learn from a heartbeat how many runners there are.

        Args:
            runners: How many are alive, this one included.
            began: When the renewal began, by the event loop's clock.
        """
        self.share_among(runners)
        is_new = self._renewed is None or began - self._renewed > self._lease
        if is_new and runners > 1:
            self._begins = anyio.current_time() + STALE * self._lease
        self._renewed = began
        self._more.set()

    async def acquire(self) -> None:
        """Wait until the next request may begin."""
        if self._rate is None:
            return
        async with self._first_in_queue:
            while (pause := self._pause()) is None or pause > 0:
                if pause is None:
                    self._more = anyio.Event()
                    await self._more.wait()
                else:
                    await anyio.sleep(pause)
            self._last = anyio.current_time()

    def _pause(self) -> float | None:
        """Return for how long nothing may begin; None if that is not known before the next heartbeat."""
        now = anyio.current_time()
        if self._is_shared and (self._renewed is None or now > self._renewed + STALE * self._lease):
            return None
        assert self._rate is not None
        paced = now if self._last is None else self._last + self._runners / self._rate
        return max(paced, self._begins) - now
