"""The documentation's site: what it is assembled from, its navigation, and what its checks find."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from doc_pages import ALL, ROOT, read

import cds_eks
from cds_eks import emulator, errors, fleet, models, testing, types
from tools.site import built, diagrams, searching
from tools.site.assembling import files_of, without_escaped_pipes
from tools.site.chinese_lines import with_joined_lines
from tools.site.links import LinkError, for_the_site
from tools.site.looking import faults_of
from tools.site.marks import with_meanings
from tools.site.search_words import SEARCH_WORDS
from tools.site.sources import LANGUAGES, find_sources, sources

SOURCES = sources(
    docs=["docs/a.md", "docs/zh/a.md", "docs/how-to/b.md", "docs/zh/how-to/b.md", "docs/only.md", "docs/data.json"],
    examples=["examples/x.py"],
    files_as_they_are=["benchmarks/results/p.png"],
)


class Tagless(yaml.SafeLoader):
    """Reads the configuration of mkdocs, whose tags name Python's objects, as plain data."""


Tagless.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def configured(language: str) -> Any:
    return yaml.load((ROOT / "docs" / "site" / f"{language}.yml").read_text(encoding="utf-8"), Tagless)


def pages_of(nav: object) -> Iterator[str]:
    match nav:
        case str():
            yield nav
        case dict():
            for each in nav.values():
                yield from pages_of(each)
        case list():
            for each in nav:
                yield from pages_of(each)


