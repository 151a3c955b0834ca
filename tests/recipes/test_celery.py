"""Celery: a task creates its cluster once, though it is delivered twice, tried again, or its process is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import celery_tasks
import pytest
from celery import Celery
from celery.exceptions import MaxRetriesExceededError, Retry
from celery_tasks import ClusterFailed, provision_cluster

from cds_eks import errors, fleet
from cds_eks.emulator import Emulator, Fault, parse_fault
from cds_eks.testing import DrivenEmulator
from support.eventually import until

from .celery_worker import broker_settings
from .conftest import RECIPES

WAIT_TIMEOUT = 40.0


@pytest.fixture
def process(eks_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process of the pool is."""
    monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
    celery_tasks.open_client()
    yield
    celery_tasks.close_client()


@pytest.mark.usefixtures("process")
class TestTask:
    def test_it_returns_the_ids(self, eks_emulator: DrivenEmulator) -> None:
        ids = provision_cluster.apply(args=["gpu-1"]).get()
        assert ids["cluster_id"] == eks_emulator.cluster_id("gpu-1")
        eks_emulator.assert_created_once("gpu-1")

    def test_one_that_is_delivered_again_creates_nothing(self, eks_emulator: DrivenEmulator) -> None:
        first, again = [provision_cluster.apply(args=["gpu-1"]).get() for _ in range(2)]
        assert first == again
        eks_emulator.assert_created_once("gpu-1")

    def test_a_lost_response_is_looked_for(self, eks_emulator: DrivenEmulator) -> None:
        eks_emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
        assert provision_cluster.apply(args=["gpu-1"]).get()["cluster_id"] == eks_emulator.cluster_id("gpu-1")
        eks_emulator.assert_created_once("gpu-1")
        eks_emulator.assert_faults_struck()

    def test_what_is_refused_fails_at_once(self, eks_emulator: DrivenEmulator) -> None:
        eks_emulator.faults.add(Fault("status", "CreateCluster", status=400, code="QuotaExceeded"))
        with pytest.raises(ClusterFailed, match="QuotaExceeded"):
            provision_cluster.apply(args=["gpu-1"]).get()
        eks_emulator.assert_nothing_created()

    def test_what_the_service_does_not_build_fails_at_once(self, eks_emulator: DrivenEmulator) -> None:
        eks_emulator.faults.add(Fault("task_fails", "CreateCluster"))
        with pytest.raises(ClusterFailed, match="gpu-1"):
            provision_cluster.apply(args=["gpu-1"]).get()
        eks_emulator.assert_created_once("gpu-1")

    def test_a_wrong_key_fails_at_once(self, eks_emulator: DrivenEmulator) -> None:
        eks_emulator.faults.add(Fault("status", "*", status=401, code="InvalidAccessKeyId"))
        with pytest.raises((ClusterFailed, errors.AuthenticationError), match="InvalidAccessKeyId"):
            provision_cluster.apply(args=["gpu-1"]).get()

    @pytest.mark.parametrize("fault", ["*:refuse_connection", "ListClusters:status=500", "CreateCluster:throttle"])
    def test_what_passes_is_tried_again(
        self, fault: str, eks_emulator: DrivenEmulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(celery_tasks, "LONGEST_RUN", 0.3)
        eks_emulator.faults.add(parse_fault(fault))
        later: list[Any] = []

        def retry(**settings: Any) -> Retry:
            later.append(settings)
            return Retry()

        monkeypatch.setattr(provision_cluster, "retry", retry)
        assert provision_cluster.apply(args=["gpu-1"]).state == "RETRY"
        assert len(later) == 1
        eks_emulator.faults.clear()
        monkeypatch.setattr(celery_tasks, "LONGEST_RUN", 60.0)
        assert provision_cluster.apply(args=["gpu-1"]).get()["cluster_id"] == eks_emulator.cluster_id("gpu-1")
        eks_emulator.assert_created_once("gpu-1")

    def test_it_is_not_tried_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(provision_cluster, "max_retries", 2)
        monkeypatch.setattr(fleet.sync, "open_journal", unavailable)
        with pytest.raises((MaxRetriesExceededError, fleet.JournalUnavailable)):
            provision_cluster.apply(args=["gpu-1"]).get()


def unavailable(*_: Any) -> None:
    raise fleet.JournalUnavailable("away")


class Worker:
    """A worker with two processes, on a broker of files."""

    def __init__(self, folder: Path, emulator: Emulator, url: str) -> None:
        settings = {
            **os.environ, "BROKER": str(folder / "broker"), "CDS_FLEET_JOURNAL": str(folder / "fleet.db"),
            "CDS_EKS_ENDPOINT": url, "CDS_SECRET_ID": emulator.credentials.access_key_id,
            "CDS_SECRET_KEY": emulator.credentials.secret_access_key,
            "PYTHONPATH": os.pathsep.join([*map(str, (RECIPES, Path(__file__).parent)), str(RECIPES.parents[1])]),
        }  # fmt: skip
        self._sender = Celery(**broker_settings(folder / "broker"))
        self._log, self._journal = folder / "log", folder / "fleet.db"
        command = [sys.executable, "-m", "celery", "--app", "celery_worker", "worker", "--concurrency", "2"]
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--loglevel", "INFO", "--without-gossip", "--without-mingle"],
                stdout=output, stderr=output, cwd=folder, env=settings,
                start_new_session=True,
            )  # fmt: skip
        until(lambda: " ready." in self.log() or self.process.poll() is not None, WAIT_TIMEOUT)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def send(self, name: str) -> Any:
        return self._sender.send_task("celery_tasks.provision_cluster", [name])

    def kill_busy_process(self) -> None:
        """Kill the one that carries a task out, in the middle of it: the journal has its id."""
        with sqlite3.connect(self._journal) as journal:
            ((runner,),) = journal.execute("SELECT runner FROM runners")
        os.kill(int(runner.split(":")[1]), signal.SIGKILL)

    def end(self) -> None:
        """End it warmly: what is under way is finished."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(WAIT_TIMEOUT) == 0, self.log()

    def end_hard(self) -> None:
        """End it with its processes, if it has not ended."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(WAIT_TIMEOUT)


