"""The wall clock is set forward between a kill and the next run, while the network still has a create."""

from __future__ import annotations

import time
from pathlib import Path

import attrs
import pytest

from benchmarks.fleet_crashes.judge import faults_found
from benchmarks.fleet_crashes.processes import Provisioner, Service, Work
from cds_eks.emulator import Fault
from cds_eks.fleet.journal.sqlite_clock import boot_id

pytestmark = pytest.mark.long

FAST = 400.0
LATE = Fault("late", "CreateCluster", seconds=2.0 * FAST)
"""Two seconds of real time: within the settling window below."""


@pytest.mark.skipif(boot_id() is None, reason="this system does not tell one boot from another")
@pytest.mark.parametrize("ahead", [600.0, -600.0])
def test_a_wall_clock_that_is_set_after_a_kill_makes_nothing_twice(tmp_path: Path, ahead: float) -> None:
    with Service(11, [LATE], speed=FAST) as service:
        work = Work(url=service.url, journal=str(tmp_path / "fleet.db"), clusters=4, settle=4.0)
        process = Provisioner(work)
        while service.requests("CreateCluster") < 4:
            assert not process.wait(0.002)
        process.kill()
        killed_at = time.monotonic()
        service.set_faults([])
        report = Provisioner(attrs.evolve(work, wall_ahead=ahead)).report()
        time.sleep(max(0.0, killed_at + 2.5 - time.monotonic()))  # by then all that was late has come
        assert faults_found(4, service.made(), report) == []
