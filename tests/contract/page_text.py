"""The contract page (our copy) as text: its sections, paragraphs and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PAGE = (Path(__file__).parent / "wire.md").read_text(encoding="utf-8")
MARK = re.compile(r"\s*\[([DOI])(?:;[^\]]*)?\]")


def section(title: str) -> str:
    """The text below a heading, up to the next."""
    found = re.search(rf"^## {re.escape(title)}.*?$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the page has no section {title!r}"
    return found[1]


def split(text: str, separator: str) -> list[str]:
    """Split a text outside of brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    assert depth == 0, f"unbalanced: {text}"
    return [part.strip() for part in parts if part.strip()]


def without_remarks(text: str) -> tuple[str, list[str]]:
    """A text without its parentheses, and what was in them."""
    remarks: list[str] = []
    outside, depth = "", 0
    for char in text:
        if char == ")":
            depth -= 1
        if depth == 0 and char not in "()":
            outside += char
        elif depth > 0:
            remarks[-1] += char
        if char == "(":
            depth += 1
            if depth == 1:
                remarks.append("")
    return outside.strip(), remarks


def mark_of(text: str) -> str | None:
    found = MARK.search(without_remarks(text)[0])
    return found[1] if found else None


def paragraphs(text: str) -> Iterator[tuple[str, str, str]]:
    """Each `**Name** [D], …: fields.` of a section: name, mark and fields. It ends where a line ends with a stop."""
    for found in re.finditer(r"^\*\*(\w+)\*\*([^:\n]*):(.*?\.)$", text, re.MULTILINE | re.DOTALL):
        yield found[1], mark_of(found[2]) or "O", " ".join(found[3].split()).rstrip(".")


SHAPE_NAMES = {name for title in ("Request shapes", "Answer shapes") for name, _, _ in paragraphs(section(title))}
