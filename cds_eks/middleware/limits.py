"""How many attempts are under way at once, and how many begin in a second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from cds_eks._runtime import clocks
from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.codec.error_mapping import failure_of
from cds_eks.config import AdaptiveRate
from cds_eks.errors import EksError, Throttled
from cds_eks.pipeline import OutOfTime, Send
from cds_eks.wire import Kind, RawResponse, Request


class LimitRate:
    """Gives attempts their permits in the order in which they came. A call in back-off holds no permit.

    Reads and writes have a queue each; see `FairSemaphore`.

    Args:
        max_in_flight: Attempts under way at once, or None for no limit.
        requests_per_second: Attempts begun in a second, or None for no limit.
        adaptive: A limit that follows the service's throttling, or None.
        failure_of: Returns what an answer says went wrong, or None.
        clock: Monotonic seconds, the deadline middleware's.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        max_in_flight: int | None = None,
        requests_per_second: float | None = None,
        adaptive: AdaptiveRate | None = None,
        *,
        failure_of: Callable[[Request, RawResponse], EksError | None] = failure_of,
        clock: Callable[[], float] = clocks.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        is_paced = requests_per_second is not None or adaptive is not None
        self._permits = FairSemaphore(max_in_flight)
        rate = "" if requests_per_second is None else f" ({requests_per_second:g} a second)"
        self._permit_words = f"a free connection ({max_in_flight} in flight)"
        self._turn_words = f"its turn{rate}"
        self._pace = FairSemaphore(1) if is_paced else None
        self._interval = 1 / requests_per_second if requests_per_second is not None else 0.0
        self._next = 0.0
        self._adaptive = adaptive
        self._failure_of = failure_of
        self._clock = clock
        self._sleep = sleep

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request when it has a permit.

        Raises:
            OutOfTime: It had none before the request's deadline.
        """
        if self._pace is not None:
            await self._paced(request, self._pace)
        elif not self._permits.try_acquire():
            is_read = request.operation.kind is Kind.READ
            request.record.waits_for = self._permit_words  # it stays so if this is where the call ends
            if not await self._permits.acquire(is_read=is_read, seconds=request.time_left(self._clock())):
                raise OutOfTime
            request.record.waits_for = None
        try:
            response = await send(request)
        finally:
            self._permits.release()
        if self._adaptive is not None:
            is_throttled = isinstance(self._failure_of(request, response), Throttled)
            self._adaptive.learn(self._clock(), is_throttled=is_throttled)
        return response

    async def _paced(self, request: Request, pace: FairSemaphore) -> None:
        """Acquire a permit at the rate that is set, until the request's deadline."""
        request.record.waits_for = self._turn_words
        with anyio.move_on_after(request.time_left(self._clock())):
            await self._at_pace(pace, is_read=request.operation.kind is Kind.READ)
            request.record.waits_for = None
            return
        raise OutOfTime

    async def _at_pace(self, pace: FairSemaphore, *, is_read: bool) -> None:
        """Acquire a permit at the rate that is set. One attempt at a time waits for both, so all keep their order."""
        await pace.acquire(is_read=is_read)
        try:
            await self._permits.acquire(is_read=is_read)
            try:
                await self._wait_for_turn()
            except BaseException:
                self._permits.release()
                raise
        finally:
            pace.release()

    async def _wait_for_turn(self) -> None:
        """Wait until the next attempt may begin; a cancelled one does not delay those behind it."""
        if (pause := self._next - self._clock()) > 0:
            await self._sleep(pause)
        if self._adaptive is not None:
            while (pause := self._adaptive.take(self._clock())) > 0:
                await self._sleep(pause)
        self._next = max(self._next, self._clock()) + self._interval
