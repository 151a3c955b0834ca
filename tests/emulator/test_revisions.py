"""The revisions of the API: the emulator takes either, or the one that it is told to speak."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock
from cds_eks.emulator.protocol.api import OPERATIONS, REVISIONS, SHAPES
from cds_eks.emulator.protocol.redaction import HIDDEN, redact
from cds_eks.emulator.protocol.schema import Operation

from .caller import Caller, verdict

pytestmark = pytest.mark.anyio

OLDER, NEWER = REVISIONS
SEEN = Path(__file__).parent.parent / "contract" / "observed-requests.json"


def seen(revision: str, action: str) -> dict[str, Any]:
    requests = json.loads(SEEN.read_text(encoding="utf-8"))["requests"]
    (found,) = [r["body"] for r in requests if (r["revision"], r["query"]["Action"]) == (revision, action)]
    body: dict[str, Any] = found
    return body


def newer_cluster() -> dict[str, Any]:
    """The cluster that was seen in the newer revision, its pool filled in."""
    body = seen(NEWER, "CreateCluster")
    config = copy.deepcopy(body["MasterConfig"])
    config["SubnetIds"], config["DataVolumes"] = ["s2"], [{"Type": "SSD", "Size": 80}] * 2
    body["NodePoolConfig"]["NodeConfig"] = config | {"InstanceTypeIds": ["Inference gch c8 nr4.16c64g1gpu"]}
    body["NodePoolConfig"]["Replicas"] = 2
    return body


@pytest.fixture(params=[None, OLDER, NEWER], ids=["either", OLDER, NEWER])
def spoken(request: pytest.FixtureRequest) -> str | None:
    revision: str | None = request.param
    return revision


@pytest.fixture
async def speaking(spoken: str | None, anyio_backend: str) -> AsyncIterator[Caller]:
    """An emulator that speaks one revision, or either."""
    emulator = Emulator(clock=ManualClock(), api_revision=spoken)
    transport = httpx.ASGITransport(app=emulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
        yield Caller(emulator, client)


@pytest.mark.parametrize(
    ("action", "revision", "refusal"),
    [
        ("CreateCluster", OLDER, (400, "InvalidParameter", "Cni.CniConfig.FlannelBackendType is not known")),
        ("CreateCluster", NEWER, (400, "InvalidParameter", "Cni.CniConfig.SubnetIds is not known")),
        ("AddClusterSubnet", OLDER, (400, "ArgMissing", "SubnetIds is missing")),
        ("AddClusterSubnet", NEWER, (400, "ArgMissing", "SubnetList is missing")),
    ],
)
async def test_a_request_of_a_revision_is_taken_where_it_is_spoken(
    speaking: Caller, spoken: str | None, revision: str, action: str, refusal: tuple[int, str, str]
) -> None:
    speaking.emulator.add_cluster("c")
    answer = await speaking.send(action, body=seen(revision, action))
    if spoken in (None, revision):
        assert verdict(answer) == (200, "Success")
    else:
        assert (*verdict(answer), answer.json()["Msg"]) == refusal
        assert speaking.emulator.ledger.resources == []


async def test_a_cluster_of_the_newer_revision_lives_like_one_of_the_older(call: Caller) -> None:
    body = newer_cluster()
    created = await call("CreateCluster", **body)
    call.advance(1000)
    detail = await call("GetCluster", ClusterId=created["ClusterId"])
    assert (detail["ClusterStatus"], detail["MasterSum"], detail["WorkerSum"]) == ("running", 3, 2)
    assert (detail["SourceEip"]["EipId"], detail["DestinationEip"]["EipId"]) == ("se", "de")
    assert detail["CniInfo"]["CniConfig"] == {
        "NodePodsNum": 64,
        "PodCidr": "172.16.0.0/16",
        "SubnetList": detail["MasterSubnet"],
    }
    assert [each["SubnetId"] for each in detail["MasterSubnet"]] == ["s1"]
    assert [each["SubnetId"] for each in detail["WorkerSubnet"]] == ["s2"]
    assert [each["SubnetId"] for each in detail["SubnetList"]] == ["s1", "s2"]
    (pool,) = (await call("ListNodePool", ClusterId=created["ClusterId"]))["NodePool"]
    assert (pool["Name"], pool["Replicas"], pool["AvailableNodeCount"]) == ("p", 2, 2)
    assert pool["NodeConfig"]["DataVolumes"] == [{"Type": "SSD", "Size": 80}] * 2
    assert pool["NodeConfig"]["SystemVolume"] == {"Type": "SSD", "Size": 40}
    assert "Password" not in json.dumps(pool)
    nodes = await call("ListNodes", ClusterId=created["ClusterId"], PageSize=10)
    assert {(node["Cpu"], node["Gpu"]) for node in nodes} == {(8, 0), (16, 1)}
    await call("AddClusterSubnet", ClusterId=created["ClusterId"], SubnetIds=["s3", "s1"])
    detail = await call("GetCluster", ClusterId=created["ClusterId"])
    assert [each["SubnetId"] for each in detail["SubnetList"]] == ["s1", "s2", "s3"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"SourceEipId": "e"}, "InvalidParameter", "SourceEipId is not known"),
        ({"SourceEip": None}, "ArgMissing", "SourceEip is missing"),
        ({"Password": None}, "ArgMissing", "Password is missing"),
        ({"Password": 7}, "InvalidParameter", "Password must be text"),
        ({"MasterNumber": 100}, "InvalidParameter", "MasterNumber must be one of 3, 5, 7"),
        ({"AutoScaling": {}}, "InvalidParameter", "AutoScaling is not known"),
        ({"Cni.CniType": "calico"}, "InvalidParameter", "Cni.CniType must not be calico, which is gone"),
        ({"Cni.CniConfig.CalicoBlockSize": 26}, "InvalidParameter", "Cni.CniConfig.CalicoBlockSize is not known"),
        ({"Cni.CniConfig.SubnetIds": [{"SubnetId": "s"}]}, "InvalidParameter", "SubnetIds[0] must be text"),
        ({"MasterConfig.SystemDisk": {}}, "InvalidParameter", "MasterConfig.SystemDisk is not known"),
        ({"MasterConfig.Password": "p"}, "InvalidParameter", "MasterConfig.Password is not known"),
        ({"MasterConfig.Annotations": {}}, "InvalidParameter", "MasterConfig.Annotations is not known"),
        ({"MasterConfig.SubnetIds": "s"}, "InvalidParameter", "MasterConfig.SubnetIds must be a list"),
        ({"MasterConfig.BillingSpec.BillingMethod": "0"}, "InvalidParameter", "BillingMethod is not known"),
        ({"MasterConfig.DataVolumes": [{"Type": "SSD"}]}, "ArgMissing", "MasterConfig.DataVolumes[0].Size is missing"),
        ({"NodePoolConfig.PoolName": "p"}, "InvalidParameter", "NodePoolConfig.PoolName is not known"),
    ],
)
async def test_a_mistake_in_a_request_of_the_newer_revision_is_named_in_its_words(
    call: Caller, change: dict[str, Any], code: str, words: str
) -> None:
    body = newer_cluster()
    for path, value in change.items():
        place = body
        *above, name = path.split(".")
        for step in above:
            place = place[step]
        place[name] = value
    answer = await call.send("CreateCluster", body=body)
    assert verdict(answer) == (400, code)
    assert words in answer.json()["Msg"]
    assert list(call.emulator.ledger.resources) == []


async def test_null_is_an_empty_list_in_both_revisions(call: Caller) -> None:
    body = newer_cluster()
    for name in ("DataVolumes", "SubnetIds", "InstanceTypeIds", "Labels"):
        body["NodePoolConfig"]["NodeConfig"][name] = None
    await call("CreateCluster", **body)
    body = seen(OLDER, "CreateCluster")
    body["Cni"]["CniConfig"]["SubnetList"] = None
    for config in (body["MasterConfig"], body["NodePoolConfig"]["NodeConfig"]):
        config |= dict.fromkeys(("DataDisk", "SubnetList", "Specifics", "Labels", "Annotations"))
    created = await call("CreateCluster", **body)
    detail = await call("GetCluster", ClusterId=created["ClusterId"])
    assert detail["MasterSubnet"] == detail["SubnetList"] == detail["CniInfo"]["CniConfig"]["SubnetList"] == []
    del (body := seen(OLDER, "CreateCluster"))["MasterConfig"]["SubnetList"]
    answer = await call.send("CreateCluster", body=body)
    assert "MasterConfig.SubnetList is missing" in answer.json()["Msg"]
    del (body := newer_cluster())["MasterConfig"]["SubnetIds"]
    answer = await call.send("CreateCluster", body=body)
    assert "MasterConfig.SubnetIds is missing" in answer.json()["Msg"]


async def test_the_ledger_hides_the_secrets_of_each_revision(call: Caller) -> None:
    marked = newer_cluster() | {"Password": "marked-1", "Ak": "marked-2", "Sk": "marked-3"}
    await call("CreateCluster", **marked)
    older = seen(OLDER, "CreateCluster")
    older["MasterConfig"]["Password"] = older["Sk"] = "marked-4"
    mixed = older | {"Password": "marked-5", "SourceEip": "shown", "New": "marked-6"}
    assert verdict(await call.send("CreateCluster", body=mixed)) == (400, "InvalidParameter")
    told = json.dumps(call.emulator.ledger.to_plain())
    assert "marked" not in told
    assert "Inference gch c8 nr4.16c64g1gpu" in told
    assert "shown" in told


def test_a_name_is_secret_if_it_is_in_any_revision() -> None:
    shown = redact("NodeConfig", {"Password": "p", "Labels": {"password": "p", "team": "t"}, "ExecCommand": "x"})
    assert shown == {"Password": HIDDEN, "Labels": {"password": HIDDEN, "team": "t"}, "ExecCommand": "x"}
    assert redact("CreateClusterRequest", {"Password": "p", "VpcId": "v"}) == {"Password": HIDDEN, "VpcId": "v"}


def test_no_name_has_two_types_in_two_revisions() -> None:
    """What is recorded of a request goes by the type of a name, whichever revision it speaks."""
    for name, shape in SHAPES[NEWER].items():
        older = {field.wire: field.type for field in SHAPES[OLDER].get(name, ())}
        for field in shape:
            assert older.get(field.wire, field.type) == field.type, (name, field.wire)


async def test_an_action_that_a_revision_lacks_is_not_known_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        OPERATIONS, "IsAttachedECS", Operation("IsAttachedECS", "GET", "IsAttachedECSRequest", (OLDER,))
    )
    for revision, expected in ((None, (200, "Success")), (OLDER, (200, "Success")), (NEWER, (400, "Unsupported"))):
        emulator = Emulator(api_revision=revision)
        emulator.add_network_interface("n")
        transport = httpx.ASGITransport(app=emulator)
        async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
            status, code = verdict(await Caller(emulator, client).send("IsAttachedECS", {"NetcardId": "n"}))
        assert (status, code.removesuffix("Operation")) == expected


@pytest.mark.parametrize("revision", ["2025", "", 7])
def test_a_revision_that_is_not_known_is_told(revision: Any) -> None:
    with pytest.raises(ValueError, match="api_revision must be one of 2025-09-08, 2025-10-11, or None; got"):
        Emulator(api_revision=revision)


@pytest.mark.parametrize("name", ["ApiKey", "private-key", "DB_PASSWORD", "Pwd", "pass", "x-token", "Cookie", "Sk"])
def test_a_label_whose_name_says_that_it_is_secret_is_not_kept(name: str) -> None:
    shown = redact("NodePoolNodeConfig", {"Labels": {name: "text", "team": "t", "key": "k"}})
    assert shown == {"Labels": {name: HIDDEN, "team": "t", "key": "k"}}
