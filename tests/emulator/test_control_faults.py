"""Faults by the endpoints below `/_emulator/`: added, switched, removed; and a reset, which restores the first ones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cds_eks.emulator import Emulator, Fault, ManualClock

from .caller import Caller
from .control_calls import got, post

pytestmark = pytest.mark.anyio


async def test_reset_brings_back_the_beginning(create_cluster_body: dict[str, Any]) -> None:
    emulator = Emulator(
        clock=ManualClock(), setup=lambda it: it.add_cluster(name="seeded"), faults=[Fault("replay", count=1)]
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        before = await got(call, "world")
        runs = []
        for number in (1, 2):
            assert (await call.send("ListClusters")).json()["Code"] == "AccessDenied"
            response = await call.send("CreateCluster", body=create_cluster_body, method="POST")
            runs.append(response.json())
            query = response.request.url.query
            call.advance(500)
            emulator.faults.add(Fault("refuse", "write"))
            emulator.add_task("t")
            response = await post(call, "reset")
            assert (response.status_code, response.json()["resets"]) == (200, number)
            assert await got(call, "world") == before
            assert await got(call, "ledger") == {"requests": [], "resources": []}
            assert [str(each) for each in emulator.faults] == ["*:replay:count=1"]
            assert emulator.faults.struck == {}
            assert emulator.clock.now() == 1.76e9
        assert runs[0] == runs[1]
        emulator.faults.clear()
        again = await client.post(f"/eks/v1?{query.decode()}", json=create_cluster_body)
        assert again.json()["Code"] == "Success"


async def test_without_a_setup_a_reset_leaves_nothing(call: Caller) -> None:
    call.emulator.add_cluster()
    assert (await post(call, "reset")).status_code == 200
    assert all(rows == [] for rows in (await got(call, "world")).values())


async def test_what_is_under_way_at_a_reset_leaves_no_trace(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    emulator = call.emulator
    emulator.faults.add(Fault("late", "CreateCluster", seconds=5))
    with pytest.raises(ConnectionResetError):
        await call("CreateCluster", **create_cluster_body)
    ledger = emulator.ledger
    emulator.reset()
    await call("ListClusters")
    ledger.amend(0, answered=False)
    call.advance(1000)
    assert [each.action for each in emulator.ledger.requests] == ["ListClusters"]
    assert emulator.ledger.requests[0].answered
    assert emulator.ledger.resources == []


async def test_faults_are_added_switched_and_removed(call: Caller) -> None:
    assert await got(call, "faults") == {"faults": [], "struck": {}}
    response = await post(call, "faults", {"fault": "read:status=503:count=2"})
    assert response.status_code == 201
    first = response.json()
    assert first == {
        "id": 1, "fault": "read:status:count=2:status=503", "kind": "status", "action": "read", "count": 2,
        "status": 503, "enabled": True, "applied": 0, "is_over": False,
    }  # fmt: skip
    second = (await post(call, "faults", {"kind": "throttle", "action": "ListClusters"})).json()
    assert (second["id"], second["fault"]) == (2, "ListClusters:throttle")

    async def status() -> int:
        return (await call.send("ListClusters")).status_code

    assert await status() == 503
    assert (await post(call, "faults/1", {"enabled": False})).json()["enabled"] is False
    assert await status() == 429
    assert (await post(call, "faults/1", {"enabled": True})).json()["applied"] == 1
    assert [await status() for _ in range(2)] == [503, 429]
    plain = await got(call, "faults")
    assert [(each["applied"], each["is_over"]) for each in plain["faults"]] == [(2, True), (2, False)]
    assert plain["struck"] == {"status": 2, "throttle": 2}
    response = await call.client.delete("/_emulator/faults/2")
    assert [each["id"] for each in response.json()["faults"]] == [1]
    assert (await call.client.delete("/_emulator/faults")).json()["faults"] == []
    assert await status() == 200
    third = (await post(call, "faults", {"kind": "refuse"})).json()
    assert third["id"] == 3


async def test_kinds(call: Caller) -> None:
    kinds = (await got(call, "faults/kinds"))["kinds"]
    assert kinds["late"]["required"] == ["seconds"]
    assert kinds["late"]["parameters"]["seconds"] == "a number from 0"
    assert kinds["skew"]["parameters"]["seconds"] == "a finite number"
    assert kinds["refuse_connection"]["actions"] == ["*"]
    assert kinds["page_shifts"]["actions"] == ["*", "read", "ListNodes"]
    assert {"*", "create", "read", "write", "ListClusters"} <= set(kinds["status"]["actions"])
    for kind, told in kinds.items():
        needed = {"seconds": 1} if told["required"] else {}
        for action in told["actions"]:
            assert (await post(call, "faults", {"kind": kind, "action": action, **needed})).status_code == 201


@pytest.mark.parametrize("method", ["DELETE", "POST"])
async def test_a_fault_that_is_not_there(call: Caller, method: str) -> None:
    response = await call.client.request(method, "/_emulator/faults/9", json={"enabled": True})
    assert (response.status_code, response.json()["Code"]) == (404, "ResourceNotFound")


async def test_faults_do_not_touch_the_endpoints(call: Caller) -> None:
    for text in ("*:refuse", "*:reset_before_commit"):
        assert (await post(call, "faults", {"fault": text})).status_code == 201
    assert (await call.client.get("/_emulator/health")).status_code == 200
    assert (await got(call, "faults"))["struck"] == {}


async def test_faults_by_number(emulator: Emulator) -> None:
    faults = emulator.faults
    numbers = [faults.add(Fault("refuse")), faults.add(Fault("replay"))]
    faults.enable(numbers[0], enabled=False)
    fault = faults.strike("ListClusters", "GET")
    assert fault is not None
    assert fault.kind == "replay"
    faults.remove(numbers[1])
    assert faults.strike("ListClusters", "GET") is None
    for change in (faults.remove, faults.enable):
        with pytest.raises(KeyError):
            change(numbers[1])
    copies = faults.scheduled()
    copies[0].enabled = True
    assert [each.enabled for each in faults.scheduled()] == [False]


async def test_a_reset_gives_the_first_faults_their_numbers_again() -> None:
    faults = Emulator(faults=[Fault("refuse"), Fault("replay", count=1)]).faults
    for _ in range(2):
        assert [(each.id, each.fault.kind, each.enabled) for each in faults.scheduled()] == [
            (1, "refuse", True), (2, "replay", True),
        ]  # fmt: skip
        faults.enable(1, enabled=False)
        faults.remove(2)
        faults.add(Fault("drip"))
        faults.reset()
    assert faults.add(Fault("drip")) == 5  # no other has had it: a switch for one of the others does nothing to it


async def test_what_is_no_fault_is_refused_from_the_start() -> None:
    with pytest.raises(TypeError, match="parse_fault"):
        Emulator(faults=["create:refuse"])  # type: ignore[list-item]
