"""Runners on Dask: a worker killed, one frozen for three leases, a scheduler killed. The ledger is the judge."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_eks.fleet.runners.pool import RunnersLost
from fleet.runners.crowd import LIMITS, LOSSY, Service, launched, sendable_plan, serving

pytestmark = pytest.mark.long

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")

COUNT = 8
QUIET = {"silence_logs": 50, "dashboard_address": None, "host": "127.0.0.1"}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with serving(monkeypatch, "--fault", LOSSY, speed=120.0) as found:
        yield found


@pytest.fixture
def dask(service: Service) -> Iterator[Any]:
    """A client of two workers, each in a process of its own that has the keys."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **QUIET) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def program(name: str, *args: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *args, "--no-dashboard", "--host", "127.0.0.1"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pids(client: Any) -> list[int]:
    return list(client.run(os.getpid).values())


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_made_twice_or_lost(
    service: Service, dask: Any, tmp_path: Path
) -> None:
    workers = pids(dask)

    def kill() -> None:
        service.until_created(1)
        os.kill(workers[0], signal.SIGKILL)

    report = launched(
        service,
        sendable_plan(COUNT),
        kill,
        journal=tmp_path / "fleet.db",
        executor=dask.get_executor(pure=False),
        runners=2,
    )
    service.assert_once(sendable_plan(COUNT), report)


def test_a_worker_that_is_frozen_for_three_leases_and_woken_makes_nothing_twice(
    service: Service, dask: Any, tmp_path: Path
) -> None:
    workers = pids(dask)

    def freeze() -> None:
        service.until_created(1)
        os.kill(workers[0], signal.SIGSTOP)
        time.sleep(3 * LIMITS.lease)
        os.kill(workers[0], signal.SIGCONT)

    report = launched(
        service,
        sendable_plan(COUNT),
        freeze,
        journal=tmp_path / "fleet.db",
        executor=dask.get_executor(pure=False),
        runners=2,
    )
    service.assert_once(sendable_plan(COUNT), report)


def test_when_the_scheduler_is_killed_the_launch_says_so_and_is_resumed_elsewhere(
    service: Service, tmp_path: Path
) -> None:
    plan = sendable_plan(COUNT)
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    process = program("scheduler", "--port", str(port))
    workers = [program("worker", address, "--nthreads", "1") for _ in range(2)]
    try:
        with distributed.Client(address, timeout=10) as client:
            client.wait_for_workers(2, timeout=60)

            def kill() -> None:
                service.until_created(1)
                process.kill()

            with pytest.raises(RunnersLost):
                launched(
                    service,
                    sendable_plan(COUNT),
                    kill,
                    journal=tmp_path / "fleet.db",
                    executor=client.get_executor(pure=False),
                    runners=2,
                )
    finally:
        for each in (process, *workers):
            each.kill()
            each.wait()
    report = launched(service, plan, journal=tmp_path / "fleet.db", runners=2)
    service.assert_once(plan, report)
