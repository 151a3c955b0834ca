"""What a figure is: the samples that it is made of, and what it is to reach."""

from __future__ import annotations

import operator
from typing import Literal

import attrs

from benchmarks.speed.stats import Spread

__all__ = ["NAMES", "Figure", "Measured", "Where"]

Where = tuple[str, str]
"""A point and a quantity of it."""


@attrs.frozen(kw_only=True)
class Figure:
    """One figure.

    Attributes:
        id: Its name, which stays.
        what: What it is.
        zh: The same in Chinese.
        ours: The samples.
        theirs: Those beside which they are seen, round by round; None for none.
        unit: A times sign for ours over theirs; else the unit, of ours or of ours less theirs.
        reach: What it is to reach; None if it is only told.
        more_is_better: Whether it is to be at least that, or at most.
    """

    id: str
    what: str
    zh: str
    ours: Where
    theirs: Where | None = None
    unit: Literal["×", "µs", "ms", "KiB"] = "×"
    reach: float | None = None
    more_is_better: bool = False


@attrs.frozen(kw_only=True)
class Measured:
    """A figure and what came of it.

    Attributes:
        figure: The figure.
        spread: Where it lies; None if it was not measured.
    """

    figure: Figure
    spread: Spread | None

    @property
    def is_met(self) -> bool | None:
        """Whether its median reaches what it is to reach; None if that can't be told."""
        if self.spread is None or self.figure.reach is None:
            return None
        compare = operator.ge if self.figure.more_is_better else operator.le
        return bool(compare(self.spread.median, self.figure.reach))


NAMES = {
    "default": ("default backend", "默认后端"),
    "native": ("native backend", "native 后端"),
    "native-uvloop": ("native backend on uvloop", "native 后端（uvloop）"),
}
