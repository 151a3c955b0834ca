"""A slice of `python -m benchmarks.handover`. No time is asserted."""

from __future__ import annotations

import pytest

from benchmarks.handover import WAYS, main


def test_a_slice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--calls", "32", "--rounds", "1", "--threads", "1", "4"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["µs", "a", "call", "threads:", "1", "threads:", "4"]
    assert [row.partition("  ")[0].strip() for row in rows] == list(WAYS)
    assert all(row.count("x)") == 2 for row in rows)
