"""Fleets and the command line at the time that jumps."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

import pytest

from cds_eks import fleet
from cds_eks.cli.main import main
from cds_eks.emulator import Fault
from cds_eks.testing import DrivenEmulator

from .conftest import ROOT

UNENDING = fleet.FleetLimits(cluster_timeout=1e9, pool_timeout=1e9)
"""For runs whose own timeout is to end them, though time jumps."""


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> fleet.Plan:
    for name in ("CDS_CLOUD_AK", "CDS_CLOUD_SK", "NODE_PASSWORD"):
        monkeypatch.setenv(name, "Made-up-1st!")
    text = (ROOT / "examples" / "fleet.toml").read_text(encoding="utf-8")
    path = tmp_path / "fleet.toml"
    path.write_text(text.replace("count = 18", "count = 3"), encoding="utf-8")
    return fleet.Plan.load(path)


@pytest.mark.anyio
async def test_a_fleet_takes_no_time_in_spite_of_lost_answers(
    anyio_backend: str, plan: fleet.Plan, tmp_path: Path
) -> None:
    began = time.monotonic()
    faults = [
        Fault("reset_after_commit", "CreateCluster", count=2),
        Fault("status", "CreateNodePool", status=503, count=1),
    ]
    with DrivenEmulator(faults=faults) as emulator:
        async with emulator.client() as eks, fleet.open_journal(tmp_path / "fleet.db") as journal:
            report = await fleet.provision(eks, plan, journal=journal, settle=0.1).report()
            assert report.ok
            gone = await fleet.destroy(eks, plan, journal=journal, settle=0.1).report()
            assert {each.name for each in gone.items if each.state == "ready"} >= {"shared-1", "shared-2"}  # protected
        emulator.assert_faults_struck()
        for cluster in plan.clusters:
            if cluster.name.startswith("gpu-"):
                emulator.assert_deleted(cluster.name)
            else:
                emulator.assert_created_once(cluster.name)
        assert len(emulator.ledger.created("cluster")) == len(plan.clusters) == 5
    assert time.monotonic() - began < 30


@pytest.mark.anyio
async def test_the_timeout_of_a_run_is_none_of_the_time_that_jumps(
    anyio_backend: str, plan: fleet.Plan, tmp_path: Path
) -> None:
    with DrivenEmulator(faults=[Fault("reset_after_commit", "CreateCluster", count=2)]) as emulator:
        async with emulator.client() as eks, fleet.open_journal(tmp_path / "fleet.db") as journal:
            report = await fleet.provision(eks, plan, journal=journal, timeout=60.0).report()
        assert emulator.clock.ahead() > 60.0
        assert (report.ok, report.timed_out) == (True, False)


def test_the_timeout_of_a_run_ends_it_in_code_that_blocks(plan: fleet.Plan, tmp_path: Path) -> None:
    with DrivenEmulator(faults=[Fault("task_never_ends", "CreateCluster")]) as emulator:
        with emulator.sync_client() as eks, fleet.sync.open_journal(eks, tmp_path / "fleet.db") as journal:
            run = fleet.sync.provision(eks, plan, journal=journal, timeout=0.5, limits=UNENDING)
            report = run.report()
            assert run.timed_out
            gone = fleet.sync.destroy(eks, plan, journal=journal, timeout=0.2, limits=UNENDING).report()
        for cluster in plan.clusters:
            emulator.assert_created_once(cluster.name)
    assert (report.ok, report.timed_out, report.stopped) == (False, True, "the time of timeout= is over")
    assert (gone.ok, gone.timed_out, gone.goal) == (False, True, "deleted")  # what is never ready stays busy


def test_a_command_that_waits_takes_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "examples" / "first_cluster.toml", tmp_path / "cluster.toml")
    monkeypatch.chdir(tmp_path)
    began, logger = time.monotonic(), logging.getLogger("cds_eks")
    before = (logger.level, logger.propagate, list(logger.handlers))
    with DrivenEmulator() as emulator:
        monkeypatch.setenv("CDS_SECRET_ID", emulator.credentials.access_key_id)
        monkeypatch.setenv("CDS_SECRET_KEY", emulator.credentials.secret_access_key)
        monkeypatch.setenv("CDS_EKS_ENDPOINT", emulator.url)
        arguments = ["clusters", "create", "-f", "cluster.toml", "--wait", "--timeout", "45m", "--quiet"]
        assert main(arguments) == 0
        assert capsys.readouterr().out.strip() == emulator.cluster_id("first-cluster")
        emulator.assert_created_once("first-cluster")
        assert emulator.clock.ahead() > 200
        assert (logger.level, logger.propagate, logger.handlers) == before
    assert time.monotonic() - began < 30
