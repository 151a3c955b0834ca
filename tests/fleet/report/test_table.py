"""Reports as tables: one row an item, and nothing that a spreadsheet would calculate."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cds_eks.fleet.report.data import Moment, ReportItem
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.report.table import COLUMNS, harmless
from support.fleet_reports import report_of


def read(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def of(item: ReportItem) -> FleetReport:
    return FleetReport(items=(item,), started_at=0.0, ended_at=1.0)


def test_it_has_one_row_an_item(tmp_path: Path) -> None:
    report = report_of(50)
    path = report.to_csv(tmp_path / "fleet.csv")
    rows = read(path)
    assert [(row["kind"], row["name"], row["state"]) for row in rows] == [
        (item.kind, item.name, item.state) for item in report.items
    ]
    assert all(tuple(row) == COLUMNS for row in rows)


def test_a_row_has_all_that_is_known(tmp_path: Path) -> None:
    item = ReportItem(
        kind="node_pool", name="workers", cluster_name="gpu-1", vpc_id="vpc-1", state="failed", origin="created",
        replicas=4, ids={"cluster_id": "c-1", "node_pool_id": "p-1", "task_id": "t-1", "event_id": "e-1"},
        request_id="r-1", differences={"labels": {"wanted": {}, "found": {"a": "b"}}}, unseen=("ak", "sk"),
        cluster_status="running",
        error={"class": "TaskFailed", "code": None, "message": "no, \"GPU\"\nleft", "outcome": "accepted"},
        history=(
            Moment(at=0.0, state="planned"), Moment(at=1.5, state="sending"),
            Moment(at=2.0, state="accepted"), Moment(at=9.25, state="failed"),
        ),
    )  # fmt: skip
    assert read(of(item).to_csv(tmp_path / "fleet.csv")) == [
        {
            "kind": "node_pool",
            "name": "workers",
            "cluster_name": "gpu-1",
            "vpc_id": "vpc-1",
            "state": "failed",
            "origin": "created",
            "replicas": "4",
            "cluster_id": "c-1",
            "node_pool_id": "p-1",
            "task_id": "t-1",
            "other_ids": '{"event_id": "e-1"}',
            "request_id": "r-1",
            "error_class": "TaskFailed",
            "error_code": "",
            "error_message": 'no, "GPU"\nleft',
            "error_outcome": "accepted",
            "planned_at": "1970-01-01T00:00:00.000+00:00",
            "sending_at": "1970-01-01T00:00:01.500+00:00",
            "accepted_at": "1970-01-01T00:00:02.000+00:00",
            "ready_at": "",
            "changed_at": "1970-01-01T00:00:09.250+00:00",
            "differences": '{"labels": {"found": {"a": "b"}, "wanted": {}}}',
            "unseen": "ak sk",
            "cluster_status": "running",
        }
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_a_cell_that_could_be_a_formula_is_made_text(start: str, tmp_path: Path) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    item = ReportItem(
        kind="cluster",
        name=text,
        cluster_name=text,
        vpc_id="v",
        state="failed",
        error={"message": text},
        request_id=text,
    )
    (row,) = read(of(item).to_csv(tmp_path / "fleet.csv"))
    assert {row["name"], row["cluster_name"], row["error_message"], row["request_id"]} == {f"'{text}"}


@pytest.mark.parametrize("cell", ["", "gpu-1", "a=1", "1", "'", "集群", '{"a": "=1"}'])
def test_any_other_cell_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


def test_excel_can_be_told_that_it_is_unicode(tmp_path: Path) -> None:
    path = report_of(1).to_csv(tmp_path / "fleet.csv", encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbfkind,")
    assert len(read(path, "utf-8-sig")) == 3


def test_half_a_character_does_not_stop_it(tmp_path: Path) -> None:
    item = ReportItem(kind="cluster", name="a\ud800", cluster_name="a", vpc_id="v", state="ready")
    (row,) = read(of(item).to_csv(tmp_path / "fleet.csv"))
    assert row["name"] == "a\\ud800"
