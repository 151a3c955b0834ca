"""The async client: what it is made of, and the way of a call."""

from __future__ import annotations

import copy
import functools
import json
import logging
import pickle
import platform
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
import httpx
import pytest

from cds_eks import (
    AsyncEksClient,
    Credentials,
    EksClient,
    Limits,
    Response,
    RetryPolicy,
    Timeouts,
    errors,
    models,
)
from cds_eks._version import __version__
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.client import wiring
from cds_eks.middleware import LimitRate
from cds_eks.pipeline import Send
from cds_eks.resources.clusters import CREATE_CLUSTER, GET_CLUSTER
from cds_eks.wire import RawResponse, Request
from support.api_description import API
from support.forked_child import pass_for_child

asynchronous = pytest.mark.anyio

AT_ONCE = RetryPolicy(max_attempts=4, base_delay=0, throttled_base_delay=0)
ENVIRONMENT = (
    *("CDS_SECRET_ID", "CDS_SECRET_KEY", "CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"),
    *("CDS_EKS_ENDPOINT", "CDS_API_HOST", "CDS_API_SCHEMA", "EKS_API_HOST", "EKS_API_SCHEMA"),
)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


def answer(status: int = 200, /, headers: dict[str, str] | None = None, **members: Any) -> RawResponse:
    data = {"ClusterId": "c-1", "TaskId": "t-1", "NodePoolId": "p-1", "NetcardId": "n-1"}
    envelope = {"Code": "Success", "Msg": "fine", "RequestId": "r-1", "Data": data} | members
    return RawResponse(status=status, headers=headers or {}, content=json.dumps(envelope).encode())


ZERO = {"ClusterId": "", "TaskId": ""}
"""What a Go service sends along with a refusal."""


class Scripted:
    """A backend that answers from a script, its last step for ever; exceptions in it are raised."""

    def __init__(self, *script: RawResponse | Exception) -> None:
        self.script = list(script) or [answer()]
        self.sent: list[Request] = []
        self.is_closed = False

    async def send(self, request: Request) -> RawResponse:
        self.sent.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if not isinstance(step, errors.ConnectFailed):
            request.record.mark_sent()
        if isinstance(step, Exception):
            raise step
        return step

    async def aclose(self) -> None:
        self.is_closed = True

    @property
    def queries(self) -> list[dict[str, str]]:
        return [{name: values[0] for name, values in parse_qs(request.query).items()} for request in self.sent]


@pytest.fixture
def make(credentials: Credentials) -> Callable[..., AsyncEksClient]:
    def made(backend: Any, **settings: Any) -> AsyncEksClient:
        return AsyncEksClient(credentials, backend=backend, **({"retry": AT_ONCE} | settings))

    return made


Make = Callable[..., AsyncEksClient]

# --- what it is made of --------------------------------------------------------------------------------------------


def test_without_credentials_there_is_no_client() -> None:
    with pytest.raises(errors.ConfigurationError, match="CDS_SECRET_ID and CDS_SECRET_KEY"):
        AsyncEksClient()


