"""Credentials that a callable gives, async or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, Timeouts, errors
from cds_eks.client.providers import ProvidedSigner
from cds_eks.wire import RawResponse, Request
from support.eventually import EVENT_TIMEOUT

pytestmark = pytest.mark.anyio

KEYS = [Credentials(f"id-{number}", f"marked-key-{number}") for number in range(9)]


class Backend:
    """A backend that takes down what it is given, and answers with the secret in the service's text."""

    keeps_deadline = True

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.sent: list[Request] = []

    async def send(self, request: Request) -> RawResponse:
        self.sent.append(request)
        if len(self.sent) <= self.fails:
            raise errors.ConnectFailed("x")
        content = b'{"Code": "Success", "Msg": "the key is marked-key-0", "Data": {"ClusterId": "c-1"}}'
        return RawResponse(status=200, headers={}, content=content)

    async def aclose(self) -> None:
        pass

    @property
    def key_ids(self) -> list[str]:
        return [parse_qs(request.query)["AccessKeyId"][0] for request in self.sent]


class Rotating:
    """A provider that gives another key each time."""

    def __init__(self, wait: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint) -> None:
        self.asked = 0
        self._wait = wait

    async def __call__(self) -> Credentials:
        self.asked += 1
        key = KEYS[self.asked - 1]
        await self._wait()
        return key


AT_ONCE = RetryPolicy(base_delay=0)


async def test_an_async_provider_is_awaited_at_each_attempt() -> None:
    backend, provider = Backend(fails=2), Rotating()
    async with AsyncEksClient(provider, backend=backend, retry=AT_ONCE) as eks:
        assert provider.asked == 0
        response = await eks.clusters.get("c-1")
    assert backend.key_ids == ["id-0", "id-1", "id-2"]
    assert provider.asked == 3
    assert response.data.cluster_id == "c-1"


async def test_an_awaitable_is_awaited_whatever_returns_it() -> None:
    backend, provider = Backend(), Rotating()
    async with AsyncEksClient(lambda: provider(), backend=backend) as eks:
        await eks.clusters.get("c-1")
    assert backend.key_ids == ["id-0"]


async def test_calls_at_once_are_each_signed_with_the_key_that_they_were_given() -> None:
    go = anyio.Event()
    backend, provider = Backend(), Rotating(lambda: go.wait())
    async with AsyncEksClient(provider, backend=backend) as eks, anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(eks.clusters.get, "c-1")
        await anyio.wait_all_tasks_blocked()
        go.set()
    assert sorted(backend.key_ids) == [f"id-{number}" for number in range(5)]
    for request in backend.sent:
        number = int(parse_qs(request.query)["AccessKeyId"][0][-1])
        assert KEYS[number].texts <= request.hidden


@pytest.mark.parametrize("is_async", [False, True])
async def test_what_it_gave_is_never_shown(is_async: bool) -> None:
    async def later() -> Credentials:
        return KEYS[0]

    provider: Any = later if is_async else lambda: KEYS[0]
    async with AsyncEksClient(provider, backend=Backend()) as eks:
        for _ in range(2):  # the second one knows the key from the first
            response = await eks.clusters.get("c-1")
            assert "marked" not in response.message
    assert "marked" not in repr(ProvidedSigner(provider))


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    "fault", [OSError("marked: no such file"), KeyError("marked"), RuntimeError("marked")], ids=repr
)
async def test_what_it_raises_is_the_cause_of_a_configuration_error(is_async: bool, fault: Exception) -> None:
    def raising() -> Credentials:
        raise fault

    async def raising_later() -> Credentials:
        raise fault

    backend = Backend()
    async with AsyncEksClient(raising_later if is_async else raising, backend=backend) as eks:
        with pytest.raises(errors.CredentialsError) as caught:
            await eks.clusters.get("c-1")
    assert caught.value.__cause__ is fault
    assert caught.value.message == f"the provider of the credentials failed ({type(fault).__name__})"
    assert (caught.value.outcome, caught.value.action) == ("not_sent", "GetCluster")
    assert backend.sent == []


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_error_of_this_package_stays_what_it_is(is_async: bool) -> None:
    def raising() -> Credentials:
        raise errors.ConfigurationError("the profile has no key")

    async def raising_later() -> Credentials:
        raise errors.ConfigurationError("the profile has no key")

    async with AsyncEksClient(raising_later if is_async else raising, backend=Backend()) as eks:
        with pytest.raises(errors.ConfigurationError, match="the profile has no key") as caught:
            await eks.clusters.get("c-1")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("bad", [None, "text", ("id", "key"), Credentials("", "k")])
async def test_what_can_not_be_used_is_refused(bad: Any) -> None:
    async def later() -> Any:
        return bad

    backend = Backend()
    async with AsyncEksClient(later, backend=backend) as eks:
        with pytest.raises(errors.CredentialsError, match="credentials"):
            await eks.clusters.get("c-1")
    assert backend.sent == []


class Interrupted(BaseException):
    pass


async def test_an_interruption_passes_as_it_is() -> None:
    def raising() -> Credentials:
        raise Interrupted

    async with AsyncEksClient(raising, backend=Backend()) as eks:
        with pytest.raises(Interrupted):
            await eks.clusters.get("c-1")
    async with AsyncEksClient(Rotating(anyio.sleep_forever), backend=Backend()) as eks:
        with anyio.move_on_after(0.02) as scope:
            await eks.clusters.get("c-1")
        assert scope.cancelled_caught


async def test_it_is_waited_for_within_the_calls_time() -> None:
    backend = Backend()
    async with AsyncEksClient(Rotating(anyio.sleep_forever), backend=backend, timeouts=Timeouts(total=0.02)) as eks:
        with anyio.fail_after(EVENT_TIMEOUT), pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.get("c-1")
    assert caught.value.outcome == "not_sent"
    assert backend.sent == []


def test_a_blocking_client_awaits_it_on_its_own_thread() -> None:
    backend, provider = Backend(), Rotating()
    with EksClient(provider, backend=backend) as eks:
        eks.clusters.get("c-1")
        eks.clusters.get("c-1")
    assert backend.key_ids == ["id-0", "id-1"]
