"""An emulator in a process of its own, a plan that may be sent to others, and what the ledger says of many runners."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from anyio import to_thread

from cds_eks import RetryPolicy, fleet
from cds_eks.errors import EksError
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.run.limits import FleetLimits
from cds_eks.fleet.runners.client_settings import ClientSettings
from fleet.run.world import plan_of

TESTS = Path(__file__).resolve().parents[2]
SECRET = "CDS_EKS_TEST_FLEET_SECRET"
KEYS = ("CDS_EKS_TEST_FLEET_KEY_ID", "CDS_EKS_TEST_FLEET_KEY")
SETTLE = 0.6
LIMITS = FleetLimits(poll_interval=0.1, pool_fallback=1.0, create_timeout=0.7, lease=0.7, creates=6, batch=3, grace=2.0)
LOSSY = "create:hang_after_commit:probability=0.3:seconds=0.2"


def sendable_plan(count: int, pools: int = 2) -> Plan:
    """Return a plan whose secrets are references, so that it may be pickled."""
    text = json.dumps(plan_of(count, pools).to_dict()).replace('"redacted:', f'"env:{SECRET}')
    return Plan.from_dict({**json.loads(text), "allow_inline_secrets": False})


@attrs.frozen
class Service:
    url: str
    speed: float

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        with urllib.request.urlopen(f"{self.url}/_emulator/ledger", timeout=30) as answer:
            found: dict[str, list[dict[str, Any]]] = json.load(answer)
        return found

    def client(self) -> ClientSettings:
        return ClientSettings(
            endpoint=self.url, credentials_env=KEYS, retry=RetryPolicy(max_attempts=3, base_delay=0.01)
        )

    def created(self) -> int:
        return sum(each["kind"] in ("cluster", "node_pool") for each in self.ledger()["resources"])

    def until_created(self, count: int, seconds: float = 60.0) -> None:
        """Wait until at least so many resources were created."""
        ends = time.monotonic() + seconds
        while self.created() < count:
            assert time.monotonic() < ends, f"{self.created()} of {count} resources were created in time"
            time.sleep(0.02)

    def assert_once(self, plan: Plan, report: FleetReport) -> None:
        """No cluster and no pool was made twice, none is missing, and the report says the same as the ledger."""
        made = [each for each in self.ledger()["resources"] if each["kind"] in ("cluster", "node_pool")]
        clusters = Counter(each["name"] for each in made if each["kind"] == "cluster")
        assert clusters == Counter(cluster.name for cluster in plan.clusters)
        pools = Counter(each["name"] for each in made if each["kind"] == "node_pool")
        assert pools == Counter(pool.name for cluster in plan.clusters for pool in cluster.pools)
        assert {item.state for item in report.items} == {"ready"}
        told = [
            (item.kind, item.name, item.ids["cluster_id" if item.kind == "cluster" else "node_pool_id"])
            for item in report.items
        ]
        assert sorted(told) == sorted((each["kind"], each["name"], each["id"]) for each in made)

    def most_in_a_second(self) -> int:
        """Return the most requests that came in any second of the clock on the wall, wherever it begins."""
        times = sorted(each["at"] / self.speed for each in self.ledger()["requests"])
        return max(bisect_left(times, at + 1.0) - index for index, at in enumerate(times))


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, *options: str, speed: float = 300.0) -> Iterator[Service]:
    """Serve an emulator in a process of its own, and have its keys where runners look for them."""
    command = [sys.executable, "-m", "cds_eks.emulator", "--port", "0", "--speed", str(speed), *options]
    path = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ)
    try:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(6))
        values = dict(re.findall(r"^export (\w+)='?([^'\n]*)'?$", said, flags=re.MULTILINE))
        monkeypatch.setenv(KEYS[0], values["CDS_SECRET_ID"])
        monkeypatch.setenv(KEYS[1], values["CDS_SECRET_KEY"])
        monkeypatch.setenv(SECRET, "Secret-12345")
        yield Service(f"http://{values['CDS_API_HOST']}", speed)
    finally:
        process.kill()
        process.communicate()


def freeze(pid: int, journal: Path) -> None:
    """Stop a process while it has nothing locked: SQLite's lock is not given up."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        os.waitid(os.P_PID, pid, os.WSTOPPED)
        with closing(sqlite3.connect(journal, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.003)
            else:
                return


def identity_of(path: Path) -> str:
    """Make a journal, if there is none, and return its identity."""

    async def body() -> str:
        async with fleet.open_journal(path) as journal:
            return await journal.identity()

    return anyio.run(body)


def launched(
    service: Service, plan: Plan, beside: Callable[[], object] = int, *, backend: str = "asyncio", **settings: Any
) -> FleetReport:
    """Launch a plan, and do something beside it in a thread."""

    async def body() -> FleetReport | Exception:
        async with anyio.create_task_group() as group:
            group.start_soon(to_thread.run_sync, beside)
            try:
                return await fleet.launch(
                    plan, client=service.client(), **{"settle": SETTLE, "limits": LIMITS, **settings}
                )
            except EksError as error:
                return error
        raise AssertionError

    done = anyio.run(body, backend=backend)
    if isinstance(done, Exception):
        raise done
    return done
