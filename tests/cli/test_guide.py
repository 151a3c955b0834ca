"""The guide (`docs/cli.md`): what it runs works, in one shell, and its tables are those of the code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cds_eks.cli import failures
from cds_eks.cli.options import FORMATS
from cds_eks.emulator import Emulator
from cli.command_line import CommandLine
from codegen.command_examples import FILES
from codegen.command_world import SETTINGS, fill
from support.quick_polls import RUN_WITH_QUICK_POLLS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "cli.md", ROOT / "docs" / "zh" / "cli.md"]
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_RUN = ("pip install", "export CDS_SECRET_ID=", "cds-eks emulator")
"""How the blocks begin that set up what the tests have."""


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(speed=6000)


def blocks(page: Path) -> list[str]:
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [block for block in found if not block.startswith(NOT_RUN)]


@pytest.fixture
def folder(cli: CommandLine, emulator: Emulator, tmp_path: Path) -> Path:
    """A folder with what the guide finds, and `cds-eks` on the path."""
    fill(emulator)
    program = tmp_path / "bin" / "cds-eks"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{RUN_WITH_QUICK_POLLS}" -m cds_eks.cli "$@"\n')
    program.chmod(0o755)
    samples = tmp_path / "examples"
    samples.mkdir()
    shutil.copy(ROOT / "examples" / "first_cluster.toml", samples)
    for name, source in FILES.items():
        text = source.read_text(encoding="utf-8").replace("count = 18", "count = 1")
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_the_guide_runs_works(folder: Path, emulator: Emulator) -> None:
    key = emulator.credentials
    environ = {
        **os.environ, **SETTINGS, "WORK_ID": key.access_key_id, "WORK_KEY": key.secret_access_key,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    script = "\n".join(["set -euo pipefail", *blocks(PAGES[0])])
    done = subprocess.run(
        ["bash", "-c", script], env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len((folder / "nodes.csv").read_text(encoding="utf-8").splitlines()) > 3
    assert "REQUIRED" in (folder / "skeleton.yaml").read_text(encoding="utf-8")
    assert (folder / "fleet.html").stat().st_size > 1000
    events = [json.loads(line)["event"] for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert events[0] == "request"
    assert emulator.ledger.count("CreateCluster", "Success") == 2  # its own, and one of the fleet


def test_there_is_much_to_run() -> None:
    assert len(blocks(PAGES[0])) >= 9
    assert sum(line.startswith("cds-eks ") for block in blocks(PAGES[0]) for line in block.splitlines()) >= 22


@pytest.mark.parametrize("page", PAGES, ids=["english", "chinese"])
def test_every_exit_code_is_in_the_table(page: Path) -> None:
    named = {int(code) for code in re.findall(r"^\| (\d+) \| ", page.read_text(encoding="utf-8"), re.MULTILINE)}
    assert named == {0, failures.FAILED, failures.INTERRUPTED, *(code for _, code in failures.CODES)}


@pytest.mark.parametrize("page", PAGES, ids=["english", "chinese"])
def test_every_format_and_every_key_of_a_failure_is_named(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"`{name}`" not in text] == []
    keys = failures.as_data(ValueError())
    more = ("faults", "natural_key", "find_with", "open_creates", "result", "continue_with")
    assert [key for key in (*keys, *more) if f"`{key}`" not in text] == []
