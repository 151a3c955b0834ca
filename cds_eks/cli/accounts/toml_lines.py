"""Lines of TOML: where tables begin and end, and keys with values as text."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_HEADER = re.compile(r"\s*(\[[^\]]*\]|\[\[[^\]]*\]\])\s*(?:#.*)?")
_PAIR = re.compile(r"(?P<key>\s*(?P<name>[A-Za-z0-9_-]+)\s*=\s*)(?P<value>.*)")
_COMMENT = re.compile(r"\s+#[^\"']*$")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Block(NamedTuple):
    """A table in a text.

    Attributes:
        path: Its keys.
        start: The line of its header, from 0.
        end: The line after its last one: comments and empty lines before the next header are not its own.
    """

    path: tuple[str, ...]
    start: int
    end: int


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, without their ends."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def joined(lines: Sequence[str], *, like: str) -> str:
    """Return lines as a text whose lines end as those of another."""
    end = "\r\n" if "\r\n" in like else "\n"
    return "".join(f"{line}{end}" for line in lines)


def blocks(lines: Sequence[str]) -> list[Block]:
    """Return the tables of a text, in its order."""
    headers = [(number, path) for number, line in enumerate(lines) if (path := _path_of(line)) is not None]
    starts = [number for number, _ in headers] + [len(lines)]
    found = []
    for (start, path), following in zip(headers, starts[1:], strict=True):
        end = following
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
            end -= 1
        found.append(Block(path, start, end))
    return found


def _path_of(line: str) -> tuple[str, ...] | None:
    """Return the keys of a header; None if the line is none."""
    match = _HEADER.fullmatch(line)
    if match is None:
        return None
    try:
        data: Any = tomllib.loads(match[1])
    except tomllib.TOMLDecodeError:
        return None
    path = []
    while data:
        if isinstance(data, list):  # [[…]]
            data = data[0]
        else:
            ((key, data),) = data.items()
            path.append(key)
    return tuple(path)


def reworked(lines: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """Return the lines of one table with other values: those that say the same stay, comments do too."""
    left = dict(values)
    found = []
    for line in lines:
        match = _PAIR.fullmatch(line)
        if match is None:
            found.append(line)
            continue
        name = match["name"]
        if name not in left:
            continue
        value = left.pop(name)
        if not _says(match["value"], value):
            comment = _COMMENT.search(match["value"])
            line = f"{match['key']}{value_text(value)}{comment[0] if comment else ''}"
        found.append(line)
    return [*found, *(line_of(name, value) for name, value in left.items())]


def _says(text: str, value: Any) -> bool:
    try:
        found = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return False
    return type(found) is type(value) and bool(found == value)


def line_of(key: str, value: Any) -> str:
    """Return a key and its value as a line."""
    return f"{key_text(key)} = {value_text(value)}"


def key_text(key: str) -> str:
    """Return a key as TOML has it."""
    return key if _BARE.fullmatch(key) else _quoted(key)


def value_text(value: Any) -> str:
    """Return a value as TOML has it, in one line.

    Raises:
        TypeError: TOML has no such value, or a profile has none.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        inside = ", ".join(line_of(key, each) for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"a profile holds no {type(value).__name__}")


def _quoted(text: str) -> str:
    """Return a text in quotes: JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
