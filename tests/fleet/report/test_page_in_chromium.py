"""The page in a real browser, where there is one: it draws, prints no error, and runs nothing of others."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import attrs
import pytest

from cds_eks.fleet.report.data import Moment, ReportItem
from cds_eks.fleet.report.fleet_report import FleetReport
from support.fleet_reports import hostile_report, report_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
    pytest.mark.timeout(180),
]


def opened(path: Path, *options: str, width: int = 1300) -> tuple[str, list[str]]:
    """Return the document as it is once the script has run, and what the browser's console has got."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *("--enable-logging=stderr", "--virtual-time-budget=10000", f"--window-size={width},900"),
            *(f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", *options, path.as_uri()),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    errors = done.stderr.decode(errors="replace").splitlines()
    return done.stdout.decode(errors="replace"), [line for line in errors if ":CONSOLE" in line]


def page_of(report: FleetReport, folder: Path) -> Path:
    return report.to_html(folder / "fleet.html")


@pytest.mark.parametrize("width", [1300, 390])
def test_twenty_clusters_are_drawn_as_svg(width: int, tmp_path: Path) -> None:
    document, console = opened(page_of(report_of(20), tmp_path), width=width)
    assert console == []
    assert re.search(r"<html [^>]*data-painted=\"svg\" data-rows=\"60\"", document)
    assert document.count('<g class="row">') == 60
    assert document.count('class="name') == 60
    assert "data-broken" not in document.split(">", 2)[1]


def test_a_thousand_clusters_are_drawn_on_a_canvas(tmp_path: Path) -> None:
    document, console = opened(page_of(report_of(1000), tmp_path))
    assert console == []
    assert re.search(r"<html [^>]*data-painted=\"canvas\" data-rows=\"3000\"", document)
    assert re.search(r"<canvas class=\"rows\" width=\"\d{3,}\" height=\"\d{3,}\"", document)


def test_hostile_text_is_drawn_and_not_run(tmp_path: Path) -> None:
    document, console = opened(page_of(hostile_report(), tmp_path))
    assert console == []
    assert 'data-rows="14"' in document
    assert document.count("<script") == 3
    assert "<img" not in document
    assert "&lt;img src=x onerror=alert(1)&gt;" in document


def test_the_legend_has_what_became_of_items_on_the_way(tmp_path: Path) -> None:
    moments = [
        Moment(at=at, state=state) for at, state in enumerate(["planned", "sending", "unknown", "accepted", "ready"])
    ]
    item = ReportItem(
        kind="cluster", name="gpu-1", cluster_name="gpu-1", vpc_id="vpc-1", state="ready", history=tuple(moments)
    )
    document, _ = opened(page_of(FleetReport(items=(item,), started_at=0.0, ended_at=4.0), tmp_path))
    legend = document.partition('id="legend"')[2].partition("</ul>")[0]
    assert re.findall(r'<li class="s-(\w+)"', legend) == ["planned", "sending", "accepted", "unknown", "ready"]
    assert "step of the service" not in legend


def charts_of(document: str) -> dict[str, str]:
    """Return the charts that are to be seen, by their place."""
    found = re.findall(r'<figure class="tile chart"([^>]*)>(.*?)</figure>', document, flags=re.DOTALL)
    return {
        re.findall(r'<div id="(\w+)"', chart)[0]: chart for attributes, chart in found if "hidden" not in attributes
    }


def numbers_of(chart: str) -> list[float]:
    """Return the numbers of a chart's axis."""
    return [float(text) for text in re.findall(r'text-anchor="end">([\d.]+)</text>', chart)]


def test_a_chart_never_counts_more_than_there_are_items(tmp_path: Path) -> None:
    history = tuple(
        Moment(at=at, state=state) for at, state in [(0, "planned"), (1, "sending"), (2, "accepted"), (9, "ready")]
    )
    items = tuple(
        ReportItem(kind="cluster", name=f"a-{k}", cluster_name=f"a-{k}", vpc_id="v", state="ready", history=history)
        for k in range(60)
    )
    document, _ = opened(page_of(FleetReport(items=items, started_at=0.0, ended_at=10.0), tmp_path))
    charts = charts_of(document)
    assert list(charts) == ["throughput", "concurrency"]
    assert "a bar is 0.08 s · 6/s on average" in charts["throughput"]
    for chart in charts.values():
        assert max(numbers_of(chart)) == 60


def test_of_a_report_about_deleting_deletions_are_drawn(tmp_path: Path) -> None:
    history = tuple(Moment(at=at, state=state) for at, state in [(-5, "ready"), (1, "deleting"), (4, "deleted")])
    item = ReportItem(
        kind="cluster", name="a", cluster_name="a", vpc_id="v", state="deleted", history=history
    )  # fmt: skip
    document, console = opened(
        page_of(FleetReport(items=(item,), started_at=0.0, ended_at=5.0, goal="deleted"), tmp_path)
    )
    assert console == []
    charts = charts_of(document)
    assert "Deleted over time" in charts["throughput"]
    assert 'class="area f-deleted"' in charts["throughput"]
    assert "being deleted" in charts["concurrency"]
    assert "creates being sent" not in charts["concurrency"]
    assert 'class="area f-deleting"' in charts["concurrency"]


def test_charts_without_anything_are_left_out_and_differences_are_told(tmp_path: Path) -> None:
    item = ReportItem(
        kind="cluster", name="a", cluster_name="a", vpc_id="v", state="ready", cluster_status="running", unseen=("ak",),
        differences={"k8s_version": {"wanted": "v1", "found": "v2"}},
    )  # fmt: skip
    document, console = opened(page_of(FleetReport(items=(item,), started_at=5.0, ended_at=5.0), tmp_path))
    assert console == []
    assert charts_of(document) == {}
    item = attrs.evolve(item, history=(Moment(at=5.0, state="ready"),))
    document, console = opened(page_of(FleetReport(items=(item,), started_at=5.0, ended_at=5.0), tmp_path))
    assert (console, charts_of(document)) == ([], {})
    assert re.search(r"Different from the plan</span>: <b>1</b>", document)


def test_a_report_of_nothing_is_drawn(tmp_path: Path) -> None:
    empty = FleetReport(items=(), started_at=5.0, ended_at=5.0, stopped="AccessDenied")
    document, console = opened(page_of(empty, tmp_path))
    assert console == []
    assert 'data-rows="0"' in document


def test_an_error_of_the_script_would_be_seen(tmp_path: Path) -> None:
    path = page_of(report_of(2), tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"kind":', '"kinds":', 1), encoding="utf-8")
    document, console = opened(path)
    assert console
    assert "data-broken" in document
