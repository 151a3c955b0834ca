"""The ids that an answer names are in the error, whatever else it says: of creates and of writes, of all attempts."""

from __future__ import annotations

import json
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, Timeouts, errors, models
from cds_eks.codec.answer_ids import LONGEST_ID, MOST_IDS, ids_in
from cds_eks.pipeline import Send
from cds_eks.redaction import Secrets
from cds_eks.resources.clusters import CREATE_CLUSTER, DELETE_CLUSTER, GET_CLUSTER
from cds_eks.wire import Kind, Operation, RawResponse, Request

DATA = {"ClusterId": "cl-4711", "TaskId": "tk-0815"}
IDS = {"cluster_id": "cl-4711", "task_id": "tk-0815"}
UNDOCUMENTED: Operation[None] = Operation(
    name="Make", action="Make", method="POST", kind=Kind.CREATE, request=None, result=None
)


def request_for(operation: Operation[Any] = CREATE_CLUSTER, content: bytes | None = b"{}", **given: Any) -> Request:
    return Request(operation=operation, url="http://x/eks/v1", params={"Action": "X"}, content=content, **given)


def answer(status: int = 200, /, *, text: bytes | None = None, **members: Any) -> RawResponse:
    body = json.dumps({"RequestId": "r-1", **members}).encode() if text is None else text
    return RawResponse(status=status, headers={}, content=body)


# --- what an answer names ------------------------------------------------------------------------------------------

NAMED: dict[str, RawResponse] = {
    "a success with a status that says no": answer(500, Code="Success", Data=DATA),
    "a fault": answer(500, Code="InternalError", Msg="order made, but", Data=DATA),
    "a fault in a 200": answer(200, Code="CreateOrderExcept", Data=DATA),
    "a number for a code": answer(200, Code=0, Data=DATA),
    "another word": answer(200, Code="OK", Data=DATA),
    "throttled": answer(429, Code="Throttling", Data=DATA),
    "throttled in a 200": answer(200, Code="TooManyRequests", Data=DATA),
    "a conflict": answer(409, Code="ResourceInUse", Data=DATA),
    "a bad argument": answer(400, Code="InvalidParameter", Data=DATA),
    "a redirection": answer(302, Code="Success", Data=DATA),
    "a long message": answer(500, Code="Success", Message="m" * 3000, Data=DATA),
    "a list of one": answer(500, Code="Success", Data=[DATA]),
    "names in another case": answer(500, Code="Success", data={"CLUSTERID": "cl-4711", "taskid": "tk-0815"}),
    "beside the envelope": answer(500, Code="Success", ClusterId="cl-4711", TaskId="tk-0815"),
    "no code": answer(200, Data=DATA),
    "a code that is none": answer(200, Code=None, Data=DATA),
    "JSON that breaks off": answer(text=b'{"Code": "Success", "Data": {"ClusterId": "cl-4711", "TaskId" : "tk-0815"'),
    "another encoding": answer(text=json.dumps({"Msg": "错", "Data": DATA}, ensure_ascii=False).encode("gbk")),
    "inside of a page": answer(502, text=b"<p>" + json.dumps({"Data": DATA}).encode()),
    "throttled by a page": answer(429, text=b"<p>" + json.dumps({"Data": DATA}).encode()),
    "something more": answer(500, Code="Success", Data={**DATA, "Password": "pw", "Name": "n", "Nothing": None}),
}


@pytest.mark.parametrize("case", NAMED)
def test_the_error_has_the_ids_and_a_create_may_have_been_carried_out(case: str) -> None:
    from cds_eks.codec import failure_of

    failure = failure_of(request_for(), NAMED[case])
    assert failure is not None
    assert (failure.ids, failure.outcome) == (IDS, "unknown")
    assert "cluster_id=cl-4711, task_id=tk-0815" in str(failure)
    assert pickle.loads(pickle.dumps(failure)).ids == IDS


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ({**DATA, "TaskId": {}}, {"cluster_id": "cl-4711"}),
        ({**DATA, "TaskId": ["x"]}, {"cluster_id": "cl-4711"}),
        ({**DATA, "TaskId": True}, {"cluster_id": "cl-4711"}),
        ({**DATA, "TaskId": 10**40}, {"cluster_id": "cl-4711"}),
        ({"ClusterId": "", "TaskId": 815}, {"task_id": "815"}),
        ({"ClusterId": "", "TaskId": ""}, {}),
        ({"ClusterId": " ", "TaskId": 0}, {}),
        ([{"ClusterId": ""}, {"ClusterId": "cl-1"}, {"ClusterId": "cl-2"}, "x"], {"cluster_id": "cl-1"}),
        ({**DATA, "OrderId": "o-1", "KeyId": 7}, {**IDS, "OrderId": "o-1"}),
        ("cl-4711", {}),
        (None, {}),
    ],
)
def test_each_field_is_read_by_itself(data: Any, ids: dict[str, str]) -> None:
    assert ids_in(request_for(), answer(500, Code="Success", Data=data)) == ids


def test_an_undocumented_action_has_the_names_of_the_wire() -> None:
    data = {**DATA, "SecretId": "s", "AccessKeyId": "s", "RequestId": "r", "Paid": "x", "order_id": "o-1", "VpcId": "v"}
    request = request_for(UNDOCUMENTED, b'{"VpcId":"v"}')
    assert ids_in(request, answer(200, Code="Teapot", Data=data)) == {**DATA, "order_id": "o-1"}
    cut = answer(text=b'{"RequestId": "r", "Data": {"ClusterId": "cl-4711", "VpcId": "v", "Name": "n", "TaskId": "tk-')
    assert ids_in(request, cut) == {"ClusterId": "cl-4711"}  # but not what the answer only repeats