@asynchronous
@pytest.mark.parametrize("names", [("CDS_SECRET_ID", "CDS_SECRET_KEY"), ("CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET")])
async def test_the_environment_alone_makes_a_client(names: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(names[0], "env-id")
    monkeypatch.setenv(names[1], "env-key")
    monkeypatch.setenv("CDS_API_HOST", "gateway.test:81")
    monkeypatch.setenv("CDS_API_SCHEMA", "http")
    backend = Scripted()
    async with AsyncEksClient(backend=backend) as eks:
        await eks.clusters.get("c-1")
    assert backend.sent[0].url == "http://gateway.test:81/eks/v1"
    assert backend.queries[0]["AccessKeyId"] == "env-id"


@asynchronous
async def test_arguments_go_before_the_environment(monkeypatch: pytest.MonkeyPatch, credentials: Credentials) -> None:
    monkeypatch.setenv("CDS_SECRET_ID", "env-id")
    monkeypatch.setenv("CDS_SECRET_KEY", "env-key")
    monkeypatch.setenv("CDS_EKS_ENDPOINT", "http://env.test")
    backend = Scripted()
    async with AsyncEksClient(credentials, endpoint="http://argument.test/x/", backend=backend) as eks:
        await eks.clusters.get("c-1")
    assert backend.sent[0].url == "http://argument.test/x/eks/v1"
    assert backend.queries[0]["AccessKeyId"] == credentials.access_key_id


@asynchronous
async def test_credentials_may_come_from_a_callable_and_are_asked_for_at_each_attempt() -> None:
    asked: list[int] = []

    def current() -> Credentials:
        asked.append(len(asked))
        return Credentials("the-id", "the-key")

    backend = Scripted(errors.ConnectFailed("x"), answer())
    async with AsyncEksClient(current, backend=backend, retry=AT_ONCE) as eks:
        assert asked == []
        await eks.clusters.get("c-1")
    assert len(asked) >= 2
    assert [query["AccessKeyId"] for query in backend.queries] == ["the-id"] * 2


@asynchronous
@pytest.mark.parametrize("bad", [None, ("id", "key"), Credentials("", "marked"), Credentials("marked\n", "k")])
async def test_credentials_from_a_callable_are_checked_when_they_are_used(bad: Any) -> None:
    backend = Scripted()
    async with AsyncEksClient(lambda: bad, backend=backend) as eks:
        with pytest.raises(errors.ConfigurationError, match=r"^GetCluster: credentials") as caught:
            await eks.clusters.get("c-1")
    assert caught.value.outcome == "not_sent"
    assert "marked" not in str(caught.value)
    assert backend.sent == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"credentials": ("id", "key")}, "credentials must be Credentials"),
        ({"credentials": Credentials("id", "")}, "credentials.secret_access_key"),
        ({"endpoint": "gateway.test"}, "endpoint must begin with"),
        ({"endpoint": ""}, "endpoint must begin with"),
        ({"endpoint": 7}, "endpoint must be a text"),
        ({"api_revision": "2019-08-08"}, "api_revision must be one of"),
        ({"timeouts": 30}, "timeouts must be a Timeouts, not int"),
        ({"timeouts": None}, "timeouts must be a Timeouts, not NoneType"),
        ({"retry": 3}, "retry must be a RetryPolicy, not int"),
        ({"retry": Timeouts()}, "retry must be a RetryPolicy, not Timeouts"),
        ({"limits": {"max_connections": 3}}, "limits must be a Limits, not dict"),
        ({"backend": "nginx"}, "backend must be"),
        ({"backend": None}, "backend must be"),
        ({"per_call": ["x"]}, "a middleware must be callable, not str"),
        ({"per_attempt": [None]}, "a middleware must be callable, not NoneType"),
        ({"user_agent": 7}, "user_agent"),
        ({"user_agent": ""}, "user_agent"),
        ({"user_agent": "  "}, "user_agent"),
        ({"user_agent": "a\r\nX: y"}, "user_agent"),
        ({"user_agent": "é"}, "user_agent"),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(
    settings: dict[str, Any], words: str, credentials: Credentials
) -> None:
    with pytest.raises(errors.ConfigurationError, match=f"^{re.escape(words)}"):
        AsyncEksClient(**({"credentials": credentials} | settings))


def test_settings_go_by_name_only(credentials: Credentials) -> None:
    with pytest.raises(TypeError, match="positional"):
        AsyncEksClient(credentials, "https://gateway.test")  # type: ignore[call-arg]


@asynchronous
async def test_timeouts_go_with_each_request(make: Make) -> None:
    backend = Scripted()
    async with make(backend, timeouts=Timeouts(connect=1.5, read=2.5, total=100)) as eks:
        await eks.clusters.get("c-1")
        await eks.call("GetCluster")
    assert [(sent.connect_timeout, sent.read_timeout) for sent in backend.sent] == [(1.5, 2.5)] * 2
    assert all(sent.deadline is not None for sent in backend.sent)


@asynchronous
async def test_none_is_no_timeout(make: Make) -> None:
    backend = Scripted()
    async with make(backend, timeouts=Timeouts(connect=None, read=None, total=None)) as eks:
        await eks.clusters.get("c-1")
    (sent,) = backend.sent
    assert (sent.connect_timeout, sent.read_timeout, sent.deadline) == (None, None, None)


@asynchronous
@pytest.mark.parametrize(("retry", "attempts"), [(AT_ONCE, 4), (RetryPolicy.none(), 1)])
async def test_the_retry_policy_is_used(make: Make, retry: RetryPolicy, attempts: int) -> None:
    backend = Scripted(errors.ConnectFailed("x"))
    async with make(backend, retry=retry) as eks:
        with pytest.raises(errors.ConnectFailed) as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.attempts, len(backend.sent)) == (attempts, attempts)


