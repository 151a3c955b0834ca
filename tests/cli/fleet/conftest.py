"""Fleets on the command line: a plan, its secrets, and an emulator whose time goes fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_eks.emulator import Emulator
from cli.command_line import CommandLine, Run
from cli.conftest import ROOT

SECRETS = {"CDS_CLOUD_AK": "planted-ak-hunter2", "CDS_CLOUD_SK": "planted-sk-hunter2", "NODE_PASSWORD": "Hunter2-1st!"}
QUICK = ("--poll-interval", "0.02s", "--settle", "0.3s")
"""What suits an emulator whose time goes fast."""

CLUSTERS = """
[[clusters]]
name = "gpu-{{index:03d}}"
count = {count}

  [[clusters.node_pools]]
  name = "workers"
  replicas = 2

  [[clusters.node_pools]]
  name = "batch"
  replicas = 1
{more}
"""


def plan_text(count: int = 3, more: str = "") -> str:
    sample = (ROOT / "examples" / "fleet.toml").read_text(encoding="utf-8")
    return sample.partition("[[clusters]]")[0] + CLUSTERS.format(count=count, more=more)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CDS_FLEET_JOURNAL", raising=False)


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(speed=2000.0, seed=7)


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """The file of a plan for three clusters with two pools each; its journal would be beside it."""
    file = tmp_path / "fleet.toml"
    file.write_text(plan_text())
    return str(file)


@pytest.fixture
def provisioned(cli: CommandLine, plan: str) -> Run:
    return cli.done("provision", plan, *QUICK, "-o", "json")
