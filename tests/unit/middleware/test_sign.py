"""Signing each attempt anew."""

from __future__ import annotations

import email.utils
import json
import pickle
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import anyio
import attrs
import pytest

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, Timeouts, errors
from cds_eks.middleware import Sign
from cds_eks.pipeline import Send
from cds_eks.resources.clusters import DELETE_CLUSTER, GET_CLUSTER
from cds_eks.signing import HmacSha1Signer, Signer, signature
from cds_eks.wire import CallRecord, RawResponse, Request

AT_ONCE = RetryPolicy(max_attempts=4, base_delay=0)

pytestmark = pytest.mark.anyio

ANSWER = RawResponse(
    status=200,
    headers={},
    content=json.dumps({"Code": "Success", "Data": {"ClusterId": "c-1", "NetcardId": "n-1"}}).encode(),
)


class Failing:
    """A backend that has a fault twice, then answers."""

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []

    async def send(self, request: Request) -> RawResponse:
        self.queries.append({name: values[0] for name, values in parse_qs(request.query).items()})
        if len(self.queries) < 3:
            raise errors.ConnectionLost("x")
        return ANSWER

    async def aclose(self) -> None:
        pass


class Blocking:
    """A signer of a user's."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

    def sign(self, method: str, params: Mapping[str, str]) -> str:
        self.asked.append((method, dict(params)))
        return f"Signed={len(self.asked)}"


class Remote(Blocking):
    """A signer of a user's that has to ask somebody."""

    async def sign(self, method: str, params: Mapping[str, str]) -> str:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return super().sign(method, params)


async def test_each_attempt_is_signed_anew(credentials: Credentials) -> None:
    backend = Failing()
    async with AsyncEksClient(credentials, backend=backend, retry=AT_ONCE) as eks:
        assert (await eks.clusters.get("c-1")).attempts == 3
    assert len({query["SignatureNonce"] for query in backend.queries}) == 3
    assert len({query["Signature"] for query in backend.queries}) == 3
    for query in backend.queries:
        signed = {name: value for name, value in query.items() if name != "Signature"}
        assert query["Signature"] == signature(credentials.secret_access_key, "GET", signed)
        assert query["ClusterId"] == "c-1"


async def test_each_attempt_is_signed_with_the_credentials_of_now() -> None:
    keys = iter(range(100))
    backend = Failing()

    def current() -> Credentials:
        return Credentials(f"id-{next(keys)}", "key")

    async with AsyncEksClient(current, backend=backend, retry=AT_ONCE) as eks:
        await eks.clusters.get("c-1")
    assert len({query["AccessKeyId"] for query in backend.queries}) == 3


@pytest.mark.parametrize("make", [Blocking, Remote])
async def test_a_signer_of_the_users_may_be_sync_or_async(make: type[Blocking]) -> None:
    signer, backend = make(), Failing()
    async with AsyncEksClient(signer=signer, backend=backend, retry=AT_ONCE) as eks:
        await eks.clusters.get("c-1")
    assert [query["Signed"] for query in backend.queries] == ["1", "2", "3"]
    assert signer.asked == [("GET", {"Action": "GetCluster", "ClusterId": "c-1"})] * 3


async def test_the_request_goes_on_with_its_query_and_is_otherwise_as_it_was(credentials: Credentials) -> None:
    request = Request(operation=DELETE_CLUSTER, url="http://x", params={"Action": "DeleteCluster"}, content=b"{}")
    sent: list[Request] = []

    async def send(given: Request) -> RawResponse:
        sent.append(given)
        return ANSWER

    signer: Signer = HmacSha1Signer(credentials, clock=lambda: 0, nonce=lambda: "n")
    assert await Sign(signer)(request, send) is ANSWER
    assert request.query == ""
    assert sent[0].query == signer.sign("POST", {"Action": "DeleteCluster"})
    assert (sent[0].params, sent[0].content, sent[0].record) == (request.params, b"{}", request.record)


async def test_what_a_signer_raises_comes_out_and_nothing_is_sent() -> None:
    class Sealed:
        def sign(self, method: str, params: Mapping[str, str]) -> str:
            raise errors.ConfigurationError("the vault is sealed")

    backend = Failing()
    async with AsyncEksClient(signer=Sealed(), backend=backend) as eks:
        with pytest.raises(errors.ConfigurationError, match="sealed") as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.outcome, caught.value.action, backend.queries) == ("not_sent", GET_CLUSTER.name, [])


NOW = 1_790_000_000.0


def expired(service_time: float | None, code: str = "RequestExpired") -> RawResponse:
    headers = {} if service_time is None else {"date": email.utils.formatdate(service_time, usegmt=True)}
    return RawResponse(status=400, headers=headers, content=json.dumps({"Code": code, "RequestId": "r"}).encode())


