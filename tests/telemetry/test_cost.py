"""The measurement of what telemetry costs does what it says; what it finds is no test's business."""

from __future__ import annotations

import anyio
import pytest

from benchmarks import otel


def test_each_way_is_measured_beside_that_without_telemetry() -> None:
    found = anyio.run(otel.measure, 3, 2)
    assert found.keys() == otel.WAYS.keys()
    assert set(otel.UNSAMPLED) < found.keys()
    assert all(took > 0 for took, _ in found.values())
    assert found["off"][1] == 0


def test_it_is_told_as_a_table_with_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    code = otel.main(["--rounds", "1", "--calls", "2"])
    said = capsys.readouterr().out
    assert code in (0, 1)
    assert all(name in said for name in otel.WAYS)
    assert "the bar is 2 µs" in said
