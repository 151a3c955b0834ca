"""What a client is made of: credentials, settings, revision, and what each does."""

from __future__ import annotations

import platform
import re
from typing import Any

import anyio
import anyio.to_thread
import pytest

from cds_eks import (
    AsyncEksClient,
    Credentials,
    EksClient,
    Limits,
    RetryPolicy,
    Timeouts,
    errors,
)
from cds_eks._version import __version__
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.client import wiring
from cds_eks.middleware import LimitRate
from cds_eks.wire import RawResponse, Request
from unit.client.fake_service import AT_ONCE, Make, Scripted, answer, asynchronous


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
