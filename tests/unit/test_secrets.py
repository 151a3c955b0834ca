"""Nothing secret leaves but inside of the signed request: marked secrets are planted everywhere, then looked for."""

from __future__ import annotations

import contextlib
import copy
import html
import json
import logging
import pickle
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, Timeouts, errors, models
from cds_eks.schema.shape import Shape, state_of
from unit.marked_secrets import (
    AK,
    CREDENTIALS,
    EXTRA,
    KEY,
    KEY_ID,
    MARK,
    PASSWORD,
    POOL_PASSWORD,
    SK,
    Watched,
    assert_unmarked,
)
from unit.repeating_service import FAILURES, Answer, Heard, envelope, http, in_headers, service, success

asynchronous = pytest.mark.anyio


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    body = copy.deepcopy(create_cluster_body)
    body["Ak"], body["Sk"] = AK, SK
    body["MasterConfig"]["Password"] = PASSWORD
    body["NodePoolConfig"]["NodeConfig"]["Password"] = POOL_PASSWORD
    body["extra"] = {"AdminPassword": EXTRA, "Nested": [{"Token": f"{EXTRA}-deep"}]}
    return models.CreateClusterRequest.from_dict(body)


@pytest.fixture
def node_pool() -> models.CreateNodePoolRequest:
    return models.CreateNodePoolRequest(
        cluster_id="c-1",
        vpc_id="v-1",
        config=models.NodePoolSpec(
            name="pool-1",
            node_type="ecs",
            replicas=1,
            node_config=models.NodePoolNodeConfig(
                billing_spec=models.NodePoolBillingSpec(instance_charge_type="PostPaid"),
                os_image_name="Ubuntu22.04-CPU-1.26",
                subnet_ids=["s-1"],
                instance_type_ids=["CPU Compute C11.4c8g"],
                password=POOL_PASSWORD,
            ),
        ),
    )


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything is logged, and nothing of it may be marked."""
    names = ("", "cds_eks", "httpx", "httpcore", "httpcore.http11", "httpcore.connection", "anyio", "asyncio", "trio")
    with contextlib.ExitStack() as levels:
        for name in names:
            levels.enter_context(caplog.at_level(logging.DEBUG, logger=name))
        yield caplog
        for record in caplog.records:
            assert not MARK.search(f"{record.getMessage()} {record.msg} {record.args!r} {vars(record)!r}"), record


Call = Callable[[AsyncEksClient, models.CreateClusterRequest, models.CreateNodePoolRequest], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "read": lambda eks, create, pool: eks.clusters.get("c-1"),
    "create": lambda eks, create, pool: eks.clusters.create(create),
    "create a pool": lambda eks, create, pool: eks.node_pools.create(pool, extra={"SecretThing": EXTRA}),
    "any": lambda eks, create, pool: eks.call(
        "Anything", method="POST", body={"Password": PASSWORD, "In": [{"AccessKeySecret": SK}], "ThingName": "t"}
    ),
}


def client(url: str, watched: Watched, **settings: Any) -> AsyncEksClient:
    defaults: dict[str, Any] = {
        "retry": RetryPolicy(max_attempts=2, base_delay=0, throttled_base_delay=0),
        "per_call": [watched.per_call],
        "per_attempt": [watched.per_attempt],
    }
    return AsyncEksClient(CREDENTIALS, endpoint=url, **(defaults | settings))


def test_the_search_for_secrets_finds_them() -> None:
    """A test that can't fail would be a defect."""
    with pytest.raises(AssertionError):
        assert_unmarked(PASSWORD)
    hidden = errors.ConnectionLost("fine")
    hidden.previous = (errors.ConnectionLost(f"with {EXTRA}"),)
    caused = errors.ConnectFailed("fine")
    caused.__context__ = ValueError(KEY_ID)
    for error in (hidden, caused, errors.UnreadableResponse("x", http_status=1, body=AK)):
        with pytest.raises(AssertionError):
            assert_unmarked(error)
    for secret in (KEY_ID, KEY, PASSWORD, POOL_PASSWORD, AK, SK, EXTRA):
        for spelling in (secret, json.dumps(secret), quote(secret, safe=""), html.escape(secret)):
            assert MARK.search(spelling)


