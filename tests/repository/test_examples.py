"""The examples do what the README says, against the emulator."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator
from support.eventually import WAIT_TIMEOUT
from support.quick_polls import RUN_WITH_QUICK_POLLS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run an example with `-W error`, and with short pauses between polls."""
    return subprocess.run(
        [sys.executable, "-W", "error", RUN_WITH_QUICK_POLLS, *arguments], capture_output=True, text=True, timeout=90,
        check=False, cwd=cwd,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["first_cluster.py", "first_cluster_sync.py"])
def test_a_cluster_lives_its_whole_life(name: str, tmp_path: Path) -> None:
    done = run(str(EXAMPLES / name), "--emulated", "--speed", "6000", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    steps = [line.split(" (")[0] for line in done.stdout.splitlines() if line.startswith("✓")]
    assert steps == [
        "✓ create cluster first-cluster",
        "✓ wait for its task",
        "✓ wait until it runs",
        "✓ scale node pool workers to 4",
        "✓ attach a network interface to first-cluster-workers-4",
        "✓ detach and delete the network interface",
        "✓ delete cluster first-cluster",
    ]
    assert "nothing left behind" in done.stdout
    assert "Change-me-1st!" not in done.stdout


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("fleet")
    arguments = ("--emulated", "--speed", "240", "--journal", str(folder / "fleet.db"))
    return run(str(EXAMPLES / "fleet.py"), *arguments, cwd=folder), folder


def test_a_fleet_is_there_once_in_spite_of_faults(fleet: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = fleet
    assert (done.returncode, done.stderr) == (0, "")
    assert "4x reset_after_commit" in done.stdout
    assert "the service's ledger: 20 clusters created, 0 of them twice" in done.stdout
    assert "60 of 60 ready" in done.stdout
    assert "it was created after all (recovered)" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_fleet_ends_with_the_path_of_its_report(fleet: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, folder = fleet
    assert done.stdout.splitlines()[-1] == f"report: {folder / 'fleet.html'}"
    assert "gpu-018" in (folder / "fleet.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("secret", ["a-made-up-key", "a-made-up-secret", "Made-up-1st!"])
def test_a_fleet_leaves_its_secrets_nowhere(fleet: tuple[subprocess.CompletedProcess[str], Path], secret: str) -> None:
    done, folder = fleet
    assert secret not in done.stdout
    files = [path for path in folder.iterdir() if path.is_file()]
    assert {"fleet.db", "fleet.html", "fleet.log"} <= {path.name for path in files}
    assert [path.name for path in files if secret.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "FileNotFoundError: [Errno 2] No such file or directory: 'my_fleet.toml'"),
        ("version = 1\nclusters = []\n", "my_fleet.toml:2: clusters: is empty"),
    ],
)
def test_a_plan_of_a_fleet_that_can_not_be_used_leaves_words_and_no_file(
    text: str | None, said: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "my_fleet.toml").write_text(text)
    before = list(tmp_path.iterdir())
    done = run(str(EXAMPLES / "fleet.py"), "--plan", "my_fleet.toml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert said in done.stdout
    assert list(tmp_path.iterdir()) == before


def test_the_journal_of_a_fleet_is_not_told_to_an_emulator_that_is_new(
    fleet: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = fleet
    again = run(str(EXAMPLES / "fleet.py"), "--emulated", "--journal", str(folder / "fleet.db"), cwd=folder)
    assert again.returncode == 2
    assert "this journal tells of another service" in again.stderr


def test_a_fleet_with_a_failed_cluster_says_so(tmp_path: Path) -> None:
    plan = tmp_path / "small.toml"
    sample = (EXAMPLES / "fleet.toml").read_text(encoding="utf-8")
    plan.write_text(sample.replace("count = 18", "count = 1", 1), encoding="utf-8")
    fault = ("--fault", "CreateCluster:task_fails:count=1")
    arguments = ("--emulated", "--speed", "600", "--plan", str(plan), "--journal", "small.db")
    done = run(str(EXAMPLES / "fleet.py"), *arguments, *fault, cwd=tmp_path)
    assert done.returncode == 1
    assert "Failed (1):\n  cluster gpu-001 (failed)" in done.stdout
    assert done.stdout.splitlines()[-1] == "report: small.html"


def test_an_interrupted_fleet_goes_on_with_its_journal(tmp_path: Path) -> None:
    emulator = Emulator(speed=6000)
    keys = emulator.credentials
    with emulator.serve() as url:
        settings = {
            **os.environ, "CDS_EKS_ENDPOINT": url, "CDS_SECRET_ID": keys.access_key_id,
            "CDS_SECRET_KEY": keys.secret_access_key, "CDS_CLOUD_AK": "ak", "CDS_CLOUD_SK": "sk",
            "NODE_PASSWORD": "Made-up-1st!",
        }  # fmt: skip
        command = [sys.executable, str(EXAMPLES / "fleet.py"), "--plan", str(EXAMPLES / "fleet.toml")]
        command += ["--poll-interval", "0.1"]
        first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=settings)
        wait_until(lambda: emulator.ledger.count(action="CreateCluster", committed=True) > 0)
        first.send_signal(signal.SIGINT)
        told, _ = first.communicate(timeout=WAIT_TIMEOUT)
        assert first.returncode == 130
        assert "interrupted; open: nothing; run it again to go on" in told
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False, cwd=tmp_path, env=settings
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "60 of 60 ready" in done.stdout
    assert emulator.ledger.count(action="CreateCluster", committed=True) == 20
    assert emulator.ledger.count(action="CreateNodePool", committed=True) == 20


def wait_until(is_so: Callable[[], bool], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_cloud_needs_a_config_of_your_own(tmp_path: Path) -> None:
    done = run(str(EXAMPLES / "first_cluster.py"), cwd=tmp_path)
    assert done.returncode == 2
    assert "--config" in done.stderr


def test_a_wrong_field_in_the_config_is_named(tmp_path: Path) -> None:
    sample = (EXAMPLES / "first_cluster.toml").read_text(encoding="utf-8")
    config = tmp_path / "mine.toml"
    config.write_text(sample.replace("duration = 1,", "duration = 13,", 1), encoding="utf-8")
    done = run(str(EXAMPLES / "first_cluster_sync.py"), "--emulated", "--config", str(config), cwd=tmp_path)
    assert done.returncode == 1
    assert "master_config.billing_spec.duration: must be one of" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_trace_is_shown_with_what_went_wrong_on_the_way(tmp_path: Path) -> None:
    done = run(str(EXAMPLES / "tracing.py"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [re.split("  (?=[a-z])", line)[0] for line in done.stdout.splitlines()]
    assert lines[:7] == [
        "✓ make a cluster",
        "  ✓ EKS/CreateCluster",
        "    ✗ POST",
        "    ✓ POST",
        "  ✓ wait task",
        "    ✓ EKS/GetTaskStatus",
        "      ✗ GET",
    ]
    assert "cds.cluster_id=" in done.stdout
    assert "error.type=cds_eks.errors.ConnectionLost" in done.stdout
