"""The pages of docs/recipes show the very programs that are tested here, all of them, in both languages."""

from __future__ import annotations

import re

import pytest

from tools.recipe_pages import LANGUAGES, PAGES, ROOT, pages, programs_of, rendered

from .conftest import RECIPES

NAMES = [page.relative_to(ROOT).as_posix() for page in pages()]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_its_programs_as_they_are(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text == rendered(text), "run python -m tools.recipe_pages"


@pytest.mark.parametrize("folder", PAGES)
def test_every_program_is_on_a_page(folder: str) -> None:
    shown = [path for page in (ROOT / folder).glob("*.md") for path in programs_of(page.read_text(encoding="utf-8"))]
    there = [path for path in RECIPES.iterdir() if path.suffix in {*LANGUAGES, ".ipynb"}]
    assert sorted(shown) == sorted(path.relative_to(ROOT).as_posix() for path in there)


@pytest.mark.parametrize("folder", PAGES)
def test_every_page_is_in_the_table(folder: str) -> None:
    text = (ROOT / folder / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[[^]]+\]\(([\w-]+\.md)\)", text, re.MULTILINE)
    assert sorted(listed) == sorted({path.name for path in (ROOT / folder).glob("*.md")} - {"index.md"})


def test_a_changed_program_is_seen() -> None:
    page = "a\n\n<!-- examples/recipes/uwsgi.ini -->\n```ini\nold\n```\n\nb\n"
    assert rendered(page).endswith("gracefully_kill_them_all\n```\n\nb\n")
    assert rendered(rendered(page)) == rendered(page)
