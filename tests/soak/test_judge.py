"""The judge of the chaos soak finds what is wrong: one planted violation of each sort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pytest

from benchmarks.chaos.calls import CallReport
from benchmarks.chaos.judge import Judgement, judge
from benchmarks.chaos.service import Evidence
from cds_eks.emulator import RequestEntry

DONE = RequestEntry(
    index=0,
    at=0.0,
    method="POST",
    action="CreateCluster",
    key="***",
    params={},
    body=None,
    status=200,
    code="Success",
    request_id="request-1",
    created=("cluster-1", "pool-1"),
    committed=True,
    answered=True,
    call_id="call-1",
)
LOST = attrs.evolve(DONE, answered=False, fault="reset_after_commit")
THROTTLED = attrs.evolve(
    DONE, status=429, code="Throttling", created=(), committed=False, fault="throttle", request_id=""
)
NOT_DONE = attrs.evolve(THROTTLED, status=0, code="", answered=False, fault="reset_before_commit")
REPLAY = attrs.evolve(THROTTLED, status=403, code="AccessDenied", fault="replay")
HOLLOW = attrs.evolve(THROTTLED, status=200, code="Success", fault="status")
MADE = (("cluster", "cluster-1"), ("node_pool", "pool-1"), ("node", "node-1"))
ACCEPTED = CallReport(
    call_id="call-1",
    action="CreateCluster",
    kind="create",
    outcome="accepted",
    id="cluster-1",
    arrived="cluster-1",
    attempts=1,
)


def call_report(outcome: str, **changes: Any) -> CallReport:
    """What the client says of a create that did not end well."""
    plain: dict[str, Any] = {"id": "", "arrived": "", **changes}
    return attrs.evolve(ACCEPTED, outcome=outcome, **plain)


def verdict(
    report: CallReport,
    *entries: RequestEntry,
    made: Sequence[tuple[str, str]] = (),
    struck: Mapping[str, int] | None = None,
) -> Judgement:
    evidence = Evidence(requests={"call-1": entries} if entries else {}, made={"call-1": made}, struck=struck or {})
    return judge([report], evidence)


def rules(judgement: Judgement) -> list[str]:
    return [each.rule for each in judgement.violations]


WRITE = {"kind": "write", "action": "AttachNetworkInterface"}


@pytest.mark.parametrize(
    ("report", "entries", "made"),
    [
        (ACCEPTED, [DONE], MADE),
        (attrs.evolve(ACCEPTED, attempts=2), [THROTTLED, DONE], MADE),
        (attrs.evolve(ACCEPTED, cancelled="answered"), [DONE], MADE),
        (call_report("refused"), [THROTTLED], ()),
        (call_report("refused", attempts=2), [THROTTLED, THROTTLED], ()),
        (call_report("not_sent"), [], ()),
        (call_report("unknown"), [LOST], MADE),
        (call_report("unknown"), [NOT_DONE], ()),
        (call_report("unknown", attempts=2), [THROTTLED, NOT_DONE], ()),
        (call_report("unknown", cancelled="wire"), [DONE], MADE),
        (call_report("unknown", cancelled="sending"), [], ()),
        (ACCEPTED, [DONE, attrs.evolve(REPLAY, fault="duplicate", repeated=True)], MADE),
        (attrs.evolve(ACCEPTED, attempts=2), [attrs.evolve(NOT_DONE, fault="duplicate", status=400), DONE], MADE),
        (call_report("accepted", **WRITE, attempts=2), [LOST, DONE], ()),
    ],
)
def test_what_is_right(report: CallReport, entries: list[RequestEntry], made: Sequence[tuple[str, str]]) -> None:
    assert rules(verdict(report, *entries, made=made)) == []


TWICE = (*MADE, ("cluster", "cluster-2"))


@pytest.mark.parametrize(
    ("report", "entries", "made", "rule"),
    [
        (
            attrs.evolve(ACCEPTED, attempts=2),
            [LOST, attrs.evolve(DONE, created=("cluster-2",))],
            TWICE,
            "carried out 2 times for one call",
        ),
        (
            attrs.evolve(ACCEPTED, attempts=2),
            [NOT_DONE, DONE],
            MADE,
            "sent again, though it may have been carried out",
        ),
        (
            attrs.evolve(ACCEPTED, attempts=2),
            [REPLAY, DONE],
            MADE,
            "sent again, though it may have been carried out",
        ),
        (ACCEPTED, [THROTTLED, DONE], MADE, "the client says that there were 1 attempts, but 2 came"),
        (call_report("not_sent"), [LOST], MADE, "not sent, but it came"),
        (call_report("not_sent", cancelled="sending"), [NOT_DONE], (), "not sent, but it came"),
        (call_report("refused"), [LOST], MADE, "refused, but carried out"),
        (call_report("refused", cancelled="wire"), [LOST], MADE, "refused, but carried out"),
        (call_report("refused", **WRITE), [LOST], (), "refused, but carried out"),
        (call_report("refused"), [], (), "refused, but it never came"),
        (ACCEPTED, [], (), "accepted, but not carried out"),
        (ACCEPTED, [HOLLOW], (), "accepted, but not carried out"),
        (call_report("accepted", **WRITE), [THROTTLED], (), "accepted, but not carried out"),
        (attrs.evolve(ACCEPTED, id="", arrived=""), [DONE], MADE, "accepted, but without an id"),
        (attrs.evolve(ACCEPTED, id="", arrived="", cancelled="answered"), [DONE], MADE, "accepted, but without an id"),
        (attrs.evolve(ACCEPTED, id="cluster-9", arrived=""), [DONE], MADE, "accepted, but under other ids"),
        (ACCEPTED, [DONE], (), "accepted, but under other ids"),
        (call_report("unknown", arrived="cluster-1"), [LOST], MADE, "an id that arrived is lost"),
        (call_report("unknown", arrived="cluster-1", cancelled="answered"), [DONE], MADE, "an id that arrived is lost"),
        (call_report("unknown"), [DONE], MADE, "unknown, but the answer was not lost"),
        (call_report("unknown"), [THROTTLED], (), "unknown, but the answer was not lost"),
        (call_report("hung"), [NOT_DONE], (), "hung"),
        (call_report("crashed"), [DONE], MADE, "crashed"),
    ],
)
def test_what_is_wrong(
    report: CallReport, entries: list[RequestEntry], made: Sequence[tuple[str, str]], rule: str
) -> None:
    found = verdict(report, *entries, made=made).violations
    assert rule in [each.rule for each in found]
    assert all(each.call_id == "call-1" and each.client and each.ledger for each in found)


def test_a_call_that_the_client_does_not_know_of() -> None:
    judgement = judge([], Evidence(requests={"call-1": [DONE]}, made={"call-1": MADE}, struck={}))
    assert rules(judgement) == ["the client does not know of this call"]


def test_a_create_that_never_arrived_must_have_been_refused_a_connection() -> None:
    assert rules(verdict(call_report("unknown"), struck={"refuse_connection": 1})) == []
    assert len(rules(verdict(call_report("unknown")))) == 1
    assert verdict(call_report("unknown"), struck={"refuse_connection": 1}).creates == {
        ("refuse_connection", "unknown"): 1
    }


def test_what_is_counted_apart() -> None:
    assert verdict(call_report("unknown"), REPLAY).replayed == 1
    assert verdict(call_report("unknown", gave_up=True), DONE, made=MADE).gave_up == 1


def test_an_empty_success_is_no_create_even_for_a_cancelled_call() -> None:
    assert rules(verdict(call_report("unknown", cancelled="answered"), HOLLOW)) == []
    told = rules(verdict(call_report("accepted", cancelled="answered"), HOLLOW))
    assert told == ["accepted, but not carried out", "accepted, but without an id"]
