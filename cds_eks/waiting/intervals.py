"""How long a wait may take, and how long its pauses are."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from cds_eks._runtime import pauses
from cds_eks._runtime.numbers import positive_float
from cds_eks.errors import InvalidRequestError

FIRST_INTERVAL = 1.0
LAST_INTERVAL = 15.0


@attrs.frozen(kw_only=True)
class PollInterval:
    """Pauses between polls that grow, for `poll_interval=` of every wait. Each is shortened by up to a quarter.

    Args:
        first: The first pause, in seconds.
        growth: How many times as long as the one before each pause is; 1 for pauses of one length.
        longest: The longest pause, in seconds.

    Raises:
        InvalidRequestError: A number can't be used.
    """

    first: float = FIRST_INTERVAL
    growth: float = pauses.GROWTH
    longest: float = LAST_INTERVAL

    def __attrs_post_init__(self) -> None:
        for name, least in (("first", 0.0), ("growth", 1.0), ("longest", 0.0)):
            number = positive_float(getattr(self, name))
            if number is None or number < least:
                bound = "of at least 1" if least else "of seconds above 0"
                raise InvalidRequestError(f"poll_interval.{name}", f"must be a finite number {bound}")
        if self.longest < self.first:
            raise InvalidRequestError("poll_interval.longest", "must be at least as long as the first pause")

    def pauses(self) -> Iterator[float]:
        """Return the pauses, without end, not yet shortened."""
        return pauses.exponential_pauses(self.first, self.growth, self.longest)


def check_interval(given: object) -> PollInterval:
    """Return the pauses that a caller asked for: a number of seconds means pauses of that length.

    Raises:
        InvalidRequestError: It can't be used.
    """
    if given is None:
        return PollInterval(first=FIRST_INTERVAL, growth=pauses.GROWTH, longest=LAST_INTERVAL)
    if isinstance(given, PollInterval):
        return given
    seconds = positive_float(given)
    if seconds is None:
        rule = "must be a finite number of seconds above 0, a PollInterval, or None for 1 s that grows to 15 s"
        raise InvalidRequestError("poll_interval", rule)
    return PollInterval(first=seconds, growth=1.0, longest=seconds)


def check_timeout(given: object) -> float | None:
    """Return how many seconds a wait may take; None for no limit.

    Raises:
        InvalidRequestError: It can't be used.
    """
    if given is None:
        return None
    seconds = positive_float(given)
    if seconds is None:
        rule = "must be a number of seconds above 0, finite and no larger than a float, or None for no limit"
        raise InvalidRequestError("timeout", rule)
    return seconds