class Refusing(Failing):
    """A service that gives everybody the same answer."""

    def __init__(self, answer: RawResponse) -> None:
        super().__init__()
        self.answer = answer

    async def send(self, request: Request) -> RawResponse:
        return self.answer


async def refused(signer: Signer, answer: RawResponse) -> CallRecord:
    """The record of a call that is answered with an error response."""
    records = []

    async def keep(request: Request, send: Send) -> RawResponse:
        records.append(request.record)
        return await send(request)

    client = AsyncEksClient(signer=signer, backend=Refusing(answer), retry=AT_ONCE, per_call=[keep])
    async with client as eks:
        with pytest.raises(errors.ServiceError):
            await eks.clusters.delete("c-1")
    return records[0]


class Strict(Failing):
    """A service that takes only what was signed within a minute of its own time."""

    def __init__(self, service_time: float) -> None:
        super().__init__()
        self.service_time = service_time
        self.late = 0

    async def send(self, request: Request) -> RawResponse:
        query = dict(parse_qsl(request.query))
        signed = datetime.strptime(query["Timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        if abs(signed - self.service_time) > 60:
            self.late += 1
            return expired(self.service_time)
        return ANSWER


@pytest.mark.parametrize("off", [-86_400 * 400, -600.0, 600.0, 86_400 * 400])
async def test_a_clock_that_is_off_is_found_out_once_and_for_all_calls(credentials: Credentials, off: float) -> None:
    signer, backend = HmacSha1Signer(credentials, clock=lambda: NOW + off), Strict(NOW)
    async with AsyncEksClient(signer=signer, backend=backend, retry=AT_ONCE) as eks:
        assert [(await eks.clusters.get("c-1")).attempts for _ in range(5)] == [2, 1, 1, 1, 1]
        assert (await eks.network_interfaces.create("s-1")).attempts == 1
    assert backend.late == 1


async def test_a_create_that_was_refused_for_its_time_is_sent_again(credentials: Credentials) -> None:
    signer, backend = HmacSha1Signer(credentials, clock=lambda: NOW - 600), Strict(NOW)
    async with AsyncEksClient(signer=signer, backend=backend, retry=AT_ONCE) as eks:
        assert (await eks.network_interfaces.create("s-1")).attempts == 2


@pytest.mark.parametrize("date", [None, -1e9, 0.0, 4.2e9])
async def test_a_missing_or_absurd_date_of_the_service_is_ignored(credentials: Credentials, date: float | None) -> None:
    signer = HmacSha1Signer(credentials, clock=lambda: NOW)
    before = dict(parse_qsl(signer.sign("GET", {})))["Timestamp"]

    await refused(signer, expired(date))
    assert dict(parse_qsl(signer.sign("GET", {})))["Timestamp"] == before


async def test_a_service_that_never_finds_the_time_right_is_asked_no_more_often_than_the_policy_says(
    credentials: Credentials,
) -> None:
    backend = Strict(NOW)
    signer = HmacSha1Signer(credentials, clock=lambda: NOW + 1e6 * backend.late)
    async with AsyncEksClient(signer=signer, backend=backend, retry=AT_ONCE) as eks:
        backend.service_time = -1.0
        with pytest.raises(errors.AuthenticationError):
            await eks.clusters.get("c-1")
    assert backend.late <= 4


async def test_other_refusals_leave_the_clock_alone(credentials: Credentials) -> None:
    signer = HmacSha1Signer(credentials, clock=lambda: NOW)
    assert not (await refused(signer, expired(NOW + 600, "SignatureDoesNotMatch"))).clock_was_wrong
    assert dict(parse_qsl(signer.sign("GET", {})))["Timestamp"] == "2026-09-21T14:13:20Z"


async def test_a_signer_of_the_users_need_not_have_a_clock() -> None:
    record = await refused(Blocking(), expired(NOW))
    assert (record.attempts, record.clock_was_wrong) == (1, False)


@pytest.mark.parametrize("query", [None, b"Signed=1", 7])
async def test_a_signer_that_returns_no_text_is_an_error_and_nothing_is_sent(query: object) -> None:
    class Odd:
        def sign(self, method: str, params: Mapping[str, str]) -> Any:
            return query

    backend = Failing()
    async with AsyncEksClient(signer=Odd(), backend=backend) as eks:
        with pytest.raises(errors.ConfigurationError, match="a signer must return the query as text") as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.outcome, backend.queries) == ("not_sent", [])


class Rotating(Failing):
    """A service that does not know any key, and repeats its id; the key is another one for each attempt."""

    async def send(self, request: Request) -> RawResponse:
        key_id = parse_qs(request.query)["AccessKeyId"][0]
        content = {"Code": "InternalError", "Msg": f"no such key {key_id}", "RequestId": f"r-{key_id}"}
        return RawResponse(status=500, headers={}, content=json.dumps(content).encode())


async def test_a_key_that_came_up_while_the_call_went_on_is_not_shown_either() -> None:
    keys = iter(range(100))

    def current() -> Credentials:
        return Credentials(f"marked-id-{next(keys)}", "marked-key")

    async with AsyncEksClient(current, backend=Rotating(), retry=AT_ONCE) as eks:
        with pytest.raises(errors.ServerFault) as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.attempts, caught.value.request_id) == (4, "r-***")
    assert "marked" not in f"{caught.value} {[str(error) for error in caught.value.previous]}"


