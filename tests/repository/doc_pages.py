"""The pages for readers (both READMEs, docs/, …): which there are, and what a page has of headings, code and links."""

from __future__ import annotations

import ast
import inspect
import re
import types
from pathlib import Path
from typing import Any

__all__ = [
    "ALL", "CHINESE", "ENGLISH", "ENGLISH_ONLY", "FLEET_PAGES", "JOURNAL_PAGE", "PAIRS", "ROOT", "anchors", "blocks",
    "headings", "links", "read", "run", "without_comments",
]  # fmt: skip

ROOT = Path(__file__).parents[2]

ENGLISH_ONLY: set[str] = set()
"""Pages of docs/ that have no Chinese twin."""

PAIRS = [
    ("README.md", "README.zh-CN.md"),
    *(
        (f"docs/{path}", f"docs/zh/{path}")
        for path in sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))
        if path not in ENGLISH_ONLY and not path.startswith("zh/")
    ),
]
"""Each page and its Chinese twin."""

ENGLISH, CHINESE = ([pair[side] for pair in PAIRS] for side in (0, 1))
ALL = sorted(
    {*ENGLISH, *CHINESE, *(f"docs/{name}" for name in ENGLISH_ONLY)}
    | {path.name for path in ROOT.glob("*.md")}
    | {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
)

FLEET_PAGES = [
    "docs/fleet.md",
    "docs/how-to/change-a-fleet.md",
    "docs/how-to/fleet-report.md",
    "docs/how-to/fleet-many-machines.md",
]
"""The pages on fleets whose blocks share their names, in this order: what one has made the next one uses."""

JOURNAL_PAGE = "docs/how-to/fleet-journal.md"

_FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [code for name, code in _FENCED.findall(text) if name == language]


def without_comments(code: str) -> str:
    return "\n".join(line.split("#")[0].rstrip() for line in code.splitlines())


async def run(page: str, names: dict[str, Any]) -> int:
    """Run all Python of a page, one block after the other, with these names; return how many blocks there are."""
    codes = blocks(read(page), "python")
    for code in codes:
        compiled = compile(code, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        ran = types.FunctionType(compiled, names)()
        if inspect.iscoroutine(ran):
            await ran
    return len(codes)


def headings(text: str) -> list[tuple[int, str]]:
    """The headings of a page, each with its level."""
    found = re.findall(r"^(#{1,6}) (.+)$", _FENCED.sub("", text), flags=re.MULTILINE)
    return [(len(marks), words) for marks, words in found]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    plain = [re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in headings(text)]
    return {f"{each}-{plain[:i].count(each)}" if each in plain[:i] else each for i, each in enumerate(plain)}


def links(text: str) -> list[str]:
    """The targets of the links and pictures of a page, but those that lead to other sites."""
    targets = re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`]*`", "`", _FENCED.sub("", text)))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]
