"""What a report says of a fleet, and that it survives as plain data."""

from __future__ import annotations

import json
import pickle
from typing import Any

import attrs
import pytest

from cds_eks import errors, fleet
from cds_eks.errors import ConfigurationError
from cds_eks.errors.creates import AmbiguousConnectionLost
from cds_eks.fleet.ensure.outcomes import told
from cds_eks.fleet.items import STATES, Kind, State
from cds_eks.fleet.report.data import COUNTED, Moment, ReportItem, ReportPlan
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.report.summary import duration
from support.fleet_reports import STARTED, report_of


def item(state: State, *, kind: Kind = "cluster", name: str = "gpu-1", **more: Any) -> ReportItem:
    return ReportItem(kind=kind, name=name, cluster_name="gpu-1", vpc_id="vpc-1", state=state, **more)


def report(*items: ReportItem, stopped: str | None = None) -> FleetReport:
    return FleetReport(items=items, started_at=10.0, ended_at=12.5, plan=ReportPlan(source="a.toml"), stopped=stopped)


def test_it_is_ok_when_every_item_is_ready() -> None:
    assert report(item("ready"), item("ready", kind="node_pool")).ok


@pytest.mark.parametrize("state", [state for state in STATES if state != "ready"])
def test_it_is_not_ok_when_one_item_is_not(state: State) -> None:
    assert not report(item("ready"), item(state)).ok


def test_a_report_about_deleting_is_ok_when_all_is_deleted() -> None:
    done = FleetReport(items=(item("deleted"),), started_at=0.0, ended_at=1.0, goal="deleted")
    assert done.ok
    assert str(done) == "the plan: 1 of 1 deleted, after 1.0 s\n  clusters    1 deleted"


def test_every_state_has_its_place_among_the_counts() -> None:
    assert sorted(COUNTED) == sorted(STATES)


def test_it_counts_by_kind_and_state() -> None:
    found = report(item("refused"), item("ready"), item("ready"), item("planned", kind="node_pool"))
    assert found.counts == {"cluster": {"ready": 2, "refused": 1}, "node_pool": {"planned": 1}}
    assert list(found.counts["cluster"]) == ["ready", "refused"]


def test_failures_are_what_was_refused_or_failed() -> None:
    items = {state: item(state) for state in STATES}
    assert report(*items.values()).failures == (items["refused"], items["failed"])


def test_failures_are_also_what_did_not_get_ready_for_a_reason_that_is_known() -> None:
    late = attrs.evolve(item("accepted"), error={"class": "WaitTimeout", "message": "it is not ready in time"})
    not_sent = attrs.evolve(item("planned"), error={"class": "ConnectFailed", "message": "no connection"})
    well, open_ = attrs.evolve(item("ready"), error={"class": "x"}), attrs.evolve(item("unknown"), error={"class": "x"})
    assert report(late, not_sent, well, open_, item("accepted"), item("planned")).failures == (late, not_sent)


def test_failures_of_a_deletion_are_the_clusters_that_were_not_deleted_and_the_text_says_why() -> None:
    error = {"class": "Protected", "code": "", "message": "cluster gpu-1 is protected", "outcome": "not_sent"}
    kept = attrs.evolve(item("ready"), error=error)
    pool = attrs.evolve(item("ready", kind="node_pool", name="p"), error=error)
    done = FleetReport(items=(kept, pool, item("deleted")), started_at=0.0, ended_at=1.0, goal="deleted")
    assert done.failures == (kept,)
    assert str(done).splitlines() == [
        "the plan: 1 of 3 deleted, after 1.0 s",
        "  clusters    1 ready, 1 deleted",
        "  node pools  1 ready",
        "Not deleted (1):",
        "  cluster gpu-1 (ready): cluster gpu-1 is protected [vpc_id=vpc-1]",
    ]


def test_an_empty_report_is_not_ok_if_it_says_why_it_is_empty() -> None:
    assert report().ok
    assert not report(stopped="the journal knows none of them").ok


def test_unknown_is_what_may_have_been_created() -> None:
    items = {state: item(state) for state in STATES}
    assert report(*items.values()).unknown == (items["sending"], items["unknown"])


def test_it_comes_back_from_json_as_it_was() -> None:
    before = report_of(30, troubled=0.5)
    text = json.dumps(before.to_dict(), allow_nan=False)
    after = FleetReport.from_dict(json.loads(text))
    assert after == before
    assert json.dumps(after.to_dict()) == text


