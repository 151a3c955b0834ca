"""The ledger tells everything that happened, and no secret."""

from __future__ import annotations

import json
import re
from typing import Any

import attrs
import httpx
import pytest

from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.signing import Credentials
from support.emulator_world import world_of

from .caller import Caller

pytestmark = pytest.mark.anyio

MARK = "PLANTED-SECRET"


async def test_requests_and_resources(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    answer = await call.answer("CreateCluster", **create_cluster_body)
    await call.refused("GetCluster", ClusterId="x")
    ledger = call.emulator.ledger
    created, refused = ledger.requests
    [pool] = ledger.created("node_pool")
    assert (created.index, created.method, created.action, created.key) == (0, "POST", "CreateCluster", "***")
    assert (created.status, created.code, created.request_id) == (200, "Success", answer["RequestId"])
    assert created.created == (answer["Data"]["ClusterId"], pool.id)
    assert created.params == {}
    assert isinstance(created.body, dict)
    assert created.body["ClusterName"] == "zbh-sdk-test"
    assert created.body["K8SVersion"] == "v1.30.14"
    assert created.body["MasterConfig"]["DataDisk"] == [{"DiskFeature": "ssd", "DiskSize": 80, "Number": 1}]
    assert created.body["MasterConfig"]["Password"] == created.body["Sk"] == created.body["Ak"] == "***"
    assert (refused.index, refused.status, refused.code) == (1, 404, "ResourceNotFound")
    assert (refused.params, refused.body, refused.created) == ({"ClusterId": "x"}, None, ())
    assert ledger.count() == 2
    assert ledger.count("GetCluster") == ledger.count(code="Success") == ledger.count("CreateCluster", "Success") == 1
    assert ledger.count("GetCluster", "Success") == 0

    call.advance(300)
    start = call.emulator.clock.now() - 300
    kinds = [(each.kind, each.created_at - start) for each in ledger.resources]
    assert kinds == [
        ("cluster", 0),
        ("node_pool", 0),
        ("node", 60),
        ("node", 70),
        ("node", 80),
        ("node", 210),
    ]
    assert {each.request_id for each in ledger.resources} == {answer["RequestId"]}
    assert {each.deleted_at for each in ledger.resources} == {None}
    with pytest.raises(ValueError, match="there is no kind 'clusters': it is one of cluster, node_pool"):
        ledger.created("clusters")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        created.code = "Other"  # type: ignore[misc]


async def test_what_tests_add_is_not_in_it(call: Caller) -> None:
    call.emulator.add_cluster("c")
    await call("DeleteCluster", ClusterId="c")
    call.advance(120)
    assert call.emulator.ledger.resources == []


async def test_what_can_not_be_read_is_in_it_too(call: Caller) -> None:
    await call.client.get("/elsewhere")
    await call.client.get("/eks/v1?Action=%zz")
    await call.client.request("PUT", "/eks/v1", content=b"body")
    await call.send("MakeCoffee", {"Milk": "yes"}, {"Sugar": 1}, method="POST")
    await call.send("DeleteCluster", content=b"{")
    assert [(each.action, each.key, each.params, each.body, each.code) for each in call.emulator.ledger.requests] == [
        ("", "", {}, None, "InvalidHTTPRequest"),
        ("", "", {}, None, "InvalidHTTPRequest"),
        ("", "", {}, "***", "InvalidHTTPRequest"),
        ("MakeCoffee", "***", {"Milk": "***"}, "***", "UnsupportedOperation"),
        ("DeleteCluster", "***", {}, "***", "MalformedJSON"),
    ]


async def test_a_snapshot_stays_as_it_is(call: Caller) -> None:
    before = call.emulator.ledger.requests
    await call("ListClusters")
    assert before == []
    assert len(call.emulator.ledger.requests) == 1


async def test_the_oldest_requests_are_dropped() -> None:
    emulator = Emulator(clock=ManualClock(), ledger_limit=3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        for _ in range(5):
            await Caller(emulator, client)("ListClusters")
    assert [each.index for each in emulator.ledger.requests] == [2, 3, 4]
    assert repr(emulator.ledger) == "Ledger(requests=5, resources=0)"


async def test_it_can_be_asked_for_over_http(call: Caller) -> None:
    netcard_id = (await call("CreateNetworkInterface", SubnetId="s"))["NetcardId"]
    call.advance(10)
    response = await call.client.get("/_emulator/ledger")
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.json() == json.loads(json.dumps(call.emulator.ledger.to_plain()))
    [request], [resource] = response.json()["requests"], response.json()["resources"]
    assert request["created"] == [netcard_id]
    assert (resource["kind"], resource["id"]) == ("network_interface", netcard_id)
    assert len(call.emulator.ledger.requests) == 1


def _secrets_in(body: Any) -> Any:
    """Put marked secrets under every name that is secret, and under names that are not known."""
    if isinstance(body, list):
        return [_secrets_in(each) for each in body]
    if not isinstance(body, dict):
        return body
    return {
        name: f"{MARK}-{name}" if name in ("Ak", "Sk", "Password") else _secrets_in(each) for name, each in body.items()
    }


async def test_nothing_secret_gets_out(
    create_cluster_body: dict[str, Any], observed: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    credentials = Credentials(f"{MARK}-id", f"{MARK}-key")
    emulator = Emulator(clock=ManualClock(), credentials=credentials)
    shown: list[str] = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        caplog.clear()
        call = Caller(emulator, client)
        body = _secrets_in(create_cluster_body)
        created = await call("CreateCluster", **body)
        call.advance(300)
        pool = _secrets_in(next(each["body"] for each in observed if each["query"]["Action"] == "CreateNodePool"))
        await call("CreateNodePool", **{**pool, "ClusterId": created["ClusterId"], "VpcId": body["VpcId"]})
        for action, wrong in (
            ("CreateCluster", {**body, "Passwort": MARK}),
            ("CreateCluster", {**body, "pASSWORD": MARK}),
            ("CreateCluster", {**body, "sK": MARK}),
            ("CreateCluster", {**body, "Extra": {"deep": [{"down": MARK}]}}),
            ("CreateCluster", {**body, "ClusterName": {"Password": MARK}}),
            ("CreateCluster", {**body, "ClusterName": [MARK]}),
            ("CreateCluster", {**body, "Cni": MARK}),
            ("CreateCluster", {**body, "MasterConfig": {**body["MasterConfig"], "Labels": {"password": MARK}}}),
            ("CreateCluster", {**body, "MasterConfig": {**body["MasterConfig"], "Labels": {"a": [MARK]}}}),
            ("CreateCluster", {**body, "MasterConfig": {**body["MasterConfig"], "Labels": MARK}}),
            ("CreateCluster", {**body, "MasterConfig": {**body["MasterConfig"], "Specifics": [MARK]}}),
            ("CreateCluster", {**body, "MasterConfig": {**body["MasterConfig"], "DataDisk": MARK}}),
            ("CreateCluster", {**body, "MasterConfig": {**body["MasterConfig"], "DataDisk": {"Sk": MARK}}}),
            ("DeleteNodes", {"ClusterId": {"Sk": MARK}, "NodeIds": [{"Sk": MARK}]}),
            ("MakeCoffee", {"Password": MARK}),
        ):
            response = await call.send(action, body=wrong, method="POST")
            shown.append(response.text)
        await call.send("CreateCluster", body=body, credentials=Credentials(f"{MARK}-other", MARK))
        await call.send("CreateCluster", body=body, credentials=Credentials(f"{MARK}-id", f"{MARK}-wrong"))
        await call.send("CreateCluster", content=f'{{"Password": "{MARK}"'.encode())
        await call.send("ListClusters", {"Password": MARK, "Secret": MARK})
        shown += [(await client.get("/_emulator/ledger")).text]
        shown += [json.dumps(await call("ListNodePool", ClusterId=created["ClusterId"]))]
        shown += [json.dumps(await call("ListNodes", ClusterId=created["ClusterId"]))]
    ledger = emulator.ledger
    assert ledger.count() == 23
    shown += [repr(emulator), repr(ledger), repr(ledger.requests), repr(ledger.resources), repr(emulator.credentials)]
    shown += [json.dumps(ledger.to_plain()), str(emulator.__dict__), repr(emulator._service.__dict__)]
    shown += [repr(value) for value in vars(world_of(emulator)).values()]
    # httpx, the client, logs whole URLs: the SDK sees to that. What is looked at here is the emulator.
    shown += [each.getMessage() for each in caplog.records if not each.name.startswith("httpx")]
    text = "\n".join(shown)
    assert re.findall(rf".{{0,60}}{MARK}.{{0,20}}", text) == []
    # What is kept in memory of the secrets: the key, and the Ak that GetCluster gives back.
    detail = world_of(emulator).clusters[created["ClusterId"]]
    kept = {name for name in detail.__slots__ if MARK in str(getattr(detail, name, ""))}
    assert kept == {"ak"}


async def test_signatures_are_not_in_it(call: Caller) -> None:
    await call("ListClusters")
    [entry] = call.emulator.ledger.requests
    assert "Signature" not in repr(entry)
    assert call.emulator.credentials.access_key_id not in repr(entry)


async def test_no_resource_is_told_without_its_request() -> None:
    class Hasty:
        """A clock that never shows the same time twice, like a real one."""

        time = 1.76e9

        def now(self) -> float:
            self.time += 1
            return self.time

    emulator = Emulator(clock=Hasty(), faults=[Fault("late", seconds=20)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        with pytest.raises(ConnectionResetError):
            await Caller(emulator, client).send("CreateNetworkInterface", method="POST", body={"SubnetId": "s"})
        for _ in range(40):
            for plain in (emulator.ledger.to_plain(), (await client.get("/_emulator/ledger?table=resources")).json()):
                if "rows" in plain:
                    assert all(each["request"] for each in plain["rows"])
                else:
                    by = {each["request_id"] for each in plain["requests"]}
                    assert {each["request_id"] for each in plain["resources"]} <= by
    assert len(emulator.ledger.resources) == 1
