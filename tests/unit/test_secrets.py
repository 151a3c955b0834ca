"""Nothing secret leaves but inside of the signed request: marked secrets are planted everywhere, then looked for."""

from __future__ import annotations

import base64
import contextlib
import copy
import html
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, Timeouts, errors, models
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
    Call,
    Watched,
    assert_unmarked,
    create_with_secrets,
    node_pool_with_secrets,
)
from unit.repeating_service import FAILURES, Answer, Heard, envelope, http, in_headers, service, success

asynchronous = pytest.mark.anyio


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return create_with_secrets(create_cluster_body)


@pytest.fixture
def node_pool() -> models.CreateNodePoolRequest:
    return node_pool_with_secrets()


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


@asynchronous
async def test_the_message_of_a_good_answer_shows_no_secret(create: models.CreateClusterRequest) -> None:
    async with service(success) as url, client(url, Watched()) as eks:
        response = await eks.clusters.create(create)
    assert_unmarked(response.message)


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


@asynchronous
@pytest.mark.parametrize("spelling", ["plain", "in Base64", "in JSON"])
@pytest.mark.parametrize("wait", ["task", "event", "cluster", "many"])
async def test_a_wait_that_fails_with_a_text_that_repeats_the_keys_shows_none(
    wait: str, spelling: str, logs: pytest.LogCaptureFixture
) -> None:
    spell: dict[str, Callable[[str], str]] = {
        "plain": str,
        "in Base64": lambda text: base64.b64encode(f"k:{text}".encode()).decode(),
        "in JSON": lambda text: json.dumps(text)[1:-1],
    }
    echo = " ".join(map(spell[spelling], (KEY_ID, KEY)))
    said = {
        "TaskStatus": {"TaskId": "t-1", "TaskStatus": "error", "TaskMsg": f"no room for {echo}"},
        "QueryEventStatus": {"EventId": "e-1", "EventStatus": f"failed-{echo}"},
        "GetCluster": {"ClusterId": "c-1", "ClusterStatus": "error", "StatusStr": f"no room for {echo}"},
        "ListClusters": [{"ClusterId": "c-1", "ClusterStatus": "error", "StatusStr": f"no room for {echo}"}],
    }

    def failed(heard: Heard) -> bytes:
        return http("200 OK", json.dumps({"Code": "Success", "Data": said[heard.action]}).encode())

    async with service(failed) as url, client(url, Watched()) as eks:
        waits: dict[str, Callable[[], Awaitable[Any]]] = {
            "task": lambda: eks.wait.task("t-1"),
            "event": lambda: eks.wait.event("e-1"),
            "cluster": lambda: eks.wait.cluster_running("c-1"),
            "many": lambda: eks.wait.clusters_running(["c-1"]),
        }
        with pytest.raises(errors.TaskFailed) as caught:
            await waits[wait]()
    error = caught.value
    for text in (str(error), error.message, error.status, *map(str, error.args), *getattr(error, "__notes__", ())):
        assert not any(spell[spelling](secret) in str(text) for secret in (KEY_ID, KEY))
        assert not MARK.search(str(text))
    assert "***" in f"{error.message} {error.status}"
