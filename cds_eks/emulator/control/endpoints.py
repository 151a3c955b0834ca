"""The endpoints on the emulator itself: is it there, what is in it, what time is it, and begin anew."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cds_eks._version import __version__
from cds_eks.emulator.control import ledger_tables, world_tables
from cds_eks.emulator.control.asking import check_fields, json_body, parameters
from cds_eks.emulator.control.errors import ControlError, json_response
from cds_eks.emulator.control.handle import Handle
from cds_eks.emulator.engine.clock import WallClock
from cds_eks.emulator.protocol.plain_values import Number

__all__ = ["change_clock", "clock", "health", "ledger", "reset", "world"]

NEXT_CHANGE = "next_change"
MOST_SECONDS = 31_536_000
MOST_SPEED = 1_000_000
LATEST = 253_370_764_800.0
"""Service time is not put beyond this, the year 9999: later ones can't be written as the service does."""


async def health(handle: Handle, _request: Request) -> Response:
    """Say that it is there: a socket is open only when it can answer."""
    plain = {
        "status": "ok",
        "version": __version__,
        "revision": handle.api_revision,
        "uptime": round(handle.uptime(), 3),
        "resets": handle.resets(),
    }
    return json_response(plain)


async def world(handle: Handle, request: Request) -> Response:
    """Give the world, whole or a part of one of its tables."""
    asked = parameters(request.scope["query_string"], world_tables.TABLES)
    with handle.settled() as present:
        tag = f'"{handle.version()}"'
        if _has(request, tag):
            return Response(status_code=304, headers={"ETag": tag})
        plain: Any = world_tables.part(present, asked) if asked else world_tables.whole(present)
    return json_response(plain, headers={"ETag": tag})


async def ledger(handle: Handle, request: Request) -> Response:
    """Give the ledger, whole or a part of one of its tables."""
    asked = parameters(request.scope["query_string"], ledger_tables.TABLES)
    tag = f'"{handle.version()}"'  # before it is read: what comes in between is told again next time
    if _has(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    present = handle.ledger()
    plain: Any = ledger_tables.part(present, asked) if asked else present.to_plain()
    return json_response(plain, headers={"ETag": tag})


def _has(request: Request, tag: str) -> bool:
    """Whether the one who asks has this version already."""
    told = request.headers.get("if-none-match", "")
    return tag in [each.strip().removeprefix("W/") for each in told.split(",")]


async def clock(handle: Handle, _request: Request) -> Response:
    """Tell the service's time."""
    return json_response(_time(handle))


def _time(handle: Handle) -> dict[str, Any]:
    with handle.settled() as present:
        due = present.next_change()
        speed = handle.clock.speed if isinstance(handle.clock, WallClock) else None
        return {
            "now": present.now,
            "speed": speed,
            "next_change": due,
            "seconds_to_next_change": None if due is None else max(due - present.now, 0.0),
        }


async def change_clock(handle: Handle, request: Request) -> Response:
    """Wind the clock, by some seconds or to the next change; or have it run at another speed."""
    body = await json_body(request)
    if not body:
        raise ControlError.of_field("advance", "is missing: give advance, speed or both")
    by_seconds = {key: value for key, value in body.items() if (key, value) != ("advance", NEXT_CHANGE)}
    if isinstance(by_seconds.get("advance"), str):
        rule = f"must be {Number(0, MOST_SECONDS).words}, or {NEXT_CHANGE}"
        raise ControlError.of_field("advance", rule)
    check_fields(by_seconds, {"advance": Number(0, MOST_SECONDS), "speed": Number(0, MOST_SPEED, is_above=True)})
    if "speed" in body and not isinstance(handle.clock, WallClock):
        message = "this emulator has a clock of its test's, which has no speed"
        raise ControlError(409, message, field="speed", rule="needs a clock that runs by itself")
    if "advance" in body:
        _advance(handle, body["advance"])
    if "speed" in body and isinstance(handle.clock, WallClock):  # last: if the one can't be done, neither is
        handle.clock.set_speed(body["speed"])
    return json_response(_time(handle))


def _advance(handle: Handle, by: float | str) -> None:
    with handle.settled() as present:
        if isinstance(by, (int, float)):
            _check_reachable(present.now + by)
            handle.clock.advance(by)
            return
        due = present.next_change()
        if due is None:
            raise ControlError(409, "nothing is due: there is no next change", field="advance", rule="needs a change")
        _check_reachable(due)
        handle.clock.advance(max(due - handle.clock.now(), 0.0))
        while handle.clock.now() < due:  # by a rounding error
            handle.clock.advance(1e-6)


def _check_reachable(when: float) -> None:
    if when > LATEST:
        message = "the clock can't be put beyond the year 9998: a reset begins anew"
        raise ControlError(409, message, field="advance", rule="needs a time before the year 9999")


async def reset(handle: Handle, request: Request) -> Response:
    """Begin anew."""
    check_fields(await json_body(request), {})
    handle.reset()
    return await health(handle, request)
