"""Runners on Dask: a worker killed, one frozen for three leases, a scheduler killed. The ledger is the judge."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from anyio import to_thread

from cds_eks import fleet
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.runners.pool import RunnersLost
from fleet.runners.crowd import LIMITS, LOSSY, SETTLE, Service, sendable_plan, serving

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")

COUNT = 8
QUIET = {"silence_logs": 50, "dashboard_address": None, "host": "127.0.0.1"}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with serving(monkeypatch, "--fault", LOSSY) as found:
        yield found


@pytest.fixture
def dask(service: Service) -> Iterator[Any]:
    """A client of two workers, each in a process of its own that has the keys."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **QUIET) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def launched(service: Service, journal: Path, executor: Any, beside: Callable[[], object], **limits: Any) -> FleetReport:
    async def body() -> FleetReport:
        async with anyio.create_task_group() as group:
            group.start_soon(to_thread.run_sync, beside)
            return await fleet.launch(
                sendable_plan(COUNT),
                journal=journal,
                executor=executor,
                runners=2,
                client=service.client(),
                settle=SETTLE,
                limits=attrs.evolve(LIMITS, **limits),
            )
        raise AssertionError

    return anyio.run(body)


def pids(client: Any) -> list[int]:
    return list(client.run(os.getpid).values())


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_made_twice_or_lost(
    service: Service, dask: Any, tmp_path: Path
) -> None:
    workers = pids(dask)

    def kill() -> None:
        service.until_created(4)
        os.kill(workers[0], signal.SIGKILL)

    report = launched(service, tmp_path / "fleet.db", dask.get_executor(pure=False), kill)
    service.assert_once(sendable_plan(COUNT), report)


def test_a_worker_that_is_frozen_for_three_leases_and_woken_makes_nothing_twice(
    service: Service, dask: Any, tmp_path: Path
) -> None:
    workers = pids(dask)

    def freeze() -> None:
        service.until_created(2)
        os.kill(workers[0], signal.SIGSTOP)
        time.sleep(3 * LIMITS.lease)
        os.kill(workers[0], signal.SIGCONT)

    report = launched(service, tmp_path / "fleet.db", dask.get_executor(pure=False), freeze)
    service.assert_once(sendable_plan(COUNT), report)


def test_when_the_scheduler_is_killed_the_launch_says_so_and_is_resumed_elsewhere(
    service: Service, tmp_path: Path
) -> None:
    plan = sendable_plan(COUNT)
    address, process = scheduler()
    workers = [worker(address) for _ in range(2)]
    try:
        with distributed.Client(address, timeout=30) as client:

            def kill() -> None:
                service.until_created(2)
                process.kill()

            with pytest.raises(RunnersLost):
                launched(service, tmp_path / "fleet.db", client.get_executor(pure=False), kill)
    finally:
        for each in (process, *workers):
            each.kill()
            each.wait()
    report = anyio.run(
        lambda: fleet.launch(
            plan, journal=tmp_path / "fleet.db", runners=2, client=service.client(), settle=SETTLE, limits=LIMITS
        )
    )
    service.assert_once(plan, report)
