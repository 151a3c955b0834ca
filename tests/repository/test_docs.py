"""The pages of the documentation: languages in step, code that compiles, links that lead somewhere, whole tables."""

from __future__ import annotations

import inspect
import pickle
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from doc_pages import ALL, CHINESE, ENGLISH, ENGLISH_ONLY, PAIRS, ROOT, anchors, blocks, headings, links, read, run
from doc_pages import without_comments as plain

import cds_eks
from cds_eks import AsyncEksClient, Credentials, errors, fleet, models, types
from cds_eks.config.profile_values import KEYS
from cds_eks.config.profiles import read_profiles
from cds_eks.emulator import Emulator
from cds_eks.fleet import FleetLimits
from cds_eks.fleet.items import STATES
from cds_eks.fleet.plan import entries
from cds_eks.fleet.run.events import Event

REQUEST = models.CreateClusterRequest.from_dict(
    tomllib.loads((ROOT / "examples" / "first_cluster.toml").read_text(encoding="utf-8"))
)
LANGUAGES = pytest.mark.parametrize("pages", [ENGLISH, CHINESE], ids=["english", "chinese"])


def test_every_page_has_its_chinese_twin() -> None:
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    chinese = {path.removeprefix("zh/") for path in pages if path.startswith("zh/")}
    english = {path for path in pages if not path.startswith("zh/")}
    assert english - ENGLISH_ONLY == chinese
    assert english >= ENGLISH_ONLY


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_headings(english: str, chinese: str) -> None:
    levels = [[level for level, _ in headings(read(page))] for page in (english, chinese)]
    assert levels[0] == levels[1]
    assert levels[0].count(1) == 1


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
@pytest.mark.parametrize("language", ["sh", "python"])
def test_both_languages_have_the_same_code(english: str, chinese: str, language: str) -> None:
    codes = [[plain(code) for code in blocks(read(page), language)] for page in (english, chinese)]
    assert codes[0] == codes[1]


@pytest.mark.parametrize("language", ["sh", "python"])
def test_there_is_code_to_compare(language: str) -> None:
    assert len(blocks(read("README.md"), language)) >= 3
    assert sum(len(blocks(read(page), language)) for page in ENGLISH) >= 12


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_lead_to_each_other(english: str, chinese: str) -> None:
    assert (ROOT / chinese).resolve() in {((ROOT / english).parent / link).resolve() for link in links(read(english))}
    assert (ROOT / english).resolve() in {((ROOT / chinese).parent / link).resolve() for link in links(read(chinese))}


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
            names: dict[str, Any] = {"eks": eks, "cluster": cluster, "print": lambda *_: None}
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


FLEET_PAGES = [
    "docs/fleet.md",
    "docs/how-to/change-a-fleet.md",
    "docs/how-to/fleet-report.md",
    "docs/how-to/fleet-many-machines.md",
]
"""The pages on fleets whose blocks share their names, in this order: what one has made the next one uses."""

JOURNAL_PAGE = "docs/how-to/fleet-journal.md"


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


def test_what_the_page_on_fleets_names_is_there() -> None:
    folders = ("docs", "docs/zh")
    pages, chinese = ([page.replace("docs", folder, 1) for page in (*FLEET_PAGES, JOURNAL_PAGE)] for folder in folders)
    text = "".join(map(read, pages))
    limits = {field.name for field in attrs.fields(FleetLimits)}
    named = set(re.findall(r"`FleetLimits\.(\w+)`", text))
    assert named <= limits
    for page, launching, journal in ((each[0], each[3], each[4]) for each in (pages, chinese)):
        for field in attrs.fields(FleetLimits):
            assert f"`{field.name}={field.default!r}`" in read(page), (page, field.name)
        for argument in list(inspect.signature(fleet.launch).parameters)[1:]:
            assert re.search(rf"^\| .*`{argument}=", read(launching).partition("fleet.launch(plan")[2], re.MULTILINE), (
                argument
            )
        for field in attrs.fields(fleet.ClientSettings):
            assert f"`{field.name}`" in read(launching), (launching, field.name)
        for event in Event.__subclasses__():
            assert f"| `{event.__name__}` |" in read(page), (page, event)
        for state in STATES:
            assert f"| `{state}` |" in read(journal), (journal, state)
    for argument in list(inspect.signature(fleet.provision).parameters)[3:]:
        assert re.search(rf"^\| .*`{argument}=", text, re.MULTILINE), argument
    functions = {name for name in re.findall(r"`fleet\.(\w+)", text) if name not in ("schema", "sync")}
    assert {"provision", "destroy", "open_journal", "orphans"} <= functions <= {*fleet.__all__}
    for key in (*entries.TOP_KEYS, *entries.CLUSTER_KEYS, *entries.POOL_KEYS):
        assert f"{key}" in text, key