@contextmanager
def working(folder: Path, emulator: Emulator) -> Iterator[Worker]:
    with emulator.serve() as url:
        worker = Worker(folder, emulator, url)
        try:
            yield worker
        finally:
            worker.end_hard()


def created(emulator: Emulator) -> list[str]:
    return sorted(each.name or "" for each in emulator.ledger.created("cluster"))


@pytest.mark.slow
def test_a_task_that_is_delivered_to_two_processes_at_once_creates_once(tmp_path: Path) -> None:
    emulator = Emulator(speed=600, faults=[Fault("lag", "ListClusters", seconds=60)])
    with working(tmp_path, emulator) as worker:
        results = [worker.send("gpu-1"), worker.send("gpu-1"), worker.send("gpu-2")]
        first, again, other = [result.get(timeout=WAIT_TIMEOUT) for result in results]
    assert first == again
    assert first["cluster_id"] != other["cluster_id"]
    assert created(emulator) == ["gpu-1", "gpu-2"]
    assert "Made-up-1st!" not in worker.log()


@pytest.mark.slow
def test_a_worker_that_is_ended_finishes_what_is_under_way(tmp_path: Path) -> None:
    emulator = Emulator(speed=6000, faults=[Fault("hang_after_commit", "CreateCluster", seconds=1)])
    with working(tmp_path, emulator) as worker:
        result = worker.send("gpu-1")
        until(lambda: emulator.ledger.count(action="CreateCluster") == 1, WAIT_TIMEOUT)
        worker.end()
    assert created(emulator) == ["gpu-1"]
    assert result.state in ("SUCCESS", "RETRY"), worker.log()


@pytest.mark.long
@pytest.mark.parametrize("moment", ["hang_before_commit", "hang_after_commit"])
def test_a_task_whose_process_is_killed_in_the_middle_of_the_create_is_delivered_again_and_creates_once(
    moment: str, tmp_path: Path
) -> None:
    emulator = Emulator(speed=600, faults=[Fault(moment, "CreateCluster", count=1, seconds=2)])
    with working(tmp_path, emulator) as worker:
        result = worker.send("gpu-1")
        until(lambda: emulator.ledger.count(action="CreateCluster") == 1, WAIT_TIMEOUT)
        worker.kill_busy_process()
        assert result.get(timeout=WAIT_TIMEOUT)["cluster_id"]
    assert created(emulator) == ["gpu-1"]
    assert "WorkerLostError" in worker.log()
