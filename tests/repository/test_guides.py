"""The tutorial and the how-to pages: their code runs as it stands, against the emulator."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from doc_pages import ROOT, blocks, read, run

from cds_eks import AsyncEksClient, EksClient, RetryPolicy, errors, fleet, models
from cds_eks.emulator import Emulator
from cds_eks.testing import DrivenEmulator
from support.api_description import API

REQUEST = models.CreateClusterRequest.from_dict(
    tomllib.loads((ROOT / "examples" / "first_cluster.toml").read_text(encoding="utf-8"))
)
TUTORIAL = "docs/tutorial/zero-to-fleet.md"


def marked(page: str, mark: str) -> str:
    """The block of Python below a mark."""
    found = re.search(rf"<!-- {mark} -->\n```python\n(.*?)```", read(page), re.DOTALL)
    assert found is not None, mark
    return found[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the files that the tutorial has one copy."""
    shutil.copy(ROOT / "examples" / "first_cluster.toml", tmp_path / "cluster.toml")
    plan = (ROOT / "examples" / "fleet.toml").read_text(encoding="utf-8")
    (tmp_path / "fleet.toml").write_text(plan.replace("count = 18", "count = 3"), encoding="utf-8")
    for name, value in re.findall(r"(CDS_CLOUD_AK|CDS_CLOUD_SK|NODE_PASSWORD)='?([^' \n…]+)'?", read(TUTORIAL)):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("eks_endpoint", "eks_credentials")
def test_the_tutorial_runs_as_it_stands(eks_emulator: DrivenEmulator, folder: Path) -> None:
    codes = blocks(read(TUTORIAL), "python")
    assert len(codes) == 8
    printed: list[Any] = []
    names: dict[str, Any] = {"print": lambda *words: printed.append(words)}
    for code in codes:
        if code not in (marked(TUTORIAL, "test"), marked(TUTORIAL, "conftest")):
            exec(compile(code, TUTORIAL, "exec"), names)
    assert ("running",) in [words[1:] for words in printed]
    assert (4,) in printed  # the nodes of the pool
    assert (1,) in printed  # one create, though its answer was lost
    assert any(isinstance(words[0], errors.AmbiguousCreate) for words in printed)
    assert (folder / "fleet.html").stat().st_size > 0
    left = {cluster.cluster_name for cluster in eks_emulator.sync_client().clusters.list().data}
    assert left == {"shared-1", "shared-2"}


@pytest.mark.slow
def test_the_test_of_the_tutorial_passes_as_it_stands(folder: Path) -> None:
    code = next(code for code in blocks(read(TUTORIAL), "python") if "def create_once" in code)
    function = code.partition("emulator = ")[0]
    (folder / "provisioning.py").write_text(function, encoding="utf-8")
    (folder / "conftest.py").write_text(marked(TUTORIAL, "conftest"), encoding="utf-8")
    (folder / "test_provisioning.py").write_text(marked(TUTORIAL, "test"), encoding="utf-8")
    [command] = [code for code in blocks(read(TUTORIAL), "sh") if code.startswith("pytest")]
    ran = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


def test_the_shell_of_the_tutorial_names_what_the_emulator_prints() -> None:
    unset = re.search(r"^unset (.*)$", read(TUTORIAL), re.MULTILINE)
    welcome = (ROOT / "cds_eks" / "emulator" / "__main__.py").read_text(encoding="utf-8")
    assert unset is not None
    for name in unset[1].split():
        assert f"export {name}=" in welcome


@pytest.mark.anyio
@pytest.mark.eks_faults("CreateCluster:reset_after_commit:count=2")
async def test_the_code_on_ambiguous_creates_finds_what_was_made(
    anyio_backend: str, eks_client: AsyncEksClient, eks_emulator: DrivenEmulator
) -> None:
    page = "docs/how-to/ambiguous-create.md"
    other = REQUEST.replace(cluster_name="other")
    with pytest.raises(errors.AmbiguousCreate):
        await eks_client.clusters.create(other)
    printed: list[Any] = []
    names: dict[str, Any] = {"eks": eks_client, "request": other, "print": lambda *words: printed.append(words)}
    assert await run(page, names) == 3
    assert printed == [("other", "unknown", eks_emulator.cluster_id("other"))]
    assert eks_client.open_creates == ()
    assert names["found"].cluster_id == eks_emulator.cluster_id("other")
    assert await names["create_once"](eks_client, REQUEST) == eks_emulator.cluster_id(REQUEST.cluster_name)
    eks_emulator.assert_created_once("other")
    eks_emulator.assert_created_once(REQUEST.cluster_name)


@pytest.mark.anyio
async def test_the_code_on_timeouts_runs(
    anyio_backend: str, eks_client: AsyncEksClient, eks_emulator: DrivenEmulator, folder: Path
) -> None:
    plan = fleet.Plan.load("fleet.toml")
    async with fleet.open_journal("fleet.db") as journal:
        names: dict[str, Any] = {"request": REQUEST, "fleet": fleet, "plan": plan, "journal": journal}
        for code in blocks(read("docs/how-to/timeouts.md"), "python"):
            names["eks"] = eks_client  # one block makes a client of its own
            await _run_block(code, names)
    assert names["report"].ok
    assert not names["scope"].cancelled_caught
    eks_emulator.assert_created_once("gpu-2")


async def _run_block(code: str, names: dict[str, Any]) -> None:
    body = "\n".join(f"    {line}" for line in code.splitlines())
    exec(f"async def block():\n{body}\n    globals().update(locals())\n", names)
    await names["block"]()


@pytest.mark.anyio
@pytest.mark.usefixtures("eks_endpoint", "eks_credentials", "folder")
async def test_the_code_on_resuming_runs(anyio_backend: str, eks_emulator: DrivenEmulator) -> None:
    printed: list[Any] = []
    names = {"address": "fleet.db", "print": printed.append}
    for _ in range(2):
        assert await run("docs/how-to/resume-a-fleet.md", names) == 1
        assert printed[-1].ok, printed[-1]
    eks_emulator.assert_created_once("gpu-001")


@pytest.mark.anyio
@pytest.mark.usefixtures("eks_endpoint", "eks_credentials")
async def test_the_program_beside_go_runs(anyio_backend: str) -> None:
    printed: list[Any] = []
    names = {"request": REQUEST, "print": lambda *words: printed.append(words)}
    assert await run("docs/how-to/from-go.md", names) == 1
    assert [words[1] for words in printed] == ["running"]


@pytest.mark.parametrize("page", ["docs/how-to/from-go.md", "docs/zh/how-to/from-go.md"])
def test_each_call_beside_go_is_there(page: str) -> None:
    table = read(page).partition("<!-- calls -->")[2].partition("\n\n")[0]
    calls = re.findall(r"`eks\.(\w+)\.(\w+)\(([^)]*)\)`", table)
    assert len(calls) >= 20
    with EksClient(Emulator().credentials, endpoint="http://127.0.0.1:9", retry=RetryPolicy.none()) as eks:
        for group, method, arguments in calls:
            signature = inspect.signature(getattr(getattr(eks, group), method))
            for argument in re.findall(r"(\w+)(?:=…)?(?:, |$)", arguments):
                assert argument in signature.parameters, (group, method, argument)
    named = {(group, method) for group, method, _ in calls}
    rest = set(re.findall(r"`eks\.(\w+)\.(\w+)`", read(page))) | {("network_interfaces", "delete")}
    assert {(each.group, each.method) for each in API.operations.values()} <= named | rest