@asynchronous
@pytest.mark.parametrize(
    "limits",
    [Limits(max_in_flight=2), Limits(max_connections=2), Limits(max_connections=2, max_in_flight=9)],
    ids=["in flight", "connections", "more in flight than connections"],
)
async def test_the_limit_of_attempts_under_way_is_used(make: Make, limits: Limits) -> None:
    go = anyio.Event()

    class Holding(Scripted):
        async def send(self, request: Request) -> RawResponse:
            response = await super().send(request)
            await go.wait()
            return response

    backend = Holding()
    async with make(backend, limits=limits) as eks, anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(eks.clusters.get, "c-1")
        await anyio.wait_all_tasks_blocked()
        assert len(backend.sent) == 2
        go.set()
    assert len(backend.sent) == 5


@asynchronous
async def test_the_rate_limit_is_used(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Scripted()
    async with make(backend, limits=Limits(requests_per_second=100)) as eks:
        began = anyio.current_time()
        for _ in range(4):
            await eks.clusters.get("c-1")
        assert anyio.current_time() - began >= 0.029


def test_the_limits_of_connections_are_used(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    class Noting(LimitRate):
        def __init__(self, max_in_flight: int | None, *others: Any) -> None:
            admitted.append(max_in_flight)
            super().__init__(max_in_flight, *others)

    admitted: list[int | None] = []
    monkeypatch.setattr(wiring, "LimitRate", Noting)
    eks = AsyncEksClient(credentials, limits=Limits(max_connections=7, keepalive_expiry=3))
    backend = eks._backend
    assert isinstance(backend, HttpxBackend)
    assert (admitted, backend._pool.keepalive_expiry) == ([7], 3)


@asynchronous
async def test_a_signer_stands_in_for_credentials() -> None:
    class Signer:
        def sign(self, method: str, params: Any) -> str:
            return f"{method}&Action={params['Action']}"

    backend = Scripted()
    async with AsyncEksClient(signer=Signer(), backend=backend) as eks:
        await eks.clusters.get("c-1")
    assert backend.sent[0].query == "GET&Action=GetCluster"


@asynchronous
@pytest.mark.parametrize(("given", "before"), [(None, ""), ("my-app/2 (x)", "my-app/2 (x) "), (" padded ", "padded ")])
async def test_the_user_agent_names_this_package_after_the_users_word(make: Make, given: Any, before: str) -> None:
    backend = Scripted()
    async with make(backend, user_agent=given) as eks:
        await eks.clusters.get("c-1")
    expected = f"{before}cds-eks-python/{__version__} python/{platform.python_version()}"
    assert backend.sent[0].headers["User-Agent"] == expected


@asynchronous
async def test_each_call_has_an_id_of_its_own_that_its_attempts_share(make: Make) -> None:
    backend = Scripted(errors.ConnectFailed("x"), answer())
    async with make(backend) as eks:
        await eks.clusters.get("c-1")
        await eks.clusters.get("c-1")
    first, again, second = (sent.headers["cds-request-id"] for sent in backend.sent)
    assert first == again != second
    assert re.fullmatch(r"[0-9a-f-]{36}", first)


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_a_client_shows_where_it_calls_and_in_which_revision(kind: Any, credentials: Credentials) -> None:
    eks = kind(credentials, endpoint="https://somewhere.test/x/", api_revision="2025-10-11")
    assert (eks.endpoint, eks.api_revision) == ("https://somewhere.test/x", "2025-10-11")
    shown = f"{kind.__name__}(endpoint='https://somewhere.test/x', api_revision='2025-10-11')"
    assert repr(eks) == str(eks) == shown
    again = kind(credentials, endpoint=eks.endpoint, api_revision=eks.api_revision)
    assert repr(again) == repr(eks)
    assert kind(credentials).endpoint == "https://api.capitalonline.net"
    with pytest.raises(AttributeError):
        eks.endpoint = "https://elsewhere.test"


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_the_revision_is_passed_or_named_by_the_environment(
    kind: Any, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"credentials": credentials, "endpoint": "https://somewhere.test"}
    assert kind(**settings, api_revision="2025-10-11").api_revision == "2025-10-11"
    monkeypatch.setenv("CDS_EKS_API_REVISION", "2025-10-11")
    assert kind(**settings).api_revision == "2025-10-11"
    assert kind(**settings, api_revision="2025-09-08").api_revision == "2025-09-08"
    monkeypatch.setenv("CDS_EKS_API_REVISION", "2025")
    with pytest.raises(errors.ConfigurationError, match="CDS_EKS_API_REVISION must be one of"):
        kind(**settings)
    kind(**settings, api_revision="2025-09-08")


@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_a_client_is_neither_pickled_nor_copied(
    kind: Any, use: Callable[[object], object], credentials: Credentials
) -> None:
    with pytest.raises(
        TypeError, match=f"^{kind.__name__} is neither copied nor pickled.*make a new one in each process"
    ):
        use(kind(credentials))


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_a_method_handed_to_a_pool_of_processes_says_what_to_do(kind: Any, credentials: Credentials) -> None:
    """`Pool.map(eks.clusters.get, …)` pickles the method, and with it its group and all that this holds."""
    eks = kind(credentials)
    for method in (eks.clusters.get, eks.wait.task, eks.call):
        with pytest.raises(
            TypeError, match=r"neither copied nor pickled.*make a new one in each process.*or use threads"
        ):
            pickle.dumps(method)


@asynchronous
async def test_leaving_the_block_closes_the_backend_and_ends_the_client(make: Make) -> None:
    backend = Scripted()
    states = []
    async with make(backend) as eks:
        states.append(backend.is_closed)
    states.append(backend.is_closed)
    assert states == [False, True]
    for call in (lambda: eks.clusters.get("c-1"), lambda: eks.call("X"), lambda: eks.call("X", method="POST")):
        with pytest.raises(errors.ConfigurationError, match="the client is closed") as caught:
            await call()
        assert caught.value.outcome == "not_sent"
    await eks.aclose()
    assert backend.sent == []


# --- answers -------------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_response_has_all_fields_of_the_envelope(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([100.0, 100.25])
    monkeypatch.setattr("cds_eks._runtime.clocks.monotonic", lambda: next(ticks))
    clusters = [{"ClusterId": "c-1", "New": 1}]
    backend = Scripted(errors.ConnectFailed("x"), answer(Data=clusters, TotalCount=31, PageIndex="2", PageSize=10))
    async with make(backend) as eks:
        response = await eks.clusters.list(keyword="gpu")
    assert isinstance(response, Response)
    assert response.data[0].cluster_id == "c-1"
    assert (response.code, response.message, response.request_id) == ("Success", "fine", "r-1")
    assert (response.total_count, response.page_index, response.page_size) == (31, 2, 10)
    assert (response.attempts, response.elapsed) == (2, 0.25)
    assert response.raw["Data"] == clusters


@asynchronous
async def test_a_missing_envelope_field_is_none(make: Make) -> None:
    content = json.dumps({"Code": "Success", "Data": {"ClusterId": "c-1"}}).encode()
    async with make(Scripted(RawResponse(status=200, headers={}, content=content))) as eks:
        response = await eks.clusters.get("c-1")
    assert (response.request_id, response.message, response.total_count) == (None, "", None)
    assert (response.page_index, response.page_size, response.attempts) == (None, None, 1)


@asynchronous
async def test_extra_fields_are_sent_along(make: Make, create: models.CreateClusterRequest) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        await eks.clusters.get("c-1", extra={"Verbose": True})
        await eks.clusters.create(create, extra={"DryRun": 0})
    assert backend.queries[0]["Verbose"] == "1"
    assert json.loads(backend.sent[1].content or b"")["DryRun"] == 0


@asynchronous
@pytest.mark.parametrize("name", ["Action", "accesskeyid", "Signature", "ClusterId"])
async def test_extra_fields_can_not_replace_what_the_call_sets(make: Make, name: str) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        with pytest.raises(errors.InvalidRequestError, match=f"extra.{name}") as caught:
            await eks.clusters.get("c-1", extra={name: "x"})
    assert (caught.value.action, caught.value.outcome, caught.value.attempts) == ("GetCluster", "not_sent", 0)
    assert backend.sent == []


@asynchronous
async def test_a_request_of_another_operation_is_refused(make: Make, create: models.CreateClusterRequest) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        with pytest.raises(errors.InvalidRequestError, match="must be a CreateClusterRequest, not dict"):
            await eks.clusters.create({})  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidRequestError, match="must be a GetClusterRequest"):
            await eks.execute(GET_CLUSTER, create)
    assert backend.sent == []


# --- creates whose fate is unknown ---------------------------------------------------------------------------------

OPEN: dict[str, tuple[Any, type[errors.EksError]]] = {
    "lost": (errors.ConnectionLost("x"), errors.ConnectionLost),
    "no usable answer": (errors.TransportError("x", outcome="unknown"), errors.TransportError),
    "broken compression": (errors.UnreadableResponse("x", http_status=200), errors.UnreadableResponse),
    "fault": (answer(500, Code="InternalError"), errors.ServerFault),
    "fault in a 200": (answer(200, Code="CreateOrderExcept"), errors.ServerFault),
    "unavailable": (answer(503, Code="Anything"), errors.ServerFault),
    "a proxy's page": (RawResponse(status=502, headers={}, content=b"<html>"), errors.UnreadableResponse),
    "an empty body": (RawResponse(status=200, headers={}, content=b""), errors.UnreadableResponse),
    "success without ids": (answer(Data={}), errors.UnreadableResponse),
    "success without data": (answer(Data=None), errors.UnreadableResponse),
    "success of another shape": (answer(Data="done"), errors.UnreadableResponse),
}


@asynchronous
@pytest.mark.parametrize("case", OPEN)
async def test_a_create_whose_fate_is_unknown_says_what_to_look_for(
    case: str, make: Make, create: models.CreateClusterRequest
) -> None:
    step, plain = OPEN[case]
    backend = Scripted(step)
    before = datetime.now(UTC)
    async with make(backend) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(create)
    after = datetime.now(UTC)
    error = caught.value
    assert isinstance(error, plain)
    assert len(backend.sent) == 1
    assert (error.outcome, error.action, error.attempts) == ("unknown", "CreateCluster", 1)
    assert error.natural_key == {"cluster_name": create.cluster_name, "vpc_id": create.vpc_id}
    assert (error.name, error.vpc_id) == (create.cluster_name, create.vpc_id)
    assert error.window is not None
    assert before <= error.window[0] <= error.window[1] <= after
    assert error.window[0].tzinfo is UTC
    if not isinstance(step, Exception) and b"r-1" in step.content:
        assert error.request_id == "r-1"
    revived = pickle.loads(pickle.dumps(error))
    assert (type(revived), revived.natural_key, revived.window) == (type(error), error.natural_key, error.window)
    assert error.__cause__ is None


@asynchronous
async def test_a_create_whose_time_runs_out_says_what_to_look_for(
    make: Make, create: models.CreateClusterRequest
) -> None:
    class Silent(Scripted):
        async def send(self, request: Request) -> RawResponse:
            await super().send(request)
            await anyio.sleep_forever()
            raise AssertionError

    async with make(Silent(), timeouts=Timeouts(total=0.02)) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(create)
    assert isinstance(caught.value, errors.DeadlineExceeded)
    assert caught.value.name == create.cluster_name
    assert caught.value.attempts == 1


@asynchronous
async def test_a_create_whose_time_runs_out_before_it_was_sent_is_no_ambiguous_one(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async def stuck(request: Request, send: Send) -> RawResponse:
        await anyio.sleep_forever()
        raise AssertionError

    async with make(Scripted(), timeouts=Timeouts(total=0.02), per_attempt=[stuck]) as eks:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.create(create)
    assert not isinstance(caught.value, errors.AmbiguousCreate)
    assert caught.value.outcome == "not_sent"


Create = Callable[[AsyncEksClient], Awaitable[Any]]


def node_pool() -> models.CreateNodePoolRequest:
    config = models.NodePoolSpec(
        name="pool-1",
        node_type="ecs",
        replicas=1,
        node_config=models.NodePoolNodeConfig(
            billing_spec=models.NodePoolBillingSpec(instance_charge_type="PostPaid"),
            os_image_name="Ubuntu22.04-CPU-1.26",
            subnet_ids=["s-1"],
            instance_type_ids=["CPU Compute C11.4c8g"],
            password="Marked-1234",
        ),
    )
    return models.CreateNodePoolRequest(cluster_id="c-1", vpc_id="v-1", config=config)


CREATES: dict[str, tuple[Create, dict[str, str], str | None, str | None]] = {
    "node pool": (
        lambda eks: eks.node_pools.create(node_pool()),
        {"config.name": "pool-1", "cluster_id": "c-1", "vpc_id": "v-1"},
        "pool-1",
        "v-1",
    ),
    "network interface": (
        lambda eks: eks.network_interfaces.create("s-1", netcard_name="card-1"),
        {"netcard_name": "card-1", "subnet_id": "s-1"},
        "card-1",
        None,
    ),
    "network interface without a name": (
        lambda eks: eks.network_interfaces.create("s-1", vpc_id="v-1"),
        {"subnet_id": "s-1", "vpc_id": "v-1"},
        None,
        "v-1",
    ),
    "scaling node": (
        lambda eks: eks.scaling_groups.add_nodes("g-1", 2),
        {"scaling_group_id": "g-1"},
        None,
        None,
    ),
    "undocumented": (
        lambda eks: eks.call("CreateThing", method="POST", body={"ThingName": "t", "VpcId": "v", "Sk": "x", "N": 1}),
        {"ThingName": "t", "VpcId": "v"},
        None,
        None,
    ),
    "undocumented without a body": (lambda eks: eks.call("CreateThing", method="POST"), {}, None, None),
}


@asynchronous
@pytest.mark.parametrize("case", CREATES)
async def test_every_create_has_a_key_of_its_own(case: str, make: Make) -> None:
    call, key, name, vpc_id = CREATES[case]
    backend = Scripted(errors.ConnectionLost("x"))
    async with make(backend) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await call(eks)
    error = caught.value
    assert isinstance(error, errors.ConnectionLost)
    assert (dict(error.natural_key), error.name, error.vpc_id) == (key, name, vpc_id)
    assert len(backend.sent) == 1


@asynchronous
@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (errors.ConnectFailed("x"), errors.ConnectFailed),
        (answer(400, Code="InvalidParameter", Data=None), errors.BadArgument),
        (answer(200, Code="NotEnoughBalance", Data=ZERO), errors.QuotaExceeded),
        (answer(429, Code="Throttling", Data=ZERO), errors.Throttled),
        (answer(403, Code="SignatureDoesNotMatch", Data={}), errors.AuthenticationError),
    ],
)
async def test_a_create_that_was_surely_not_carried_out_raises_the_plain_error(
    step: Any, kind: type[errors.EksError], make: Make, create: models.CreateClusterRequest
) -> None:
    async with make(Scripted(step)) as eks:
        with pytest.raises(kind) as caught:
            await eks.clusters.create(create)
    assert not isinstance(caught.value, errors.AmbiguousCreate)
    assert caught.value.outcome in ("not_sent", "refused")
    assert caught.value.action == "CreateCluster"


