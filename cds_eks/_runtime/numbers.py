"""Numbers that can be reckoned with, and how others are shown."""

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


def shown_number(value: object) -> str:
    """Show a setting in an error; Python does not spell the longest numbers, and nobody would read them."""
    return "a longer number" if isinstance(value, int) and abs(value) >= MOST else repr(value)
