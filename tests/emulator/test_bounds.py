"""What the emulator takes in and keeps has bounds."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, Credentials, errors, models
from cds_eks.emulator import Emulator
from cds_eks.emulator.http.body import MAX_BODY, read_body
from cds_eks.emulator.http.parsing import MAX_PARAMETERS, MAX_QUERY
from cds_eks.emulator.protocol.redaction import MAX_RECORDED_BODY, redact_action

from .caller import Caller

PIECE = 64 * 1024


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["Code"]


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_body_with_too_great_a_length_is_refused_in_the_service_s_envelope(call: Caller) -> None:
    answer = await call.send("CreateCluster", content=b"x" * (MAX_BODY + 1))
    assert told(answer) == (413, "InvalidHTTPRequest")
    assert answer.json()["RequestId"]
    (entry,) = call.emulator.ledger.requests
    assert (entry.action, entry.body, entry.status, entry.code) == ("CreateCluster", "***", 413, "InvalidHTTPRequest")
    assert entry.answered
    assert not entry.committed


async def asked(emulator: Emulator, method: str, query: bytes, receive: Any) -> int:
    """Give the emulator a request as a server does, and return the status of its answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": method, "path": "/eks/v1", "query_string": query, "headers": []}
    await emulator(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.anyio
async def test_no_more_is_taken_of_a_body_without_a_length_than_the_most(emulator: Emulator) -> None:
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += PIECE
        return {"type": "http.request", "body": b"x" * PIECE, "more_body": True}

    assert await asked(emulator, "POST", b"Action=CreateCluster", receive) == 413
    assert taken == MAX_BODY + PIECE
    assert emulator.ledger.requests[0].body == "***"


@pytest.mark.anyio
async def test_a_body_of_just_the_most_is_read(call: Caller) -> None:
    body = b'{"ClusterId": "c"%s}' % (b" " * (MAX_BODY - 18))
    assert len(body) == MAX_BODY
    assert told(await call.send("DeleteCluster", content=body)) == (404, "ResourceNotFound")


@pytest.mark.anyio
async def test_a_body_that_never_comes_whole_is_refused_after_a_while() -> None:
    class Stuck:
        def __init__(self) -> None:
            self.headers: dict[str, str] = {}

        async def stream(self) -> Any:
            yield b'{"ClusterId"'
            await anyio.sleep_forever()

    found = await read_body(Stuck(), timeout=0.01)  # type: ignore[arg-type]
    assert found.refusal is not None
    assert (found.refusal.status, found.refusal.code, found.content) == (408, "InvalidHTTPRequest", b'{"ClusterId"')


@pytest.fixture
def server() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator()
    with emulator.serve() as url:
        yield emulator, url


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_long_body_over_a_socket_is_answered_and_the_server_goes_on(
    server: tuple[Emulator, str], is_chunked: bool
) -> None:
    _, url = server
    count = (MAX_BODY // PIECE + 8) if is_chunked else 1
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {MAX_BODY * 3}"
    piece = b"%x\r\n%s\r\n" % (PIECE, b"x" * PIECE) if is_chunked else b"x"
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=20) as raw:
        raw.sendall(f"POST /eks/v1?Action=CreateCluster HTTP/1.1\r\nHost: e\r\n{length}\r\n\r\n".encode())
        for _ in range(count):
            raw.sendall(piece)
        answer = b""
        while b"}" not in answer and (more := raw.recv(65536)):
            answer += more
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"Code": "InvalidHTTPRequest"' in answer
    assert httpx.get(f"{url}/_emulator/ledger", trust_env=False).status_code == 200


@pytest.mark.anyio
async def test_the_sdk_takes_it_for_a_refusal(create_cluster_body: dict[str, Any]) -> None:
    emulator = Emulator()
    backend = httpx.ASGITransport(app=emulator)
    node = {**create_cluster_body["MasterConfig"], "Shell": "x" * MAX_BODY}
    request = models.CreateClusterRequest.from_dict({**create_cluster_body, "MasterConfig": node})
    async with AsyncEksClient(emulator.credentials, endpoint="http://e", backend=backend) as eks:
        with pytest.raises(errors.ServiceError) as caught:
            await eks.clusters.create(request)
    assert (caught.value.outcome, caught.value.http_status) == ("refused", 413)


# --- queries ---------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize(
    "query",
    [
        b"Action=ListClusters&Keyword=" + b"x" * MAX_QUERY,
        b"&".join(b"a%d=1" % number for number in range(MAX_PARAMETERS + 1)),
    ],
)
async def test_a_query_that_is_too_long_is_refused(emulator: Emulator, query: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    assert await asked(emulator, "GET", query, receive) == 414
    (entry,) = emulator.ledger.requests
    assert (entry.action, entry.params, entry.code) == ("", {}, "InvalidHTTPRequest")


# --- what the ledger keeps -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        ("", ""),
        ("TaskStatus", "TaskStatus"),
        ("DescribeEKSNode", "DescribeEKSNode"),
        ("MakeCoffee", "MakeCoffee"),
        ("wJalrXUtnFEMI", "***"),
        ("AKIA1234EXAMPLE", "***"),
        ("Make Coffee", "***"),
        ("M" * 41, "***"),
        ("MakeCoffee\n", "***"),
    ],
)
def test_an_action_that_is_not_known_is_shown_if_it_looks_like_a_name(action: str, shown: str) -> None:
    assert redact_action(action) == shown


