"""What is refused before an action begins: path and method, what can't be read, and the envelope of answers."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any
from uuid import UUID

import httpx
import pytest

from cds_eks.emulator import Emulator
from cds_eks.emulator.http.parsing import parse_query
from cds_eks.emulator.protocol.envelope import Refusal

from .caller import Caller, common_parameters, signed_query, verdict

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
@pytest.mark.parametrize(
    ("action", "right"), [("ListClusters", "GET"), ("DeleteCluster", "POST"), ("NoSuchAction", "GET, POST")]
)
async def test_any_other_method_is_refused(call: Caller, method: str, action: str, right: str) -> None:
    response = await call.send(action, method=method)
    assert (*verdict(response), response.headers["Allow"]) == (405, "InvalidHTTPRequest", right)


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


@pytest.mark.parametrize(
    ("action", "method", "right"), [("ListClusters", "POST", "GET"), ("DeleteCluster", "GET", "POST")]
)
async def test_an_action_has_its_method(call: Caller, action: str, method: str, right: str) -> None:
    response = await call.send(action, method=method)
    assert (*verdict(response), response.headers["Allow"]) == (405, "InvalidHTTPRequest", right)


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
