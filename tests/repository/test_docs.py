"""The pages of the documentation: languages in step, links that lead somewhere, whole tables."""

from __future__ import annotations

import inspect
import re

import attrs
import httpx
import pytest
from doc_pages import (
    ALL,
    CHINESE,
    ENGLISH,
    ENGLISH_ONLY,
    FLEET_PAGES,
    JOURNAL_PAGE,
    PAIRS,
    ROOT,
    anchors,
    blocks,
    headings,
    links,
    read,
)
from doc_pages import without_comments as plain

import cds_eks
from cds_eks import AsyncEksClient, Credentials, errors, fleet, types
from cds_eks.emulator import Emulator
from cds_eks.fleet import FleetLimits
from cds_eks.fleet.items import STATES
from cds_eks.fleet.plan import entries
from cds_eks.fleet.run.events import Event

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
