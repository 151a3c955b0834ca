"""What is measured: every point, and beside which others."""

from __future__ import annotations

from collections.abc import Collection

from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.point import OURS, PLAIN, Point, Settings, make_point, without
from benchmarks.speed.program_points import COLD, cold, command_line, emulator, provision

__all__ = ["IN_FLIGHT", "SECTIONS", "Point", "Settings", "points", "stub_command"]

SECTIONS = {
    "overhead": "everything of a call but the transport",
    "decode": "a thousand nodes, beside a bare parser",
    "startup": "imports, and processes that make one call",
    "load": "calls in flight, for calls per second and CPU per call",
    "slow": "the same with a server that takes 50 ms",
    "tls": "the same over TLS",
    "cold": "a thousand calls of a new client on as many new connections, plain and over TLS",
    "sync": "threads that block",
    "memory": "calls that are held by the server",
    "fleet": "10,000 calls at once",
    "cli": "what the command line costs, beside a script",
    "emulator": "requests that the emulator answers, beside a bare app",
    "provision": "fleets from a plan, beside the least time that they can take",
}
"""The sections, in the order in which they are measured."""

IN_FLIGHT = (1, 50, 200, 1000)
"""How many calls are in flight in the section `load`."""

LOADED = ("default", "native", "native-uvloop", "httpx", "httpx2", "aiohttp", "aiohttp-uvloop", "aiobotocore")
LEFT_OUT = {("httpx2", 1000)}
"""It needs half a minute more for that, and says nothing that it does not say at 200."""

SLOW = ("default", "native", "httpx", "aiohttp")
SECURE = ("default", "native", "aiohttp")
SYNC = ("default", "native", "requests", "tencentcloud")


def stub_command(stub: str, settings: Settings) -> tuple[str, ...]:
    """Return the module of a server and its options.

    Args:
        stub: `plain`; `slow`; `hold`, or `tls`, which holds as well; `cold` and `cold-tls`, which answer once all have
            come; `bare-app`; or `clusters-100`, an emulator with as many.
        settings: How much.
    """
    if stub == "bare-app":
        return ("benchmarks.speed.bare_app",)
    if stub.startswith("clusters-"):
        return ("benchmarks.speed.emulators", "--clusters", stub.removeprefix("clusters-"))
    hold = ("--hold", str(settings.fewer(2000)))
    at_once = ("--hold", str(settings.fewer(COLD)), "--pause", "0")
    options = {
        "plain": (),
        "slow": ("--delay", "0.05"),
        "hold": hold,
        "tls": hold,
        "cold": at_once,
        "cold-tls": at_once,
    }
    return ("benchmarks.speed.stub", *options[stub])


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
        *_loads("tls", (50, 1000), SECURE, "tls", settings),
        *cold(settings),
        *_loads("sync", (16,), SYNC, "plain", settings),
        *_memory(settings),
        *_fleet(settings),
        *command_line(settings),
        *emulator(settings),
        *provision(settings),
    ]
    sections = [name for name in only if name in SECTIONS] or SECTIONS
    contenders = [name for name in only if name in CONTENDERS] or CONTENDERS
    return [each for each in everything if each.section in sections and each.contender in contenders]


def _micro(settings: Settings) -> list[Point]:
    batch, repeats = settings.fewer(500), settings.fewer(1500) // 100 + 3
    decode = {"job": "nodes", "count": settings.fewer(1000), "repeats": repeats}
    return [
        make_point("overhead", "", "default", {"job": "overhead", "batch": batch, "without": PLAIN}, stub=None),
        make_point("overhead", "orjson", "default", {"job": "overhead", "batch": batch}, stub=None),
        make_point("decode", "json", "default", {**decode, "parser": "json", "without": PLAIN}, stub=None),
        make_point("decode", "orjson", "default", {**decode, "parser": "orjson"}, stub=None),
        make_point(
            "startup", "", "default", {"job": "startup", "repeats": 1 if settings.is_quick else 4, "without": PLAIN}
        ),
    ]


def _loads(
    section: str, in_flight: tuple[int, ...], contenders: tuple[str, ...], stub: str, settings: Settings
) -> list[Point]:
    job = {"job": "threads" if section == "sync" else "load", "seconds": settings.seconds, "warmup": settings.warmup}
    return [
        make_point(section, str(count), name, {**job, "in_flight": _size(count, settings), **without(name)}, stub=stub)
        for count in in_flight
        for name in contenders
        if (name, count) not in LEFT_OUT
    ]


def _size(count: int, settings: Settings) -> int:
    return min(count, 20) if settings.is_quick else count


def _memory(settings: Settings) -> list[Point]:
    job = {"job": "memory", "in_flight": settings.fewer(2000)}
    return [
        make_point(
            "memory", stub, name, {**job, **without(name)}, stub=stub, group=f"memory/{stub}/{name}", is_fresh=True
        )
        for stub in ("hold", "tls")
        for name in OURS
    ]


def _fleet(settings: Settings) -> list[Point]:
    sizes = ((100, 100, 2000), (10_000, 1000, 10_000), (10_000, 10_000, 10_000))
    return [
        make_point(
            "fleet",
            f"{in_flight}/{connections}",
            name,
            {
                "job": "fleet",
                "in_flight": settings.fewer(in_flight),
                "connections": settings.fewer(connections),
                "calls": settings.fewer(calls),
                **without(name),
            },
            group=f"fleet/{name}",
        )
        for name in OURS
        for in_flight, connections, calls in sizes
    ]
