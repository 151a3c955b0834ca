"""How many attempts are under way at once, and how many begin in a second."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable

import anyio

from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request


class LimitRate:
    """Lets attempts through in the order in which they came. A call in back-off holds no place.

    Args:
        max_in_flight: Attempts under way at once, or None for no limit.
        requests_per_second: Attempts begun in a second, or None for no limit.
        clock: Monotonic seconds.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        max_in_flight: int | None = None,
        requests_per_second: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._places = anyio.Semaphore(max_in_flight) if max_in_flight is not None else None
        self._interval = 1 / requests_per_second if requests_per_second is not None else 0.0
        self._line = anyio.Lock()
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request when its turn has come."""
        async with self._places or contextlib.nullcontext():
            if self._interval:
                await self._wait_for_turn()
            return await send(request)

    async def _wait_for_turn(self) -> None:
        async with self._line:  # first come, first served; who is cancelled in line takes no turn along
            now = self._clock()
            turn = max(now, self._next)
            if turn > now:
                await self._sleep(turn - now)
            self._next = turn + self._interval