def test_both_languages_have_the_same_navigation() -> None:
    navs = [list(pages_of(configured(language)["nav"])) for language in LANGUAGES]
    assert navs[0] == navs[1]
    assert len(navs[0]) == len(set(navs[0]))
    assert len(configured("en")["nav"]) == len(configured("zh")["nav"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_the_navigation(language: str) -> None:
    pages = {page for page in find_sources()[language].values() if page.endswith(".md")}
    assert pages == set(pages_of(configured(language)["nav"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_assembled(language: str) -> None:
    files = dict(files_of(language, find_sources()))
    assert files["index.md"].startswith(b"---\nhide:")
    assert b"](examples/first_cluster.toml.md)" in files["calls.md"]
    assert b"```mermaid" not in files["project/architecture.md"]
    assert files["examples/fleet.toml.md"].startswith(b"---\nsearch: {boost: 0.3}\n---\n# fleet.toml\n")
    assert b"(fleet.toml){: download }" in files["examples/fleet.toml.md"]
    assert files["examples/fleet.py"] == (ROOT / "examples" / "fleet.py").read_bytes()
    for name in ("fleet.toml", "emulator_world.toml"):  # they are copied: no path in them may lead to nothing
        assert files[f"examples/{name}"] == (ROOT / "examples" / name).read_bytes()
        assert b"#:schema" not in files[f"examples/{name}"]
    assert "examples/recipes/uwsgi.ini" in files
    assert files["operations.md"].startswith(b"---\nsearch: {boost: 1.0}\n---\n# ")
    pages = ("logging.md", "waiting.md", "tracing.md")
    without_words = next(page for page in pages if page not in SEARCH_WORDS[language])
    assert files[without_words].startswith(b"---\nsearch: {boost: 1.5}\n---\n# ")
    assert files["explanation/journal.md"].startswith(b"---\nsearch: {boost: 0.7}\n---\n# ")
    words = json.dumps(SEARCH_WORDS[language]["configuration.md"], ensure_ascii=False)
    assert '"QPS", ' in words
    assert files["configuration.md"].decode().startswith(f"---\nsearch: {{boost: 1.5}}\ntags: {words}\n---\n# ")
    assert ("本页只有英文版".encode() in files["project/security.md"]) == (language == "zh")
    assert "本页只有英文版".encode() not in files["hostile.md"]
    assert {"assets/site.css", "assets/iframe-worker.js", "fleet.schema.json", "openapi.json"} <= files.keys()


@pytest.mark.parametrize(
    ("source", "language", "text", "made"),
    [
        ("docs/a.md", "en", "[b](how-to/b.md#x) [c](https://c)", "[b](how-to/b.md#x) [c](https://c)"),
        ("docs/a.md", "en", "[中文](zh/a.md)", '<a href="zh/a.html">中文</a>'),
        ("docs/zh/how-to/b.md", "zh", "[English](../../how-to/b.md#x)", '<a href="../../how-to/b.html#x">English</a>'),
        ("docs/zh/how-to/b.md", "zh", "[o](../../only.md#y)", "[o](../only.md#y)"),
        ("docs/how-to/b.md", "en", "[e](../../examples/x.py)", "[e](../examples/x.py.md)"),
        ("docs/zh/a.md", "zh", "![p](../../benchmarks/results/p.png)", "![p](benchmarks/results/p.png)"),
        ("CHANGELOG.md", "en", "[a](docs/a.md) [i](SECURITY.md#h)", "[a](../a.md) [i](security.md#h)"),
        ("docs/a.md", "en", "`[no](nowhere.md)`\n```\n[no](nowhere.md)\n```\n[d](data.json)",
         "`[no](nowhere.md)`\n```\n[no](nowhere.md)\n```\n[d](data.json)"),
    ],
)  # fmt: skip
def test_links_are_rewritten_for_the_site(source: str, language: str, text: str, made: str) -> None:
    assert for_the_site(text, source, language, SOURCES) == made


def test_a_link_to_what_is_not_on_the_site_is_refused() -> None:
    with pytest.raises(LinkError, match=r"docs/a\.md: the link to \.\./cds_eks/client\.py"):
        for_the_site("[c](../cds_eks/client.py)", "docs/a.md", "en", SOURCES)


def test_pipes_in_the_code_of_tables_are_not_escaped() -> None:
    text = "| `a \\| b` | c \\| `d` |\n\n`a \\| b`\n"
    assert without_escaped_pipes(text) == "| `a | b` | c \\| `d` |\n\n`a \\| b`\n"


def test_a_mark_leads_to_what_it_means() -> None:
    text = "# Of [O]\n\nA field [O]; [what [D] means](x.md), `[I]` and [I](y.md).\n"
    assert with_meanings(text, "how-to/b.md", "en") == text.replace(
        "field [O]",
        'field [[O]](../operations.md#what-d-o-and-i-mean "observed from the vendor\'s public Go client")',
    )


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("创建的响应丢失。\n限流时**重试。**\n之后", "创建的响应丢失。限流时**重试。**之后"),
        ("- 一\n  二\n- 三\n", "- 一二\n- 三\n"),
        *[(text, text) for text in ("# 标题\n正文", "用 Python\n编写", "见 `a`\n查找", "一\n\n二", "| 表 |\n| 行 |")],
        ("```sh\n# 注\n# 释\n注\n释\n```\n", "```sh\n# 注\n# 释\n注\n释\n```\n"),
    ],
)
def test_lines_of_chinese_prose_are_joined(text: str, joined: str) -> None:
    assert with_joined_lines(text) == joined


def test_the_chinese_site_has_no_blanks_where_lines_end() -> None:
    pages = {name: content.decode() for name, content in files_of("zh", find_sources()) if name.endswith(".md")}
    assert [name for name, text in pages.items() if with_joined_lines(text) != text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_marks_of_the_pages_are_explained(language: str) -> None:
    files = {name: content.decode() for name, content in files_of(language, find_sources()) if name.endswith(".md")}
    assert "[[O]](operations.md#" in files["calls.md"]
    assert "[[D]](../../operations.md#" in files["reference/operations/clusters.md"]


def test_every_diagram_is_drawn(tmp_path: Path) -> None:
    drawn = {name for code in diagrams.diagrams() for name in diagrams.drawings_of(code).values()}
    assert drawn == {path.name for path in diagrams.FOLDER.glob("*.svg")}
    with pytest.raises(diagrams.DiagramError, match=r"a/b\.md: a diagram is new"):
        diagrams.with_pictures("# A\n\n```mermaid\nflowchart\n```\n", "a/b.md", tmp_path)


def faults(**pages: str) -> list[str]:
    """What is wrong with a site of these pages, a style sheet and a picture."""
    texts = {f"{name}.html": text for name, text in pages.items()} | {"zh/a.html": '<h1 id="错误">'}
    files = frozenset({*texts, "p.png", "s.css"})
    return list(built.faults_of({name: built.read(text) for name, text in texts.items()}, {"s.css": "a {}"}, files))


def test_broken_links_are_found() -> None:
    good = '<a href="#h"><a href="zh/a.html#%E9%94%99%E8%AF%AF"><a href="zh/../p.png"><a href="https://x/y">'
    good += '<h2 id="h"><a href=".">'
    assert faults(index=good) == []
    assert faults(index='<a href="b.html">', b="") == []
    assert faults(index='<a href="c.html">') == ["index.html: the link to c.html: no such file"]
    assert faults(b='<a href="zh/a.html#x">') == ["b.html: the link to zh/a.html#x: no such anchor"]
    assert faults(b='<a href="#x"><i id="y">') == ["b.html: the link to #x: no such anchor"]


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://x/y.js"></script>', '<link rel="stylesheet" href="//x/y.css">', '<img src="http://x/y.png">',
        '<link href="https://fonts.x" rel="preconnect">', '<iframe src="https://x"></iframe>',
    ],
)  # fmt: skip
def test_what_is_fetched_from_other_hosts_is_found(html: str) -> None:
    (fault,) = faults(b=html)
    assert fault.endswith("is fetched from another host")


def test_what_is_fetched_must_be_there() -> None:
    assert faults(b='<img src="p.png"><link rel="icon" href="s.css"><img src="data:image/png;base64,x">') == []
    assert faults(b='<img src="q.png">') == ["b.html: q.png is not there"]
    styles = {"s.css": "@import 'https://x/y.css'; a { background: url(//x/z.png) } b { background: url(data:x) }"}
    assert len(list(built.faults_of({}, styles, frozenset({"s.css"})))) == 2


def test_what_a_browser_tells_is_found() -> None:
    url = "http://127.0.0.1:1"
    events: list[dict[str, Any]] = [
        {"method": "Network.requestWillBeSent", "params": {"request": {"url": f"{url}/a.css"}}},
        {"method": "Network.requestWillBeSent", "params": {"request": {"url": "data:image/svg+xml,x"}}},
        {"method": "Runtime.consoleAPICalled", "params": {"type": "log", "args": []}},
        {"method": "Log.entryAdded", "params": {"entry": {"level": "warning", "text": ""}}},
        {"method": "Page.loadEventFired"},
    ]
    assert list(faults_of(events, url)) == []
    events = [
        {"method": "Network.requestWillBeSent", "params": {"request": {"url": "https://x/y.js"}}},
        {"method": "Runtime.consoleAPICalled", "params": {"type": "error", "args": [{"value": "a"}, {"value": "b"}]}},
        {"method": "Log.entryAdded", "params": {"entry": {"level": "error", "text": "404", "url": "u"}}},
        {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": {"text": "Uncaught"}}},
    ]
    assert list(faults_of(events, url)) == [
        "request to https://x/y.js",
        "console: a b",
        "log: 404 u",
        "exception: Uncaught",
    ]


def test_what_the_search_is_to_find_is_there() -> None:
    for language, tasks in searching.TASKS.items():
        pages = {page for page in find_sources()[language].values() if page.endswith(".md")}
        for query, page in tasks.items():
            assert page.removeprefix("zh/").removesuffix(".html") + ".md" in pages, query
            assert page.startswith("zh/") == (language == "zh")
    assert len(searching.TASKS["en"]) >= 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_with_words_for_the_search_is_there(language: str) -> None:
    assert SEARCH_WORDS[language].keys() <= set(find_sources()[language].values())


def test_another_page_that_the_search_finds_first_is_told() -> None:
    wanted = {"en": {"a": "a.html", "b": "b.html", "c": "c.html"}}
    found = {"en": {"a": "a.html", "b": "a.html", "c": ""}}
    assert list(searching.faults_of(found, wanted)) == [
        "b: a.html is found first, not b.html",
        "c: nothing is found first, not c.html",
    ]


@pytest.mark.parametrize(
    "module", [cds_eks, emulator, errors, fleet, models, testing, types], ids=lambda each: each.__name__
)
def test_every_public_name_is_in_the_reference(module: Any) -> None:
    listed = set()
    for path in (ROOT / "docs" / "reference" / "python").glob("*.md"):
        listed |= set(re.findall(r"^::: (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    if module is models:
        assert {f"cds_eks.models.{path.stem}" for path in (ROOT / "cds_eks" / "models").glob("[a-z]*.py")} <= listed
    elif module is cds_eks:
        modules = {"__version__", "errors", "models", "types"}
        assert {f"cds_eks.{name}" for name in cds_eks.__all__ if name not in modules} <= listed
    else:
        assert module.__name__ in listed
    if module is fleet:  # its page lists them one by one, in the order in which they are used
        assert {f"cds_eks.fleet.{name}" for name in fleet.__all__ if name != "sync"} <= listed


@pytest.mark.parametrize("page", ALL)
def test_lists_and_tables_begin_after_an_empty_line(page: str) -> None:
    """Otherwise Python-Markdown, which builds the site, takes them for a part of the paragraph above."""
    text = re.sub(r"^( *)```.*?^\1```$", "", read(page), flags=re.DOTALL | re.MULTILINE)
    lines = text.splitlines()
    for above, line in itertools.pairwise(lines):
        begins_list = re.match(r"([-*]|\d+\.) ", line) and not re.match(r"\s|[-*] |\d+\. ", above)
        begins_table = line.startswith("| ") and not above.startswith("|")
        assert not (above.strip() and (begins_list or begins_table)) or above.startswith("<!--"), (above, line)
