"""The disk of the journal is full in mid-run: nothing new is created meanwhile, and nothing is lost or made twice."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from benchmarks.fleet_crashes.judge import faults_found
from benchmarks.fleet_crashes.processes import Provisioner, Service, Work

if sys.platform != "linux":
    pytest.skip("needs prlimit", allow_module_level=True)

import resource

pytestmark = pytest.mark.long

FAST = 400.0


def set_limit(pid: int, most: int) -> None:
    """Have writes beyond so many bytes of a file fail."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


@pytest.mark.parametrize("is_killed", [False, True], ids=["it gets room again", "it is killed, and resumed with room"])
def test_with_a_full_disk_nothing_new_is_created_and_nothing_is_made_twice(tmp_path: Path, *, is_killed: bool) -> None:
    with Service(5, speed=FAST) as service:
        work = Work(url=service.url, journal=str(tmp_path / "fleet.db"), clusters=6)
        process = Provisioner(work)
        while service.creates() < 3:
            assert not process.wait(0.005)
        set_limit(process.pid, 4096)
        time.sleep(0.5)  # what was intended by then may have left
        creates = service.creates()
        assert not process.wait(1.5)
        assert service.creates() == creates
        if is_killed:
            process.kill()
            process = Provisioner(work)
        else:
            set_limit(process.pid, resource.RLIM_INFINITY)
        report = process.report()
        assert faults_found(6, service.made(), report) == []
        assert creates < service.creates()
