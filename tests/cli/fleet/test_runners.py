"""`provision --runners N`: processes that share a plan."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path

import anyio
import pytest

from cds_eks import fleet
from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine
from cli.fleet.conftest import QUICK
from cli.fleet.test_interrupts import NAMES, made, started, until
from support.eventually import PATIENCE

WORDS = (*QUICK, "--lease", "2s", "--runners", "2")


def test_a_stream_of_events_is_refused(cli: CommandLine, plan: str) -> None:
    events = cli("provision", plan, *WORDS, "-o", "jsonl")
    assert (events.code, "use -o json" in events.failure["message"]) == (2, True)


def stopped(plan: str) -> str | None:
    """Return why the journal has runners stop, or None."""

    async def asked() -> str | None:
        async with fleet.open_journal(Path(plan).with_suffix(".db")) as journal:
            return (await journal.renew("a runner", lease=1.0)).stop

    return anyio.run(asked)


@pytest.mark.long
def test_two_runners_make_each_once(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    with started(["provision", plan, *WORDS]) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert "9 of 9 ready" in err
    assert made(emulator) == Counter(NAMES)
    assert "gpu-001/workers" in out


@pytest.mark.long
def test_runners_take_a_profile(
    cli: CommandLine, emulator: Emulator, plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        f"""[profiles.work]
endpoint = "{os.environ["CDS_EKS_ENDPOINT"]}"
secret_id = "env:WORK_ID"
secret_key = "env:WORK_KEY"
"""
    )
    file.chmod(0o600)
    monkeypatch.setenv("CDS_CONFIG_FILE", str(file))
    monkeypatch.setenv("WORK_ID", os.environ["CDS_SECRET_ID"])
    monkeypatch.setenv("WORK_KEY", os.environ["CDS_SECRET_KEY"])
    for name in ("CDS_EKS_ENDPOINT", "CDS_SECRET_ID", "CDS_SECRET_KEY"):
        monkeypatch.delenv(name)
    with started(["provision", plan, *WORDS, "--profile", "work", "-o", "json"]) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert json.loads(out)["ok"]
    assert made(emulator) == Counter(NAMES)


@pytest.mark.long
def test_ctrl_c_stops_all_of_them_and_the_same_command_goes_on(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("task_never_ends", "CreateCluster", count=3))
    with started(["provision", plan, *WORDS, "-o", "json"]) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    failure = json.loads(err)
    assert process.returncode == failure["exit_code"] == 130
    assert json.loads(out)["counts"]["cluster"] == {"accepted": 3}
    assert stopped(plan) is None  # the journal stops nobody any more
    assert made(emulator) == Counter(NAMES)


@pytest.mark.long
def test_a_timeout_stops_all_of_them(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("task_never_ends", "CreateCluster"))
    with started(["provision", plan, *WORDS, "-o", "json", "--timeout", "5s"]) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == json.loads(err)["exit_code"] == 124
    assert json.loads(out)["ok"] is False
    assert json.loads(out)["stopped"] == "the time of --timeout is over, for all runners"
    assert stopped(plan) is None
    assert emulator.ledger.count("CreateCluster", "Success") == 3


@pytest.mark.long
def test_how_it_fails(cli: CommandLine, plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_SECRET_KEY", "wrong")
    with started(["provision", plan, *WORDS, "-o", "json"]) as process:
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == json.loads(err)["exit_code"] == 4
    monkeypatch.delenv("CDS_SECRET_KEY")
    with started(["provision", plan, *WORDS, "-o", "json"]) as process:
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == json.loads(err)["exit_code"] == 2
    assert json.loads(err)["class"] == "ConfigurationError"
