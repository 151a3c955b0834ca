"""Polling a state until it is what it should be. Knows no resource."""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio
import attrs

from cds_eks import clocks
from cds_eks.errors import (
    DeadlineExceeded,
    EksError,
    InvalidRequestError,
    ServerFault,
    TaskFailed,
    Throttled,
    TransportError,
    UnreadableResponse,
    WaitTimeout,
)
from cds_eks.verdicts import Verdict

T = TypeVar("T")

FIRST_INTERVAL = 1.0
LAST_INTERVAL = 15.0
GROWTH = 1.5

# What a poll may fail with and the wait goes on: the state is only not known for now.
_PASSING = (DeadlineExceeded, ServerFault, Throttled, TransportError, UnreadableResponse)


@attrs.frozen(kw_only=True)
class Poll:
    """Polls at once, then after pauses that grow from 1 s to 15 s, each shortened by up to a quarter.

    Args:
        clock: Monotonic seconds.
        dice: Returns a number from 0 (included) to 1.
        sleep: Waits for some seconds.
    """

    _clock: Callable[[], float] = clocks.monotonic
    _dice: Callable[[], float] = random.random
    _sleep: Callable[[float], Awaitable[None]] = anyio.sleep

    async def __call__(
        self,
        fetch: Callable[[], Awaitable[T]],
        judge: Callable[[T], Verdict],
        ids: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        timeout: float | None,
        on_change: Callable[[T], Awaitable[None] | None] | None,
    ) -> T:
        """Fetch a state until its judge says that it is done or has failed, or until the time is up.

        Args:
            fetch: Fetches the state.
            judge: Says what it means.
            ids: What is waited for, by name, for the errors; a callable that returns it, if it becomes less.
            timeout: Seconds, or None for no limit.
            on_change: Told of each state that differs from the one before.

        Returns:
            The state that was done.

        Raises:
            TaskFailed: It failed.
            WaitTimeout: The time was up.
            InvalidRequestError: An id or the timeout can't be used.
            EksError: A fetch failed in a way that does not pass.
        """
        if not callable(ids):
            _check_ids(ids)
        _check_timeout(timeout)
        ends = None if timeout is None else self._clock() + timeout
        last: T | None = None
        trouble: EksError | None = None
        interval = FIRST_INTERVAL
        with anyio.move_on_after(timeout):
            while True:
                try:
                    state = await fetch()
                except _PASSING as error:
                    trouble = error
                else:
                    trouble = None
                    if last is None or state != last:
                        last = state
                        await call_back(on_change, state)
                    verdict = judge(state)
                    if verdict.done:
                        return state
                    if verdict.failure is not None:
                        raise TaskFailed(verdict.failure, ids=ids() if callable(ids) else ids, last=state)
                left = None if ends is None else ends - self._clock()
                if left is not None and left <= 0:
                    break
                pause = interval * (0.75 + 0.25 * self._dice())
                await self._sleep(pause if left is None else min(pause, left))
                interval = min(interval * GROWTH, LAST_INTERVAL)
        message = f"it did not end within {timeout:g} s"
        raise WaitTimeout(message, ids=ids() if callable(ids) else ids, last=last) from trouble


def _check_ids(ids: Mapping[str, Any]) -> None:
    for name, value in ids.items():
        if not isinstance(value, str) or not value:
            raise InvalidRequestError(name, "must be a text that is not empty")


def _check_timeout(timeout: object) -> None:
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0):
        raise InvalidRequestError("timeout", f"must be a number of seconds above 0, or None; got {timeout!r}")


async def call_back(on_change: Callable[[T], Awaitable[None] | None] | None, state: T) -> None:
    """Tell who wants to know of a state; the callback may be async."""
    if on_change is not None:
        result = on_change(state)
        if inspect.isawaitable(result):
            await result
