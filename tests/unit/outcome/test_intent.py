"""Creates that are signed with the time of their intent, and not sent after their own time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import pytest

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, errors, models
from cds_eks._runtime import clocks
from cds_eks.outcome.intent import Intent, intending
from cds_eks.wire import RawResponse, Request

pytestmark = pytest.mark.anyio

AT = 1_764_000_000.0
AT_ONCE = RetryPolicy(max_attempts=3, base_delay=0, throttled_base_delay=0)
THROTTLED = RawResponse(status=429, headers={}, content=b'{"Code": "Throttling", "Msg": "x"}')
EXPIRED = RawResponse(
    status=400,
    headers={"date": "Mon, 24 Nov 2025 18:00:00 GMT"},
    content=b'{"Code": "RequestExpired", "Msg": "x"}',
)
MADE = RawResponse(
    status=200, headers={}, content=b'{"Code": "Success", "Data": {"ClusterId": "c-1", "TaskId": "t-1"}}'
)


class Backend:
    def __init__(self, *answers: RawResponse) -> None:
        self.answers = list(answers)
        self.times: list[str] = []
        self.nonces: set[str] = set()

    async def send(self, request: Request) -> RawResponse:
        query = parse_qs(request.query)
        self.times += query["Timestamp"]
        self.nonces |= set(query["SignatureNonce"])
        return self.answers.pop(0)

    async def aclose(self) -> None: ...


def later(seconds: float = 60.0) -> Intent:
    return Intent(at=AT, until=clocks.since_boot() + seconds)


@pytest.fixture
def request_(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.mark.parametrize("is_provided", [False, True])
async def test_all_attempts_of_a_create_are_signed_with_the_time_of_its_intent(
    credentials: Credentials, request_: models.CreateClusterRequest, *, is_provided: bool
) -> None:
    async def provide() -> Credentials:
        return credentials

    backend = Backend(THROTTLED, MADE)
    given = provide if is_provided else credentials
    async with AsyncEksClient(given, backend=backend, retry=AT_ONCE) as eks:
        with intending(later()):
            await eks.clusters.create(request_)
    assert backend.times == ["2025-11-24T16:00:00Z"] * 2
    assert len(backend.nonces) == 2


async def test_a_read_and_a_create_outside_are_signed_with_now(
    credentials: Credentials, request_: models.CreateClusterRequest
) -> None:
    backend = Backend(RawResponse(status=200, headers={}, content=b'{"Code": "Success", "Data": []}'), MADE)
    async with AsyncEksClient(credentials, backend=backend) as eks:
        with intending(later()):
            await eks.clusters.list()
        await eks.clusters.create(request_)
    assert not any(each.startswith("2025-11-24T16:00:0") for each in backend.times)


async def test_a_create_that_comes_too_late_is_refused_however_often_it_is_tried(
    credentials: Credentials, request_: models.CreateClusterRequest
) -> None:
    """The retry signs by the service's clock after such a refusal; the intent stays as old as it is."""
    backend = Backend(*[EXPIRED] * 3)
    async with AsyncEksClient(credentials, backend=backend, retry=AT_ONCE) as eks:
        too_old = Intent(at=clocks.wall() - 1000, until=clocks.since_boot() + 60)
        with intending(too_old), pytest.raises(errors.AuthenticationError) as caught:
            await eks.clusters.create(request_)
    assert caught.value.outcome == "refused"
    assert backend.times[1] <= "2025-11-24T17:43:21Z"  # 1000 s before the service's own time


async def test_nothing_leaves_after_the_time_of_an_intent(
    credentials: Credentials, request_: models.CreateClusterRequest
) -> None:
    backend = Backend(MADE)
    async with AsyncEksClient(credentials, backend=backend, retry=AT_ONCE) as eks:
        with intending(later(-1.0)), pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.create(request_)
    assert (caught.value.outcome, backend.times) == ("not_sent", [])


class OwnSigner:
    """A signer of a user's: it knows no other time than its own."""

    def sign(self, method: str, params: Mapping[str, str]) -> str:
        return f"Action={params['Action']}&Timestamp=own&SignatureNonce=1"


class OwnRemoteSigner(OwnSigner):
    """The same, if it has to ask somebody first."""

    async def sign(self, method: str, params: Mapping[str, str]) -> str:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return super().sign(method, params)


@pytest.mark.parametrize("signer", [OwnSigner(), OwnRemoteSigner()], ids=["at once", "later"])
async def test_a_signer_of_others_signs_an_intended_create_with_its_own_time(
    signer: OwnSigner, request_: models.CreateClusterRequest
) -> None:
    backend = Backend(MADE)
    async with AsyncEksClient(signer=signer, backend=backend, retry=AT_ONCE) as eks:
        with intending(later()):
            assert (await eks.clusters.create(request_)).data.cluster_id == "c-1"
        with intending(later(-1.0)), pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.create(request_)
    assert (caught.value.outcome, backend.times) == ("not_sent", ["own"])