READ: Create = lambda eks: eks.clusters.get("c-1")  # noqa: E731
WRITE: Create = lambda eks: eks.clusters.delete("c-1")  # noqa: E731


@asynchronous
async def test_an_idempotent_write_need_not_name_anything(make: Make) -> None:
    async with make(Scripted(answer(Data=None))) as eks:
        assert (await eks.clusters.delete("c-1")).data.task_id == ""


@asynchronous
@pytest.mark.parametrize(
    ("case", "call"),
    [
        *((case, READ) for case in OPEN),
        *((case, WRITE) for case in OPEN if case not in ("success without ids", "success without data")),
    ],
)
async def test_reads_and_idempotent_writes_raise_the_plain_error(case: str, call: Create, make: Make) -> None:
    step, kind = OPEN[case]
    backend = Scripted(step)
    async with make(backend) as eks:
        with pytest.raises(kind) as caught:
            await call(eks)
    assert not isinstance(caught.value, errors.AmbiguousCreate)
    assert len(backend.sent) == caught.value.attempts


@asynchronous
async def test_a_read_that_gets_no_data_says_so_after_one_attempt(make: Make) -> None:
    backend = Scripted(answer(Data=None))
    async with make(backend) as eks:
        with pytest.raises(errors.UnreadableResponse, match="no data") as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.attempts, len(backend.sent)) == (1, 1)


