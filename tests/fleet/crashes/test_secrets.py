"""A planted secret of a plan is nowhere but in the requests: not in what is kept, told or logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from benchmarks.fleet_crashes.plans import plan_of
from benchmarks.fleet_crashes.processes import LIMITS, SECRETS
from cds_eks import AsyncEksClient, RetryPolicy
from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet.journal.opening import open_journal
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.run.provision import provision

ECHOES = [
    Fault("status", "CreateCluster", status=400, code="InvalidParameter", message=f"{name} {value} is weak", count=1)
    for name, value in SECRETS.items()
]
"""A service that repeats a secret in its refusals."""


def command_lines() -> str:
    return "\n".join(
        path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    )


def test_a_planted_secret_is_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    journal_path = tmp_path / "fleet.db"
    plan = plan_of(6)

    async def body() -> FleetReport:
        emulator = Emulator(speed=300.0, faults=[*ECHOES, Fault("reset_after_commit", "create", probability=0.3)])
        key = emulator.credentials
        async with (
            emulator.serve() as url,
            AsyncEksClient(key, endpoint=url, retry=RetryPolicy(max_attempts=2, base_delay=0.01)) as eks,
            open_journal(journal_path) as journal,
        ):
            run = provision(eks, plan, journal=journal, settle=0.3, limits=LIMITS)
            async for event in run:
                told.append(f"{event!r} {event}")
                if len(told) < 3:
                    told.append(command_lines())
            report = await run.report()
            told.extend(repr(entry) for entry in await journal.audit())
            told.extend(repr(item) for item in await journal.items())
            told.append(repr(journal) + repr(run) + repr(eks))
        # The service did get them.
        assert emulator.ledger.count("CreateCluster", "InvalidParameter") == len(SECRETS)
        return report

    report = anyio.run(body)
    refused = [item for item in report.items if item.state == "refused"]
    assert len(refused) == len(SECRETS)  # otherwise nothing was echoed
    report.to_html(tmp_path / "report.html")
    report.to_csv(tmp_path / "report.csv")
    (tmp_path / "report.json").write_text(str(report.to_dict()) + str(report) + repr(report))
    (tmp_path / "plan.txt").write_text(str(plan.to_dict()) + repr(plan) + str(plan))
    (tmp_path / "log.txt").write_text(caplog.text + "".join(repr(vars(record)) for record in caplog.records))
    (tmp_path / "told.txt").write_text("\n".join(told))
    kept = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert {"fleet.db", "report.html", "report.csv", "report.json", "log.txt", "told.txt"} <= {
        each.name for each in kept
    }
    key = Emulator().credentials.secret_access_key
    for path in kept:
        content = path.read_bytes()
        assert content
        for secret in (*SECRETS.values(), key):
            assert secret.encode() not in content, f"{path.name} shows {secret}"
            assert secret.encode("utf-16-le") not in content


def test_a_killed_processs_journal_keeps_no_secret(new_journal: Callable[[], str], tmp_path: Path) -> None:
    from benchmarks.fleet_crashes.processes import Provisioner, Service, Work

    where = new_journal()
    with Service(3) as service:
        process = Provisioner(Work(url=service.url, journal=where, clusters=4))
        while service.requests("CreateCluster") < 3:
            assert not process.wait(0.005)
        process.kill()
    if "://" in where:
        import psycopg

        with psycopg.connect(where) as connection:
            rows = [
                connection.execute(f"SELECT * FROM {table}").fetchall()
                for (table,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ]
        content = repr(rows).encode()
    else:
        content = b"".join(path.read_bytes() for path in tmp_path.glob("fleet-*"))
    assert b"c000" in content
    assert not [name for name, value in SECRETS.items() if value.encode() in content]
