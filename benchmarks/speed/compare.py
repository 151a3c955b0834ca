"""Two results, figure by figure: what got worse by more than noise."""

from __future__ import annotations

import attrs

from benchmarks.speed.figure import Measured
from benchmarks.speed.figures import measured
from benchmarks.speed.result import Result
from benchmarks.speed.stats import Spread

__all__ = ["Change", "changes", "drift"]

NOISE = 0.05
"""What changes by less is not looked at."""

FEWEST = 3
"""With fewer samples nothing can be told."""

CALIBRATION = ("overhead/default", "loop_us")


@attrs.frozen(kw_only=True)
class Change:
    """A figure, then and now.

    Attributes:
        old: As it was.
        new: As it is.
        factor: By how much the machine itself was slower now; times are made shorter by that before they are compared.
    """

    old: Measured
    new: Measured
    factor: float = 1.0

    @property
    def now(self) -> Spread | None:
        """Where it lies now, had the machine been as fast as then."""
        there = self.new.spread
        if there is None or self.new.figure.unit not in ("µs", "ms"):
            return there
        return attrs.evolve(
            there, median=there.median / self.factor, low=there.low / self.factor, high=there.high / self.factor
        )

    @property
    def is_regression(self) -> bool:
        """Whether it is worse by more than noise: the middle halves of the samples do not even meet."""
        return self._is_apart(for_worse=True)

    @property
    def is_gain(self) -> bool:
        """The same for the better."""
        return self._is_apart(for_worse=False)

    def _is_apart(self, *, for_worse: bool) -> bool:
        old, now = self.old.spread, self.now
        if old is None or now is None or min(old.count, now.count) < FEWEST:
            return False
        went_down = self.new.figure.more_is_better is for_worse
        if went_down:
            return now.high < old.low and now.median < old.median * (1 - NOISE)
        return now.low > old.high and now.median > old.median * (1 + NOISE)


def drift(old: Result, new: Result) -> float:
    """Return by how much the machine was slower in the new result, by the time of a loop; 1 if that is not known."""
    then, now = old.spread(*CALIBRATION), new.spread(*CALIBRATION)
    return now.median / then.median if then and now and then.median else 1.0


def changes(old: Result, new: Result) -> list[Change]:
    """Return every figure that both results have."""
    factor = drift(old, new)
    pairs = zip(measured(old), measured(new), strict=True)
    return [Change(old=then, new=now, factor=factor) for then, now in pairs if then.spread and now.spread]
