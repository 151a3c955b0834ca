"""A service that repeats a plan's secrets, wherever: they are in no journal, event, report, page or log."""

from __future__ import annotations

import base64
import json
import logging
import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, fleet
from cds_eks.fleet.run.events import Event
from cds_eks.fleet.run.limits import FleetLimits
from fleet.run.backends import BACKENDS
from fleet.run.world import World, in_world, plan_of

SECRET = "Secret-12345"  # of a node
FORMS = (
    SECRET,
    urllib.parse.quote("cluster-sk"),
    base64.b64encode(SECRET.encode()).decode(),
    base64.b64encode(b"user:" + SECRET.encode()).decode()[8:-4],
)
ECHO = f"error {SECRET} cluster-sk {base64.b64encode(SECRET.encode()).decode()} " + json.dumps(
    {"auth": base64.b64encode(b"user:" + SECRET.encode()).decode()}
).replace('"', "'")

Change = Callable[[httpx.Request, bytes], httpx.Response | None]


class Echoing(httpx.AsyncBaseTransport):
    """The emulator, whose answers a test changes."""

    def __init__(self, world: World, change: Change) -> None:
        self._below = httpx.ASGITransport(world.emulator)
        self._change = change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        response = await self._below.handle_async_request(request)
        content = await response.aread()
        changed = self._change(request, content)
        if changed is not None:
            return changed
        return httpx.Response(response.status_code, content=content, headers={"content-type": "application/json"})


def is_create(request: httpx.Request) -> bool:
    return b"cluster-ak" in request.content


def answered(content: str | bytes, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=content, headers={"content-type": "application/json"})


def in_error(request: httpx.Request, _: bytes) -> httpx.Response | None:
    body = {"Code": f"Invalid.{SECRET}", "Message": ECHO, "RequestId": SECRET}
    return answered(json.dumps(body), 400) if is_create(request) else None


def in_status(_: httpx.Request, content: bytes) -> httpx.Response | None:
    if b"ClusterStatus" not in content:
        return None
    echo = ECHO.encode()
    content = re.sub(rb'"ClusterStatus": *"[^"]*"', b'"ClusterStatus": "error"', content)
    return answered(re.sub(rb'"(StatusStr|K8sVersion|CreateTime)": *"[^"]*"', rb'"\1": "' + echo + b'"', content))


def as_id(name: str) -> Change:
    def change(request: httpx.Request, content: bytes) -> httpx.Response | None:
        if not is_create(request):
            return None
        pattern = rb'"' + name.encode() + rb'": *"[^"]*"'
        return answered(re.sub(pattern, f'"{name}": "{SECRET}"'.encode(), content))

    return change


def as_steps(request: httpx.Request, content: bytes) -> httpx.Response | None:
    if b"SubtaskName" not in content:
        return None
    return answered(re.sub(rb'"(Subtask\w+|Status)": *"[^"]*"', rb'"\1": "' + ECHO.encode() + b'"', content))


def as_listed_id(_: httpx.Request, content: bytes) -> httpx.Response | None:
    if b"ClusterStatus" not in content:
        return None
    return answered(re.sub(rb'"ClusterId": *"[^"]*"', f'"ClusterId": "{SECRET}"'.encode(), content))


def as_no_balance(request: httpx.Request, _: bytes) -> httpx.Response | None:
    body = {"Code": "NotEnoughBalance", "Message": ECHO, "RequestId": "r"}
    return answered(json.dumps(body), 400) if is_create(request) else None


CASES: dict[str, tuple[Change, bool | None]] = {
    "an error": (in_error, False),
    "a status": (in_status, False),
    "the task's id": (as_id("TaskId"), True),
    "the cluster's id": (as_id("ClusterId"), True),
    "the request's id": (as_id("RequestId"), True),
    "steps": (as_steps, True),
    "listed ids": (as_listed_id, None),
    "why nothing more is created": (as_no_balance, False),
}


@BACKENDS
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow) if case == "listed ids" else case for case in CASES]
)
def test_a_secret_that_the_service_repeats_is_shown_nowhere(
    backend: str, case: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    change, is_ok = CASES[case]
    caplog.set_level(logging.DEBUG)
    plan = plan_of(2, 2)
    limits = FleetLimits(poll_interval=5.0, attempts=2)

    async def body(world: World) -> tuple[list[Event], list[Any]]:
        events: list[Event] = []
        transport = Echoing(world, change)
        retry = RetryPolicy(max_attempts=2, base_delay=0.1)
        async with AsyncEksClient(world.emulator.credentials, backend=transport, retry=retry) as eks:
            run = world.provision(eks, plan, limits=limits, adopt="matching")
            events = [event async for event in run]
            reports = [await run.report()]
            again = world.provision(eks, plan, limits=limits)  # this one only polls
            events += [event async for event in again]
            reports.append(await again.report())
            reports.append(await fleet.status(eks, plan, journal=world.journal))
            reports.append(await fleet.diff(eks, plan, journal=world.journal))
            orphans = await fleet.orphans(eks, plan, journal=world.journal)
            reports.append(await fleet.import_(eks, plan, journal=world.journal))
        if is_ok is not None:
            assert reports[0].ok == is_ok, reports[0]
        report = reports[0]
        report.to_html(tmp_path / "fleet.html")
        shown = {
            "events": repr(events),
            "reports": repr([each.to_dict() for each in reports]) + "".join(map(str, reports)),
            "orphans": repr(orphans),
            "page": (tmp_path / "fleet.html").read_text(encoding="utf-8"),
            "journal": repr(world.journal.rows) + repr(world.journal.entries),
            "log": caplog.text,
        }
        for where, text in shown.items():
            for form in FORMS:
                assert form not in text, (where, text[max(0, text.index(form) - 80) :][:160])
        return events, reports

    in_world(body, backend)
