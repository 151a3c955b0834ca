"""Every handler is called once in a world that has all it may ask for; and what is told of one that fails."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from operations.table import ROWS, Row

from cds_eks.emulator import Emulator
from cds_eks.emulator.engine import lifecycle
from cds_eks.emulator.handlers.call import Call, Result
from cds_eks.emulator.handlers.registry import HANDLERS
from cds_eks.emulator.protocol.api import OPERATIONS

from .caller import Caller

pytestmark = pytest.mark.anyio


def seeded(emulator: Emulator) -> dict[str, str]:
    """Put one of each there; returns their ids by the names that arguments have for them."""
    cluster_id = emulator.add_cluster(vpc_id="vpc-1", workers=2)
    pool_id = emulator.add_node_pool(cluster_id)
    machine = emulator.add_machine()
    return {
        "ClusterId": cluster_id,
        "VpcId": "vpc-1",
        "NodePoolId": pool_id,
        "Id": pool_id,
        "NodeId": emulator.add_node(cluster_id),
        "ScalingGroupId": emulator.add_scaling_group(node_pool_id=pool_id),
        "EcsId": machine,
        "NetcardId": emulator.add_network_interface(),
        "TaskId": emulator.add_task(),
        "EventId": emulator.add_event(),
    }


def aimed(value: Any, ids: dict[str, str]) -> Any:
    """An argument's value with the ids of what is there."""
    if isinstance(value, list):
        return [aimed(each, ids) for each in value]
    if not isinstance(value, dict):
        return value
    several = {f"{name}s": [id_] for name, id_ in ids.items()}
    return {name: ({**ids, **several}).get(name) or aimed(inner, ids) for name, inner in value.items()}


def row_of(action: str) -> Row:
    return next(each for each in ROWS if each.documented == OPERATIONS[action].name)


@pytest.mark.parametrize("action", HANDLERS)
async def test_it_answers_when_all_is_there_that_it_may_ask_for(call: Caller, action: str) -> None:
    await call(action, **aimed(row_of(action).least.sends, seeded(call.emulator)))


async def test_a_step_without_a_name_makes_nothing_busy(
    call: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ids = seeded(call.emulator)
    monkeypatch.delitem(lifecycle._STEP_NAMES, "ScalingNodePool")
    before = await call("ListNodePool", ClusterId=ids["ClusterId"])
    arguments = {"ClusterId": ids["ClusterId"], "NodePoolId": ids["NodePoolId"], "Replicas": 5}
    with caplog.at_level(logging.ERROR, "cds_eks.emulator"):
        response = await call.send("ScalingNodePool", body=arguments)
    envelope = response.json()
    assert (response.status_code, envelope["Code"], envelope["Data"]) == (500, "InternalError", None)
    words = "_STEP_NAMES in cds_eks/emulator/engine/lifecycle.py has no entry for 'ScalingNodePool'"
    assert re.sub(r":\d+\)", ")", envelope["Msg"]) == (
        "a fault of the emulator: cds_eks.emulator.handlers.node_pools.scale, which answers ScalingNodePool, "
        f"has raised IncompleteEmulatorError (lifecycle.py): {words}"
    )
    assert "in resize_pool" in caplog.text
    assert await call("ListNodePool", ClusterId=ids["ClusterId"]) == before
    await call("DeleteNodePool", ClusterId=ids["ClusterId"], NodePoolId=ids["NodePoolId"])


async def test_a_change_of_an_interface_without_a_time_leaves_it_idle(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = seeded(call.emulator)
    monkeypatch.delitem(lifecycle.INTERFACE_CHANGES, "AttachNetworkInterface")
    response = await call.send("AttachNetworkInterface", body={"EcsId": ids["EcsId"], "NetcardId": ids["NetcardId"]})
    assert "INTERFACE_CHANGES in cds_eks/emulator/engine/lifecycle.py has no entry" in response.json()["Msg"]
    await call("DeleteNetworkInterface", NetcardId=ids["NetcardId"])


async def test_a_handler_that_fails_is_told_without_what_the_request_holds(
    call: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(_world: object, call: Call) -> Result:
        raise KeyError(call["ClusterId"])

    monkeypatch.setitem(HANDLERS, "GetCluster", failing)
    with caplog.at_level(logging.ERROR, "cds_eks.emulator"):
        response = await call.send("GetCluster", {"ClusterId": "marked"})
    envelope = response.json()
    assert (response.status_code, envelope["Code"], envelope["Data"]) == (500, "InternalError", None)
    line = failing.__code__.co_firstlineno + 1
    assert envelope["Msg"] == (
        f"a fault of the emulator: {__name__}.failing, which answers GetCluster, has raised KeyError "
        f"(test_handlers.py:{line})"
    )
    assert "raise KeyError(call" in caplog.text
    assert "marked" not in response.text + caplog.text
    entry = call.emulator.ledger.requests[-1]
    assert (entry.status, entry.code, entry.committed) == (500, "InternalError", False)
    assert (await call("ListNodePool", ClusterId=call.emulator.add_cluster()))["Total"] == 1
