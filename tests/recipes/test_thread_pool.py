"""A thread pool: one client for all threads, results and errors gathered, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from thread_pool import Creation

from cds_eks import EksClient, errors, models
from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.testing import DrivenEmulator
from support.eventually import WAIT_TIMEOUT, until

from .conftest import EXAMPLES, RECIPES

REQUEST = models.CreateClusterRequest.from_dict(tomllib.loads((EXAMPLES / "first_cluster.toml").read_text()))
NAMES = [f"gpu-{at}" for at in range(8)]


def test_all_are_created_once_by_many_threads(eks_emulator: DrivenEmulator, eks_sync_client: EksClient) -> None:
    creation = Creation(eks_sync_client, REQUEST)
    creation.run([*NAMES, *NAMES])
    assert creation.failed == {}
    assert creation.ids == {name: eks_emulator.cluster_id(name) for name in NAMES}
    for name in NAMES:
        eks_emulator.assert_created_once(name)


def test_a_second_run_takes_what_the_first_has_made(
    eks_emulator: DrivenEmulator, eks_sync_client: EksClient, capsys: pytest.CaptureFixture[str]
) -> None:
    first, again = Creation(eks_sync_client, REQUEST), Creation(eks_sync_client, REQUEST)
    first.run(NAMES)
    told = capsys.readouterr().out
    again.run(NAMES)
    assert (again.failed, again.ids) == ({}, first.ids)
    assert dict(line.split() for line in told.splitlines()) == first.ids
    for name in NAMES:
        eks_emulator.assert_created_once(name)


@pytest.mark.slow
def test_what_a_process_that_is_killed_has_made_is_told(tmp_path: Path) -> None:
    emulator = Emulator(clock=ManualClock())
    with emulator.serve() as url, running(tmp_path, url, emulator) as process:
        until(lambda: emulator.ledger.count(action="GetCluster") >= len(NAMES))
        process.kill()
        told, _ = process.communicate(timeout=WAIT_TIMEOUT)
    there = {each.name: each.id for each in emulator.ledger.created("cluster")}
    assert dict(line.split() for line in told.splitlines()) == there


@contextmanager
def running(folder: Path, url: str, emulator: Emulator) -> Iterator[subprocess.Popen[str]]:
    """The program, with all names."""
    (folder / "cluster.toml").write_bytes((EXAMPLES / "first_cluster.toml").read_bytes())
    settings = {
        **os.environ, "CDS_EKS_ENDPOINT": url, "CDS_SECRET_ID": emulator.credentials.access_key_id,
        "CDS_SECRET_KEY": emulator.credentials.secret_access_key,
    }  # fmt: skip
    command = [sys.executable, "-W", "error", str(RECIPES / "thread_pool.py"), *NAMES]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=settings
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.eks_faults(
    "CreateCluster:reset_after_commit:count=1",
    "CreateCluster:status=400:code=QuotaExceeded:skip=1:count=1",
    "CreateCluster:reset_before_commit:skip=2:count=1",
)
def test_errors_are_gathered_and_lost_responses_recovered(
    eks_emulator: DrivenEmulator, eks_sync_client: EksClient
) -> None:
    creation = Creation(eks_sync_client, REQUEST)
    creation.run(NAMES)
    ids, failed = creation.ids, creation.failed
    eks_emulator.assert_faults_struck()
    assert sorted(type(error).__mro__[1].__name__ for error in failed.values()) == ["AmbiguousCreate", "ServiceError"]
    assert {*ids} | {*failed} == {*NAMES}
    assert ids == {name: eks_emulator.cluster_id(name) for name in NAMES if name not in failed}
    for name in ids:
        eks_emulator.assert_created_once(name)
    assert eks_sync_client.open_creates == ()


@pytest.mark.slow
@pytest.mark.parametrize("at", ["waits", "creates"])
def test_ctrl_c_ends_it_at_once_and_says_what_is_open(at: str, tmp_path: Path) -> None:
    emulator = Emulator(clock=ManualClock())
    if at == "creates":
        emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=20))
    with emulator.serve() as url, running(tmp_path, url, emulator) as process:
        action = {"waits": "GetCluster", "creates": "CreateCluster"}[at]
        until(lambda: emulator.ledger.count(action=action) >= len(NAMES))
        process.send_signal(signal.SIGINT)
        told, complaints = process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == 130
    assert "Traceback" not in complaints
    there = dict(line.split() for line in told.splitlines())
    unknown = [line.split()[-1] for line in complaints.splitlines() if line.startswith("look for it")]
    assert sorted(there if at == "waits" else unknown) == NAMES
    assert {*there} & {*unknown} == set()
    assert emulator.ledger.count(action="CreateCluster", committed=True) == len(NAMES)


def test_an_error_that_nobody_expects_ends_it_too(eks_sync_client: EksClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def create(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Creation, "_create", create)
    with pytest.raises(ZeroDivisionError):
        Creation(eks_sync_client, REQUEST).run(NAMES)
    with pytest.raises(errors.ConfigurationError, match="closed"):
        eks_sync_client.clusters.list()
