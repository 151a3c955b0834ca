"""Trying again: the decision, and the loop that carries it out."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_eks import RetryPolicy, errors
from cds_eks.errors import EksError, Outcome
from cds_eks.middleware.retry import RetryQuota
from cds_eks.wire import Kind, RawResponse, Request
from unit.middleware.retry_driver import (
    OPEN,
    SAFE,
    STEPS,
    FakeTime,
    Service,
    Step,
    answer,
    answering,
    made_request,
    retrying,
    run,
    steady,
)


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
