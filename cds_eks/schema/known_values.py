"""Open lists of values: the service adds to them, so any text passes; one that looks misspelt is logged."""

from __future__ import annotations

import difflib
import functools
import logging
import re

logger: logging.Logger = logging.getLogger("cds_eks.models")

LONGEST = 100
"""Longer texts than any value are not compared."""

CLOSE = 0.65
"""From which similarity on (0 to 1) a value counts as misspelt. Three letters of which two are swapped have 0.67."""


@functools.lru_cache(maxsize=1024)  # so each is logged once
def warn_if_misspelt(name: str, value: str, known: tuple[str, ...]) -> None:
    """Log a warning if a value that is not known looks like one that is.

    Args:
        name: The list's.
        value: The value.
        known: Those of the list.
    """
    if (meant := closest(value, known)) is not None:
        logger.warning("%r is no known %s; did you mean %r?", value, name, meant)


def closest(value: str, known: tuple[str, ...]) -> str | None:
    """Return the known value that is most similar; None if none is similar enough.

    One that differs in its digits is not misspelt: it is another version, another image or a larger machine.
    """
    if len(value) > LONGEST:
        return None
    alike = {each.casefold(): each for each in known if re.findall(r"\d+", each) == re.findall(r"\d+", value)}
    found = difflib.get_close_matches(value.strip().casefold(), alike, n=1, cutoff=CLOSE)
    return alike[found[0]] if found else None
