"""What travels through the pipeline."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks.errors import ConnectFailed, Outcome
from cds_eks.models import ClusterSummary, ClusterTask
from cds_eks.redaction import Secrets
from cds_eks.resources.clusters import CREATE_CLUSTER
from cds_eks.wire import CallRecord, RawResponse, Request, Response

SECRET = "marked-secret"

STEPS: dict[str, Callable[[CallRecord], None]] = {
    "begins": CallRecord.begin_attempt,
    "sent": CallRecord.mark_sent,
    "not sent": CallRecord.mark_not_sent,
    "accepted": lambda record: record.answered("r", outcome="accepted"),
    "refused": lambda record: record.answered("r", outcome="refused"),
    "answered with a fault": lambda record: record.answered("r", outcome="unknown"),
}


def test_a_new_record_knows_of_nothing() -> None:
    record = CallRecord()
    assert (record.attempts, record.failures, record.request_id, record.outcome) == (0, (), None, "not_sent")


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ([], "not_sent"),
        (["sent"], "unknown"),
        (["sent", "not sent"], "not_sent"),
        (["sent", "accepted"], "accepted"),
        (["sent", "refused"], "refused"),
        (["sent", "answered with a fault"], "unknown"),
        (["answered with a fault"], "unknown"),
        (["accepted"], "accepted"),
        (["refused"], "refused"),
    ],
)
def test_the_outcome_of_an_attempt_is_that_of_its_last_event(steps: list[str], outcome: Outcome) -> None:
    record = CallRecord()
    for step in ["begins", *steps]:
        STEPS[step](record)
    assert record.outcome == outcome


OF_ATTEMPT: dict[Outcome, list[str]] = {
    "not_sent": ["sent", "not sent"],
    "refused": ["sent", "refused"],
    "unknown": ["sent"],
    "accepted": ["sent", "accepted"],
}


def expected(outcomes: list[Outcome]) -> Outcome:
    """The plain reading: the last says "accepted" for all; else an earlier one may have been carried out; and so on."""
    if outcomes[-1] == "accepted":
        return "accepted"
    if "unknown" in outcomes or "accepted" in outcomes:
        return "unknown"
    return "refused" if "refused" in outcomes else "not_sent"


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_outcome_of_a_call_is_that_of_all_its_attempts(count: int) -> None:
    for outcomes in itertools.product(OF_ATTEMPT, repeat=count):
        record = CallRecord()
        for outcome in outcomes:
            for step in ["begins", *OF_ATTEMPT[outcome]]:
                STEPS[step](record)
        assert record.outcome == expected(list(outcomes)), outcomes
        assert record.attempts == count


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(list(STEPS))))
def test_once_an_attempt_may_have_been_carried_out_no_later_attempt_makes_it_undone(steps: list[str]) -> None:
    record = CallRecord()
    was_open = False
    for step in steps:
        if step == "begins":
            was_open = was_open or record.outcome in ("unknown", "accepted")
        STEPS[step](record)
        if was_open:
            assert record.outcome in ("unknown", "accepted")


def test_what_left_in_one_send_of_an_attempt_is_not_undone_by_the_next() -> None:
    record = CallRecord()
    record.begin_attempt()
    record.begin_send()
    record.mark_sent()
    record.mark_not_sent()
    assert record.outcome == "not_sent"
    record.mark_sent()
    record.begin_send()
    record.mark_not_sent()
    assert (record.outcome, record.attempts) == ("unknown", 1)


def test_what_arrived_of_one_attempt_is_not_the_next_ones() -> None:
    record = CallRecord()
    record.begin_attempt()
    record.arrived = RawResponse(status=200, headers={}, content=b"")
    record.begin_attempt()
    assert record.arrived is None


def test_a_record_has_the_request_id_of_the_last_answer_that_had_one() -> None:
    record = CallRecord()
    record.answered("first", outcome="refused")
    record.answered(None, outcome="accepted")
    assert record.request_id == "first"
    record.answered("second", outcome="accepted")
    assert record.request_id == "second"


def test_a_record_shows_facts_only() -> None:
    record = CallRecord()
    record.begin_attempt()
    record.failures = (ConnectFailed(f"with {SECRET}"),)
    assert repr(record) == "CallRecord(attempts=1, outcome='not_sent', request_id=None)"


def test_a_request_shows_no_argument_no_query_and_no_secret() -> None:
    request = Request(
        operation=CREATE_CLUSTER,
        url=f"https://{SECRET}.example/eks/v1",
        params={"Name": SECRET},
        content=SECRET.encode(),
        headers={"X": SECRET},
        query=f"Signature={SECRET}",
        secrets=Secrets({SECRET}),
    )
    assert SECRET not in f"{request!r} {request}"
    assert "CreateCluster" in repr(request)
    assert "read_timeout=None" in repr(request)


def test_attempts_of_one_call_share_its_record() -> None:
    request = Request(operation=CREATE_CLUSTER, url="http://x", params={})
    attempt = attrs.evolve(request, query="a=b")
    assert attempt.record is request.record
    assert Request(operation=CREATE_CLUSTER, url="http://x", params={}).record is not request.record


def test_a_raw_response_shows_its_status_only() -> None:
    response = RawResponse(status=200, headers={"x": SECRET}, content=SECRET.encode())
    response.parsed.append({"a": SECRET})
    assert repr(response) == "RawResponse(status=200)"
    assert response == RawResponse(status=200, headers={"x": SECRET}, content=SECRET.encode())


def answer(data: Any) -> Response[Any]:
    return Response(data=data, request_id="r-1", attempts=2, elapsed=0.5, total_count=3, raw={"Ak": SECRET})


def test_a_response_does_not_show_its_raw_answer() -> None:
    response = answer(ClusterTask(cluster_id="c-1", task_id="t-1", extra={"Sk": SECRET}))
    assert SECRET not in f"{response!r} {response}"
    assert "c-1" in repr(response)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_a_response_holds_all_but_the_raw_answer(protocol: int) -> None:
    response = answer([ClusterSummary(cluster_id="c-1", cluster_name="one")])
    pickled = pickle.dumps(response, protocol)
    assert SECRET.encode() not in pickled
    revived = pickle.loads(pickled)
    assert revived == attrs.evolve(response, raw={})
    assert (revived.raw, revived.data[0].cluster_name, revived.total_count) == ({}, "one", 3)


def test_a_response_is_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        answer(None).data = 1  # type: ignore[misc]


def test_a_copy_of_a_response_is_all_of_it() -> None:
    response = answer([ClusterSummary(cluster_id="c-1")])
    copied = copy.deepcopy(response)
    assert copy.copy(response) == copied == response
    assert copied.data is not response.data
    assert copied.raw == response.raw
    assert copied.raw is not response.raw
