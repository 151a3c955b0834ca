"""The points beyond calls on open connections: new connections, the command line, the emulator, fleets."""

from __future__ import annotations

from benchmarks.cli import CLUSTERS
from benchmarks.speed.point import OURS, Point, Settings, make_point, without
from cds_eks.fleet import FleetLimits

__all__ = ["COLD", "FLEET", "LARGE", "SMALL", "cold", "command_line", "emulator", "provision"]

COLD = 1_000
"""How many connections are new at once."""

SMALL, LARGE = 100, 2_000
"""Clusters that an emulator has."""

FLEET, FLEET_SPEED = 200, 20.0
"""Clusters of a fleet, and how fast the emulator's time goes meanwhile: twenty seconds a run."""

FLEET_ROUNDS = 3


def cold(settings: Settings) -> list[Point]:
    """Return the points of new connections, with and without TLS."""
    return [
        make_point(
            "cold",
            how,
            name,
            {"job": "cold", "calls": settings.fewer(COLD), **without(name)},
            stub="cold" if how == "plain" else "cold-tls",
        )
        for how in ("plain", "tls")
        for name in (*OURS, "aiohttp")
    ]


def command_line(settings: Settings) -> list[Point]:
    """Return the point of the command line: whole processes, one after another."""
    job = {"job": "commands", "repeats": 1 if settings.is_quick else 2}
    return [make_point("cli", "", "default", job, stub=f"clusters-{CLUSTERS}")]


def emulator(settings: Settings) -> list[Point]:
    """Return the point of the emulator's own speed, beside a bare app on the same server."""
    sizes = {"small": SMALL, "large": settings.fewer(LARGE)}
    servers = {"bare": "bare-app", **{name: f"clusters-{size}" for name, size in sizes.items()}}
    job = {"job": "emulator", "requests": settings.fewer(1_000), "sizes": sizes}
    return [make_point("emulator", "", "default", job, stub=None, servers=servers)]


def provision(settings: Settings) -> list[Point]:
    """Return the point of a fleet from a plan, beside the least time that it can take."""
    speed = 300.0 if settings.is_quick else FLEET_SPEED
    job = {
        "job": "provision",
        "clusters": settings.fewer(FLEET),
        "pools": 2,
        "in_flight": settings.fewer(256),
        "latency": 0.05 if not settings.is_quick else 0.001,
        "speed": speed,
        "interval": FleetLimits().poll_interval / speed,
        "is_pinned": False,  # the run and the emulator are processes of their own
    }
    return [make_point("provision", "", "default", job, stub=None, most_rounds=FLEET_ROUNDS)]
