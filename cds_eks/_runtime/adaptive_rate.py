"""A limit of requests per second that follows the service's throttling."""

from __future__ import annotations

import collections
import math

from cds_eks._runtime import forks
from cds_eks._runtime.numbers import is_finite, shown_number
from cds_eks.errors import ConfigurationError

SCALE = 0.4
"""The constant C of CUBIC (RFC 9438), in requests per second and second cubed; botocore has the same."""


class AdaptiveRate:
    """A limit of requests per second that follows the service: down when it throttles, up again when it does not.

    There is none until the service throttles for the first time. Then the limit is half of what was just sent in a
    second, and it halves with each further throttling, once a second at the most. Without any it grows as CUBIC does
    (RFC 9438): in the first seconds back to where it was, there slowly, and then ever faster, but to no more than
    twice of what was really sent in the last second. So a throttling that came too early, after the first request say,
    is made up for within seconds. Several clients, in any threads, may share one.

    Args:
        lowest: It is never lower, in requests per second.
    """

    def __init__(self, *, lowest: float = 0.5) -> None:
        if not is_finite(lowest) or lowest <= 0:
            raise ConfigurationError(f"lowest must be a number above 0, not {shown_number(lowest)}")
        self._lowest = lowest
        self._lock = forks.Lock()
        self._limit: float | None = None
        self._next = 0.0
        self._lowered = -math.inf
        self._before = 0.0  # the limit, or what was sent, when it was lowered
        self._recent: collections.deque[float] = collections.deque()

    @property
    def limit(self) -> float | None:
        """The limit now, in requests per second; None if there is none."""
        return self._limit

    def take(self, now: float) -> float:
        """Take a permit if there is one now, and return 0; else return how many seconds are left until there is one."""
        with self._lock.of_this_process():
            if self._limit is not None:
                if now < self._next:
                    return self._next - now
                self._next = now + 1 / self._limit
            self._recent.append(now)
            self._forget(now)
            return 0.0

    def learn(self, now: float, *, is_throttled: bool) -> None:
        """An attempt was answered."""
        with self._lock.of_this_process():
            if is_throttled and now - self._lowered >= 1.0:
                self._forget(now)
                self._before = float(max(1, len(self._recent))) if self._limit is None else self._limit
                self._limit = max(self._lowest, self._before / 2)
                self._lowered = now
            elif not is_throttled and self._limit is not None:
                self._forget(now)
                most = 2.0 * max(1, len(self._recent))
                self._limit = max(self._limit, min(most, self._grown(now - self._lowered)))

    def _grown(self, seconds: float) -> float:
        """Return what the limit would be so many seconds after it was halved."""
        back = math.cbrt(self._before / 2 / SCALE)  # after so many it is where it was
        return self._before + SCALE * (seconds - back) ** 3

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
