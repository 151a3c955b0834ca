"""Nothing secret leaves but inside of the signed request: marked secrets are planted everywhere, then looked for."""

from __future__ import annotations

import base64
import contextlib
import copy
import html
import json
import logging
import pickle
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

import anyio
import attrs
import httpx
import pytest
from anyio.abc import SocketAttribute, SocketStream

from cds_eks import AsyncEksClient, Credentials, EksClient, Response, RetryPolicy, Timeouts, errors, models
from cds_eks.pipeline import Send
from cds_eks.schema.shape import Shape, state_of
from cds_eks.wire import CallRecord, RawResponse, Request

asynchronous = pytest.mark.anyio

# Each holds what JSON, HTML and URLs spell otherwise; none may be seen in any spelling, so this word is looked for.
MARK = re.compile(r"m4rk", re.IGNORECASE)
KEY_ID = 'AKID/m4rk+id="&<1>'
KEY = "SK/m4rk+key='&<2>é"
PASSWORD = 'Pw-M4rk"&<3>'
POOL_PASSWORD = "Pw-M4rk+/='4"
AK = "cluster-ak-m4rk-5"
SK = "cluster-sk/m4rk-6=="
EXTRA = "extra-m4rk-7"
CREDENTIALS = Credentials(KEY_ID, KEY)


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


# --- looking -------------------------------------------------------------------------------------------------------


def shown(thing: object) -> Iterator[str]:
    """Yield all that can be printed of a thing."""
    yield repr(thing)
    yield str(thing)
    yield f"{thing}"
    if isinstance(thing, BaseException):
        yield from shown_of_error(thing, set())
    if isinstance(thing, (errors.EksError, Response)):
        yield pickle.dumps(thing).decode("latin-1")
        yield from shown_of(pickle.loads(pickle.dumps(thing)))


def shown_of(thing: object) -> Iterator[str]:
    yield repr(thing)
    yield str(thing)


