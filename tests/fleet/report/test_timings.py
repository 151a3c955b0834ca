"""How many items were under way at once, and how many became ready when."""

from __future__ import annotations

import attrs
import pytest

from cds_eks.fleet.items import Kind
from cds_eks.fleet.report.data import Moment, ReportItem
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.report.timings import CALLING, concurrency, series, spans, throughput
from support.fleet_reports import report_of


def item(*moments: tuple[float, str], kind: Kind = "cluster") -> ReportItem:
    history = tuple(Moment(at=at, state=state) for at, state in moments)
    return ReportItem(kind=kind, name="a", cluster_name="a", vpc_id="v", state="ready", history=history)


READY = item((0, "planned"), (1, "sending"), (2, "accepted"), (3, "install"), (8, "ready"))


def test_a_span_goes_from_state_to_state_whatever_steps_lie_between() -> None:
    assert list(spans(READY, 10)) == [
        ("planned", 0, 1),
        ("sending", 1, 2),
        ("accepted", 2, 8),
        ("ready", 8, 10),
    ]


def test_a_last_state_after_the_end_takes_no_time() -> None:
    assert list(spans(item((12, "sending")), 10)) == [("sending", 12, 12)]


def test_throughput_counts_creates_and_what_became_ready() -> None:
    found = throughput([READY, item((1.5, "sending"), (4, "refused"), (5, "sending"), (6, "unknown"))], 0, 10)
    assert (found.seconds, found.creates, found.ready, found.ready_per_second) == (10, 3, 1, 0.1)
    assert (found.most_calling, found.most_building) == (2, 1)


def test_what_happened_in_an_earlier_run_is_not_counted() -> None:
    found = throughput([READY], 20, 30)
    assert (found.creates, found.ready, found.most_calling, found.most_building) == (0, 0, 0, 0)


def test_a_run_without_time_or_items_has_no_throughput() -> None:
    assert throughput([READY], 8, 8).ready_per_second == 0
    assert throughput([], 0, 5).ready == 0
    assert series([], 0, 0, 3).clusters == (0, 0, 0)


def test_a_part_of_the_time_has_the_most_that_were_at_once_in_it() -> None:
    calls = [item((1, "sending"), (6, "accepted")), item((2, "sending"), (3, "accepted")), item((9, "sending"))]
    assert concurrency(calls, CALLING, 0, 10, 5) == (1, 2, 1, 1, 1)


def test_one_that_ends_when_another_begins_is_not_at_once_with_it() -> None:
    calls = [item((1, "sending"), (2, "accepted")), item((2, "sending"), (3, "accepted"))]
    assert concurrency(calls, CALLING, 0, 4, 1) == (1,)


def test_what_began_before_the_run_is_under_way_from_its_beginning() -> None:
    assert concurrency([item((-5, "sending"), (3, "accepted"))], CALLING, 0, 4, 4) == (1, 1, 1, 1)


def test_a_series_has_clusters_and_pools_apart() -> None:
    found = series([READY, item((10, "ready"), kind="node_pool")], 0, 10, 5)
    assert found.clusters == (0, 0, 0, 0, 1)
    assert found.node_pools == (0, 0, 0, 0, 1)
    assert found.building == (0, 1, 1, 1, 1)


def test_of_a_report_about_deleting_deletions_are_counted() -> None:
    items = [item((-9, "ready"), (1, "deleting"), (4, "deleted")), item((-9, "ready"), (2, "deleting"), (4, "deleted"))]
    found = throughput(items, 0, 5)
    assert (found.ready, found.deleted, found.deleted_per_second, found.most_building) == (0, 2, 0.4, 2)
    report = FleetReport(items=tuple(items), started_at=0.0, ended_at=5.0, goal="deleted")
    assert report.over_time(5).clusters == (0, 0, 0, 0, 2)
    assert attrs.evolve(report, goal="ready").over_time(5).clusters == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("clusters", [1, 50, 400])
def test_a_series_counts_nothing_twice_and_loses_nothing(clusters: int) -> None:
    report = report_of(clusters)
    found = report.over_time(37)
    assert sum(found.clusters) == report.counts["cluster"].get("ready", 0)
    assert sum(found.clusters) + sum(found.node_pools) == report.throughput.ready
    assert max(found.calling) == report.throughput.most_calling
    assert max(found.building) == report.throughput.most_building


def test_concurrency_is_that_of_a_count_at_every_moment() -> None:
    report = report_of(60)
    edges = [(begun, ended) for item in report.items for state, begun, ended in spans(item, report.ended_at)
             if state == "sending" and ended > begun]  # fmt: skip
    counted = max(sum(begun <= at < ended for begun, ended in edges) for at, _ in edges)
    assert report.throughput.most_calling == counted