@pytest.mark.parametrize("page", ALL)
def test_links_lead_somewhere(page: str) -> None:
    for link in links(read(page)):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_links_are_found() -> None:
    text = "[a](b.md) ![c](d.png) [`e`](f.md#g) `x[0](no)` [h](https://i)\n\n```\n[j](k)\n```\n"
    assert links(text) == ["b.md", "d.png", "f.md#g"]
    assert anchors("# A `b_c`, d!\n## TLS 与代理\n## A\n## A\n```\n# not one\n```\n") == {
        "a-b_c-d", "tls-与代理", "a", "a-1",
    }  # fmt: skip


@LANGUAGES
def test_every_method_that_is_named_exists(pages: list[str]) -> None:
    eks = AsyncEksClient(Credentials("id", "key"))
    others = [f"docs/{name}" for name in ENGLISH_ONLY]
    named = {name for page in [*pages, *others] for name in re.findall(r"`eks\.([a-z_.]+)", read(page))}
    assert len(named) >= 25
    for path in named:
        target: object = eks
        for name in path.split("."):
            target = getattr(target, name)


def test_every_field_has_a_chinese_description() -> None:
    pages = sorted((ROOT / "docs" / "reference" / "operations").glob("*.md"))
    assert len(pages) >= 8
    counted = 0
    for page in pages:
        tables = [
            re.findall(r"^\| (\w+ \| `\w+`) \| .+ \| (.+) \|$", read(f"{folder}/{page.name}"), re.MULTILINE)
            for folder in ("docs/reference/operations", "docs/zh/reference/operations")
        ]
        assert [name for name, _ in tables[0]] == [name for name, _ in tables[1]]
        counted += len(tables[0])
        assert [(name, text) for name, text in tables[1] if not re.search(r"[\u4e00-\u9fff]|\bID\b", text)] == []
    assert counted >= 270


@pytest.mark.anyio
@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/zh/configuration.md"])
async def test_what_a_middleware_is_given_has_what_the_table_names(page: str, anyio_backend: str) -> None:
    seen: dict[str, object] = {}

    async def look(request: types.Request, send: types.Send) -> types.RawResponse:
        seen["request"], seen["record"] = request, request.record
        seen["response"] = response = await send(request)
        return response

    emulator = Emulator()
    backend = httpx.ASGITransport(emulator)
    async with AsyncEksClient(emulator.credentials, backend=backend, per_attempt=[look]) as eks:
        await eks.clusters.list()
    named: dict[str, list[str]] = {}
    owner = ""
    for value, attributes in re.findall(
        r"^\| (?:`(request|response|record)` )?\| ((?:`\w+`(?:, |、)?)+) \| ", read(page), re.MULTILINE
    ):
        owner = value or owner
        named.setdefault(owner, []).extend(re.findall(r"`(\w+)`", attributes))
    assert {value: len(names) for value, names in named.items()} == {"request": 9, "response": 3, "record": 5}
    assert [name for value, names in named.items() for name in names if not hasattr(seen[value], name)] == []


@LANGUAGES
def test_every_wait_is_in_the_table(pages: list[str]) -> None:
    eks = AsyncEksClient(Credentials("id", "key"))
    page = next(read(page) for page in pages if page.endswith("waiting.md"))
    for name in dir(eks.wait):
        if not name.startswith("_") and callable(getattr(eks.wait, name)):
            assert f"`eks.wait.{name}`" in page, name


@pytest.mark.parametrize("page", ["docs/errors.md", "docs/zh/errors.md"])
def test_the_error_tree_is_whole(page: str) -> None:
    tree = next(code for code in blocks(read(page), "") if "EksError\n" in code)
    named = set(re.findall(r"\b[A-Z][A-Za-z]+\b", tree))
    public = {name for name in errors.__all__ if inspect.isclass(getattr(errors, name))}
    assert public <= named


def test_both_languages_have_the_same_error_tree() -> None:
    trees = [next(code for code in blocks(read(f"docs/{page}"), "")) for page in ("errors.md", "zh/errors.md")]
    shapes = [
        [(re.split(r"\s{2,}", line)[0], re.findall(r"\.[a-z_]+", line)) for line in tree.splitlines()] for tree in trees
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/zh/configuration.md"])
def test_every_setting_is_in_the_table(page: str) -> None:
    text = read(page)
    for name in inspect.signature(AsyncEksClient).parameters:
        assert re.search(rf"^\|.*`{name}\b", text, flags=re.MULTILINE), name
    for settings in (cds_eks.Timeouts, cds_eks.Limits):
        for name in inspect.signature(settings).parameters:
            assert f"{name}=" in text, name
