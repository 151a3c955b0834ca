"""What is wrong in the description: each fault with its place, its line and its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Place = tuple[str | int, ...]
"""The keys that lead to something in the description, such as `("operations", "CreateCluster", "method")`."""


class Fault(NamedTuple):
    """Something wrong at a place."""

    place: Place
    reason: str


class DescriptionError(ValueError):
    """The description is not what it should be.

    Args:
        name: Where it was read from.
        faults: All that is wrong in it.
        lines: The line of each place.
    """

    def __init__(self, name: str, faults: Iterable[Fault], lines: Mapping[Place, int]) -> None:
        placed = sorted((line_of(fault.place, lines), fault) for fault in dict.fromkeys(faults))
        super().__init__("\n".join(f"{name}:{line}: {shown(fault.place)}{fault.reason}" for line, fault in placed))


def line_of(place: Place, lines: Mapping[Place, int]) -> int:
    """The line of a place; of the nearest one above it, if it is missing."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def shown(place: Place) -> str:
    """A place as it is written before the reason; the `fields` of a shape go without saying."""
    words = [
        str(key) for index, key in enumerate(place) if not (index == 2 and place[0] == "shapes" and key == "fields")
    ]
    return f"{'.'.join(words)}: " if words else ""
