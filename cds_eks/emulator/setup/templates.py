"""Names and ids of a world's file with a place for the number of a cluster: `gpu-{index:03d}`, as in a plan's file."""

from __future__ import annotations

import re
import string

__all__ = ["NUMBERED", "fault_of_template", "filled"]

NUMBERED = ("name", "id", "node_pool")
"""The keys of clusters, and of what is in them, that may have such a place."""

_SPEC = re.compile(r"(?:0?[1-9][0-9]?)?[bdoxX]?")


def fault_of_template(text: str) -> str | None:
    """Return what is wrong with a text that is to be filled in; None if nothing is."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return "has a brace without its other half: write {{ or }} for one that stays"
    for _, field, spec, conversion in parts:
        if field is None:
            continue
        if field != "index":
            return "may have {index} in braces, and nothing else: write {{ and }} for braces that stay"
        if conversion or not _SPEC.fullmatch(spec or ""):
            return "must format {index} as a whole number: {index}, {index:03d} or {index:x}"
    return None


def filled(text: str, number: int) -> str:
    """Return a text that was checked, with a number filled in."""
    return text.format(index=number) if "{" in text or "}" in text else text
