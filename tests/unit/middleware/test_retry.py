"""Trying again: the decision, and the loop that carries it out."""

from __future__ import annotations

import json
import logging
import pickle
import random
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import anyio
import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks import RetryPolicy, codec, errors
from cds_eks.errors import EksError, Outcome, may_pass
from cds_eks.middleware import LimitRate, Retry
from cds_eks.middleware.retry import MAX_HONORED_RETRY_AFTER, Decision, RetryQuota, decide
from cds_eks.pipeline import chain
from cds_eks.resources.clusters import CREATE_CLUSTER, DELETE_CLUSTER, GET_CLUSTER
from cds_eks.wire import Kind, Operation, RawResponse, Request
from support.eventually import EVENT_TIMEOUT

T = TypeVar("T")

HTML = b"<html>502</html>"

steady = settings(deadline=None, derandomize=True)

POLICY = RetryPolicy(max_attempts=4, base_delay=0.05)
OPERATIONS: dict[Kind, Operation[Any]] = {
    Kind.READ: GET_CLUSTER,
    Kind.IDEMPOTENT: DELETE_CLUSTER,
    Kind.CREATE: CREATE_CLUSTER,
}


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits for anything, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waited")


class FakeTime:
    """A clock that moves by sleeping only."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds


# --- the decision --------------------------------------------------------------------------------------------------


def service_error(
    kind: type[errors.ServiceError], outcome: Outcome = "refused", retry_after: float | None = None
) -> errors.ServiceError:
    return kind("no", outcome=outcome, retry_after=retry_after)


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


# --- the quota -----------------------------------------------------------------------------------------------------


def test_the_quota_is_spent_and_earned_but_never_grows_beyond_its_size() -> None:
    quota = RetryQuota(20)
    quota.spend(14)
    assert quota.left == 6
    quota.earn(0)
    assert quota.left == 7
    quota.earn(14)
    assert quota.left == 20
    quota.earn(5)
    assert quota.left == 20


# --- the loop ------------------------------------------------------------------------------------------------------


def made_request(kind: Kind = Kind.READ, **given: Any) -> Request:
    operation = OPERATIONS[kind]
    return Request(operation=operation, url="http://x/eks/v1", params={"Action": operation.action}, **given)


def answer(status: int = 200, code: str = "Success", request_id: str = "r-1", **headers: str) -> RawResponse:
    data = {"ClusterId": "c-1", "TaskId": "t-1"} if code == "Success" else None
    body = {"Code": code, "RequestId": request_id, "Data": data}
    return RawResponse(status=status, headers=headers, content=json.dumps(body).encode())


Step = Callable[[Request], RawResponse]


def raising(make: Callable[[], EksError], *, left: bool | None = None) -> Step:
    """A step that raises; `left` says whether the backend told the record before that bytes may have left."""

    def step(request: Request) -> RawResponse:
        if left:
            request.record.mark_sent()
        raise make()

    return step


def answering(make: Callable[[], RawResponse], *, left: bool = True) -> Step:
    def step(request: Request) -> RawResponse:
        if left:
            request.record.mark_sent()
        return make()

    return step


SAFE: dict[str, Step] = {
    "no connection": raising(lambda: errors.ConnectFailed("x")),
    "no connection, told too early": raising(lambda: errors.ConnectFailed("x"), left=True),
    "throttled": answering(lambda: answer(429, "Throttling")),
    "throttled in a 200": answering(lambda: answer(200, "TooManyRequests")),
    "throttled by a proxy": answering(lambda: RawResponse(status=429, headers={}, content=HTML)),
    "throttled by a middleware": raising(lambda: service_error(errors.Throttled)),
}
OPEN: dict[str, Step] = {
    "lost": raising(lambda: errors.ConnectionLost("x"), left=True),
    "lost, and the backend tells nothing": raising(lambda: errors.ConnectionLost("x")),
    "of no known kind": raising(lambda: errors.TransportError("x", outcome="unknown")),
    "not sent, says one that is no proof": raising(lambda: errors.TransportError("x", outcome="not_sent"), left=True),
    "refused, says a middleware after sending": raising(lambda: service_error(errors.Throttled), left=True),
    "unreadable": raising(lambda: errors.UnreadableResponse("x", http_status=200), left=True),
    "a proxy's page": answering(lambda: RawResponse(status=502, headers={}, content=HTML)),
    "a proxy's page, and the backend tells nothing": answering(
        lambda: RawResponse(status=502, headers={}, content=HTML), left=False
    ),
    "a fault": answering(lambda: answer(500, "InternalError")),
    "a fault in a 200": answering(lambda: answer(200, "InternalError")),
    "unavailable": answering(lambda: answer(503, "Whatever")),
}
ENDING: dict[str, Step] = {
    "bad argument": answering(lambda: answer(400, "InvalidParameter")),
    "success": answering(answer),
}
STEPS = SAFE | OPEN | ENDING


class Service:
    """Goes through a script of steps, and counts."""

    def __init__(self, script: list[str]) -> None:
        self.script = script
        self.done: list[str] = []

    async def send(self, request: Request) -> RawResponse:
        name = self.script[len(self.done)] if len(self.done) < len(self.script) else "success"
        self.done.append(name)
        return STEPS[name](request)


def retrying(policy: RetryPolicy = POLICY, time: FakeTime | None = None, jitter: float = 0.5) -> Retry:
    time = time or FakeTime()
    return Retry(policy, codec.failure_of, clock=time, jitter=lambda: jitter, sleep=time.sleep)


@pytest.mark.parametrize("kind", Kind)
def test_a_success_is_returned_at_once(kind: Kind) -> None:
    request, service, time = made_request(kind), Service([]), FakeTime()
    response = run(retrying(time=time)(request, service.send))
    assert response.status == 200
    assert (request.record.attempts, request.record.outcome, request.record.request_id) == (1, "accepted", "r-1")
    assert (service.done, time.slept) == (["success"], [])


def test_a_secret_returned_as_request_id_is_redacted_in_the_record() -> None:
    request = made_request(secrets=frozenset({"marked"}))

    async def send(_: Request) -> RawResponse:
        return answer(request_id="r-marked-1")

    run(retrying()(request, send))
    assert request.record.request_id == "r-***-1"


@pytest.mark.parametrize("kind", [Kind.READ, Kind.IDEMPOTENT])
@pytest.mark.parametrize("step", SAFE | OPEN)
def test_a_read_and_an_idempotent_write_are_sent_again_after_each_failure_that_may_pass(step: str, kind: Kind) -> None:
    request, service = made_request(kind), Service([step])
    run(retrying()(request, service.send))
    assert service.done == [step, "success"]
    assert (request.record.attempts, request.record.outcome) == (2, "accepted")
    assert len(request.record.failures) == 1


@pytest.mark.parametrize("step", SAFE)
def test_a_create_is_sent_again_if_it_can_not_have_been_carried_out(step: str) -> None:
    request, service = made_request(Kind.CREATE), Service([step])
    run(retrying()(request, service.send))
    assert service.done == [step, "success"]


@pytest.mark.parametrize("step", OPEN)
def test_a_create_is_not_sent_again_if_it_may_have_been_carried_out(step: str) -> None:
    request, service = made_request(Kind.CREATE), Service([step])
    with pytest.raises(EksError) as caught:
        run(retrying()(request, service.send))
    assert service.done == [step]
    assert (caught.value.outcome, caught.value.attempts, request.record.outcome) == ("unknown", 1, "unknown")


@steady
@given(script=st.lists(st.sampled_from(list(STEPS)), min_size=1, max_size=12), attempts=st.integers(1, 12))
def test_in_no_sequence_of_events_is_a_create_sent_again_once_it_may_have_been_carried_out(
    script: list[str], attempts: int
) -> None:
    request, service = made_request(Kind.CREATE), Service(script)
    policy = RetryPolicy(max_attempts=attempts, quota=10_000)
    error: EksError | None = None
    try:
        run(retrying(policy)(request, service.send))
    except EksError as caught:
        error = caught
    assert all(step in SAFE for step in service.done[:-1])
    assert len(service.done) <= attempts
    assert request.record.attempts == len(service.done)
    if service.done[-1] in OPEN:
        assert error is not None
        assert error.outcome == "unknown"
    elif error is not None:
        assert error.outcome in ("not_sent", "refused")


OUTCOMES: dict[str, Outcome] = {
    **dict.fromkeys(SAFE, "refused"),
    "no connection": "not_sent",
    "no connection, told too early": "not_sent",
    "throttled by a middleware": "not_sent",
    **dict.fromkeys(OPEN, "unknown"),
    "bad argument": "refused",
    "success": "accepted",
}
FAULTS = ("a fault", "a fault in a 200", "unavailable")
"""A read that is answered with one was refused; a write may have been carried out all the same."""
WEIGHT: list[Outcome] = ["not_sent", "refused", "unknown", "accepted"]


@steady
@given(
    script=st.lists(st.sampled_from([*SAFE, *OPEN, "bad argument"]), min_size=1, max_size=12),
    kind=st.sampled_from([Kind.READ, Kind.IDEMPOTENT]),
)
def test_the_last_error_says_what_is_known_of_all_attempts_and_holds_the_earlier_ones(
    script: list[str], kind: Kind
) -> None:
    policy = RetryPolicy(max_attempts=len(script), quota=10_000)
    request, service = made_request(kind), Service(script)
    with pytest.raises(EksError) as caught:
        run(retrying(policy)(request, service.send))
    error = caught.value
    ends_early = "bad argument" in script
    assert service.done == script[: script.index("bad argument") + 1 if ends_early else None]
    assert error.attempts == len(service.done)
    assert error.action == request.operation.name
    outcomes = OUTCOMES | (dict.fromkeys(FAULTS, "refused") if kind is Kind.READ else {})
    assert error.outcome == max((outcomes[step] for step in service.done), key=WEIGHT.index)
    assert (*error.previous, error) == request.record.failures
    assert len(error.previous) == len(service.done) - 1
    assert error.outcome == request.record.outcome


CONFLICT = answering(lambda: answer(409, "ResourceInUse"))


def own_doing(*steps: Step, kind: Kind = Kind.IDEMPOTENT) -> errors.Conflict:
    script = iter(steps)

    async def send(request: Request) -> RawResponse:
        return next(script)(request)

    with pytest.raises(errors.Conflict) as caught:
        run(retrying()(made_request(kind), send))
    return caught.value


def test_a_conflict_after_a_lost_answer_is_said_to_be_most_likely_the_first_attempts_doing() -> None:
    for name in ("lost", "a proxy's page", "a fault"):
        error = own_doing(STEPS[name], CONFLICT)
        assert error.message.endswith("so this is most likely its own doing")
        assert error.args == (error.message,)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert error.desc is None


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ((CONFLICT,), Kind.IDEMPOTENT),
        ((STEPS["throttled"], CONFLICT), Kind.IDEMPOTENT),
        ((STEPS["no connection"], CONFLICT), Kind.IDEMPOTENT),
        ((STEPS["lost"], CONFLICT), Kind.READ),
    ],
)
def test_any_other_conflict_is_somebody_elses(steps: tuple[Step, ...], kind: Kind) -> None:
    assert own_doing(*steps, kind=kind).message == "the service gave no reason"


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
        with anyio.fail_after(EVENT_TIMEOUT):
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
        with anyio.fail_after(EVENT_TIMEOUT):
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


def test_a_quota_that_is_given_is_the_one_that_is_used() -> None:
    quota, service, time = RetryQuota(20), Service(["lost"]), FakeTime()
    retry = Retry(POLICY, codec.failure_of, quota=quota, clock=time, jitter=lambda: 0.5, sleep=time.sleep)
    left = []

    async def send(request: Request) -> RawResponse:
        left.append(quota.left)
        return await service.send(request)

    run(retry(made_request(), send))
    assert left == [20, 20 - POLICY.retry_cost]
    assert quota.left == 20
