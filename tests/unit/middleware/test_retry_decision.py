"""The decision whether an attempt is followed by another: pure."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_eks import RetryPolicy, errors
from cds_eks.errors import EksError, Outcome, may_pass
from cds_eks.middleware.retry import MAX_HONORED_RETRY_AFTER, Decision, decide
from cds_eks.wire import Kind, RawResponse, Request
from unit.middleware.retry_driver import (
    HTML,
    POLICY,
    FakeTime,
    answer,
    made_request,
    retrying,
    run,
    service_error,
    steady,
)


def decided(failure: EksError, **given: Any) -> Decision:
    facts: dict[str, Any] = {"kind": Kind.READ, "attempt": 1, "quota": 500, "time_left": None, "jitter": 0.5}
    policy = given.pop("policy", POLICY)
    return decide(policy, failure=failure, **(facts | given))


PASSING: list[EksError] = [
    errors.ConnectFailed("x"),
    errors.ConnectionLost("x"),
    errors.TransportError("x"),
    service_error(errors.Throttled),
    service_error(errors.ServerFault),
    *(errors.UnreadableResponse("x", http_status=status) for status in (0, 200, 204, 299, 408, 500, 502, 504, 599)),
]
LASTING: list[EksError] = [
    errors.EksError("x"),
    errors.ConfigurationError("x"),
    errors.InvalidRequestError("x", "y"),
    errors.DeadlineExceeded("x"),
    *(
        service_error(kind)
        for kind in (
            errors.ServiceError,
            errors.AuthenticationError,
            errors.PermissionDenied,
            errors.NotFound,
            errors.Conflict,
            errors.BadArgument,
            errors.QuotaExceeded,
        )
    ),
    *(errors.UnreadableResponse("x", http_status=status) for status in (300, 302, 400, 404, 413, 499)),
]


def name_of(failure: object) -> str:
    return f"{type(failure).__name__} {getattr(failure, 'http_status', '')}"


@pytest.mark.parametrize("failure", PASSING, ids=name_of)
def test_a_failure_that_may_pass_is_said_to(failure: EksError) -> None:
    assert may_pass(failure)


@pytest.mark.parametrize("failure", LASTING, ids=name_of)
@pytest.mark.parametrize("kind", Kind)
def test_a_failure_that_would_come_again_ends_the_call(kind: Kind, failure: EksError) -> None:
    assert may_pass(failure) == isinstance(failure, errors.DeadlineExceeded)  # for whoever has new time to grant
    assert decided(failure, kind=kind) == Decision(None, "it would fail again")


@pytest.mark.parametrize("failure", PASSING, ids=name_of)
@pytest.mark.parametrize("kind", [Kind.READ, Kind.IDEMPOTENT])
@pytest.mark.parametrize("outcome", ["not_sent", "refused", "unknown"])
def test_a_read_and_an_idempotent_write_are_tried_again_whatever_the_outcome(
    kind: Kind, failure: EksError, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure, "outcome", outcome)
    decision = decided(failure, kind=kind)
    assert decision.wait is not None
    assert decision.reason == "it may pass"


@pytest.mark.parametrize("failure", PASSING, ids=name_of)
@pytest.mark.parametrize(
    ("outcome", "is_again"), [("not_sent", True), ("refused", True), ("unknown", False), ("accepted", False)]
)
def test_a_create_is_tried_again_only_if_it_can_not_have_been_carried_out(
    failure: EksError, outcome: Outcome, is_again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure, "outcome", outcome)
    decision = decided(failure, kind=Kind.CREATE)
    assert (decision.wait is not None) == is_again
    assert decision.reason == ("it may pass" if is_again else "the create may have been carried out")


@pytest.mark.parametrize(("attempt", "is_again"), [(1, True), (3, True), (4, False), (5, False)])
def test_there_are_as_many_attempts_as_the_policy_says(attempt: int, is_again: bool) -> None:
    decision = decided(errors.ConnectFailed("x"), attempt=attempt)
    assert (decision.wait is not None) == is_again
    if not is_again:
        assert decision.reason == "no attempt is left"


@pytest.mark.parametrize("failure", PASSING, ids=name_of)
@pytest.mark.parametrize("kind", Kind)
def test_the_policy_that_never_tries_again_never_does(kind: Kind, failure: EksError) -> None:
    assert decided(failure, kind=kind, policy=RetryPolicy.none()).wait is None


@pytest.mark.parametrize(
    ("failure", "cost"),
    [
        (errors.ConnectFailed("x"), 14),
        (service_error(errors.ServerFault), 14),
        (service_error(errors.Throttled), 5),
    ],
)
def test_a_retry_has_its_cost_and_the_quota_must_hold_it(failure: EksError, cost: int) -> None:
    assert decided(failure, quota=cost).cost == cost
    assert decided(failure, quota=cost - 1) == Decision(None, "the retry quota is spent")


@pytest.mark.parametrize("throttled", [False, True])
@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_the_longest_pause_doubles_with_each_attempt(attempt: int, throttled: bool) -> None:
    failure: EksError = service_error(errors.Throttled) if throttled else errors.ConnectFailed("x")
    base = 1.0 if throttled else 0.05
    assert decided(failure, attempt=attempt, jitter=0.0).wait == 0.0
    assert decided(failure, attempt=attempt, jitter=0.5).wait == pytest.approx(base * 2 ** (attempt - 1) / 2)


@steady
@given(
    jitter=st.floats(0, 1, exclude_max=True),
    attempt=st.integers(1, 10_000),
    base=st.floats(0, 1e9),
    cap=st.floats(0, 1e9),
    throttled=st.booleans(),
)
def test_a_pause_lies_between_nothing_and_the_doubled_base_and_never_above_the_cap(
    jitter: float, attempt: int, base: float, cap: float, throttled: bool
) -> None:
    policy = RetryPolicy(max_attempts=10_001, base_delay=base, throttled_base_delay=base, max_delay=cap)
    failure: EksError = service_error(errors.Throttled) if throttled else errors.ConnectFailed("x")
    wait = decided(failure, policy=policy, attempt=attempt, jitter=jitter).wait
    assert wait is not None
    assert 0 <= wait <= cap
    if attempt <= 60:
        assert wait <= base * 2.0 ** (attempt - 1)


def test_pauses_are_spread_over_the_whole_range() -> None:
    jitter = random.Random(7)
    waits = [decided(errors.ConnectFailed("x"), attempt=3, jitter=jitter.random()).wait or 0.0 for _ in range(1000)]
    assert min(waits) < 0.01
    assert max(waits) > 0.19
    assert 0.09 < sum(waits) / len(waits) < 0.11


@pytest.mark.parametrize(
    ("asked", "jitter", "wait"),
    [
        (None, 0.5, 0.5),
        (3.0, 0.0, 3.0),
        (3.0, 0.5, 3.5),
        (0.0, 0.5, 0.5),
        (0.1, 0.5, 0.6),
        (20.0, 0.0, 20.0),
        (20.0, 0.5, 20.5),
        (60.0, 0.0, 20.0),
        (MAX_HONORED_RETRY_AFTER, 0.0, 20.0),
        (MAX_HONORED_RETRY_AFTER + 1, 0.5, 0.5),
        (1e9, 0.5, 0.5),
    ],
)
def test_retry_after_is_obeyed_unless_it_is_absurd(asked: float | None, jitter: float, wait: float) -> None:
    assert decided(service_error(errors.Throttled, retry_after=asked), jitter=jitter).wait == wait


def test_calls_with_the_same_retry_after_are_spread_over_a_second() -> None:
    failure = service_error(errors.Throttled, retry_after=5.0)
    numbers = random.Random(7)
    waits = sorted(decided(failure, jitter=numbers.random()).wait or 0.0 for _ in range(50))
    assert waits[0] >= 5.0
    most_at_once = max(sum(wait <= other < wait + 0.1 for other in waits) for wait in waits)
    assert most_at_once <= 15


@pytest.mark.parametrize("kind", [Kind.READ, Kind.IDEMPOTENT])
@pytest.mark.parametrize("content", [HTML, b"", b"{}"])
@pytest.mark.parametrize("status", [408, 429, 502, 503])
def test_retry_after_is_obeyed_whatever_the_answer_is(status: int, content: bytes, kind: Kind) -> None:
    time = FakeTime()
    answers = iter([RawResponse(status=status, headers={"retry-after": "7"}, content=content), answer()])

    async def send(_: Request) -> RawResponse:
        return next(answers)

    run(retrying(time=time, jitter=0.0)(made_request(kind), send))
    assert time.slept == [7.0]


@pytest.mark.parametrize("content", [HTML, b"", b'{"Code": "Timeout"}'])
def test_a_408_counts_as_a_lost_answer(content: bytes) -> None:
    async def send(request: Request) -> RawResponse:
        request.record.mark_sent()
        return RawResponse(status=408, headers={}, content=content)

    for kind, attempts in ((Kind.READ, 4), (Kind.IDEMPOTENT, 4), (Kind.CREATE, 1)):
        with pytest.raises(EksError) as caught:
            run(retrying()(made_request(kind), send))
        assert caught.value.attempts == attempts
        assert kind is Kind.READ or caught.value.outcome == "unknown"


def test_retry_after_of_a_server_fault_is_obeyed() -> None:
    assert decided(service_error(errors.ServerFault, retry_after=2.0)).wait == 2.025


@pytest.mark.parametrize(
    ("time_left", "is_again"), [(None, True), (0.026, True), (0.025, False), (0, False), (-5, False)]
)
def test_a_pause_that_does_not_end_within_the_calls_time_is_not_begun(time_left: float | None, is_again: bool) -> None:
    decision = decided(errors.ConnectFailed("x"), time_left=time_left)  # which would wait for 0.025 s
    assert (decision.wait is not None) == is_again
    if not is_again:
        assert decision.reason == "the next attempt would not fit into the call's time"


@steady
@given(
    time_left=st.floats(-10, 100),
    jitter=st.floats(0, 1, exclude_max=True),
    attempt=st.integers(1, 3),
    retry_after=st.none() | st.floats(0, 1e6),
)
def test_no_pause_ever_ends_after_the_deadline(
    time_left: float, jitter: float, attempt: int, retry_after: float | None
) -> None:
    failure = service_error(errors.Throttled, retry_after=retry_after)
    wait = decided(failure, time_left=time_left, jitter=jitter, attempt=attempt).wait
    assert wait is None or wait < time_left