@asynchronous
async def test_an_error_after_retries_holds_the_earlier_ones(make: Make) -> None:
    backend = Scripted(errors.ConnectFailed("first"), errors.ConnectionLost("second"), answer(404, Code="Gone"))
    async with make(backend) as eks:
        with pytest.raises(errors.NotFound) as caught:
            await eks.clusters.delete("c-1")
    error = caught.value
    assert [type(earlier) for earlier in error.previous] == [errors.ConnectFailed, errors.ConnectionLost]
    assert (error.attempts, error.outcome) == (3, "unknown")


@asynchronous
async def test_a_cancelled_create_leaves_its_record_to_a_per_call_middleware(
    make: Make, create: models.CreateClusterRequest
) -> None:
    kept: list[tuple[str, int]] = []
    is_sent = anyio.Event()

    class Silent(Scripted):
        async def send(self, request: Request) -> RawResponse:
            await super().send(request)
            is_sent.set()
            await anyio.sleep_forever()
            raise AssertionError

    async def keep(request: Request, send: Send) -> RawResponse:
        try:
            return await send(request)
        finally:
            kept.append((request.record.outcome, request.record.attempts))

    async with make(Silent(), per_call=[keep]) as eks, anyio.create_task_group() as group:
        group.start_soon(eks.clusters.create, create)
        with anyio.fail_after(1):
            await is_sent.wait()
        group.cancel_scope.cancel()
    assert kept == [("unknown", 1)]


