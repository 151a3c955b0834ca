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
from cli.command_line import CommandLine, Run
from cli.fleet.conftest import QUICK
from cli.fleet.started_runs import NAMES, made, started
from support.eventually import WAIT_TIMEOUT, until

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
        out, err = process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == 0, err
    assert "9 of 9 ready" in err
    assert f"3 clusters, 6 node pools; the journal is {Path(plan).with_suffix('.db')}. If it is interrupted" in err
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
        out, err = process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == 0, err
    assert json.loads(out)["ok"]
    assert made(emulator) == Counter(NAMES)


@pytest.mark.long
def test_ctrl_c_stops_all_of_them_and_the_same_command_goes_on(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("task_never_ends", "CreateCluster", count=3))
    with started(["provision", plan, *WORDS, "-o", "json"]) as process:
        until(lambda: emulator.ledger.count("CreateCluster") == 3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_TIMEOUT)
    failure = json.loads(err)
    assert process.returncode == failure["exit_code"] == 130
    assert json.loads(out)["counts"]["cluster"] == {"accepted": 3}
    assert stopped(plan) is None  # the journal stops nobody any more
    assert made(emulator) == Counter(NAMES)


@pytest.mark.long
def test_the_first_ctrl_c_is_answered_at_once_and_errors_are_told_in_options(
    cli: CommandLine, emulator: Emulator, plan: str
) -> None:
    emulator.add_cluster(name="gpu-003", vpc_id="cc32706e-a09a-11ef-8de7-06aabd6a5066")
    emulator.faults.add(Fault("task_never_ends", "CreateCluster", count=2))
    with started(["provision", plan, *WORDS]) as process:
        assert process.stderr is not None
        until(lambda: emulator.ledger.count("CreateCluster") == 2)
        told = [process.stderr.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        told.append(process.stderr.readline())
        _, err = process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == 130
    assert "the journal is" in told[0]
    assert told[1].startswith("gpu-003: failed: ")
    assert "--adopt matching" in told[1]
    assert told[2].startswith("interrupted: what is under way is finished"), err


@pytest.mark.long
def test_a_service_of_another_name_is_rebound(
    cli: CommandLine, plan: str, provisioned: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_EKS_ENDPOINT", os.environ["CDS_EKS_ENDPOINT"].replace("127.0.0.1", "localhost"))
    for words, code in (([], 2), (["--rebind"], 0)):
        with started(["provision", plan, *WORDS, *words]) as process:
            _, err = process.communicate(timeout=WAIT_TIMEOUT)
        assert process.returncode == code, err
        assert ("say so with --rebind once" in err) is (code == 2)


@pytest.mark.long
def test_a_timeout_stops_all_of_them(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("task_never_ends", "CreateCluster"))
    with started(["provision", plan, *WORDS, "-o", "json", "--timeout", "5s"]) as process:
        out, err = process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == json.loads(err)["exit_code"] == 124
    assert json.loads(out)["ok"] is False
    assert json.loads(out)["stopped"] == "the time of --timeout is over, for all runners"
    assert stopped(plan) is None
    assert emulator.ledger.count("CreateCluster", "Success") == 3


@pytest.mark.long
def test_how_it_fails(cli: CommandLine, plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_SECRET_KEY", "wrong")
    with started(["provision", plan, *WORDS, "-o", "json"]) as process:
        _, err = process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == json.loads(err)["exit_code"] == 4
    monkeypatch.delenv("CDS_SECRET_KEY")
    with started(["provision", plan, *WORDS, "-o", "json"]) as process:
        _, err = process.communicate(timeout=WAIT_TIMEOUT)
    assert process.returncode == json.loads(err)["exit_code"] == 4
    assert json.loads(err)["class"] == "CredentialsError"
