"""What one thing to be measured is, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["OURS", "PLAIN", "Point", "Settings", "make_point", "without"]

OURS = ("default", "native")

PLAIN = ("orjson",)
"""What can't be imported while the rest is measured: the default backend's figures are those of a plain installation,
the native backend's those of `cds-eks[native,speed]`."""


@attrs.frozen(kw_only=True)
class Settings:
    """How long and how often.

    Attributes:
        rounds: How often each point is measured, by turns with the others of its group.
        seconds: How long each time.
        is_quick: Whether it is only to be seen that all of it works: small numbers.
    """

    rounds: int = 5
    seconds: float = 0.6
    is_quick: bool = False

    @property
    def warmup(self) -> float:
        """Seconds before each measurement."""
        return self.seconds / 4

    def fewer(self, count: int) -> int:
        """Return a count, or a small one for a quick run."""
        return max(1, count // 50) if self.is_quick else count


@attrs.frozen(kw_only=True)
class Point:
    """One thing that is measured, once a round.

    Attributes:
        section: The section.
        contender: Who.
        key: The name under which the samples are kept.
        group: The points of a group are measured by turns.
        job: What the contender's process is told.
        stub: Which server it calls; None for none.
        servers: More servers, by the names under which the process is told of them.
        is_fresh: Whether each round needs a new process.
        most_rounds: In how many rounds it is measured at the most; 0 for all.
    """

    section: str
    contender: str
    key: str
    group: str
    job: Mapping[str, Any]
    stub: str | None = "plain"
    servers: Mapping[str, str] = attrs.field(factory=dict)
    is_fresh: bool = False
    most_rounds: int = 0


def make_point(section: str, variant: str, contender: str, job: Mapping[str, Any], **more: Any) -> Point:
    """Return a point whose key and group are named after the section and the variant.

    Args:
        section: The section.
        variant: What is told apart within it; "" for nothing.
        contender: Who.
        job: What the contender's process is told.
        more: Other attributes.
    """
    key = "/".join(part for part in (section, contender, variant) if part)
    return Point(
        **{"group": f"{section}/{variant}", **more, "section": section, "contender": contender, "key": key, "job": job}
    )


def without(contender: str) -> dict[str, Any]:
    """Return what a contender's process is told of packages that it must not import."""
    return {} if contender.startswith("native") else {"without": PLAIN}