@asynchronous
async def test_an_answer_that_a_middleware_spoils_after_the_service_accepted_is_unknown_for_a_create(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async def spoil(request: Request, send: Send) -> RawResponse:
        await send(request)
        return answer(Data=None)

    async with make(Scripted(), per_call=[spoil]) as eks:
        with pytest.raises(errors.AmbiguousCreate):
            await eks.clusters.create(create)


@asynchronous
async def test_a_create_whose_answer_names_nothing_is_open_in_its_record_too(
    make: Make, create: models.CreateClusterRequest
) -> None:
    requests: list[Request] = []

    async def watch(request: Request, send: Send) -> RawResponse:
        requests.append(request)
        return await send(request)

    async with make(Scripted(answer(Data={"Anything": 1})), per_call=[watch]) as eks:
        with pytest.raises(errors.AmbiguousCreate):
            await eks.clusters.create(create)
    assert requests[0].record.outcome == "unknown"


def test_a_client_belongs_to_the_loop_of_its_first_call(make: Make) -> None:
    eks = make(Scripted(*[answer(Data={"ClusterId": "c"})] * 3))

    async def use() -> str:
        return (await eks.clusters.get("c")).data.cluster_id

    async def use_and_close() -> None:
        assert await use() == "c"
        for backend in ("asyncio", "trio"):
            for work in (use, eks.aclose):
                with pytest.raises(errors.ConfigurationError, match="event loop of its first call") as caught:
                    await anyio.to_thread.run_sync(functools.partial(anyio.run, work, backend=backend))
                assert caught.value.outcome == "not_sent"
        assert await use() == "c"
        await eks.aclose()

    anyio.run(use_and_close)
    anyio.run(eks.aclose)  # closed it is


def test_a_client_belongs_to_the_process_of_its_first_call(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    eks = make(Scripted(*[answer(Data={"ClusterId": "c"})] * 2))

    async def use() -> None:
        await eks.clusters.get("c")
        pass_for_child(monkeypatch)
        with pytest.raises(errors.ConfigurationError, match="for each process"):
            await eks.clusters.get("c")

    anyio.run(use)


# --- any action ----------------------------------------------------------------------------------------------------


@asynchronous
async def test_any_action_can_be_called_with_get(make: Make) -> None:
    backend = Scripted(errors.ConnectionLost("x"), answer(Data={"New": [1]}, Novel="y"))
    async with make(backend) as eks:
        got = await eks.call("DescribeThing", params={"ThingId": "t-1", "Count": 3, "Deep": True, "Empty": ""})
    assert got["Data"] == {"New": [1]}
    assert (got["Novel"], got["RequestId"], type(got)) == ("y", "r-1", dict)
    request, query = backend.sent[1], backend.queries[1]
    assert (request.operation.method, request.content, request.operation.name) == ("GET", None, "DescribeThing")
    assert (query["Action"], query["ThingId"], query["Count"], query["Deep"]) == ("DescribeThing", "t-1", "3", "1")
    assert "Empty=&" in request.query
    assert "Signature" in query


@asynchronous
async def test_any_action_can_be_called_with_post(make: Make) -> None:
    backend = Scripted(errors.ConnectFailed("x"), answer(Data=None))
    async with make(backend) as eks:
        got = await eks.call("CreateThing", method="POST", params={"Zone": "z"}, body={"名": ["é", 1.5, None]})
    assert (got["Code"], got["Data"]) == ("Success", None)
    request = backend.sent[1]
    assert (request.operation.method, backend.queries[1]["Zone"]) == ("POST", "z")
    assert json.loads(request.content or b"") == {"名": ["é", 1.5, None]}
    assert request.headers["Content-Type"] == "application/json;charset=utf-8"


@asynchronous
async def test_a_post_without_a_body_sends_an_empty_object(make: Make) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        await eks.call("CreateThing", method="POST")
    assert backend.sent[0].content == b"{}"


@asynchronous
async def test_an_unknown_action_is_the_services_to_refuse(make: Make) -> None:
    async with make(Scripted(answer(400, Code="UnsupportedOperation", Desc="no such action"))) as eks:
        with pytest.raises(errors.BadArgument, match="no such action") as caught:
            await eks.call("Nonsense")
    assert caught.value.action == "Nonsense"


@asynchronous
@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"action": ""}, "action"),
        ({"action": "  "}, "action"),
        ({"action": None}, "action"),
        ({"action": "Get\nCluster"}, "action"),
        ({"action": "Get\ud800"}, "action"),
        ({"method": "PUT"}, "method"),
        ({"method": "get"}, "method"),
        ({"method": None}, "method"),
        ({"params": [("a", "b")]}, "params"),
        ({"params": {1: "b"}}, "params"),
        ({"params": {"A": 1.5}}, "A"),
        ({"params": {"A": None}}, "A"),
        ({"params": {"A": ["x"]}}, "A"),
        ({"params": {"Action": "Other"}}, "Action"),
        ({"params": {"signaturenonce": "x"}}, "signaturenonce"),
        ({"params": {"A": "\ud800"}}, "'A'"),
        ({"body": {"A": 1}}, "body"),
        ({"method": "POST", "body": ["A"]}, "body"),
        ({"method": "POST", "body": {"A": object()}}, "body"),
        ({"method": "POST", "body": {"A": float("nan")}}, "body"),
        ({"method": "POST", "body": {"A": "\ud800"}}, "body"),
    ],
)
async def test_an_argument_of_any_action_that_can_not_be_sent_is_named(
    settings: dict[str, Any], field: str, make: Make
) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        with pytest.raises(errors.InvalidRequestError) as caught:
            await eks.call(**({"action": "X"} | settings))
    assert (caught.value.field, caught.value.outcome) == (field, "not_sent")
    assert backend.sent == []


