"""The examples do what the README says, against the emulator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments], capture_output=True, text=True, timeout=90, check=False, cwd=cwd
    )


@pytest.mark.parametrize("name", ["first_cluster.py", "first_cluster_sync.py"])
def test_a_cluster_lives_its_whole_life(name: str, tmp_path: Path) -> None:
    done = run(str(EXAMPLES / name), "--emulated", "--speed", "600", cwd=tmp_path)

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
