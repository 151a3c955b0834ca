"""Faults without a socket: the app raises what a connection that breaks would raise."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest

from cds_eks.emulator import Fault
from support.emulator_world import world_of

from .caller import Caller
from .sender import INTERFACE

pytestmark = pytest.mark.anyio

MARK = "PLANTED-SECRET"


@pytest.mark.parametrize(
    ("fault", "entries", "committed"),
    [
        (Fault("refuse"), 1, False),
        (Fault("reset_before_commit"), 1, False),
        (Fault("reset_after_commit"), 1, True),
        (Fault("truncate"), 1, True),
        (Fault("late", seconds=5), 1, False),
        (Fault("refuse_connection"), 0, False),
    ],
)
async def test_broken_connections(call: Caller, fault: Fault, entries: int, committed: bool) -> None:
    call.emulator.faults.add(fault)
    error = ConnectionRefusedError if fault.kind == "refuse_connection" else ConnectionResetError
    with pytest.raises(error, match="a fault"):
        await call.send("CreateNetworkInterface", body=INTERFACE)
    requests = call.emulator.ledger.requests
    assert [(each.committed, each.answered) for each in requests] == [(committed, False)] * entries
    assert len(call.emulator.ledger.resources) == committed


@pytest.mark.parametrize("kind", ["hang_before_commit", "hang_after_commit"])
async def test_hanging(call: Caller, kind: str) -> None:
    call.emulator.faults.add(Fault(kind, count=1))
    call.emulator.faults.add(Fault(kind, seconds=0.05))
    with anyio.move_on_after(0.1) as scope:
        await call.send("CreateNetworkInterface", body=INTERFACE)
    assert scope.cancelled_caught
    [entry] = call.emulator.ledger.requests
    assert (entry.committed, entry.answered) == (kind == "hang_after_commit", False)
    await call("CreateNetworkInterface", **INTERFACE)
    entry = call.emulator.ledger.requests[-1]
    assert (entry.committed, entry.answered) == (True, True)


async def test_dripping(call: Caller) -> None:
    call.emulator.faults.add(Fault("drip", bytes=100, seconds=0.01))
    await call("CreateNetworkInterface", **INTERFACE)
    call.emulator.faults.clear()
    call.emulator.faults.add(Fault("drip"))
    with anyio.move_on_after(0.1) as scope:
        await call("CreateNetworkInterface", **INTERFACE)
    assert scope.cancelled_caught
    assert [(each.committed, each.answered) for each in call.emulator.ledger.requests] == [(True, True), (True, False)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("reset_before_commit"),
        Fault("reset_after_commit"),
        Fault("late", seconds=5),
        Fault("duplicate", seconds=5, bypass_nonce=True),
        Fault("status", when="after"),
        Fault("replay"),
        Fault("task_fails", seconds=1),
    ],
)
async def test_nothing_secret_gets_out(call: Caller, create_cluster_body: dict[str, Any], fault: Fault) -> None:
    body = {**create_cluster_body, "Ak": f"{MARK}-ak", "Sk": f"{MARK}-sk"}
    body["MasterConfig"] = {**body["MasterConfig"], "Password": MARK}
    call.emulator.faults.add(fault)
    shown = []
    try:
        shown.append((await call.send("CreateCluster", body=body)).text)
    except ConnectionResetError as error:
        shown.append(str(error))
    emulator = call.emulator
    shown += [repr(emulator.ledger.requests), repr(emulator.faults), str(emulator.__dict__)]
    shown += [repr(value) for value in vars(world_of(emulator)).values()]
    call.advance(10)
    shown += [repr(emulator.ledger.requests), repr(emulator.ledger.resources), str(emulator.ledger.to_plain())]
    assert re.findall(rf".{{0,60}}{MARK}.{{0,20}}", "\n".join(shown)) == []


async def test_the_nonce_is_not_shown(call: Caller) -> None:
    await call.send("ListClusters", common={"SignatureNonce": f"{MARK}-\u00e4"})
    [entry] = call.emulator.ledger.requests
    assert MARK not in repr(entry)
    assert len(entry.nonce) == 16