@asynchronous
@pytest.mark.parametrize("call", CALLS)
async def test_a_success_shows_no_secret(
    call: str,
    logs: pytest.LogCaptureFixture,
    create: models.CreateClusterRequest,
    node_pool: models.CreateNodePoolRequest,
) -> None:
    watched = Watched()
    async with service(success) as url, client(url, watched) as eks:
        response = await CALLS[call](eks, create, node_pool)
        assert_unmarked(eks, vars(eks))
    assert_unmarked(*watched.requests, *watched.records)
    if call == "any":
        assert response["Data"]["ThingId"] == "x-1"  # a raw answer is handed over as it is
    else:
        assert response.raw["Echo"]
        assert_unmarked(response, response.data, response.message, response.request_id, response.code)
        assert_unmarked(copy.copy(response), copy.deepcopy(response))
    assert {"cds_eks.client"} <= {record.name for record in logs.records}


@asynchronous
@pytest.mark.parametrize("call", CALLS)
async def test_headers_that_repeat_the_request_show_no_secret(
    call: str,
    logs: pytest.LogCaptureFixture,
    create: models.CreateClusterRequest,
    node_pool: models.CreateNodePoolRequest,
) -> None:
    watched = Watched()
    async with service(in_headers) as url, client(url, watched) as eks:
        response = await CALLS[call](eks, create, node_pool)
    assert_unmarked(*watched.requests, *watched.records)
    if call != "any":
        assert response.request_id
        assert_unmarked(response)


@asynchronous
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_shows_no_secret(
    failure: str,
    call: str,
    logs: pytest.LogCaptureFixture,
    create: models.CreateClusterRequest,
    node_pool: models.CreateNodePoolRequest,
) -> None:
    watched = Watched()
    caught: list[errors.EksError] = []
    async with service(FAILURES[failure]) as url, client(url, watched) as eks:
        try:
            await CALLS[call](eks, create, node_pool)
        except errors.EksError as error:
            caught.append(error)
    if call == "any" and failure in ("another shape", "a text for an object", "an object for a text"):
        assert caught == []
    else:
        assert_unmarked(*caught)
        assert len(caught) == 1
        assert isinstance(caught[0], errors.AmbiguousCreate) == (call != "read" and caught[0].outcome == "unknown")
    assert_unmarked(*watched.requests, *watched.records, *(error for one in watched.records for error in one.failures))
    assert logs.records


