"""The page on installing has every extra with its packages, and leads to every example."""

from __future__ import annotations

import re
import tomllib

import pytest
from doc_pages import ROOT, read
from page_tables import tables_of

from tools.site.sources import find_sources

PAGES = ["docs/how-to/install.md", "docs/zh/how-to/install.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
FOR_DEVELOPERS = {"bench", "dev", "docs", "release", "types"}


def names(requirements: list[str]) -> set[str]:
    return {found[0] for each in requirements if (found := re.match(r"[\w-]+", each)) and found[0] != "cds-eks"}


@pytest.mark.parametrize("page", PAGES)
def test_every_extra_is_listed_with_what_it_installs(page: str) -> None:
    (table,) = tables_of(read(page))
    listed = {row[0].strip("`"): set(re.findall(r"`([\w-]+)`", row[2])) for row in table[2:]}
    assert listed == {name: names(EXTRAS[name]) for name in EXTRAS.keys() - FOR_DEVELOPERS - {"all"}}
    within = set(re.findall(r"[\w-]+", EXTRAS["all"][0])) - {"cds-eks"}
    assert {row[0].strip("`") for row in table[2:] if row[3] in ("yes", "是")} == within
    assert f"CPython {PROJECT['requires-python'].removeprefix('>=')}" in read(page)


@pytest.mark.parametrize("page", PAGES)
def test_every_example_can_be_downloaded(page: str) -> None:
    language = "zh" if "/zh/" in page else "en"
    linked = set(re.findall(r"\]\((?:\.\./)+(examples/[^)]+)\)", read(page)))
    assert linked == {path for path in find_sources()[language] if path.startswith("examples/")}
    assert linked == {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "examples").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
