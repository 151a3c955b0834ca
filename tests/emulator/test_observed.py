"""The emulator takes what the vendor's Go client sends."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks.emulator import Emulator

from .caller import Caller, verdict

pytestmark = pytest.mark.anyio


def _seed(emulator: Emulator) -> None:
    for cluster_id in ("c-1", "c"):
        emulator.add_cluster(cluster_id, vpc_id="v")
    emulator.add_node_pool("c", "p")
    emulator.add_node_pool("c", "np")
    emulator.add_node("c", "n", node_pool_id="p")
    emulator.add_task("t-1")
    emulator.add_machine("e")
    emulator.add_network_interface("n")
    emulator.add_event("e")
    emulator.add_scaling_group("sg")


async def _send(call: Caller, request: dict[str, Any]) -> tuple[int, str]:
    params = dict(request["query"])
    return verdict(await call.send(params.pop("Action"), params, request["body"], method=request["method"]))


NAMELESS = ("2025-10-11", "CreateNodePool")
"""A pool of nothing but zero values was seen to be sent; the service takes none without a name."""


def _seen(request: dict[str, Any]) -> tuple[str, str]:
    return request["revision"], request["query"]["Action"]


@pytest.mark.parametrize("number", range(24))
async def test_each_observed_request_is_taken(call: Caller, observed_in_all: list[dict[str, Any]], number: int) -> None:
    assert len(observed_in_all) == 24
    _seed(call.emulator)
    request = observed_in_all[number]
    expected = (400, "ArgMissing") if _seen(request) == NAMELESS else (200, "Success")
    assert await _send(call, request) == expected


async def test_all_of_them_one_after_the_other(call: Caller, observed_in_all: list[dict[str, Any]]) -> None:
    _seed(call.emulator)
    named = [each for each in observed_in_all if _seen(each) != NAMELESS]
    deletes = [each for each in named if each["query"]["Action"] == "DeleteCluster"]
    for request in [each for each in named if each not in deletes] + deletes:
        assert await _send(call, request) == (200, "Success"), request["query"]
        call.advance(1000)
    assert call.emulator.ledger.count(code="Success") == 23


async def test_the_go_clients_zero_values_of_a_node_pool(call: Caller) -> None:
    call.emulator.add_cluster("c", vpc_id="v")
    config: dict[str, Any] = {
        "Id": "",
        "Name": "p",
        "NodeType": "",
        "SubjectId": 0,
        "NodeConfig": {
            "BillingSpec": {"InstanceChargeType": "", "Period": 0, "IsToMonth": 0, "AutoRenew": 0},
            "SystemVolume": {},
            "DataVolumes": None,
            "OsImageName": "",
            "SubnetIds": None,
            "InstanceTypeIds": None,
            "Password": "",
            "ExecCommand": "",
            "Labels": None,
        },
        "Replicas": 1,
    }
    for vpc_id, name in (("", "p"), ("v", "")):
        body = {"ClusterId": "c", "VpcId": vpc_id, "Config": {**config, "Name": name}}
        assert await call.refused("CreateNodePool", **body) == (400, "ArgMissing")
    created = await call("CreateNodePool", ClusterId="c", VpcId="v", Config=config)
    call.advance(60)
    listed = await call("ListNodePool", ClusterId="c", NodePoolId=created["NodePoolId"])
    assert listed["NodePool"][0]["AvailableNodeCount"] == 1
