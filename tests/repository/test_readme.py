"""What the READMEs say is so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import cds_eks
from cds_eks import AsyncEksClient, Credentials, errors

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [code for name, code in fenced if name == language]


def without_comments(code: str) -> str:
    return "\n".join(line.split("#")[0].rstrip() for line in code.splitlines())


@pytest.mark.parametrize("language", ["sh", "python"])
def test_both_readmes_have_the_same_code(language: str) -> None:
    english = [without_comments(code) for code in blocks(ENGLISH, language)]
    chinese = [without_comments(code) for code in blocks(CHINESE, language)]
    assert english == chinese
    assert len(english) >= 3


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_the_code_compiles(text: str) -> None:
    for code in blocks(text, "python"):
        body = "\n".join(f"    {line}" for line in code.splitlines())
        compile(f"async def example():\n{body}\n", "README", "exec")


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_every_method_that_is_named_exists(text: str) -> None:
    eks = AsyncEksClient(Credentials("id", "key"))
    named = set(re.findall(r"`eks\.([a-z_.]+)", text))
    assert len(named) >= 25
    for path in named:
        target: object = eks
        for name in path.split("."):
            target = getattr(target, name)


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_the_error_tree_is_whole(text: str) -> None:
    tree = next(code for code in blocks(text, "") if "EksError\n" in code)
    named = set(re.findall(r"\b[A-Z][A-Za-z]+\b", tree))
    public = {name for name in errors.__all__ if inspect.isclass(getattr(errors, name))}
    assert public <= named


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_every_setting_is_in_the_table(text: str) -> None:
    for name in inspect.signature(AsyncEksClient).parameters:
        assert re.search(rf"^\|.*`{name}\b", text, flags=re.MULTILINE), name
    for settings in (cds_eks.Timeouts, cds_eks.Limits):
        for name in inspect.signature(settings).parameters:
            assert f"{name}=" in text, name


def test_links_lead_somewhere() -> None:
    for text in (ENGLISH, CHINESE):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("https://") or (ROOT / target).exists(), target
