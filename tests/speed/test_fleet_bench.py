"""A slice of `python -m benchmarks.fleet`. No time is asserted."""

from __future__ import annotations

import sys

import pytest

from benchmarks.fleet.__main__ import main
from benchmarks.fleet.plan import bound

pytestmark = pytest.mark.slow

ROWS = ("makespan", "memory", "runner", "emulator", "polls", "journal", "report", "requests", "ledger")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_a_slice(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--clusters", "20", "--speed", "300", "--interval", "0.2", "--latency", "0.001"])
    machine, head, *rows = capsys.readouterr().out.splitlines()
    assert "; load " in machine
    assert head.startswith("20 clusters x 2 pools, 1 ms, 256 in flight, no rate")
    assert tuple(row.split()[0] for row in rows if not row.startswith("  MISSED")) == ROWS
    assert "each once" in rows[ROWS.index("ledger")]
    assert "WRONG" not in rows[ROWS.index("ledger")]


class TestBound:
    def test_is_the_tasks_of_one_cluster_and_the_ways(self) -> None:
        assert bound(1, 1, speed=1, latency=0.5, in_flight=1, rate=None) == 300.5
        assert bound(1, 3, speed=1, latency=0.0, in_flight=1, rate=None) == 300 + 2 * 70

    def test_has_the_last_cluster_wait_for_those_before_it(self) -> None:
        assert bound(10, 1, speed=1, latency=1.0, in_flight=2, rate=None) == 4 + 301
        assert bound(11, 1, speed=1, latency=0.0, in_flight=2, rate=0.1) == 100 + 300

    def test_is_not_less_than_what_the_rate_needs_for_all_creates(self) -> None:
        assert bound(100, 20, speed=1_000_000, latency=0.0, in_flight=100, rate=1.0) == 2000
