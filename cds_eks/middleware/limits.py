"""How many attempts are under way at once, and how many begin in a second."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable

import anyio

from cds_eks.config import AdaptiveRate
from cds_eks.errors import EksError, Throttled
from cds_eks.failures import failure_of
from cds_eks.pipeline import Send
from cds_eks.wire import Kind, RawResponse, Request


class LimitRate:
    """Lets attempts through in the order in which they came. A call in back-off holds no place.

    There are two lines, one for reads and one for writes; the heads of both wait for the next place. So a write waits
    for one read at the most, however many polls there are.

    Args:
        max_in_flight: Attempts under way at once, or None for no limit.
        requests_per_second: Attempts begun in a second, or None for no limit.
        adaptive: A limit that follows the service's throttling, or None.
        failure_of: Returns what an answer says went wrong, or None.
        clock: Monotonic seconds.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        max_in_flight: int | None = None,
        requests_per_second: float | None = None,
        adaptive: AdaptiveRate | None = None,
        *,
        failure_of: Callable[[Request, RawResponse], EksError | None] = failure_of,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._lines = {is_read: anyio.Lock(fast_acquire=True) for is_read in (True, False)}
        self._places = anyio.Semaphore(max_in_flight, fast_acquire=True) if max_in_flight is not None else None
        self._pace = anyio.Lock(fast_acquire=True)
        self._interval = 1 / requests_per_second if requests_per_second is not None else 0.0
        self._next = 0.0
        self._adaptive = adaptive
        self._failure_of = failure_of
        self._clock = clock
        self._sleep = sleep

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request when its turn has come."""
        async with contextlib.AsyncExitStack() as stack:
            async with self._lines[request.operation.kind is Kind.READ]:
                if self._places is not None:
                    await stack.enter_async_context(self._places)
                await self._wait_for_turn()
            return await self._watched(request, send)

    async def _wait_for_turn(self) -> None:
        """Wait until the next attempt may begin; who is cancelled in line takes no turn along."""
        if not self._interval and self._adaptive is None:
            return
        async with self._pace:
            if (pause := self._next - self._clock()) > 0:
                await self._sleep(pause)
            if self._adaptive is not None:
                while (pause := self._adaptive.take(self._clock())) > 0:
                    await self._sleep(pause)
            self._next = max(self._next, self._clock()) + self._interval

    async def _watched(self, request: Request, send: Send) -> RawResponse:
        """Send the request, and let the adaptive limit learn from the answer."""
        response = await send(request)
        if self._adaptive is not None:
            is_throttled = isinstance(self._failure_of(request, response), Throttled)
            self._adaptive.learn(self._clock(), is_throttled=is_throttled)
        return response
