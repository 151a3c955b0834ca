"""Pauses between polls or look-ups: how they grow, and how those of many callers are spread out."""

from __future__ import annotations

from collections.abc import Iterator

GROWTH = 1.5
"""How many times as long as the one before a pause is, by default."""

SHORTEST_PART = 0.75
"""What is left of a pause at least when it is shortened at random."""


def exponential_pauses(first: float, growth: float, longest: float) -> Iterator[float]:
    """Return pauses in seconds, without end, each longer than the one before up to the longest."""
    pause = first
    while True:
        yield pause
        pause = min(pause * growth, longest)


def jittered(pause: float, random: float) -> float:
    """Return a pause shortened by up to a quarter, so that those that began together spread out.

    Args:
        pause: The pause, in seconds.
        random: A random number from 0 (included) to 1.
    """
    return pause * (SHORTEST_PART + (1 - SHORTEST_PART) * random)