@pytest.mark.anyio
async def test_no_key_that_slipped_into_the_action_is_in_the_ledger(emulator: Emulator, call: Caller) -> None:
    for action in (emulator.credentials.secret_access_key, f"X{emulator.credentials.access_key_id}", "Z9" * 5000):
        await call.send(action, method="GET")
    assert [each.action for each in emulator.ledger.requests] == ["***"] * 3
    text = json.dumps(emulator.ledger.to_plain())
    assert emulator.credentials.secret_access_key not in text
    assert emulator.credentials.access_key_id not in text
    assert len(text) < 5000


@pytest.mark.anyio
async def test_a_known_action_is_shown_whatever_the_key_is() -> None:
    emulator = Emulator(credentials=Credentials("a", "b"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        await Caller(emulator, client).send("TaskStatus", method="GET")
    assert [each.action for each in emulator.ledger.requests] == ["TaskStatus"]


@pytest.mark.anyio
async def test_a_long_body_long_names_and_a_long_method_are_not_kept(call: Caller) -> None:
    long = {"ClusterId": "c" * MAX_RECORDED_BODY}
    await call.send("DeleteCluster", body=long)
    await call.send("DeleteCluster", body={"ClusterId": "c", "n" * 5000: 1})
    await call.client.request("X" * 5000, "/eks/v1")
    first, second, third = call.emulator.ledger.requests
    assert first.body == "***"
    assert second.body == {"ClusterId": "c", "n" * 80: "***"}
    assert third.method == "X" * 20


# --- counting --------------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_requests_are_counted_by_documented_name_too(call: Caller) -> None:
    ledger = call.emulator.ledger
    assert ledger.count("GetTaskStatus") == ledger.count("TaskStatus") == 0
    await call.send("TaskStatus", {"TaskId": "t"}, method="GET")
    await call.send("ListNodePool", {"ClusterId": "c"}, method="GET")
    assert ledger.count("GetTaskStatus") == ledger.count("TaskStatus") == 1
    assert ledger.count("ListNodePools") == ledger.count(action="ListNodePools", code="ResourceNotFound") == 1
    assert ledger.count(committed=True) == 0
    assert ledger.count("") == 0


@pytest.mark.anyio
async def test_an_action_that_can_not_have_come_is_not_counted_as_0(call: Caller) -> None:
    ledger = call.emulator.ledger
    with pytest.raises(ValueError, match=re.escape("no action 'CreateCluser'; did you mean 'CreateCluster'?")):
        ledger.count("CreateCluser")
    with pytest.raises(ValueError, match=r"no action 'MakeCoffee'$"):
        ledger.count("MakeCoffee")
    await call.send("MakeCoffee", method="GET")
    assert ledger.count("MakeCoffee") == 1
