"""ARCHITECTURE.md tells of the tree as it is: every path that it names exists, and its tiers are those of the test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tiers import TIERS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NOT_THERE_YET: set[str] = set()

QUOTED = sorted(set(re.findall(r"`([\w./-]+(?:\.(?:py|yaml|md)|/))`", PAGE)))


def exists(path: str) -> bool:
    return (ROOT / path).exists() or (ROOT / "cds_eks" / path).exists() or (ROOT / "cds_eks" / "codec" / path).exists()


def test_paths_are_found_in_it() -> None:
    assert len(QUOTED) > 50


@pytest.mark.parametrize("path", QUOTED)
def test_every_path_that_it_names_exists(path: str) -> None:
    assert exists(path)


def test_it_names_every_member_of_the_package_in_the_order_of_the_tiers() -> None:
    table = PAGE.partition("| tier |")[2].partition("```mermaid")[0]
    above = 0
    for tier in TIERS:
        positions = []
        for member in tier - NOT_THERE_YET:
            found = re.search(rf"`(?:cds_eks/)?{re.escape(member)}(?:\.py|/)`", table)
            assert found is not None, member
            positions.append(found.start())
        if positions:
            assert min(positions) > above
            above = max(positions)