def shown_of_error(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Yield all that an error, what it came from, and what came before it show."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield from shown_of(error)
    yield repr(error.args)
    yield repr(vars(error))
    yield repr(getattr(error, "__notes__", None))
    yield "".join(traceback.format_exception(error))
    for other in (error.__cause__, error.__context__, *getattr(error, "previous", ())):
        if other is not None:
            yield from shown_of_error(other, seen)
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from shown_of_error(part, seen)


def assert_unmarked(*things: object) -> None:
    for thing in things:
        for text in shown(thing):
            assert not MARK.search(text), text


class Watched:
    """What a test has seen of calls from within: requests on their way, and records."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.records: list[CallRecord] = []

    async def per_call(self, request: Request, send: Send) -> RawResponse:
        self.records.append(request.record)
        self.requests.append(request)
        return await send(request)

    async def per_attempt(self, request: Request, send: Send) -> RawResponse:
        self.requests.append(request)
        response = await send(request)
        assert_unmarked(response)
        return response


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


# --- a service that repeats all it is told --------------------------------------------------------------------------


@attrs.frozen
class Heard:
    """A request, and how a careless service would repeat it.

    Attributes:
        action: What is asked for.
        told: The secrets that it holds.
        text: Its target and its body, as they came.
        echo: The same, and each secret, in every spelling that fits into an envelope.
    """

    action: str
    told: list[str]
    text: str
    echo: str

    @classmethod
    def of(cls, head: bytes, body: bytes) -> Heard:
        target = head.decode("latin-1").split(" ")[1]
        action = target.partition("Action=")[2].partition("&")[0]
        text = body.decode()
        in_body = (PASSWORD, POOL_PASSWORD, AK, SK, EXTRA)
        told = [KEY_ID, KEY, *(secret for secret in in_body if json.dumps(secret)[1:-1] in text)]
        spelt = [spell(secret) for secret in told for spell in SPELLINGS]
        return cls(action, told, f"{target} {text}", " | ".join([target, unquote(target), text, *spelt]))


SPELLINGS: list[Callable[[str], str]] = [str, partial(quote, safe=""), html.escape, json.dumps]


DATA: dict[str, Any] = {
    "CreateCluster": {"ClusterId": "c-1", "TaskId": "t-1"},
    "CreateNodePool": {"NodePoolId": "p-1", "TaskId": "t-1"},
    "GetCluster": {"ClusterId": "c-1", "ClusterStatus": "running", "Ak": AK},
    "TaskStatus": {"TaskId": "t-1", "TaskStatus": "doing"},
    "Anything": {"ThingId": "x-1"},
}

Answer = Callable[[Heard], bytes]
IDS = ("ClusterId", "NodePoolId", "TaskId")


def http(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + body


def envelope(heard: Heard, status: str = "200 OK", **members: Any) -> bytes:
    body = {"Code": heard.echo, "Msg": heard.echo, "RequestId": heard.echo, "Message": heard.echo, "Echo": heard.echo}
    return http(status, json.dumps(body | {"Desc": heard.echo} | members).encode())


def success(heard: Heard) -> bytes:
    data = DATA[heard.action] | {"Unknown": heard.echo, "Deep": [{"Echo": heard.echo}]}
    return envelope(heard, Code="Success", Data=data)


def in_headers(heard: Heard) -> bytes:
    line = heard.echo.replace("\n", " ").encode("ascii", "replace").decode()
    body = json.dumps({"Code": "Success", "Data": DATA[heard.action]}).encode()
    return http("200 OK", body, f"Location: {line}", f"cds-request-id: {line}", f"X-Echo: {line}")


FAILURES: dict[str, Answer] = {
    "bad argument": lambda heard: envelope(heard, "400 Bad", Code="InvalidParameter"),
    "an unknown code": lambda heard: envelope(heard, "400 Bad"),
    "no with a 200": lambda heard: envelope(heard),
    "throttled": lambda heard: envelope(heard, "429 Slow"),
    "throttled by a proxy": lambda heard: http("429 Slow", f"<p>{heard.echo}".encode()),
    "a fault": lambda heard: envelope(heard, "500 Fault"),
    "a page": lambda heard: http("502 Bad", f"<html><p>{heard.echo}".encode()),
    "a plain page": lambda heard: http("200 OK", heard.echo.encode()),
    "a page that breaks off in a secret": lambda heard: http("502 Bad", ("x" * 2036 + KEY_ID + KEY).encode()),
    "a redirect": lambda heard: http("302 Found", b"", f"Location: /eks/v1?{quote(heard.echo)}"),
    "no HTTP": lambda heard: f"{heard.echo}\r\n\r\n".encode(),
    "a header that is none": lambda heard: f"HTTP/1.1 200 OK\r\n{heard.echo}\r\n\r\n".encode(),
    "a broken chunk": lambda heard: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{heard.echo}\r\n".encode(),
    "broken compression": lambda heard: http("200 OK", heard.echo.encode(), "Content-Encoding: gzip"),
    "a truncated answer": lambda heard: success(heard)[:-5],
    "silence": lambda heard: b"",
    "another shape": lambda heard: plain_envelope(heard, [{"ClusterId": {"a": 1}}, {}]),
    "a text for an object": lambda heard: plain_envelope(heard, heard.told[0]),
    "an object for a text": lambda heard: plain_envelope(heard, {name: {heard.told[0]: heard.told[1]} for name in IDS}),
}


def plain_envelope(heard: Heard, data: Any) -> bytes:
    """A success whose data can't be read, so that the error shows the whole answer, as it came."""
    return http("200 OK", json.dumps({"Code": "Success", "Msg": " ".join(heard.told), "Data": data}).encode())


@contextlib.asynccontextmanager
async def service(make: Answer) -> AsyncIterator[str]:
    """Serve on 127.0.0.1, each connection for one request."""

    async def handle(stream: SocketStream) -> None:
        async with stream:
            received = b""
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while b"\r\n\r\n" not in received:
                    received += await stream.receive()
                head, _, body = received.partition(b"\r\n\r\n")
                length = int((re.search(rb"content-length: (\d+)", head.lower()) or [0, 0])[1])
                while len(body) < length:
                    body += await stream.receive()
                await stream.send(make(Heard.of(head, body)))

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        await anyio.sleep(0.001)  # asyncio can't cancel the acceptance of a connection that is there already
        group.cancel_scope.cancel()


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


# --- what is looked at ---------------------------------------------------------------------------------------------


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
