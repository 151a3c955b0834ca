"""What the READMEs say is so, and they are short."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from doc_pages import ROOT, blocks, read, run

from cds_eks.emulator import Emulator
from cds_eks.fleet import FleetLimits
from support.api_description import API

READMES = ["README.md", "README.zh-CN.md"]


MARKERS = {
    marker: f'python3 -m venv .venv && .venv/bin/pip install --quiet -e ".[{extra}]" && .venv/bin/python {what}'
    for marker, extra, what in (
        ("main job", "all", "examples/fleet.py --emulated"),
        ("tests", "dev", "-m pytest"),
    )
}
"""What `.ci/run` takes from the README, word by word."""


@pytest.mark.parametrize("name", READMES)
def test_it_is_short(name: str) -> None:
    assert len(read(name).splitlines()) < 200


@pytest.mark.parametrize("name", READMES)
def test_the_two_commands_stand_below_their_markers_and_are_quiet(name: str) -> None:
    text = read(name)
    commands = {marker: re.findall(rf"^<!-- {marker} -->\n```sh\n(.+)\n```$", text, re.MULTILINE) for marker in MARKERS}
    assert commands == {marker: [command] for marker, command in MARKERS.items()}


OPERATIONS = {
    "README.md": r"all (?P<documented>\d+) documented operations and (?P<observed>\d+) that were observed",
    "README.zh-CN.md": r"(?P<documented>\d+) 个接口.以及观察到的 (?P<observed>\d+) 个接口",
}


@pytest.mark.parametrize("name", READMES)
def test_it_counts_the_operations_rightly(name: str) -> None:
    said = re.search(OPERATIONS[name], read(name))
    assert said is not None
    sources = [operation.source for operation in API.operations.values()]
    counted = {"documented": str(sources.count("D")), "observed": str(sources.count("O"))}
    assert said.groupdict() == counted, f"{name}: correct the numbers of operations"


@pytest.mark.parametrize("name", READMES)
def test_every_page_is_in_the_table_of_what_to_read_on(name: str) -> None:
    folder = "docs/zh" if "zh" in name else "docs"
    cells = re.findall(r"^\| (\[[^|]+) \|", read(name), flags=re.MULTILINE)
    listed = {page for cell in cells for page in re.findall(rf"\[[^]]+\]\(({folder}/[\w-]+\.md)\)", cell)}
    assert listed == {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob("*.md")} - {
        f"{folder}/index.md",  # the first page of the site, as this is that of the repository
    }


def make_plan(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the plan: the README's entry, of 3 clusters, below the defaults of the example; polls do not last here."""
    (entry,) = blocks(read(name), "toml")
    assert "count = 500\n" in entry
    sample = (ROOT / "examples" / "fleet.toml").read_text(encoding="utf-8")
    path.write_text(sample.partition("[[clusters]]")[0] + entry.replace("500", "3"), encoding="utf-8")
    for secret, value in (("CDS_CLOUD_AK", "ak"), ("CDS_CLOUD_SK", "sk"), ("NODE_PASSWORD", "Made-up-1st!")):
        monkeypatch.setenv(secret, value)
    quick = FleetLimits(poll_interval=0.1, pool_fallback=0.2)
    monkeypatch.setattr("cds_eks.fleet.run.provision.checked_limits", lambda given: quick)


@pytest.mark.anyio
@pytest.mark.usefixtures("quick_polls")
@pytest.mark.parametrize("name", READMES)
async def test_the_code_runs_against_the_emulator(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], anyio_backend: str
) -> None:
    emulator = Emulator(speed=6000)
    shutil.copy(ROOT / "examples" / "first_cluster.toml", tmp_path / "cluster.toml")
    make_plan(name, tmp_path / "fleet.toml", monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDS_SECRET_ID", emulator.credentials.access_key_id)
    monkeypatch.setenv("CDS_SECRET_KEY", emulator.credentials.secret_access_key)
    names: dict[str, Any] = {"__name__": name}
    # The emulator of its own, where a minute takes a second, is a hundred times as fast here.
    monkeypatch.setattr("cds_eks.emulator.Emulator", lambda speed, **said: Emulator(speed=100 * speed, **said))
    with emulator.serve() as url:
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        assert await run(name, names) >= 6
    assert names["cluster"].cluster_status == "running"
    assert names["cluster"].cluster_id == names["created"].data.cluster_id
    assert names["cluster_id"] in {each.id for each in names["emulator"].ledger.resources}
    assert emulator.ledger.count(action="CreateCluster", committed=True) == 1 + 3
    assert [item.name for item in names["report"].items] == [
        "gpu-001", "workers", "gpu-002", "workers", "gpu-003", "workers",
    ]  # fmt: skip
    assert names["report"].ok
    assert (tmp_path / "fleet.html").exists()
    assert "finish" in capsys.readouterr().out
