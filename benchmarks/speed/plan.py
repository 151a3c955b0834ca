"""What is measured: every point, and beside which others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from benchmarks.speed.contenders import CONTENDERS

__all__ = ["IN_FLIGHT", "SECTIONS", "Point", "Settings", "points", "stub_options"]

SECTIONS = {
    "overhead": "everything of a call but the transport",
    "decode": "a thousand nodes, beside a bare parser",
    "startup": "imports, and processes that make one call",
    "load": "calls in flight, for calls per second and CPU per call",
    "slow": "the same with a server that takes 50 ms",
    "sync": "threads that block",
    "memory": "calls that are held by the server",
    "fleet": "10,000 calls at once",
}
"""The sections, in the order in which they are measured."""

IN_FLIGHT = (1, 50, 200, 1000)
"""How many calls are in flight in the section `load`."""

LOADED = ("default", "native", "native-uvloop", "httpx", "httpx2", "aiohttp", "aiohttp-uvloop", "aiobotocore")
LEFT_OUT = {("httpx2", 1000)}
"""It needs half a minute more for that, and says nothing that it does not say at 200."""

SLOW = ("default", "native", "httpx", "aiohttp")
SYNC = ("default", "native", "requests", "tencentcloud")
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
        stub: Which stub it calls; None for none.
        is_fresh: Whether each round needs a new process.
    """

    section: str
    contender: str
    key: str
    group: str
    job: Mapping[str, Any]
    stub: str | None = "plain"
    is_fresh: bool = False


def stub_options(stub: str, settings: Settings) -> tuple[str, ...]:
    """Return the options with which a stub is started.

    Args:
        stub: `plain`, `slow`, `hold` or `tls`, which holds as well.
        settings: How much.
    """
    hold = ("--hold", str(settings.fewer(2000)))
    return {"plain": (), "slow": ("--delay", "0.05"), "hold": hold, "tls": hold}[stub]


def points(settings: Settings, only: Collection[str] = ()) -> list[Point]:
    """Return all points, in order.

    Args:
        settings: How much.
        only: Names of sections and contenders: the others are left out. None names them all.
    """
    everything = [
        *_micro(settings),
        *_loads("load", IN_FLIGHT, LOADED, "plain", settings),
        *_loads("slow", (1000,), SLOW, "slow", settings),
        *_loads("sync", (16,), SYNC, "plain", settings),
        *_memory(settings),
        *_fleet(settings),
    ]
    sections = [name for name in only if name in SECTIONS] or SECTIONS
    contenders = [name for name in only if name in CONTENDERS] or CONTENDERS
    return [each for each in everything if each.section in sections and each.contender in contenders]


def _micro(settings: Settings) -> list[Point]:
    batch, repeats = settings.fewer(500), settings.fewer(1500) // 100 + 3
    decode = {"job": "nodes", "count": settings.fewer(1000), "repeats": repeats}
    return [
        _point("overhead", "", "default", {"job": "overhead", "batch": batch, "without": PLAIN}, stub=None),
        _point("overhead", "orjson", "default", {"job": "overhead", "batch": batch}, stub=None),
        _point("decode", "json", "default", {**decode, "parser": "json", "without": PLAIN}, stub=None),
        _point("decode", "orjson", "default", {**decode, "parser": "orjson"}, stub=None),
        _point(
            "startup", "", "default", {"job": "startup", "repeats": 1 if settings.is_quick else 4, "without": PLAIN}
        ),
    ]


def _loads(
    section: str, in_flight: tuple[int, ...], contenders: tuple[str, ...], stub: str, settings: Settings
) -> list[Point]:
    job = {"job": "threads" if section == "sync" else "load", "seconds": settings.seconds, "warmup": settings.warmup}
    return [
        _point(section, str(count), name, {**job, "in_flight": _size(count, settings), **_without(name)}, stub=stub)
        for count in in_flight
        for name in contenders
        if (name, count) not in LEFT_OUT
    ]


def _without(contender: str) -> dict[str, Any]:
    return {} if contender.startswith("native") else {"without": PLAIN}


def _size(count: int, settings: Settings) -> int:
    return min(count, 20) if settings.is_quick else count


def _memory(settings: Settings) -> list[Point]:
    job = {"job": "memory", "in_flight": settings.fewer(2000)}
    return [
        _point("memory", stub, name, {**job, **_without(name)}, stub=stub, group=f"memory/{stub}/{name}", is_fresh=True)
        for stub in ("hold", "tls")
        for name in OURS
    ]


def _fleet(settings: Settings) -> list[Point]:
    sizes = ((100, 100, 2000), (10_000, 1000, 10_000), (10_000, 10_000, 10_000))
    return [
        _point(
            "fleet",
            f"{in_flight}/{connections}",
            name,
            {
                "job": "fleet",
                "in_flight": settings.fewer(in_flight),
                "connections": settings.fewer(connections),
                "calls": settings.fewer(calls),
                **_without(name),
            },
            group=f"fleet/{name}",
        )
        for name in OURS
        for in_flight, connections, calls in sizes
    ]


def _point(section: str, variant: str, contender: str, job: Mapping[str, Any], **more: Any) -> Point:
    key = "/".join(part for part in (section, contender, variant) if part)
    return Point(
        **{"group": f"{section}/{variant}", **more, "section": section, "contender": contender, "key": key, "job": job}
    )
