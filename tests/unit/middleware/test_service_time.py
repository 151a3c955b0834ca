"""A clock that is off: found out by the service's answers, and made up for in what is signed."""

from __future__ import annotations

import email.utils
import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from cds_eks import AsyncEksClient, Credentials, errors
from cds_eks.pipeline import Send
from cds_eks.signing import HmacSha1Signer, Signer
from cds_eks.wire import CallRecord, RawResponse, Request
from unit.middleware.failing_backend import ANSWER, AT_ONCE, Failing
from unit.middleware.user_signers import Blocking

pytestmark = pytest.mark.anyio


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
