"""`examples/cluster.sh`: a cluster's life from the shell, which stops at the first error."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from support.quick_polls import RUN_WITH_QUICK_POLLS

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "examples" / "cluster.sh"


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(speed=6000)


@pytest.fixture
def folder(cli: CommandLine, tmp_path: Path) -> Path:
    """A folder to run it in, with `cds-eks` on the path."""
    program = tmp_path / "bin" / "cds-eks"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{RUN_WITH_QUICK_POLLS}" -m cds_eks.cli "$@"\n')
    program.chmod(0o755)
    return tmp_path


def run(folder: Path, request_file: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    command = [str(SCRIPT), request_file, "subnet-1"]
    return subprocess.run(
        command, env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90,
        check=False,
    )  # fmt: skip


def test_a_cluster_lives_its_whole_life(folder: Path, emulator: Emulator, request_file: str) -> None:
    done = run(folder, request_file)
    assert done.returncode == 0, done.stderr
    assert "stopped" not in done.stderr
    with (folder / "nodes.csv").open(encoding="utf-8") as file:
        nodes = list(csv.DictReader(file))
    assert [node["node_type"] for node in nodes].count("worker") == 4
    assert {node["node_status"] for node in nodes} == {"running"}
    (listed,) = [line for line in done.stdout.splitlines() if line.endswith(",eth-of-mine")]
    assert nodes[3]["node_id"] in listed
    assert {emulator.ledger.count(name) for name in ("CreateCluster", "DeleteCluster", "ScalingNodePoolNum")} == {1}
    resources = emulator.ledger.to_plain()["resources"]
    assert {each["kind"] for each in resources if not each["deleted_at"]} <= {"task", "event"}


def test_it_stops_at_the_first_error(folder: Path, emulator: Emulator, request_file: str) -> None:
    emulator.faults.add(Fault("status", "AttachNetworkInterface", status=409, code="Conflict"))
    done = run(folder, request_file)
    assert done.returncode == 6
    assert "Conflict" in done.stderr
    assert done.stderr.splitlines()[-1].endswith(" is still there")
    assert not (folder / "nodes.csv").exists()
    assert emulator.ledger.count("DescribeNetworkInterfaces") == emulator.ledger.count("DeleteCluster") == 0


def test_it_stops_if_the_cluster_fails(folder: Path, emulator: Emulator, request_file: str) -> None:
    emulator.faults.add(Fault("task_fails", "CreateCluster"))
    done = run(folder, request_file)
    assert done.returncode == 1
    assert "cluster_id=" in done.stderr  # nothing that was made is lost
    assert emulator.ledger.count("ListNodePools") == 0


def test_it_is_short_and_says_what_it_needs(folder: Path) -> None:
    code = [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert len(code) <= 20
    done = subprocess.run([str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "usage: cluster.sh REQUEST SUBNET_ID" in done.stderr
