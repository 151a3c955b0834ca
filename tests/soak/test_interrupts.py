"""A slice of `python -m benchmarks.interrupts`, and its judge."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos.interrupting import InterruptionReport, judge
from benchmarks.chaos.service import Evidence
from benchmarks.interrupts import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("backend", ["httpx", "native"])
def test_a_slice(backend: str) -> None:
    """In a process of its own, which gets a real Ctrl-C."""
    options = f"--creates 80 --sigint 40 --seed 5 --backend {backend}"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.interrupts", *options.split()],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "120 creates, 0 violations" in done.stdout
    assert done.stderr == ""
    for way in ("wait_for", "timeout", "scope", "cancel", "sigint"):
        assert any(line.split()[:2] == [way, "unknown"] for line in done.stdout.splitlines()), way


def evidence(*made: str) -> Evidence:
    return Evidence(requests={}, made={"id-1": [("cluster", id_) for id_ in made]}, struck={})


def told(outcome: str, **more: Any) -> InterruptionReport:
    return InterruptionReport(way="cancel", call_id="id-1", outcome=outcome, **more)


@pytest.mark.parametrize(
    ("report", "made", "rule"),
    [
        (told("not_open"), ["c"], "silent, though it was made"),
        (told("not_sent", has_note=True), ["c"], "silent, though it was made"),
        (told("refused"), ["c"], "silent, though it was made"),
        (told("unknown"), ["c", "d"], "made twice"),
        (told("answered", ids=("c",)), [], "told to be made under another id"),
        (told("accepted", ids=("c",)), ["d"], "told to be made under another id"),
        (told("accepted"), ["d"], "told to be made under another id"),
        (told("unknown", has_note=False), ["c"], "open, but what came out of the call does not say so"),
    ],
)
def test_what_must_not_be_is_found(report: InterruptionReport, made: list[str], rule: str) -> None:
    [violation] = judge([report], evidence(*made), []).violations
    assert violation.startswith(rule)


@pytest.mark.parametrize(
    ("report", "made"),
    [
        (told("not_open"), []),
        (told("unknown", has_note=True), ["c"]),
        (told("unknown"), []),
        (told("answered", ids=("c",)), ["c"]),
        (told("accepted", ids=("c",), has_note=True), ["c"]),
    ],
)
def test_what_may_be_is_counted(report: InterruptionReport, made: list[str]) -> None:
    verdict = judge([report], evidence(*made), [])
    assert verdict.violations == []
    assert verdict.counts == {("cancel", report.outcome, "made" if made else "not made"): 1}


def test_concurrent_call_cancelled_is_found() -> None:
    assert judge([], evidence(), ["CancelledError()"]).violations == ["a sibling was struck: CancelledError()"]


def test_numbers_below_zero_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--creates", "-1"])
    assert "at least 0" in capsys.readouterr().err
