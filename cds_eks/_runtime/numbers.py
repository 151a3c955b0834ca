"""Which numbers settings and arguments may be, and how others are shown."""

from __future__ import annotations

import math
from typing import TypeGuard

MOST = 10**18
"""No whole number among the settings is as large."""


def is_finite(value: object) -> TypeGuard[float]:
    """Whether a value is a number, neither infinite nor absurdly large, and no flag."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) < MOST if isinstance(value, int) else math.isfinite(value)


def positive_float(value: object) -> float | None:
    """Return a number above 0 as a float; None if it is none, infinite, or larger than any float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if 0 < number < math.inf else None


def shown_number(value: object) -> str:
    """Show a setting in an error; Python converts no very long numbers, and they would not be readable."""
    return "a longer number" if isinstance(value, int) and abs(value) >= MOST else repr(value)