def test_secrets_are_no_ids_and_what_is_shown_is_bounded() -> None:
    request = request_for(secrets=Secrets({"marked-secret"}))
    many = {f"{number:02}Id": f"id-{number}" for number in range(100)}
    data = {"ClusterId": "cl-marked-secret\n", "TaskId": "t" * 5000, "SecretKeyId": "s-1", **many}
    ids = ids_in(request, answer(500, Code="Success", Data=data))
    assert ids["cluster_id"] == "cl-*** "
    assert ids["task_id"] == "t" * LONGEST_ID + "…"
    assert "SecretKeyId" not in ids
    assert len(ids) == MOST_IDS


@pytest.mark.parametrize("text", [b"[" * 100_000, b"<p>no ids</p>", b"\xff", b"", b"[]", b"7"])
def test_what_names_nothing_has_no_ids(text: bytes) -> None:
    assert ids_in(request_for(), answer(text=text)) == {}
    assert ids_in(request_for(), None) == {}  # type: ignore[arg-type]  # a middleware's


def test_the_ids_of_what_is_read_are_none_of_a_change() -> None:
    assert ids_in(request_for(GET_CLUSTER), answer(500, Code="InternalError", Data=DATA)) == {}


def test_an_id_that_the_request_has_named_says_nothing_about_what_was_done() -> None:
    from cds_eks.codec import failure_of

    request = request_for(DELETE_CLUSTER, b'{"ClusterId":"cl-1"}')
    refused = failure_of(request, answer(409, Code="ResourceInUse", Data={"ClusterId": "cl-1", "TaskId": ""}))
    assert refused is not None
    assert (refused.ids, refused.outcome) == ({"cluster_id": "cl-1"}, "refused")
    begun = failure_of(request, answer(409, Code="ResourceInUse", Data={"ClusterId": "cl-1", "TaskId": "tk-1"}))
    assert begun is not None
    assert (begun.ids, begun.outcome) == ({"cluster_id": "cl-1", "task_id": "tk-1"}, "unknown")


# --- what a call raises --------------------------------------------------------------------------------------------


class Scripted:
    """A backend that answers from a script, its last step for ever; exceptions in it are raised."""

    def __init__(self, *script: RawResponse | Exception) -> None:
        self.script = list(script)
        self.sent = 0

    async def send(self, request: Request) -> RawResponse:
        self.sent += 1
        request.record.mark_sent()
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        request.record.arrived = step
        return step

    async def aclose(self) -> None:
        pass


CREDENTIALS = Credentials("id-0001", "key-0001")
AT_ONCE = RetryPolicy(max_attempts=3, base_delay=0, throttled_base_delay=0)


def client(backend: Scripted, **settings: Any) -> AsyncEksClient:
    return AsyncEksClient(CREDENTIALS, backend=backend, **({"retry": AT_ONCE} | settings))


@pytest.mark.anyio
@pytest.mark.parametrize("case", NAMED)
async def test_a_create_whose_answer_names_ids_is_ambiguous_and_never_sent_again(
    case: str, create_cluster_body: dict[str, Any]
) -> None:
    backend = Scripted(NAMED[case])
    async with client(backend) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(models.CreateClusterRequest.from_dict(create_cluster_body))
    assert (caught.value.outcome, caught.value.ids, backend.sent) == ("unknown", IDS, 1)


@pytest.mark.anyio
async def test_a_success_that_can_not_be_read_keeps_its_ids(create_cluster_body: dict[str, Any]) -> None:
    backend = Scripted(answer(200, Code="Success", Message="m" * 3000, Data={**DATA, "TaskId": {}}))
    async with client(backend) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(models.CreateClusterRequest.from_dict(create_cluster_body))
    assert isinstance(caught.value, errors.UnreadableResponse)
    assert caught.value.ids == {"cluster_id": "cl-4711"}


@pytest.mark.anyio
async def test_what_an_earlier_attempt_named_is_not_lost_with_the_last() -> None:
    first = answer(500, Code="InternalError", Data={"ClusterId": "cl-1", "TaskId": "tk-1"})
    backend = Scripted(first, answer(500, Code="InternalError", Data={"TaskId": "tk-2"}), errors.ConnectionLost("x"))
    async with client(backend) as eks:
        with pytest.raises(errors.ConnectionLost) as caught:
            await eks.clusters.delete("cl-1")
    assert caught.value.ids == {"cluster_id": "cl-1", "task_id": "tk-2"}
    assert [error.ids for error in caught.value.previous] == [
        {"cluster_id": "cl-1", "task_id": "tk-1"},
        {"task_id": "tk-2"},
    ]


@pytest.mark.anyio
async def test_a_deadline_error_has_the_ids_of_the_last_answer() -> None:
    async def linger(request: Request, send: Send) -> RawResponse:
        response = await send(request)
        await anyio.sleep_forever()
        return response

    backend = Scripted(answer(500, Code="InternalError", Data={"TaskId": "tk-1"}))
    async with client(backend, per_attempt=[linger], timeouts=Timeouts(total=0.05)) as eks:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.delete("cl-1")
    assert (caught.value.ids, caught.value.outcome) == ({"task_id": "tk-1"}, "unknown")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "call",
    [
        lambda eks: eks.clusters.get("c-1"),
        lambda eks: eks.call("Read"),
    ],
)
async def test_a_read_has_no_ids(call: Callable[[Any], Awaitable[Any]]) -> None:
    async with client(Scripted(answer(500, Code="InternalError", Data=DATA))) as eks:
        with pytest.raises(errors.ServerFault) as caught:
            await call(eks)
    assert (caught.value.ids, caught.value.outcome) == ({}, "refused")