def test_a_signer_that_has_not_signed_yet_has_nothing_to_hide(credentials: Credentials) -> None:
    signer = HmacSha1Signer(credentials)
    assert signer.secrets() == set()
    signer.sign("GET", {})
    assert signer.secrets() == credentials.texts


class Elsewhere(Failing):
    """Loses what it is sent, and can't connect to a second host."""

    async def send(self, request: Request) -> RawResponse:
        self.queries.append({"url": request.url})
        if request.url.startswith("http://second"):
            raise errors.ConnectFailed("x")
        request.record.mark_sent()
        raise errors.ConnectionLost("x")


async def test_a_create_that_was_lost_before_a_middleware_could_not_send_it_elsewhere_is_not_sent_again(
    credentials: Credentials,
) -> None:
    async def failover(request: Request, send: Send) -> RawResponse:
        try:
            return await send(request)
        except errors.TransportError:
            return await send(attrs.evolve(request, url="http://second/eks/v1"))

    backend = Elsewhere()
    client = AsyncEksClient(credentials, backend=backend, retry=AT_ONCE, per_attempt=[failover])
    async with client as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.network_interfaces.create("s-1")
    assert (caught.value.outcome, caught.value.attempts, len(backend.queries)) == ("unknown", 1, 2)


CREATED = {"Code": "Success", "RequestId": "r-1", "Data": {"NetcardId": "n-1", "EventId": "e-1", "Password": "marked"}}


class Saying(Failing):
    """A service that answers with a success response."""

    def __init__(self, content: Any = CREATED) -> None:
        super().__init__()
        self.content = content

    async def send(self, request: Request) -> RawResponse:
        request.record.mark_sent()
        answer = RawResponse(status=200, headers={}, content=json.dumps(self.content).encode())
        request.record.arrived = answer
        return answer


async def linger(request: Request, send: Send) -> RawResponse:
    response = await send(request)
    await anyio.sleep_forever()
    return response


NAMED: list[tuple[str, Any, dict[str, Any]]] = [
    ("create", CREATED, {"netcard_id": "n-1", "event_id": "e-1"}),
    ("delete", {"Code": "Success", "Data": {"TaskId": "t-1"}}, {"task_id": "t-1"}),
    ("delete", {"Code": "Success", "Data": {"TaskId": {}}}, {}),
    ("call", CREATED, {"NetcardId": "n-1", "EventId": "e-1"}),
    ("call", {"Code": "Success", "Data": []}, {}),
    ("call", {"Code": "Success", "Data": {"AccessKeyId": "marked-new", "Paid": True, "KeyId": 7}}, {}),
    ("create", {"Code": "Success", "Data": {"NetcardId": "n-\ntest-secret-access-key"}}, {"netcard_id": "n- ***"}),
    ("get", {"Code": "Success", "Data": {"ClusterId": "c-1"}}, {}),
]


@pytest.mark.parametrize(("what", "content", "ids"), NAMED)
async def test_a_deadline_after_the_success_response_raises_with_the_ids_of_what_was_created(
    credentials: Credentials, what: str, content: Any, ids: dict[str, Any]
) -> None:
    settings: dict[str, Any] = {"per_attempt": [linger], "timeouts": Timeouts(total=0.05)}
    async with AsyncEksClient(credentials, backend=Saying(content), **settings) as eks:
        calls: dict[str, Callable[[], Awaitable[Any]]] = {
            "create": lambda: eks.network_interfaces.create("s-1"),
            "delete": lambda: eks.clusters.delete("c-1"),
            "call": lambda: eks.call("Make", method="POST"),
            "get": lambda: eks.clusters.get("c-1"),
        }
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await calls[what]()
    assert (caught.value.outcome, caught.value.ids) == ("accepted", ids)
    assert all(f"{name}={value}" in str(caught.value) for name, value in ids.items())
    assert "marked" not in f"{caught.value}"
    assert pickle.loads(pickle.dumps(caught.value)).ids == ids
