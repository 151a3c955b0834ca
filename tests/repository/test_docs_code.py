"""The code of the documentation's pages compiles, and runs against the emulator."""

from __future__ import annotations

import pickle
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from doc_pages import ALL, FLEET_PAGES, JOURNAL_PAGE, ROOT, blocks, read, run

import cds_eks
from cds_eks import AsyncEksClient, fleet, models
from cds_eks.config.profile_values import KEYS
from cds_eks.config.profiles import read_profiles
from cds_eks.emulator import Emulator
from cds_eks.fleet import FleetLimits

REQUEST = models.CreateClusterRequest.from_dict(
    tomllib.loads((ROOT / "examples" / "first_cluster.toml").read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("page", ALL)
def test_the_code_compiles(page: str) -> None:
    for code in blocks(read(page), "python"):
        if code.startswith('"""'):  # a whole module
            compile(code, page, "exec")
            continue
        body = "\n".join(f"    {line}" for line in code.splitlines())
        compile(f"async def example():\n{body}\n", page, "exec")


@pytest.mark.anyio
@pytest.mark.usefixtures("quick_polls")
async def test_the_code_on_waiting_runs_against_the_emulator(anyio_backend: str) -> None:
    emulator = Emulator(speed=6000)
    with emulator.serve() as url:
        async with AsyncEksClient(emulator.credentials, endpoint=url) as eks:
            created = await eks.clusters.create(REQUEST)
            await eks.wait.task(created.data.task_id)
            (pool,) = (await eks.node_pools.list(created.data.cluster_id)).data.node_pool
            cluster_id = created.data.cluster_id
            names: dict[str, Any] = {
                "eks": eks, "created": created, "cluster_id": cluster_id, "pool_id": pool.id,
            }  # fmt: skip
            assert await run("docs/waiting.md", names) == 3
            await eks.wait.task(names["scaling"].data.task_id)
            (pool,) = (await eks.node_pools.list(cluster_id)).data.node_pool
    assert pool.replicas == 4
    assert names["cluster"].cluster_status == "running"


@pytest.mark.anyio
@pytest.mark.usefixtures("quick_polls")
async def test_the_code_on_calls_runs_against_the_emulator(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "examples" / "first_cluster.toml", tmp_path / "cluster.toml")
    monkeypatch.chdir(tmp_path)
    emulator = Emulator(speed=6000)
    with emulator.serve() as url:
        async with AsyncEksClient(emulator.credentials, endpoint=url) as eks:
            created = await eks.clusters.create(REQUEST)
            await eks.wait.task(created.data.task_id)
            cluster = await eks.wait.cluster_running(created.data.cluster_id)
            names: dict[str, Any] = {"eks": eks, "cluster": cluster, "cluster_id": cluster.cluster_id}
            names["print"] = lambda *_: None
            assert await run("docs/calls.md", names) == 5
    assert names["request"] == REQUEST
    assert (names["pool"].name, names["pool"].available_node_count) == ("more-workers", 2)
    assert emulator.ledger.count(action="CreateNodePool", committed=True) == 1
    assert names["again"].to_dict() == cluster.to_dict()
    assert names["again"].ak is None
    assert names["answer"]["Data"] == []


def test_a_request_is_written_with_its_secrets_and_is_not_pickled() -> None:
    assert cds_eks.converter().unstructure(REQUEST)["Sk"] == REQUEST.to_dict()["sk"] == REQUEST.sk
    assert REQUEST.sk not in repr(REQUEST)
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(REQUEST)


@pytest.mark.anyio
async def test_the_code_on_errors_runs_against_the_emulator(anyio_backend: str) -> None:
    emulator = Emulator(speed=6000)
    with emulator.serve() as url:
        async with AsyncEksClient(emulator.credentials, endpoint=url) as eks:
            assert await run("docs/errors.md", {"eks": eks, "request": REQUEST}) == 2
            assert emulator.ledger.count(action="CreateCluster", committed=True) == 1


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.usefixtures("quick_polls")
async def test_the_code_on_fleets_runs_against_the_emulator(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = (ROOT / "examples" / "fleet.toml").read_text(encoding="utf-8")
    (tmp_path / "fleet.toml").write_text(plan.replace("count = 18", "count = 2"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, value in (("CDS_CLOUD_AK", "ak"), ("CDS_CLOUD_SK", "sk"), ("NODE_PASSWORD", "Made-up-1st!")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(fleet, "FleetLimits", quick_limits)
    emulator = Emulator(speed=6000)
    with emulator.serve() as url:
        key = emulator.credentials  # for the runners that `launch` starts
        for name, value in (("ID", key.access_key_id), ("KEY", key.secret_access_key)):
            monkeypatch.setenv(f"CDS_SECRET_{name}", value)
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        async with AsyncEksClient(key, endpoint=url) as eks, fleet.open_journal("fleet.db") as journal:
            names: dict[str, Any] = {"eks": eks, "journal": journal, "print": lambda *_: None}
            counts = [await run(page, names) for page in FLEET_PAGES]
            left = {each.cluster_name for each in (await eks.clusters.list()).data}
            told = names["report"]
            assert await run(JOURNAL_PAGE, names) == 2  # which opens the journal anew
    assert counts == [4, 4, 1, 2]
    assert emulator.ledger.count(action="CreateCluster", committed=True) == 5  # one again after `destroy`
    assert emulator.ledger.count(action="CreateNodePool", committed=True) == 5
    assert [spec.name for spec in names["teams"].clusters] == ["team-red", "team-blue"]
    assert names["teams"].check() == []
    assert left == {"gpu-001", "gpu-002", "shared-1", "shared-2"}
    assert (told.goal, told.ok) == ("deleted", True)
    for name in ("fleet.csv", "fleet.html", "fleet.plan.json"):
        assert (tmp_path / name).stat().st_size > 0, name


@pytest.mark.anyio
async def test_the_whole_program_on_fleets_runs_as_it_stands(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = (ROOT / "examples" / "fleet.toml").read_text(encoding="utf-8")
    (tmp_path / "fleet.toml").write_text(plan.replace("count = 18", "count = 2"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    text = read("docs/fleet.md")
    for name in re.findall(r"(\w+)=…", text.partition("python provision.py")[0]):  # all that it exports
        monkeypatch.setenv(name, "Made-up-1st!")
    [program] = [code for code in blocks(text, "python") if "asyncio.run(main())" in code]
    settings = "provision(eks, plan, journal=journal, limits=fleet.FleetLimits(poll_interval=0.1, pool_fallback=0.2))"
    names: dict[str, Any] = {"__name__": "provision", "print": lambda *_: None}
    exec(program.replace("provision(eks, plan, journal=journal)", settings), names)
    emulator = Emulator(speed=6000)
    key = emulator.credentials
    with emulator.serve() as url:
        for name, value in (("SECRET_ID", key.access_key_id), ("SECRET_KEY", key.secret_access_key)):
            monkeypatch.setenv(f"CDS_{name}", value)
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        assert await names["main"]() == 0
    assert emulator.ledger.count(action="CreateCluster", committed=True) == 4
    assert (tmp_path / "fleet.html").stat().st_size > 0


@pytest.mark.parametrize("page", ["docs/profiles.md", "docs/zh/profiles.md"])
@pytest.mark.anyio
async def test_the_code_on_profiles_runs_with_the_file_of_the_page(
    page: str, anyio_backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (text,) = blocks(read(page), "toml")
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("CDS_CONFIG_FILE", str(path))
    monkeypatch.setenv("WORK_ID", "an-id")
    file = read_profiles()
    assert (file.faults, file.default, tuple(file.profiles)) == ((), "work", ("work", "staging"))
    printed: list[str] = []
    assert await run(page, {"print": lambda *words: printed.append(" ".join(map(str, words)))}) == 3
    assert printed[0] == "https://api.capitalonline.net"
    assert printed[1] == "https://api.capitalonline.net https://staging.example"
    assert printed[2] == f"credentials env:WORK_ID, file:work.key profile work ({path}:4)"
    for key in KEYS:
        assert f"`{key}`" in read(page), key


def quick_limits(**limits: Any) -> FleetLimits:
    """Return the limits of the page, with polls as often as the emulator's time goes, and short leases."""
    return FleetLimits(**{**limits, "poll_interval": 0.1, "pool_fallback": 0.2, "lease": 5.0})
