"""Polling a state until it is what it should be. Knows no resource."""

from __future__ import annotations

import random as randomness
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import anyio
import attrs

from cds_eks._runtime import clocks, passing_time
from cds_eks._runtime.pauses import jittered
from cds_eks.errors import InvalidRequestError
from cds_eks.waiting.intervals import PollInterval, check_interval, check_timeout
from cds_eks.waiting.watch import Watch

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class PollClock:
    """The clock, the random numbers and the sleep of waits.

    Args:
        clock: Monotonic seconds.
        random: Returns a number from 0 (included) to 1.
        sleep: Waits for some seconds.
    """

    clock: Callable[[], float] = passing_time.now
    random: Callable[[], float] = randomness.random
    sleep: Callable[[float], Awaitable[None]] = passing_time.sleep

    def pauses(self, interval: PollInterval) -> Iterator[float]:
        """Return pauses, each shortened by up to a quarter, so that waits spread out."""
        for pause in interval.pauses():  # pragma: no branch - there is always another
            yield jittered(pause, self.random())


async def wait_for(
    watch: Watch[T],
    poll_clock: PollClock,
    timeout: float | None,
    interval: float | PollInterval | None,
) -> None:
    """Poll one thing at once, then after pauses, until it has ended well or badly, or the time is up.

    Raises:
        TaskFailed: It failed.
        WaitTimeout: The time was up.
        InvalidRequestError: The timeout or the interval can't be used.
        EksError: A poll failed in a way that does not pass.
    """
    pauses = poll_clock.pauses(check_interval(interval))
    seconds = check_timeout(timeout)
    ends = None if seconds is None else poll_clock.clock() + seconds
    with anyio.move_on_after(seconds):
        while True:
            await watch.read()
            await watch.evaluate()
            left = clocks.time_left(ends, poll_clock.clock())
            if watch.has_ended or (left is not None and left <= 0):
                break
            pause = next(pauses)
            await poll_clock.sleep(pause if left is None else min(pause, left))
    watch.time_is_up(seconds)
    error, watch.error = watch.error, None
    if error is None:
        return
    try:
        raise error
    finally:
        del error  # its traceback holds this frame: they would hold each other


def check_id(name: str, value: object) -> str:
    """Return an id.

    Raises:
        InvalidRequestError: It is not a text, or empty.
    """
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(name, "must be a text that is not empty")
    return value
