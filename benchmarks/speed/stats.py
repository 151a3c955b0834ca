"""Medians, spreads and ratios: pure functions on what was measured, round by round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import attrs

__all__ = ["Sample", "Spread", "paired", "spread"]

Sample = float | None
"""What a round gave; None if it gave nothing."""


@attrs.frozen(kw_only=True)
class Spread:
    """Where the values lie.

    Attributes:
        median: Half of them are above.
        low: A quarter of them are below.
        high: A quarter of them are above.
        count: How many there are.
    """

    median: float
    low: float
    high: float
    count: int


def spread(values: Sequence[Sample]) -> Spread | None:
    """Return where the values lie, or None if there are none.

    Args:
        values: What the rounds gave.
    """
    there = [value for value in values if value is not None]
    if not there:
        return None
    if len(there) == 1:
        return Spread(median=there[0], low=there[0], high=there[0], count=1)
    low, median, high = statistics.quantiles(there, n=4, method="inclusive")
    return Spread(median=median, low=low, high=high, count=len(there))


def paired(ours: Sequence[Sample], theirs: Sequence[Sample], combine: Callable[[float, float], float]) -> list[Sample]:
    """Return each round's value of ours combined with the same round's of theirs.

    What slows the machine down for a while slows both of a round: their ratio stays.

    Args:
        ours: What the rounds gave.
        theirs: The same of the reference.
        combine: Makes one number of the two.
    """
    return [
        None if mine is None or other is None else combine(mine, other)
        for mine, other in zip(ours, theirs, strict=False)
    ]