@asynchronous
@pytest.mark.parametrize("call", CALLS)
async def test_a_call_whose_time_runs_out_shows_no_secret(
    call: str,
    logs: pytest.LogCaptureFixture,
    create: models.CreateClusterRequest,
    node_pool: models.CreateNodePoolRequest,
) -> None:
    def hang(request: httpx.Request) -> httpx.Response:
        raise AssertionError

    class Hanging(httpx.MockTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await anyio.sleep_forever()
            raise AssertionError

    watched = Watched()
    settings: dict[str, Any] = {"backend": Hanging(hang), "timeouts": Timeouts(total=0.02)}
    async with client("https://eks.test", watched, **settings) as eks:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await CALLS[call](eks, create, node_pool)
    assert_unmarked(caught.value, *watched.requests, *watched.records)


RAISED: list[Callable[[httpx.Request, str], Exception]] = [
    lambda request, told: httpx.ConnectError(told, request=request),
    lambda request, told: httpx.ConnectTimeout(told, request=request),
    lambda request, told: httpx.ReadError(told, request=request),
    lambda request, told: httpx.ReadTimeout(told, request=request),
    lambda request, told: httpx.RemoteProtocolError(told, request=request),
    lambda request, told: httpx.LocalProtocolError(told, request=request),
    lambda request, told: httpx.ProxyError(told, request=request),
    lambda request, told: httpx.DecodingError(told, request=request),
    lambda request, told: OSError(5, told),
    lambda request, told: ConnectionResetError(told),
]


@asynchronous
@pytest.mark.parametrize("raised", RAISED, ids=range(len(RAISED)))
@pytest.mark.parametrize("call", CALLS)
async def test_what_the_transport_raises_shows_no_secret(
    call: str,
    raised: Callable[[httpx.Request, str], Exception],
    logs: pytest.LogCaptureFixture,
    create: models.CreateClusterRequest,
    node_pool: models.CreateNodePoolRequest,
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        body = request.content.decode()
        secrets = f"{KEY_ID} {KEY}"
        raise raised(request, f"{request.url} {secrets} {body}") from ValueError(secrets)

    watched = Watched()
    async with client("https://eks.test", watched, backend=httpx.MockTransport(handle)) as eks:
        with pytest.raises(errors.TransportError) as caught:
            await CALLS[call](eks, create, node_pool)
    assert_unmarked(caught.value, *watched.requests, *watched.records)


@asynchronous
@pytest.mark.parametrize("failure", ["a fault", "a page", "throttled", "no HTTP"])
async def test_a_wait_whose_polls_fail_shows_no_secret(failure: str, logs: pytest.LogCaptureFixture) -> None:
    watched = Watched()
    async with service(FAILURES[failure]) as url, client(url, watched) as eks:
        with pytest.raises(errors.WaitTimeout) as caught:
            await eks.wait.task("t-1", timeout=0.5, poll_interval=0.1)
    assert caught.value.__cause__ is not None
    assert_unmarked(caught.value, *watched.requests, *watched.records)


@asynchronous
async def test_a_wait_that_ends_shows_no_secret(logs: pytest.LogCaptureFixture) -> None:
    def failed(heard: Heard) -> bytes:
        data = {"TaskId": "t-1", "TaskStatus": "error", "TaskMsg": "no room", "Echo": heard.echo}
        return envelope(heard, Code="Success", Data=data)

    watched = Watched()
    async with service(success) as url, client(url, watched) as eks:
        cluster = await eks.wait.cluster_running("c-1")
    assert (cluster.cluster_status, cluster.ak) == ("running", AK)
    assert_unmarked(cluster)
    async with service(failed) as url, client(url, watched) as eks:
        with pytest.raises(errors.TaskFailed, match="no room") as caught:
            await eks.wait.task("t-1")
    assert_unmarked(caught.value, *watched.requests, *watched.records)


def test_requests_show_no_secret(create: models.CreateClusterRequest, node_pool: models.CreateNodePoolRequest) -> None:
    nested: list[Shape] = [create.master_config, create.node_pool_config.node_config, node_pool.config.node_config]
    assert_unmarked(create, node_pool, *nested)
    assert_unmarked([create], {"a": node_pool})
    assert (create.ak, create.sk, create.master_config.password) == (AK, SK, PASSWORD)  # read on purpose
    assert create.to_dict()["ak"] == AK
    for request in (create, node_pool, *nested):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(request)
        assert_unmarked(caught.value)


@pytest.mark.parametrize("password", ["m4rk", f"{PASSWORD}{'x' * 40}", PASSWORD.encode()])
def test_a_request_that_is_refused_shows_no_secret(
    password: Any, create_cluster_body: dict[str, Any], create: models.CreateClusterRequest
) -> None:
    body = copy.deepcopy(create_cluster_body)
    body["MasterConfig"]["Password"] = password
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.CreateClusterRequest.from_dict(body)
    assert_unmarked(caught.value)
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.NodeConfig(**{**state_of(create.master_config), "password": password})
    assert_unmarked(caught.value)


@asynchronous
@pytest.mark.parametrize("value", [float("nan"), object(), {1: 2, "a": {3}}])
async def test_a_body_that_can_not_be_sent_shows_no_secret(value: Any, create: models.CreateClusterRequest) -> None:
    async with AsyncEksClient(CREDENTIALS) as eks:
        with pytest.raises(errors.InvalidRequestError) as caught:
            await eks.call("Anything", method="POST", body={"Password": PASSWORD, "Other": value})
        assert_unmarked(caught.value)
        with pytest.raises(errors.InvalidRequestError) as caught:
            await eks.clusters.create(create, extra={"Token": EXTRA, "Other": value})
        assert_unmarked(caught.value)


def test_credentials_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_unmarked(CREDENTIALS, [CREDENTIALS], {"a": CREDENTIALS}, copy.copy(CREDENTIALS), copy.deepcopy(CREDENTIALS))
    assert (CREDENTIALS.access_key_id, CREDENTIALS.secret_access_key) == (KEY_ID, KEY)  # read on purpose
    with pytest.raises(TypeError) as caught:
        pickle.dumps(CREDENTIALS)
    assert_unmarked(caught.value)


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_clients_show_no_secret(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_SECRET_ID", KEY_ID)
    monkeypatch.setenv("CDS_SECRET_KEY", KEY)
    for eks in (kind(), kind(CREDENTIALS)):
        assert_unmarked(eks, vars(eks))
        with pytest.raises(TypeError) as caught:
            pickle.dumps(eks)
        assert_unmarked(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"credentials": Credentials(f"{KEY_ID}\n", KEY)},
        {"credentials": Credentials(KEY_ID, f" {KEY}")},
        {"endpoint": f"https://{quote(KEY_ID, safe='')}:{quote(KEY, safe='')}@eks.test"},
        {"endpoint": f"https://id:m4rk/{KEY}@eks.test"},
        {"endpoint": f"https://eks.test?AccessKeyId={quote(KEY_ID)}"},
        {"endpoint": KEY},
    ],
)
def test_a_client_that_can_not_be_made_shows_no_secret(settings: dict[str, Any]) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        AsyncEksClient(**({"credentials": CREDENTIALS} | settings))
    assert_unmarked(caught.value)


@asynchronous
async def test_the_message_of_a_good_answer_shows_no_secret(create: models.CreateClusterRequest) -> None:
    async with service(success) as url, client(url, Watched()) as eks:
        response = await eks.clusters.create(create)
    assert_unmarked(response.message)


SURROGATE = f"{PASSWORD}\ud800"
REFUSED: dict[str, Call] = {
    "body": lambda eks, create, pool: eks.call("X", method="POST", body={"Password": SURROGATE}),
    "params": lambda eks, create, pool: eks.call("X", params={"Password": SURROGATE}),
    "extra": lambda eks, create, pool: eks.clusters.create(create, extra={"Token": SURROGATE}),
}


@asynchronous
@pytest.mark.parametrize("call", REFUSED)
async def test_a_text_that_is_no_unicode_is_not_held_by_the_context_of_the_error(
    call: str, create: models.CreateClusterRequest, node_pool: models.CreateNodePoolRequest
) -> None:
    async with AsyncEksClient(CREDENTIALS) as eks:
        with pytest.raises(errors.InvalidRequestError) as caught:
            await REFUSED[call](eks, create, node_pool)
    assert_unmarked(caught.value)


def test_a_password_that_is_no_unicode_is_not_held_by_the_context_of_the_error(
    create: models.CreateClusterRequest,
) -> None:
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.NodeConfig(**{**state_of(create.master_config), "password": SURROGATE})
    assert_unmarked(caught.value)


TWICE: dict[str, Answer] = {
    "a page with the body": lambda heard: http("502 Bad", html.escape(json.dumps(heard.told)).encode()),
    "the body as a text of an answer that can't be read": lambda heard: http(
        "200 OK", json.dumps({"Code": "Success", "Msg": json.dumps(heard.told), "Data": "x"}).encode()
    ),
    "a path, which keeps its slashes": lambda heard: http("404 None", quote(heard.told[0]).encode()),
}


@asynchronous
@pytest.mark.parametrize("case", TWICE)
async def test_a_secret_that_is_spelt_twice_over_is_not_shown(case: str, create: models.CreateClusterRequest) -> None:
    async with service(TWICE[case]) as url, client(url, Watched()) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(create)
    assert_unmarked(caught.value)