# --- what is logged ------------------------------------------------------------------------------------------------


@asynchronous
async def test_a_call_logs_one_record_at_debug(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="cds_eks"):
        async with make(Scripted(answer(Msg="marked words", Data={"ClusterId": "marked-id"}))) as eks:
            await eks.clusters.get("marked-argument")
    (record,) = [record for record in caplog.records if record.name.startswith("cds_eks")]
    assert (record.name, record.levelname) == ("cds_eks.client", "DEBUG")
    facts = r"attempts=1, code=Success, request_id=r-1, elapsed=\d\.\d{1,3}"
    assert re.fullmatch(f"GetCluster answered: {facts}", record.getMessage())
    fields = vars(record)["cds_eks"]
    assert set(fields) == {"action", "event", "attempts", "code", "request_id", "elapsed"}
    assert (fields["action"], fields["event"], fields["request_id"]) == ("GetCluster", "answered", "r-1")


@asynchronous
async def test_nothing_is_logged_above_debug_when_all_is_well(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with make(httpx.MockTransport(lambda _: httpx.Response(200, content=answer().content))) as eks:
            await eks.clusters.get("c-1")
    assert caplog.records == []


def test_the_resource_groups_share_the_clients_execute(credentials: Credentials) -> None:
    eks = AsyncEksClient(credentials)
    assert {getattr(eks, name)._execute for name in API.operation_groups} == {eks.execute}
    assert CREATE_CLUSTER.natural_key == ("cluster_name", "vpc_id")


@asynchronous
async def test_waits_go_through_the_client(make: Make) -> None:
    pool = {"Id": "p-1", "Replicas": 1, "AvailableNodeCount": 1, "TotalNodeCount": 1}
    answers = {
        "TaskStatus": {"TaskId": "t-1", "TaskStatus": "finish"},
        "QueryEventStatus": {"EventId": "e-1", "EventStatus": "success"},
        "GetCluster": {"ClusterId": "c-1", "ClusterStatus": "running"},
        "ListClusters": [{"ClusterId": "c-1", "ClusterStatus": "running"}],
        "ListNodePool": {"Total": 1, "NodePool": [pool]},
    }

    class Service(Scripted):
        async def send(self, request: Request) -> RawResponse:
            await super().send(request)
            return answer(Data=answers[request.params["Action"]])

    backend = Service()
    async with make(backend) as eks:
        assert (await eks.wait.task("t-1")).task_id == "t-1"
        assert (await eks.wait.event("e-1")).event_id == "e-1"
        assert (await eks.wait.cluster_running("c-1")).cluster_id == "c-1"
        assert list(await eks.wait.clusters_running(["c-1"])) == ["c-1"]
        assert (await eks.wait.node_pool_ready("c-1", "p-1")).id == "p-1"
    assert [sent.params["Action"] for sent in backend.sent] == list(answers)
    assert backend.queries[-1]["NodePoolId"] == "p-1"
