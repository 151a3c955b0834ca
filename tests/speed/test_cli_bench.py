"""The benchmark of the command line runs from end to end. No time is ever asserted here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import cli
from benchmarks.cli import BARS, PROGRAMS, SECTIONS, Cost, cost_of, main, ratio_in

pytestmark = pytest.mark.slow


def test_a_tiny_run_says_what_each_has_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    options = ["--only", "start", "memory", "--rounds", "1", "--nodes", "1500"]
    main([*options, "--json", str(file)])
    told = json.loads(file.read_text())
    sections = ("start", "memory")
    assert set(told) == {name for each in sections for name in (*SECTIONS[each], *(bar.name for bar in BARS[each]))}
    shown = capsys.readouterr().out
    assert all(name in shown for name in told)


def test_each_program_belongs_to_a_section() -> None:
    assert {name for names in SECTIONS.values() for name in names} == set(PROGRAMS)
    assert set(SECTIONS) == set(BARS)


def test_what_did_not_work_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.PROGRAMS, "pass", [*PROGRAMS["pass"][:2], "print('one line')"])
    assert cost_of("pass", {}, 1).lines == 1
    with pytest.raises(SystemExit, match="'pass' did not work: exit code 0, 1 lines"):
        cost_of("pass", {}, 2)
    monkeypatch.setitem(cli.PROGRAMS, "pass", [*PROGRAMS["pass"][:2], "raise SystemExit(3)"])
    with pytest.raises(SystemExit, match="exit code 3"):
        cost_of("pass", {}, None)


def test_ratios_are_of_runs_side_by_side() -> None:
    costs = {"a": [Cost(2, 1, 1, 1), Cost(40, 1, 1, 1), Cost(6, 1, 1, 1)]}
    costs["b"] = [Cost(1, 1, 1, 1), Cost(10, 1, 1, 1), Cost(2, 1, 1, 1)]
    of = ratio_in(costs)
    assert (of("a", "", "cpu"), of("a", "b", "cpu")) == (6, 3)


def test_a_bar_that_is_missed_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    bar = BARS["start"][0]
    monkeypatch.setattr(cli, "BARS", {**BARS, "start": [cli.Bar(bar.name, 0.0, bar.value)]})
    monkeypatch.setattr(cli, "cost_of", lambda name, *_: Cost(1, 1, 1, len(name)))
    assert main(["--only", "start", "--rounds", "1"]) == 1
    assert f"MISSED 1.00 of 0  {bar.name}" in capsys.readouterr().out
