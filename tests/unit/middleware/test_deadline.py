"""The deadline of a whole call."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, Limits, RetryPolicy, Timeouts, codec, errors
from cds_eks.errors import Outcome
from cds_eks.middleware import Deadline, LimitRate, Retry
from cds_eks.pipeline import OutOfTime, Send, chain
from cds_eks.resources.clusters import CREATE_CLUSTER, GET_CLUSTER
from cds_eks.wire import Operation, RawResponse, Request
from support.eventually import EVENT_TIMEOUT

pytestmark = pytest.mark.anyio

SOON = 0.02


def request_of(operation: Operation[Any] = GET_CLUSTER) -> Request:
    return Request(operation=operation, url="http://x/eks/v1", params={"Action": operation.action})


def answer(status: int = 200, code: str = "Success") -> RawResponse:
    data = {"ClusterId": "c-1", "TaskId": "t-1"} if code == "Success" else None
    body = {"Code": code, "RequestId": "r-1", "Data": data}
    return RawResponse(status=status, headers={}, content=json.dumps(body).encode())


async def test_the_deadline_is_passed_to_inner_middleware() -> None:
    seen: list[float | None] = []

    async def send(request: Request) -> RawResponse:
        seen.append(request.deadline)
        return answer()

    await Deadline(90, clock=lambda: 1000.0)(request_of(), send)
    assert seen == [1090.0]


async def test_without_a_limit_there_is_no_deadline() -> None:
    seen: list[Request] = []

    async def send(request: Request) -> RawResponse:
        seen.append(request)
        return answer()

    request = request_of()
    await Deadline(None)(request, send)
    assert seen == [request]
    assert seen[0].deadline is None


async def test_what_comes_in_time_is_returned_or_raised() -> None:
    async def failing(request: Request) -> RawResponse:
        raise errors.ConnectFailed("x")

    with pytest.raises(errors.ConnectFailed):
        await Deadline(SOON)(request_of(), failing)


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ([], "not_sent"),
        (["begin_attempt"], "not_sent"),
        (["begin_attempt", "mark_sent"], "unknown"),
        (["begin_attempt", "mark_sent", "mark_not_sent"], "not_sent"),
    ],
)
async def test_the_error_says_what_was_known_when_the_time_ran_out(steps: list[str], outcome: Outcome) -> None:
    request = request_of()

    async def send(request: Request) -> RawResponse:
        for step in steps:
            getattr(request.record, step)()
        await anyio.sleep_forever()
        raise AssertionError

    with pytest.raises(errors.DeadlineExceeded, match=r"^GetCluster: the call did not end within 0.02 s") as caught:
        await Deadline(SOON)(request, send)
    error = caught.value
    assert (error.outcome, error.attempts, error.request_id) == (outcome, len(steps) and 1, None)
    assert error.previous == ()
    assert error.__context__ is None


async def test_the_deadline_covers_back_off_and_its_error_has_the_earlier_failures() -> None:
    async def send(request: Request) -> RawResponse:
        request.record.mark_sent()
        return answer(429, "Throttling")

    async def sleep(_: float) -> None:
        await anyio.sleep_forever()

    retry = Retry(RetryPolicy(), codec.failure_of, jitter=lambda: 0.0, sleep=sleep)
    with pytest.raises(errors.DeadlineExceeded) as caught:
        await chain([Deadline(SOON), retry], send)(request_of(CREATE_CLUSTER))
    error = caught.value
    assert (error.outcome, error.attempts, error.request_id) == ("refused", 1, "r-1")
    assert [type(earlier) for earlier in error.previous] == [errors.Throttled]


async def test_a_pause_that_would_not_fit_is_not_begun_and_the_failure_itself_is_raised() -> None:
    async def send(request: Request) -> RawResponse:
        return answer(503, "InternalError")

    async def sleep(_: float) -> None:
        raise AssertionError("it slept")

    policy = RetryPolicy(base_delay=10)
    retry = Retry(policy, codec.failure_of, jitter=lambda: 0.9, sleep=sleep)
    with pytest.raises(errors.ServerFault):
        await chain([Deadline(5), retry], send)(request_of())


async def test_the_deadline_covers_the_wait_for_a_permit() -> None:
    limits = LimitRate(1)
    go = anyio.Event()

    async def holding(request: Request) -> RawResponse:
        await go.wait()
        return answer()

    waiting = request_of(CREATE_CLUSTER)
    async with anyio.create_task_group() as group:
        group.start_soon(limits, request_of(), holding)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await chain([Deadline(SOON), limits], holding)(waiting)
        assert caught.value.outcome == "not_sent"
        go.set()
    with anyio.fail_after(EVENT_TIMEOUT):  # the place that was waited for is not lost
        await limits(request_of(), holding)


async def test_the_deadline_covers_the_wait_for_a_permit_if_the_backend_keeps_the_deadline() -> None:
    limits = LimitRate(1)
    go = anyio.Event()

    async def holding(request: Request) -> RawResponse:
        await go.wait()
        return answer()

    async with anyio.create_task_group() as group:
        group.start_soon(limits, request_of(), holding)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await chain([Deadline(SOON, is_kept_below=True), limits], holding)(request_of(CREATE_CLUSTER))
        assert (caught.value.outcome, caught.value.__context__) == ("not_sent", None)
        go.set()
    with anyio.fail_after(EVENT_TIMEOUT):  # the place that was waited for is not lost
        await limits(request_of(), holding)


async def test_a_backend_that_keeps_the_deadline_says_so_by_its_own_exception() -> None:
    async def send(request: Request) -> RawResponse:
        request.record.begin_attempt()
        request.record.mark_sent()
        raise OutOfTime

    with pytest.raises(errors.DeadlineExceeded) as caught:
        await Deadline(90, is_kept_below=True)(request_of(), send)
    assert (caught.value.outcome, caught.value.attempts) == ("unknown", 1)


class Punctual:
    """A backend that keeps the deadline, late."""

    keeps_deadline = True

    async def send(self, request: Request) -> RawResponse:
        await anyio.sleep(3 * SOON)
        return answer()

    async def aclose(self) -> None:
        pass


async def waiting(request: Request, send: Send) -> RawResponse:
    return await send(request)


class OwnSigner:
    def sign(self, method: str, params: Any) -> str:
        return ""


@pytest.mark.parametrize(
    ("settings", "is_kept_below"), [({}, True), ({"per_attempt": [waiting]}, False), ({"signer": OwnSigner()}, False)]
)
async def test_the_deadline_is_left_to_a_backend_that_keeps_it_unless_others_may_wait_as_well(
    credentials: Credentials, settings: dict[str, Any], is_kept_below: bool
) -> None:
    async with AsyncEksClient(credentials, backend=Punctual(), timeouts=Timeouts(total=SOON), **settings) as eks:
        if is_kept_below:
            assert (await eks.clusters.get("c-1")).data.cluster_id == "c-1"
        else:
            with pytest.raises(errors.DeadlineExceeded):
                await eks.clusters.get("c-1")


async def test_cancellation_from_outside_is_not_a_deadline() -> None:
    is_over = False

    async def send(request: Request) -> RawResponse:
        await anyio.sleep_forever()
        raise AssertionError

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(Deadline(90), request_of(), send)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
        is_over = True
    assert scope.cancelled_caught
    assert not is_over


async def test_a_shorter_limit_of_the_callers_is_the_callers() -> None:
    async def send(request: Request) -> RawResponse:
        await anyio.sleep_forever()
        raise AssertionError

    with pytest.raises(TimeoutError):
        with anyio.fail_after(SOON):
            await Deadline(90)(request_of(), send)


class Slow:
    """A backend that never answers."""

    async def send(self, request: Request) -> RawResponse:
        request.record.mark_sent()
        await anyio.sleep_forever()
        raise AssertionError

    async def aclose(self) -> None:
        pass


async def test_the_total_of_a_client_covers_the_whole_call(credentials: Credentials) -> None:
    settings: dict[str, Any] = {"timeouts": Timeouts(total=SOON), "limits": Limits(max_in_flight=1)}
    async with AsyncEksClient(credentials, backend=Slow(), **settings) as eks:
        for outcome, params in (("unknown", {"ClusterId": "c-1"}), ("unknown", None)):
            with pytest.raises(errors.DeadlineExceeded) as caught:
                await eks.call("GetCluster", params=params)
            assert (caught.value.outcome, caught.value.attempts) == (outcome, 1)
