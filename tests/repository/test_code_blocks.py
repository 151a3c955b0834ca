"""All code on the pages is carried out: by a test that is named here, or as it stands, against the emulator."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import ENGLISH, FLEET_PAGES, JOURNAL_PAGE, ROOT, read
from page_blocks import blocks_of

from cds_eks.emulator import Emulator
from codegen.command_examples import FILES
from codegen.command_world import OURS, SETTINGS, fill
from support.eventually import WAIT_TIMEOUT
from support.quick_polls import RUN_WITH_QUICK_POLLS

GUIDES = [
    *(f"docs/how-to/{name}.md" for name in ("ambiguous-create", "from-go", "resume-a-fleet", "timeouts")),
    "docs/tutorial/zero-to-fleet.md",
]
RECIPES = [page for page in ENGLISH if page.startswith("docs/recipes/")]

ELSEWHERE = {
    "README.md": "tests/repository/test_readme.py",
    "docs/calls.md": "tests/repository/test_docs_code.py",
    "docs/cli.md": "tests/cli/test_guide.py",
    "docs/cli-reference.md": "tests/cli/test_reference.py",
    "docs/emulator.md": "tests/emulator/test_other_languages.py",
    "docs/errors.md": "tests/repository/test_docs_code.py",
    **dict.fromkeys([*FLEET_PAGES, JOURNAL_PAGE], "tests/repository/test_docs_code.py"),
    **dict.fromkeys(GUIDES, "tests/repository/test_guides.py"),
    "docs/openapi.md": "tests/openapi/test_client.py",
    "docs/profiles.md": "tests/repository/test_docs_code.py",
    "docs/testing.md": "tests/testing/test_page.py",
    **dict.fromkeys(RECIPES, "tests/recipes/test_pages.py"),
    "docs/waiting.md": "tests/repository/test_docs_code.py",
}
"""Pages that have a test of their own, since their code needs a world of its own."""

LONG = {"docs/speed.md", "docs/verification.md"}
"""Pages whose commands take minutes to hours: that they take these options is tested here; `.ci/long` runs some."""

OPERATIONS = "docs/reference/operations/"
"""The examples of these are carried out one by one: tests/codegen/test_operation_examples.py."""

MARKED = {"aiohttp", "client certificate", "strict"}
"""Blocks with these comments are carried out by the tests of what they show: tests/backend/."""

RUN = [
    page
    for page in ENGLISH
    if page not in ELSEWHERE.keys() | LONG
    and not page.startswith(OPERATIONS)
    and any(block.is_run for block in blocks_of(read(page)))
]


def test_the_tests_of_other_pages_are_there() -> None:
    for page, test in ELSEWHERE.items():
        named = "recipe_pages" if page in RECIPES else Path(page).name
        if page == "docs/cli-reference.md":
            named = "command_examples"
        if page in (*FLEET_PAGES, JOURNAL_PAGE):
            named = "JOURNAL_PAGE" if page == JOURNAL_PAGE else "FLEET_PAGES"
        assert named in (ROOT / test).read_text(encoding="utf-8"), (page, test)


@pytest.mark.parametrize("page", ENGLISH)
def test_each_comment_above_code_has_a_meaning(page: str) -> None:
    if page in ELSEWHERE:
        return
    for block in blocks_of(read(page)):
        if block.said and block.language in ("python", "sh") and block.said not in MARKED:
            assert block.said == "output" or re.match(r"(file|not run): .+", block.said), (page, block.said)


def test_blocks_are_told_apart() -> None:
    page = (
        "<!-- file: a.toml -->\n```toml\nx = 1\n```\n\n```sh\npip install x  # y\n```\n\n"
        "<!-- not run: why -->\n```python\nno\n```\n\n"
        "```python\nprint(1)\n```\n\n<!-- output -->\n```text\n1\n```\n```sh\npip install x\necho\n```\n"
    )
    found = blocks_of(page)
    assert [block.is_run for block in found] == [False, False, False, True, False, True]
    assert [block.file for block in found] == ["a.toml", None, None, None, None, None]
    assert [block.is_output for block in found] == [False, False, False, False, True, False]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the examples of commands have too, and `cds-eks` and `python` on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("cds-eks", "-m cds_eks.cli "), ("python", "")):
        path = programs / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{RUN_WITH_QUICK_POLLS}" {module}"$@"\n', encoding="utf-8")
        path.chmod(0o755)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for name, source in FILES.items():
        text = source.read_text(encoding="utf-8").replace("count = 18", "count = 2")
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_the_code_runs_against_the_emulator(page: str, folder: Path) -> None:
    emulator = Emulator(speed=6000)
    fill(emulator)
    key = emulator.credentials
    environ = {name: value for name, value in os.environ.items() if not OURS.fullmatch(name)} | SETTINGS
    environ |= {"CDS_SECRET_ID": key.access_key_id, "CDS_SECRET_KEY": key.secret_access_key}
    environ |= {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    program = [sys.executable, RUN_WITH_QUICK_POLLS, str(Path(__file__).with_name("page_program.py")), str(ROOT / page)]
    with emulator.serve() as url:
        environ |= {"CDS_EKS_ENDPOINT": url}
        done = subprocess.run(
            program, env=environ, cwd=folder, capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False
        )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(LONG))
def test_the_options_of_long_commands_are_there(page: str) -> None:
    checked = 0
    for block in blocks_of(read(page)):
        for module, words in re.findall(
            r"^(?:.*&& )?python -m ((?:benchmarks|tools)[\w.]*)(.*)$", block.code, re.MULTILINE
        ):
            command = [sys.executable, "-m", module, "--help"]
            told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
            for option in re.findall(r"(?<!\S)--[\w-]+", words.split("#")[0]):
                assert option in told, (module, option)
                checked += 1
        for path in re.findall(r"(?<!\S)tests/\S+", block.code):
            assert (ROOT / path).exists(), path
    assert checked >= 2
