"""Numbers that callers pass: checked before anything is sent."""

from __future__ import annotations

from cds_eks._runtime.numbers import is_finite, shown_number
from cds_eks.errors import ConfigurationError


def checked_seconds(name: str, value: object) -> float:
    """Return a number of seconds, 0 or more.

    Args:
        name: What it is called, for the error.
        value: What was passed.

    Raises:
        ConfigurationError: It is no number, negative, infinite or not a number at all (nan).
    """
    if not is_finite(value) or value < 0:
        raise ConfigurationError(f"{name} must be a number of seconds, 0 or more, not {shown_number(value)}")
    return value


def checked_timeout(name: str, value: object) -> float | None:
    """Return a number of seconds above 0, or None for no limit.

    Args:
        name: What it is called, for the error.
        value: What was passed.

    Raises:
        ConfigurationError: It is neither.
    """
    if value is not None and (not is_finite(value) or value <= 0):
        words = f"{name} must be a number of seconds above 0, or None for no limit, not {shown_number(value)}"
        raise ConfigurationError(words)
    return value
