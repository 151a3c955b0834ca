"""The contract page (`tests/contract/wire.md`) as plain tables, so that the tests' own tables can't drift from it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / "contract" / "wire.md").read_text(encoding="utf-8")


def split(text: str) -> list[str]:
    """Split at the commas that are outside of all brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def first_word(text: str) -> str:
    match = re.match(r"[A-Z][A-Za-z0-9]*", text)
    assert match, text
    return match[0]


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}")[1].split("\n## ")[0]


def operations() -> dict[str, tuple[str, str, dict[str, bool]]]:
    """By documented name: the HTTP method, the Action, and the arguments with whether each is required."""
    found = {}
    for line in section("Operations").splitlines():
        cells = [re.sub(r"\[[DOI][^\]]*\]|\*\*", "", cell).strip() for cell in line.strip("|").split("|")]
        if len(cells) == 7 and cells[2] in ("GET", "POST"):
            arguments = {
                first_word(part): not re.match(r"\w+\?", part)
                for part in split(re.sub(r"\((?:default|the absolute)[^)]*\)", "", cells[4]))
            }
            found[cells[1]] = (cells[2], cells[3], arguments)
    return found


def answer_shapes() -> dict[str, dict[str, str]]:
    """By shape: its fields with their types: `int`, `bool`, or "" where the page names none."""
    found: dict[str, dict[str, str]] = {}
    shapes = re.finditer(r"^\*\*(\w+)\*\*: (.*?)(?=^\*\*|\Z)", section("Answer shapes"), re.MULTILINE | re.DOTALL)
    for match in shapes:
        name, text = match[1], match[2].replace("\n", " ").strip().rstrip(".")
        fields: dict[str, str] = {}
        if text.startswith("the same and "):
            fields |= found["ClusterSummary"]
            text = text.removeprefix("the same and ")
        for part in split(text):
            kind = re.match(r"\w+ (int|bool)\b", part)
            fields[first_word(part)] = kind[1] if kind else ""
            if part.endswith("(ints)"):
                fields = dict.fromkeys(fields, "int")
        found[name] = fields
    return found


def request_shape(name: str) -> dict[str, bool]:
    """The fields of a documented request shape, with whether each is required."""
    match = re.search(rf"^\*\*{name}\*\* \[D\]: (.*?)(?=^\*\*|\Z)", section("Request shapes"), re.MULTILINE | re.DOTALL)
    assert match
    text = match[1].replace("\n", " ")
    return {first_word(part.strip()): "**y**" in part for part in text.replace("**y**, Sk", "**y** · Sk").split(" · ")}
