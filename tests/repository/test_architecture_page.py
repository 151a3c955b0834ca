"""ARCHITECTURE.md tells of the tree as it is: every path that it names exists, and its tiers are those of the test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tiers import TIERS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

QUOTED = sorted(set(re.findall(r"`([\w./-]+(?:\.(?:py|yaml|md|js|json|toml|jinja)|/))`", PAGE)))
NAMES = sorted(set(re.findall(r"`(_?[A-Za-z]\w+)`", PAGE)))


def exists(path: str) -> bool:
    if "/" not in path and any((ROOT / "cds_eks").rglob(path)):
        return True
    return (ROOT / path).exists() or (ROOT / "cds_eks" / path).exists() or (ROOT / "cds_eks" / "codec" / path).exists()


def test_paths_are_found_in_it() -> None:
    assert len(QUOTED) > 50


@pytest.mark.parametrize("path", QUOTED)
def test_every_path_that_it_names_exists(path: str) -> None:
    assert exists(path)


def test_every_name_that_it_names_is_in_the_code() -> None:
    files = [path for folder in ("cds_eks", "codegen") for path in (ROOT / folder).rglob("*.py")]
    known = {word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    assert len(NAMES) > 30
    assert [name for name in NAMES if name not in known] == []


def test_its_tiers_are_those_that_hold() -> None:
    table = PAGE.partition("| tier |")[2].partition("```mermaid")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines()[2:] if line]
    tiers: list[set[str]] = []
    for number, named in rows:
        if number:
            assert int(number) == len(tiers) + 1
            tiers.append(set())
        tiers[-1] |= set(re.findall(r"`(?:cds_eks/)?(\w+)(?:\.py|/)`", named))
    assert tiers == TIERS
