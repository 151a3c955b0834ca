"""What is refused before an action begins: the way in, the key, the signature, the time, and the arguments."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock
from cds_eks.emulator.http.parsing import parse_query
from cds_eks.emulator.protocol.envelope import Refusal
from cds_eks.signing import Credentials

from .caller import Caller, common_parameters, signed_query, timestamp, verdict

pytestmark = pytest.mark.anyio


async def test_an_answer_is_the_envelope(call: Caller) -> None:
    response = await call.send("ListClusters")
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["date"].endswith(" GMT")
    answer = response.json()
    assert str(UUID(answer.pop("RequestId")))
    assert answer == {
        "Code": "Success",
        "Msg": "success",
        "Data": [],
        "TotalCount": 0,
        "PageIndex": 1,
        "PageSize": 0,
    }


async def test_a_refusal_is_the_envelope(call: Caller) -> None:
    response = await call.send("GetCluster", {"ClusterId": "c-1"})
    answer = response.json()
    assert str(UUID(answer.pop("RequestId")))
    assert answer == {"Code": "ResourceNotFound", "Msg": "ClusterId 'c-1' is not known", "Data": None}


@pytest.mark.parametrize("path", ["/", "/eks", "/eks/v1//", "/eks/v1/x", "/eks/v2", "/_emulator/other"])
async def test_any_other_path_is_refused(call: Caller, path: str) -> None:
    assert verdict(await call.client.get(path)) == (404, "InvalidHTTPRequest")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_any_other_method_is_refused(call: Caller, method: str) -> None:
    assert verdict(await call.send("ListClusters", method=method)) == (400, "InvalidHTTPRequest")


@pytest.mark.parametrize(
    "name",
    [
        "Action",
        "AccessKeyId",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "Timestamp",
        "Version",
    ],
)
async def test_each_common_parameter_is_required(call: Caller, name: str) -> None:
    for response in (
        await call.send("ListClusters", without=[name]),
        await call.send("ListClusters", common={name: ""}),
    ):
        assert verdict(response) == (400, "ArgMissing")
        assert name in response.json()["Msg"]


async def test_the_signature_is_required(call: Caller) -> None:
    response = await call.client.get("/eks/v1", params=common_parameters(call.emulator.credentials, "ListClusters"))
    assert verdict(response) == (400, "ArgMissing")


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        ({"Version": "2020-01-01"}, (400, "InvalidVersion")),
        ({"SignatureMethod": "HMAC-SHA256"}, (400, "InvalidParameter")),
        ({"SignatureVersion": "2.0"}, (400, "InvalidParameter")),
        ({"AccessKeyId": "somebody-else"}, (403, "InvalidAccessKeyId")),
        ({"AccessKeyId": "鍵"}, (403, "InvalidAccessKeyId")),
        ({"Timestamp": "yesterday"}, (400, "InvalidParameter")),
        ({"Timestamp": "2025-13-01T00:00:00Z"}, (400, "InvalidParameter")),
        ({"Timestamp": "2025-01-01 00:00:00"}, (400, "InvalidParameter")),
        ({"Timestamp": "2001-01-01T00:00:00Z"}, (400, "RequestExpired")),
        ({"Timestamp": "2099-01-01T00:00:00Z"}, (400, "RequestExpired")),
        ({"Action": "MakeCoffee"}, (400, "UnsupportedOperation")),
    ],
)
async def test_common_parameters_are_checked(call: Caller, common: dict[str, str], expected: tuple[int, str]) -> None:
    assert verdict(await call.send("ListClusters", common=common)) == expected


async def test_a_wrong_secret_key_is_refused(call: Caller) -> None:
    wrong = Credentials(call.emulator.credentials.access_key_id, "not the key")
    assert verdict(await call.send("ListClusters", credentials=wrong)) == (403, "SignatureDoesNotMatch")


async def test_credentials_can_be_chosen() -> None:
    emulator = Emulator(credentials=Credentials("my id", "my/key"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        call = Caller(emulator, client)
        assert verdict(await call.send("ListClusters")) == (200, "Success")
        other = Emulator().credentials
        assert verdict(await call.send("ListClusters", credentials=other)) == (403, "InvalidAccessKeyId")


async def test_the_signature_covers_every_parameter(call: Caller) -> None:
    response = await call.send("ListClusters", unsigned={"Keyword": "added"})
    assert verdict(response) == (403, "SignatureDoesNotMatch")


async def test_the_signature_covers_the_method(call: Caller) -> None:
    credentials = call.emulator.credentials
    query = signed_query(credentials, "POST", common_parameters(credentials, "ListClusters"))
    assert verdict(await call.client.get(f"/eks/v1?{query}")) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("keyword", ["a b*~/中", "1+1", "%2B", "a&b=c", "tilde~dash-dot.", "🚀", "e\u0301"])
async def test_any_text_can_be_signed(call: Caller, keyword: str) -> None:
    call.emulator.add_cluster(name=f"<{keyword}>")
    assert len(await call("ListClusters", Keyword=keyword)) == 1


@pytest.mark.parametrize("path", ["/eks/v1", "/eks/v1/"])
async def test_a_raw_plus_is_a_space_and_the_path_may_end_in_a_slash(call: Caller, path: str) -> None:
    call.emulator.add_cluster(name="1 1+1")
    credentials = call.emulator.credentials

    async def listed(keyword: str, sent: str) -> httpx.Response:
        params = {**common_parameters(credentials, "ListClusters"), "Keyword": keyword}
        query = signed_query(credentials, "GET", params)
        assert query.count(f"Keyword={quote(keyword)}") == 1
        query = query.replace(f"Keyword={quote(keyword)}", f"Keyword={sent}")
        # Built by hand: httpx would leave the + alone too, but not promise it.
        return await call.client.get(httpx.URL("http://emulator").copy_with(path=path, query=query.encode()))

    for keyword, sent in (("1 1", "1+1"), ("1 1", "1%201"), ("1+1", "1%2B1"), ("1 1+1", "1+1%2B1")):
        response = await listed(keyword, sent)
        assert verdict(response) == (200, "Success"), (keyword, sent)
        assert len(response.json()["Data"]) == 1
    assert verdict(await listed("1+1", "1+1")) == (403, "SignatureDoesNotMatch")


async def test_a_post_to_the_path_with_a_slash(call: Caller) -> None:
    call.emulator.add_cluster("c")
    query = signed_query(
        call.emulator.credentials, "POST", common_parameters(call.emulator.credentials, "DeleteCluster")
    )
    response = await call.client.post(f"/eks/v1/?{query}", json={"ClusterId": "c"})
    assert verdict(response) == (200, "Success")
    [entry] = call.emulator.ledger.requests
    assert (entry.action, entry.committed) == ("DeleteCluster", True)


@pytest.mark.parametrize(
    "query", [b"Action=A&Action=B", b"Action=%zz", b"Action=%4", b"Action=%ff", b"%41ction=1&Action=2"]
)
async def test_a_query_that_can_not_be_read_is_refused(call: Caller, query: bytes) -> None:
    response = await call.client.get(httpx.URL("http://emulator/eks/v1").copy_with(query=query))
    assert verdict(response) == (400, "InvalidHTTPRequest")


async def test_a_query_of_raw_bytes_is_refused() -> None:
    with pytest.raises(Refusal, match="percent-encoded"):
        parse_query("Action=é".encode())


async def test_empty_pairs_of_a_query_are_passed_over(call: Caller) -> None:
    credentials = call.emulator.credentials
    query = signed_query(credentials, "GET", common_parameters(credentials, "ListClusters"))
    assert verdict(await call.client.get(f"/eks/v1?&{query}&")) == (200, "Success")


class _Wall:
    """A wall clock that tests set."""

    def __init__(self) -> None:
        self.time = 1_760_000_000.0

    def __call__(self) -> float:
        return self.time


async def _at(call: Caller, seconds: float, nonce: str) -> tuple[int, str]:
    common = {"Timestamp": timestamp(seconds), "SignatureNonce": nonce}
    return verdict(await call.send("ListClusters", common=common))


async def test_the_edges_of_the_timestamp_window() -> None:
    wall = _Wall()
    emulator = Emulator(clock=ManualClock(), wall_clock=wall)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        call = Caller(emulator, client)
        for number, (off, code) in enumerate(
            [(-900, "Success"), (900, "Success"), (-901, "RequestExpired"), (901, "RequestExpired"), (0, "Success")]
        ):
            assert (await _at(call, wall.time + off, str(number)))[1] == code
        assert (await client.get("/")).headers["date"] == "Thu, 09 Oct 2025 08:53:20 GMT"


async def test_a_nonce_is_good_once_while_its_request_could_be_replayed() -> None:
    wall = _Wall()
    emulator = Emulator(clock=ManualClock(), wall_clock=wall, timestamp_window=60)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        call = Caller(emulator, client)
        ahead = wall.time + 60
        assert await _at(call, ahead, "n") == (200, "Success")
        assert await _at(call, ahead, "n") == (403, "AccessDenied")
        assert await _at(call, wall.time, "n") == (403, "AccessDenied")
        wall.time += 120  # the first request is still fresh
        assert await _at(call, ahead, "n") == (403, "AccessDenied")
        wall.time += 1
        assert await _at(call, ahead, "n") == (400, "RequestExpired")
        assert await _at(call, wall.time, "n") == (200, "Success")


async def test_a_nonce_is_not_used_up_by_a_request_that_is_not_verified(call: Caller) -> None:
    wrong = Credentials(call.emulator.credentials.access_key_id, "not the key")
    common = {"SignatureNonce": "mine"}
    assert verdict(await call.send("ListClusters", common=common, credentials=wrong)) == (403, "SignatureDoesNotMatch")
    assert verdict(await call.send("ListClusters", common=common)) == (200, "Success")


async def test_a_nonce_is_used_up_by_a_request_that_is_refused_later(call: Caller) -> None:
    common = {"SignatureNonce": "mine"}
    assert verdict(await call.send("MakeCoffee", common=common)) == (400, "UnsupportedOperation")
    assert verdict(await call.send("ListClusters", common=common)) == (403, "AccessDenied")


async def test_nonces_are_forgotten() -> None:
    wall = _Wall()
    emulator = Emulator(clock=ManualClock(), wall_clock=wall)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        for _ in range(50):
            assert (await _at(Caller(emulator, client), wall.time, f"n{wall.time}"))[1] == "Success"
            wall.time += 100
    verifier = emulator._service._verifier
    assert len(verifier._nonces) == len(verifier._forgotten_at) == 10


@pytest.mark.parametrize(("action", "method"), [("ListClusters", "POST"), ("DeleteCluster", "GET")])
async def test_an_action_has_its_method(call: Caller, action: str, method: str) -> None:
    assert verdict(await call.send(action, method=method)) == (400, "InvalidHTTPRequest")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'{"ClusterId": NaN}',
        b'{"ClusterId": -Infinity}',
        b'{"ClusterId": "a", "ClusterId": "b"}',
        b'{"ClusterId": ' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=range(13),
)
async def test_a_body_that_is_not_a_json_object_is_refused(call: Caller, content: bytes) -> None:
    assert verdict(await call.send("DeleteCluster", content=content)) == (400, "MalformedJSON")


async def test_a_digest_must_match(call: Caller) -> None:
    call.emulator.add_cluster("c")
    body = b'{"ClusterId": "c"}'
    wrong = await call.send("DeleteCluster", content=body, headers={"Content-MD5": "bm90IGl0"})
    assert verdict(wrong) == (400, "InvalidHTTPRequest")
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    right = await call.send("DeleteCluster", content=body, headers={"Content-MD5": digest})
    assert verdict(right) == (200, "Success")


async def test_a_get_has_no_body(call: Caller) -> None:
    assert verdict(await call.send("ListClusters", content=b"null")) == (200, "Success")
    assert verdict(await call.send("ListClusters", content=b'{"Keyword": "a"}')) == (400, "InvalidHTTPRequest")


async def test_a_post_has_no_arguments_in_its_query(call: Caller) -> None:
    call.emulator.add_cluster("c")
    response = await call.send("DeleteCluster", {"ClusterId": "c"}, {"ClusterId": "c"})
    assert verdict(response) == (400, "InvalidParameter")


MISSING = object()


def _put(body: dict[str, Any], path: str, value: object) -> None:
    *parents, last = path.split(".")
    target: Any = body
    for name in parents:
        target = target[int(name)] if isinstance(target, list) else target[name]
    if value is MISSING:
        del target[last]
    elif isinstance(target, list):
        target[int(last)] = value
    else:
        target[last] = value


@pytest.mark.parametrize(
    ("path", "value", "code", "named"),
    [
        ("ClusterName", MISSING, "ArgMissing", "ClusterName"),
        ("ClusterName", None, "ArgMissing", "ClusterName"),
        ("K8SVersion", MISSING, "ArgMissing", "K8sVersion"),
        ("Cni.CniType", MISSING, "ArgMissing", "Cni.CniType"),
        ("MasterConfig.DataDisk", MISSING, "ArgMissing", "MasterConfig.DataDisk"),
        ("ClusterName", "", "ArgMissing", "ClusterName"),
        ("ClusterName", "a" * 27, "InvalidParameter", "ClusterName"),
        ("ClusterName", "-a", "InvalidParameter", "ClusterName"),
        ("ClusterName", "a_b", "InvalidParameter", "ClusterName"),
        ("ClusterName", "集群", "InvalidParameter", "ClusterName"),
        ("VpcId", "", "ArgMissing", "VpcId"),
        ("NatId", "", "ArgMissing", "NatId"),
        ("SourceEipId", "", "ArgMissing", "SourceEipId"),
        ("DestinationEipId", "", "ArgMissing", "DestinationEipId"),
        ("Ak", "", "ArgMissing", "Ak"),
        ("MasterConfig.SubnetList.0.SubnetId", "", "ArgMissing", "MasterConfig.SubnetList[0].SubnetId"),
        ("MasterConfig.Specifics.0.ProductName", "", "ArgMissing", "MasterConfig.Specifics[0].ProductName"),
        ("NodePoolConfig.PoolName", "", "ArgMissing", "NodePoolConfig.PoolName"),
        ("NodePoolConfig.PoolName", "a-", "InvalidParameter", "NodePoolConfig.PoolName"),
        *(("MasterNumber", number, "InvalidParameter", "MasterNumber") for number in (-3, 0, 1, 4, 9)),
        ("NodePoolConfig.AutoScaling.MinReplicas", 11, "InvalidParameter", "NodePoolConfig.AutoScaling.MinReplicas"),
        ("NodePoolConfig.NodeType", "bms", "InvalidParameter", "NodePoolConfig.NodeConfig"),
        ("MasterConfig.DataDisk.0.DiskSize", MISSING, "ArgMissing", "MasterConfig.DataDisk[0].DiskSize"),
        ("NodePoolConfig.NodeConfig.Password", MISSING, "ArgMissing", "NodePoolConfig.NodeConfig.Password"),
        ("ClusterName", 1, "InvalidParameter", "ClusterName"),
        ("ClusterName", ["a"], "InvalidParameter", "ClusterName"),
        ("MasterNumber", "3", "InvalidParameter", "MasterNumber"),
        ("MasterNumber", 3.0, "InvalidParameter", "MasterNumber"),
        ("MasterNumber", True, "InvalidParameter", "MasterNumber"),
        ("MasterNumber", 10**30, "InvalidParameter", "MasterNumber"),
        ("MasterNumber", 100, "InvalidParameter", "MasterNumber"),
        ("Cni", [], "InvalidParameter", "Cni"),
        ("Cni", "flannel", "InvalidParameter", "Cni"),
        ("MasterConfig.SubnetList", {}, "InvalidParameter", "MasterConfig.SubnetList"),
        ("MasterConfig.SubnetList.0", None, "InvalidParameter", "MasterConfig.SubnetList[0]"),
        ("MasterConfig.Labels", [], "InvalidParameter", "MasterConfig.Labels"),
        ("MasterConfig.Labels", {"a": 1}, "InvalidParameter", "MasterConfig.Labels"),
        ("MasterConfig.BillingSpec.AutoRenew", 2, "InvalidParameter", "MasterConfig.BillingSpec.AutoRenew"),
        ("MasterConfig.BillingSpec.AutoRenew", False, "InvalidParameter", "MasterConfig.BillingSpec.AutoRenew"),
        ("NodePoolConfig.AutoScaling.Enable", 1, "InvalidParameter", "NodePoolConfig.AutoScaling.Enable"),
        ("NodePoolConfig.Replicas", 100, "InvalidParameter", "NodePoolConfig.Replicas"),
        ("Colour", "red", "InvalidParameter", "Colour"),
        ("Cni.CniConfig.Colour", None, "InvalidParameter", "Cni.CniConfig.Colour"),
        ("clustername", "again", "InvalidParameter", "clustername"),
    ],
)
async def test_fields_are_checked(
    call: Caller, create_cluster_body: dict[str, Any], path: str, value: object, code: str, named: str
) -> None:
    _put(create_cluster_body, path, value)
    response = await call.send("CreateCluster", body=create_cluster_body)
    assert verdict(response) == (400, code)
    assert response.json()["Msg"].startswith(f"{named} ")
    assert call.emulator.ledger.resources == []


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "p", "Replicas": -1}),
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "p", "Replicas": 100}),
        ("AddScalingNode", {"ScalingGroupId": "sg", "AddNum": 0}),
        ("AddScalingNode", {"ScalingGroupId": "sg", "AddNum": -1}),
        ("ListNodes", {"ClusterId": "c", "PageIndex": -1}),
        ("ListNodes", {"ClusterId": "c", "PageSize": -1}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "ten"}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "1.0"}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "٣"}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "9" * 5000}),
        ("ListNodes", {"ClusterId": "c", "PageSize": "9" * 19}),
        ("ListNodes", {"ClusterId": "c", "SchedulableStr": "yes"}),
        ("ListNodes", {"ClusterId": "c", "Colour": "red"}),
    ],
)
async def test_numbers_flags_and_unknown_arguments(call: Caller, action: str, arguments: dict[str, Any]) -> None:
    assert await call.refused(action, **arguments) == (400, "InvalidParameter")


async def test_missing_arguments_of_a_get(call: Caller) -> None:
    assert await call.refused("GetCluster") == (400, "ArgMissing")
    assert await call.refused("GetCluster", ClusterId="") == (404, "ResourceNotFound")


async def test_names_match_whatever_their_case(call: Caller) -> None:
    call.emulator.add_cluster("c")
    assert (await call("GetCluster", clusterid="c"))["ClusterId"] == "c"
    assert (await call("DeleteCluster", CLUSTERID="c"))["ClusterId"] == "c"


async def test_a_lone_surrogate_goes_back_as_it_came(call: Caller) -> None:
    response = await call.send("CreateNetworkInterface", content=rb'{"SubnetId": "s", "NetcardName": "\ud800"}')
    netcard_id = response.json()["Data"]["NetcardId"]
    response = await call.send("DescribeNetworkInterface", {"NetcardId": netcard_id})
    assert json.loads(response.content)["Data"]["NetcardName"] == "\ud800"
    assert json.dumps(call.emulator.ledger.to_plain())


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("GetCluster", {"ClusterId": "x"}),
        ("DeleteCluster", {"ClusterId": "x"}),
        ("GetClusterEvents", {"ClusterId": "x"}),
        ("AddClusterSubnet", {"ClusterId": "x", "SubnetList": []}),
        ("TaskStatus", {"TaskId": "x"}),
        ("ListNodes", {"ClusterId": "x"}),
        ("DeleteNodes", {"ClusterId": "x", "NodeIds": ["n"]}),
        ("DeleteNodes", {"ClusterId": "c", "NodeIds": ["n", "x"]}),
        ("ScalingNodePool", {"ClusterId": "x", "NodePoolId": "p", "Replicas": 1}),
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "x", "Replicas": 1}),
        ("ListNodePool", {"ClusterId": "x"}),
        ("ListNodePool", {"ClusterId": "c", "NodePoolId": "x"}),
        ("DeleteNodePool", {"ClusterId": "c", "NodePoolId": ""}),
        ("DeleteNetworkInterface", {"NetcardId": "x"}),
        ("AttachNetworkInterface", {"EcsId": "x", "NetcardId": "i"}),
        ("AttachNetworkInterface", {"EcsId": "n", "NetcardId": "x"}),
        ("DetachNetworkInterface", {"EcsId": "x", "NetcardId": "i"}),
        ("DescribeNetworkInterface", {"NetcardId": "x"}),
        ("IsAttachedECS", {"NetcardId": "x"}),
        ("QueryEventStatus", {"EventId": "x"}),
        ("DescribeScalingGroup", {"ScalingGroupId": "x"}),
        ("AddScalingNode", {"ScalingGroupId": "x", "AddNum": 1}),
    ],
)
async def test_an_unknown_id_is_not_found(call: Caller, action: str, arguments: dict[str, Any]) -> None:
    call.emulator.add_cluster("c")
    call.emulator.add_node_pool("c", "p")
    call.emulator.add_node("c", "n")
    call.emulator.add_network_interface("i")
    assert await call.refused(action, **arguments) == (404, "ResourceNotFound")


async def test_a_client_that_leaves_before_its_body_has_come(emulator: Emulator, anyio_backend: str) -> None:
    credentials = emulator.credentials
    query = signed_query(credentials, "POST", common_parameters(credentials, "DeleteCluster"))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/eks/v1",
        "query_string": query.encode(),
        "headers": [],
    }
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await emulator(scope, receive, send)
    assert sent == []
    assert emulator.ledger.requests == []


async def test_lifespan(emulator: Emulator, anyio_backend: str) -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await emulator({"type": "lifespan", "state": {}}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_the_wall_clock_is_the_real_one_whatever_the_service_says(call: Caller) -> None:
    call.advance(10_000_000)
    assert abs(time.time() - call.emulator.clock.now()) > 900
    assert verdict(await call.send("ListClusters")) == (200, "Success")