def test_it_can_be_pickled() -> None:
    before = report_of(3)
    assert before.counts  # what is derived is cached by then
    assert pickle.loads(pickle.dumps(before)) == before


def test_the_keys_of_its_plain_data_and_their_order_are_fixed() -> None:
    data = report_of(1).to_dict()
    assert list(data) == [
        *("schema_version", "plan", "started_at", "ended_at", "stopped", "goal", "timed_out", "ok", "counts"),
        *("throughput", "items"),
    ]
    assert data["schema_version"] == 1
    assert list(data["items"][0]) == [
        *("kind", "name", "cluster_name", "vpc_id", "state", "ids", "origin", "request_id", "error", "history"),
        *("differences", "replicas", "unseen", "cluster_status"),
    ]
    for name in data:
        assert f"`{name}`" in (FleetReport.to_dict.__doc__ or "")


@pytest.mark.parametrize("timed_out", [False, True])
def test_plain_data_says_whether_the_time_was_over(timed_out: bool) -> None:
    report = attrs.evolve(report_of(1), timed_out=timed_out)
    assert FleetReport.from_dict(report.to_dict()) == report
    earlier = {name: value for name, value in report.to_dict().items() if name != "timed_out"}  # of an older version
    assert FleetReport.from_dict(earlier).timed_out is False


def test_plain_data_may_have_more_than_is_known() -> None:
    data = report_of(2).to_dict()
    data["later"] = 1
    data["items"][0]["later"] = 1
    assert FleetReport.from_dict(data) == report_of(2)


