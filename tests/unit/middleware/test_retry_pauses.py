"""The loop of retries: pauses, the shared quota, cancellation, and what is logged."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import anyio
import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_eks import RetryPolicy, codec, errors
from cds_eks.middleware import LimitRate, Retry
from cds_eks.pipeline import chain
from cds_eks.wire import Kind, RawResponse, Request
from unit.middleware.retry_driver import POLICY, FakeTime, Service, answer, made_request, retrying, run, steady


def test_pauses_are_as_decided() -> None:
    time = FakeTime()
    service = Service(["lost", "throttled", "no connection"])
    run(retrying(time=time)(made_request(), service.send))
    assert time.slept == [pytest.approx(wait) for wait in (0.5 * 0.05, 0.5 * 2.0, 0.5 * 0.2)]


def test_a_retry_after_header_is_obeyed() -> None:
    time = FakeTime()
    answers = iter([answer(429, "Throttling", **{"retry-after": "7"}), answer()])

    async def send(_: Request) -> RawResponse:
        return next(answers)

    run(retrying(time=time)(made_request(), send))
    assert time.slept == [7.5]


@steady
@given(budget=st.floats(0.001, 30), jitter=st.floats(0, 1, exclude_max=True), took=st.floats(0, 2))
def test_the_loop_never_sleeps_past_the_deadline(budget: float, jitter: float, took: float) -> None:
    time = FakeTime()
    deadline = time.now + budget
    request = made_request()
    request.record.deadline = deadline

    async def send(request: Request) -> RawResponse:
        time.now += took
        return answer(503, "Busy", **{"retry-after": "4"})

    with pytest.raises(errors.ServerFault):
        run(retrying(RetryPolicy(max_attempts=100), time, jitter)(request, send))
    assert time.now - took <= deadline
    if time.slept:
        assert time.now - took < deadline


def test_without_a_deadline_all_attempts_are_made() -> None:
    service = Service(["lost"] * 9)
    with pytest.raises(errors.ConnectionLost):
        run(retrying()(made_request(), service.send))
    assert len(service.done) == 4


def test_all_calls_share_one_quota() -> None:
    retry = retrying(RetryPolicy(max_attempts=10, quota=30, retry_cost=14))
    first, second, third = Service(["lost"] * 9), Service(["lost"] * 9), Service([])
    with pytest.raises(errors.ConnectionLost):
        run(retry(made_request(), first.send))
    assert len(first.done) == 3  # two retries for 28
    with pytest.raises(errors.ConnectionLost):
        run(retry(made_request(), second.send))
    assert len(second.done) == 1
    for _ in range(12):  # each success earns 1
        run(retry(made_request(), third.send))
    fourth = Service(["lost"])
    run(retry(made_request(), fourth.send))
    assert fourth.done == ["lost", "success"]


def test_a_retry_that_succeeds_gets_its_cost_back() -> None:
    retry = retrying(RetryPolicy(max_attempts=10, quota=14, retry_cost=14, throttled_retry_cost=5))
    for step in ("lost", "throttled", "lost"):
        service = Service([step])
        run(retry(made_request(), service.send))
        assert service.done == [step, "success"]


def test_what_is_no_error_of_ours_ends_the_call_at_once() -> None:
    request = made_request()

    async def send(_: Request) -> RawResponse:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        run(retrying()(request, send))
    assert (request.record.attempts, request.record.failures) == (1, ())


def test_a_create_that_a_middleware_sends_again_after_it_was_accepted_is_never_called_refused() -> None:
    request, service = made_request(Kind.CREATE), Service(["success", "bad argument"])
    retry = retrying()
    run(retry(request, service.send))
    with pytest.raises(errors.BadArgument) as caught:
        run(retry(request, service.send))
    assert caught.value.outcome == "unknown"


def logged(attempt: int, event: str) -> str:
    facts = f"error=ServerFault, code=Fault-***-{attempt}, http_status=500, request_id=r-***-{attempt}, outcome=refused"
    return f"GetCluster {event}: attempt={attempt}, {facts}"


def test_facts_are_logged_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    request = made_request(secrets=frozenset({"marked"}))
    bodies: Iterator[dict[str, str]] = iter(
        {"Code": f"Fault-marked-{number}", "RequestId": f"r-marked-{number}", "Desc": "marked words"}
        for number in (1, 2)
    )

    async def send(_: Request) -> RawResponse:
        return RawResponse(status=500, headers={}, content=json.dumps(next(bodies)).encode())

    with caplog.at_level(logging.DEBUG), pytest.raises(errors.ServerFault):
        run(retrying(attrs.evolve(POLICY, max_attempts=2))(request, send))
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "cds_eks.retry",
            "INFO",
            f"{logged(1, 'failed, and is sent again')}, wait=0.025, reason=it may pass",
        ),
        (
            "cds_eks.retry",
            "DEBUG",
            f"{logged(2, 'failed')}, reason=no attempt is left",
        ),
    ]


@pytest.mark.anyio
async def test_a_call_in_back_off_holds_no_permit() -> None:
    in_back_off, go_on = anyio.Event(), anyio.Event()

    async def sleep(_: float) -> None:
        in_back_off.set()
        await go_on.wait()

    retry = Retry(POLICY, codec.failure_of, jitter=lambda: 0.5, sleep=sleep)
    service = Service(["lost"])
    sending = chain([retry, LimitRate(1)], service.send)

    async def call() -> None:
        await sending(made_request())

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        with anyio.fail_after(1):
            await in_back_off.wait()
            await sending(made_request())
        assert service.done == ["lost", "success"]
        go_on.set()
    assert service.done == ["lost", "success", "success"]


@pytest.mark.anyio
async def test_a_call_that_is_cancelled_in_back_off_leaves_what_is_known_in_its_record() -> None:
    asleep = anyio.Event()

    async def sleep(_: float) -> None:
        asleep.set()
        await anyio.sleep_forever()

    request = made_request()
    retry = Retry(POLICY, codec.failure_of, sleep=sleep)
    async with anyio.create_task_group() as group:
        group.start_soon(retry, request, Service(["lost"]).send)
        with anyio.fail_after(1):
            await asleep.wait()
        group.cancel_scope.cancel()
    assert (request.record.attempts, request.record.outcome) == (1, "unknown")
    assert isinstance(request.record.failures[0], errors.ConnectionLost)


def test_each_attempt_gets_the_request_as_it_was() -> None:
    request = made_request(query="", headers={"X": "y"})
    seen: list[Request] = []

    async def send(given: Request) -> RawResponse:
        seen.append(given)
        return answer() if len(seen) == 3 else answer(500, "InternalError")

    run(retrying()(request, send))
    assert seen == [request] * 3
    assert all(attrs.asdict(given, recurse=False)["record"] is request.record for given in seen)
