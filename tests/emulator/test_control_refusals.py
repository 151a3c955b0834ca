"""What the endpoints below `/_emulator/` say of a request that makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks.emulator import Fault

from .caller import Caller
from .control_calls import post

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "body", "field", "words"),
    [
        ("clock", {}, "advance", "is missing"),
        ("clock", {"advance": -1}, "advance", "must be a number from 0 to 31536000"),
        ("clock", {"advance": "tomorrow"}, "advance", "or next_change"),
        ("clock", {"advance": True}, "advance", "must be a number"),
        ("clock", {"advance": None}, "advance", "must be a number"),
        ("clock", {"advance": [1]}, "advance", "must be a number"),
        ("clock", {"advance": 10**400}, "advance", "must be a number"),
        ("clock", {"speed": 0}, "speed", "must be a number above 0, up to 1000000"),
        ("clock", {"advence": 1}, "advence", "is not known; did you mean 'advance'?"),
        ("clock", {"\u0007": 1}, "?", "is not known"),
        ("reset", {"hard": True}, "hard", "is not known"),
        ("faults", {}, "kind", "is missing: one of refuse_connection"),
        ("faults", {"kind": 3}, "kind", "must be one of"),
        ("faults", {"kind": "late"}, "seconds", "late needs seconds"),
        ("faults", {"kind": "refuse", "action": "Crate"}, "action", "there is no action 'Crate'"),
        ("faults", {"kind": "refuse", "action": None}, "action", "must be the name of an action"),
        ("faults", {"kind": "refuse", "seconds": 1}, "seconds", "refuse takes no seconds"),
        ("faults", {"kind": "status", "status": 302}, "status", "must be 200, or from 400 to 599"),
        ("faults", {"kind": "refuse", "sec": 1}, "sec", "is not known"),
        ("faults", {"fault": 3}, "fault", "must be a text"),
        ("faults", {"fault": "x"}, "fault", "has no kind"),
        ("faults", {"fault": "*:refuse", "kind": "refuse"}, "kind", "is not known"),
        ("faults/1", {}, "enabled", "is missing"),
        ("faults/1", {"enabled": 1}, "enabled", "must be true or false"),
    ],
)
async def test_a_body_that_makes_no_sense(call: Caller, path: str, body: Any, field: str, words: str) -> None:
    call.emulator.faults.add(Fault("refuse", "DeleteNodes"))
    response = await post(call, path, body)
    plain = response.json()
    assert (response.status_code, plain["Code"], plain["Field"]) == (400, "InvalidParameter", field)
    assert words in plain["Rule"]
    assert plain["Msg"] == f"{field}: {plain['Rule']}"
    assert len(call.emulator.faults) == 1
    assert call.emulator.clock.now() == 1.76e9


async def test_fields_that_do_not_go_together(call: Caller) -> None:
    response = await post(call, "faults", {"kind": "task_fails", "steps": 1, "seconds": 1})
    assert (response.status_code, response.json()) == (
        400, {"Code": "InvalidParameter", "Msg": "give steps or seconds, not both"},
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"{", b"[]", b"3", b'{"advance": NaN}', b'{"advance": 1, "advance": 2}', b"\xff"])
async def test_a_body_that_is_no_json(call: Caller, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await call.client.post("/_emulator/clock", content=content, headers=headers)
    assert (response.status_code, response.json()["Code"]) == (400, "MalformedJSON")


async def test_a_body_that_is_too_long(call: Caller) -> None:
    for size in (70_000, 9_000_000):
        response = await post(call, "clock", {"advance": "x" * size})
        assert (response.status_code, response.json()["Code"]) == (413, "InvalidHTTPRequest")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("table=cluster", "table"),
        ("limit=3", "table"),
        ("table=clusters&limit=0", "limit"),
        ("table=clusters&limit=1001", "limit"),
        ("table=clusters&limit=x", "limit"),
        ("table=clusters&offset=-1", "offset"),
        ("table=clusters&offset=99999999999999", "offset"),
        ("table=clusters&offset=%D9%A3", "offset"),
        ("table=clusters&order=up", "order"),
        ("table=clusters&search=%00", "search"),
        ("tabel=clusters", "tabel"),
    ],
)
async def test_a_query_that_makes_no_sense(call: Caller, query: str, field: str) -> None:
    response = await call.client.get(f"/_emulator/world?{query}")
    assert (response.status_code, response.json()["Field"]) == (400, field)


async def test_a_query_that_can_not_be_read(call: Caller) -> None:
    for query in ("table=%zz", "table=a&table=b"):
        assert (await call.client.get(f"/_emulator/ledger?{query}")).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "health", "HEAD, GET"),
        ("PUT", "faults", "HEAD, GET, POST, DELETE"),
        ("GET", "reset", "POST"),
        ("OPTIONS", "reset", "POST"),
        ("GET", "faults/1", "POST, DELETE"),
        ("DELETE", "world", "HEAD, GET"),
        ("POST", "", "HEAD, GET"),
    ],
)
async def test_another_method_is_refused(call: Caller, method: str, path: str, allow: str) -> None:
    response = await call.client.request(method, f"/_emulator/{path}")
    assert (response.status_code, response.json()["Code"], response.headers["Allow"]) == (
        405, "InvalidHTTPRequest", allow,
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/_emulator/x", "/_emulator/faults/", "/_emulator/faults/x", "/_emulator//health"])
async def test_another_path_is_refused(call: Caller, path: str) -> None:
    response = await call.client.get(path)
    assert (response.status_code, response.json()["Code"]) == (404, "InvalidHTTPRequest")
    assert "/health" in response.json()["Msg"]