@pytest.mark.parametrize(
    ("version", "said"), [(2, "schema version 2"), (None, "no report"), ("1", "no report"), (True, "no report")]
)
def test_what_it_can_not_read_is_refused(version: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        FleetReport.from_dict({**report_of(1).to_dict(), "schema_version": version})


def test_what_json_does_not_know_is_told_by_its_text() -> None:
    odd = ReportItem(
        kind="cluster", name="a", cluster_name="a", vpc_id="v", state="failed",
        error={"code": ConfigurationError, "seen": {"at": (1, 2.5, None, True, float("nan"))}},
    )  # fmt: skip
    assert report(odd).to_dict()["items"][0]["error"] == {
        "code": str(ConfigurationError),
        "seen": {"at": [1, 2.5, None, True, "nan"]},
    }


def test_its_text_has_counts_failures_with_request_ids_and_how_to_look_for_the_unknown() -> None:
    refused = ReportItem(
        kind="node_pool", name="workers", cluster_name="gpu-1", vpc_id="vpc-1", state="refused", request_id="r-7",
        error={"class": "QuotaExceeded", "code": "QuotaExceeded", "message": "no more GPUs", "outcome": "refused"},
    )  # fmt: skip
    unknown = item("unknown", name="gpu-2")
    assert str(report(item("ready"), refused, unknown, stopped="NotEnoughBalance: pay first")).splitlines() == [
        "a.toml: 1 of 3 ready, after 2.5 s",
        "  clusters    1 ready, 1 unknown",
        "  node pools  1 refused",
        "No more creates were made: NotEnoughBalance: pay first",
        "Failed (1):",
        "  node pool gpu-1/workers (refused): QuotaExceeded: no more GPUs [request_id=r-7, vpc_id=vpc-1]",
        "Unknown, may have been made (1):",
        "  cluster gpu-2 (unknown): no answer is known [vpc_id=vpc-1]",
        "  Run the same plan with the same journal again: it looks for these first, and creates nothing before.",
        "  By hand: eks.clusters.list(keyword='gpu-2', vpc_id='vpc-1')",
    ]


def test_its_text_has_differences_in_words_and_counts_what_is_not_shown() -> None:
    differing = ReportItem(
        kind="node_pool", name="workers", cluster_name="gpu-1", vpc_id="v", state="ready",
        differences={"replicas": {"wanted": 5, "found": 2}, "node_config.specifics": {"wanted": ["a"], "found": ["b"]}},
        unseen=("node_config.password", "node_config.shell"),
    )  # fmt: skip
    gone = item("ready", name="gpu-2", differences={"there": {"wanted": True, "found": False}})
    twice = item("ready", name="gpu-3", differences={"there": {"wanted": 1, "found": 2}}, unseen=("ak",))
    more = item("ready", name="gpu-4", differences={"unplanned": ["x"], "plan": "another plan"})
    told = report(item("ready"), differing, gone, twice, more)
    assert told.differing == (differing, gone, twice, more)
    assert str(told).splitlines()[3:] == [
        "Differ from the plan (4):",
        '  node pool gpu-1/workers: replicas: 2, not 5; node_config.specifics: ["b"], not ["a"]',
        "  cluster gpu-2: is not there",
        "  cluster gpu-3: 2 of this name",
        '  cluster gpu-4: unplanned: ["x"]; plan: another plan',
        "The service does not show 3 fields of 2 items",
    ]
    assert FleetReport.from_dict(told.to_dict()) == told


def test_a_report_without_what_was_added_later_can_be_read() -> None:
    data = report(item("ready")).to_dict()
    for name in ("unseen", "cluster_status"):
        del data["items"][0][name]
    assert FleetReport.from_dict(data) == report(item("ready"))


@pytest.mark.parametrize(("ids", "where"), [({"cluster_id": "c-1"}, "'c-1'"), ({}, "<id of gpu-1>")])
def test_its_text_says_how_to_look_for_a_pool(ids: dict[str, str], where: str) -> None:
    pool = ReportItem(kind="node_pool", name="p", cluster_name="gpu-1", vpc_id="v", state="unknown", ids=ids)
    assert f"eks.node_pools.list({where}, filter='p')" in str(report(pool))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min 0 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_greatest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_its_text_stays_short() -> None:
    lines = str(report_of(1000, troubled=0.5)).splitlines()
    assert len(lines) < 60
    assert sum(line.startswith("  … and ") for line in lines) == 2


def test_its_text_holds_no_control_characters_of_others() -> None:
    hostile = ReportItem(
        kind="cluster", name="a\x1b[2J", cluster_name="a", vpc_id="v\r", state="failed", request_id="r\n\x07",
        error={"message": "m\x1b]0;owned\x07" + "x" * 5000}, history=(Moment(at=STARTED, state="failed"),),
    )  # fmt: skip
    text = str(report(hostile, stopped="\x1b[31m"))
    assert all(char.isprintable() for char in text.replace("\n", ""))
    assert len(text) < 1000


def test_the_synthetic_reports_are_the_same_each_time() -> None:
    assert report_of(20) == report_of(20) != report_of(20, seed=2)


@pytest.mark.parametrize(
    ("error", "state", "expected"),
    [
        (errors.Throttled("slow", http_status=429), "refused", True),
        (errors.ConnectFailed("no"), "planned", True),
        (errors.ConnectionLost("broken"), "accepted", True),
        (AmbiguousConnectionLost("broken"), "unknown", True),
        (errors.ServerFault("busy", http_status=503), "accepted", True),
        (errors.DeadlineExceeded("late"), "planned", True),
        (errors.UnreadableResponse("a page", http_status=502), "unknown", True),
        (errors.WaitTimeout("late", ids={}), "accepted", True),
        (errors.ServerFault("busy", http_status=503), "failed", False),
        (errors.QuotaExceeded("too many"), "refused", False),
        (errors.BadArgument("wrong"), "refused", False),
        (errors.AuthenticationError("wrong"), "accepted", False),
        (errors.TaskFailed("not built", ids={}), "failed", False),
        (KeyError("NODE_PASSWORD"), "planned", False),
    ],
)
def test_an_item_says_whether_its_error_may_pass(error: Exception, state: State, expected: bool) -> None:
    one = item(state, error=told(error))
    assert one.may_pass is expected
    assert fleet.FleetReport.from_dict(report(one).to_dict()).items[0].may_pass is expected
    assert "may_pass" not in report(one).to_dict()["items"][0]


@pytest.mark.parametrize("state", STATES)
def test_without_an_error_nothing_may_pass(state: State) -> None:
    assert not item(state).may_pass


CLASSES = [each for name in errors.__all__ if isinstance(each := getattr(errors, name), type)]
BY_MORE_THAN_ITS_CLASS = (errors.AmbiguousCreate, errors.UnreadableResponse, errors.WaitTimeout)


@pytest.mark.parametrize(
    "error", [each for each in CLASSES if issubclass(each, errors.EksError) and each not in BY_MORE_THAN_ITS_CLASS]
)
def test_where_the_class_alone_decides_an_item_says_the_same_as_its_error(error: type[errors.EksError]) -> None:
    kept = {"class": error.__name__}
    assert item("refused", error=kept).may_pass is errors.may_pass(error.__new__(error))


def test_an_item_is_a_public_name() -> None:
    assert fleet.ReportItem is ReportItem
